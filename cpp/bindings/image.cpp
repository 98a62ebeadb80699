// The image kernel for Python: shapes and types are checked here, values in python/ressin/image.py.

#include <stdexcept>
#include <string>
#include <vector>

#include "bindings/arrays.hpp"
#include "image/image.hpp"

namespace py = pybind11;

namespace {

void require(bool holds, const char* message) {
  if (!holds) throw std::invalid_argument(message);
}

template <class Real>
std::vector<ressin::ImageItem<Real>> collect(const py::sequence& channels, const Integers& offsets, const Array& rates,
                                             const Integers& index, const Integers& shifts) {
  const auto n_recordings = offsets.size() - 1;
  require(offsets.ndim() == 1 && n_recordings >= 0 && rates.ndim() == 1 && rates.size() == n_recordings,
          "offsets must hold one more entry than rates");
  require(index.ndim() == 1 && shifts.ndim() == 2 && shifts.shape(0) == index.size() && shifts.shape(1) == 2,
          "shifts must be (batch, 2)");
  const auto n_channels = static_cast<int>(channels.size());
  const Real* values[ressin::max_channels] = {};
  for (int c = 0; c < n_channels; ++c) {
    const auto channel = channels[c].cast<py::array_t<Real, py::array::c_style>>();
    require(channel.ndim() == 1 && channel.size() >= offsets.at(n_recordings), "a channel is shorter than the last offset");
    values[c] = channel.data();  // kept alive by the caller's sequence: no conversion took place (see draw_images)
  }
  std::vector<ressin::ImageItem<Real>> items(index.size());
  for (py::ssize_t b = 0; b < index.size(); ++b) {
    const std::int64_t i = index.at(b);
    require(i >= 0 && i < n_recordings, "an index is outside the recordings");
    const std::int64_t begin = offsets.at(i);
    require(begin >= 0 && offsets.at(i + 1) >= begin, "offsets must not decrease");
    auto& item = items[b];
    for (int c = 0; c < n_channels; ++c) item.channels[c] = values[c] + begin;
    item.n = offsets.at(i + 1) - begin;
    item.rate = rates.at(i);
    item.shift_y = shifts.at(b, 0);
    item.shift_x = shifts.at(b, 1);
    require(ressin::make_grid(item.n, item.rate).rows >= 2, "a recording is shorter than two rows");
  }
  return items;
}

template <class Real>
std::ptrdiff_t draw(const py::sequence& channels, const Integers& offsets, const Array& rates, const Integers& index,
                    const Integers& shifts, const ressin::ImageSettings& settings, float* out, int n_threads) {
  const auto items = collect<Real>(channels, offsets, rates, index, shifts);
  const py::gil_scoped_release release;  // items and out are plain memory from here on
  return ressin::make_images(items.data(), static_cast<std::ptrdiff_t>(items.size()), settings, out, n_threads);
}

std::ptrdiff_t draw_images(const py::sequence& channels, const Integers& offsets, const Array& rates, const Integers& index,
                           const Integers& shifts, const Floats& mean, bool antialias, Floats& out, int n_threads) {
  ressin::ImageSettings settings;
  const auto n_channels = static_cast<py::ssize_t>(channels.size());
  require(n_channels >= 1 && n_channels <= ressin::max_channels, "between 1 and 8 channels");
  require(mean.ndim() == 1 && mean.size() == n_channels, "mean must hold one value per channel");
  require(out.ndim() == 4 && out.shape(0) == index.size() && out.shape(1) == n_channels && out.shape(2) == out.shape(3) &&
              out.shape(2) >= 1,
          "out must be (batch, channels, size, size)");
  settings.size = out.shape(2);
  settings.antialias = antialias;
  settings.n_channels = static_cast<int>(n_channels);
  for (py::ssize_t c = 0; c < n_channels; ++c) settings.mean[c] = mean.at(c);

  bool single = true, twice = true;
  for (const auto& channel : channels) {
    single = single && py::isinstance<Floats>(channel);
    twice = twice && py::isinstance<Array>(channel);
  }
  require(single || twice, "channels must all be contiguous float32 or all contiguous float64 arrays");
  float* to = out.mutable_data();
  return single ? draw<float>(channels, offsets, rates, index, shifts, settings, to, n_threads)
                : draw<double>(channels, offsets, rates, index, shifts, settings, to, n_threads);
}

Array read_image(const Floats& image, std::ptrdiff_t rows, std::ptrdiff_t columns) {
  require(image.ndim() == 2 && image.shape(0) == image.shape(1) && image.shape(0) >= 1, "image must be square");
  require(rows >= 1 && columns >= 1, "rows and columns must be positive");
  Array grid({rows, columns});
  const float* from = image.data();
  double* to = grid.mutable_data();
  const py::gil_scoped_release release;
  ressin::read_image(from, image.shape(0), rows, columns, to);
  return grid;
}

py::tuple image_grid(std::ptrdiff_t n, double rate) {
  const ressin::Grid grid = ressin::make_grid(n, rate);
  return py::make_tuple(grid.rows, grid.columns);
}

Integers grid_starts(std::ptrdiff_t rows, double rate) {
  const ressin::Grid grid{rate, rows, 0};
  Integers starts(rows);
  for (std::ptrdiff_t row = 0; row < rows; ++row) starts.mutable_at(row) = grid.start(row);
  return starts;
}

}  // namespace

void bind_image(py::module_& m) {
  m.def("draw_images", &draw_images, py::arg("channels"), py::arg("offsets").noconvert(), py::arg("rates").noconvert(),
        py::arg("index").noconvert(), py::arg("shifts").noconvert(), py::arg("mean").noconvert(), py::arg("antialias"),
        py::arg("out").noconvert(), py::arg("n_threads"),
        "Draw the recordings `index` into out; the first batch position with a sample that is not finite, or -1.");
  m.def("read_image", &read_image, py::arg("image").noconvert(), py::arg("rows"), py::arg("columns"),
        "The grid (rows, columns) behind a square image.");
  m.def("image_grid", &image_grid, py::arg("n"), py::arg("rate"), "Rows and columns of n samples at `rate` Hz.");
  m.def("grid_starts", &grid_starts, py::arg("rows"), py::arg("rate"), "First sample of every row.");
  m.def("image_instruction_set", &ressin::image_instruction_set, "The instruction set of the image kernel here.");
}

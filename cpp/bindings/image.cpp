// The image kernel for Python: shapes and types are checked here, values in python/ressin/image.py.

#include <pybind11/stl.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "bindings/arrays.hpp"
#include "image/image.hpp"

namespace py = pybind11;

namespace {

void require(bool holds, const char* message) {
  if (!holds) throw std::invalid_argument(message);
}

constexpr double most_samples = 9007199254740992.0;  // 2^53: whole numbers up to it are exact in double precision

void require_rate(double rate) { require(rate > 0.0 && rate <= 1e9, "rate must be a positive number of Hz, at most 1e9"); }

// The samples of `rows` rows, which must be a number of samples that there can be.
void require_rows(std::ptrdiff_t rows, double rate) {
  require_rate(rate);
  require(rows >= 0 && static_cast<double>(rows) * std::max(rate, 1.0) < most_samples, "rows must be >= 0, and not too many");
}

template <class Real>
std::vector<ressin::ImageItem<Real>> collect(const std::vector<Aligned<Real>>& channels, const Integers& offsets,
                                             const Array& rates, const Integers& index, const Integers& shifts) {
  const auto n_recordings = offsets.size() - 1;
  require(offsets.ndim() == 1 && n_recordings >= 0 && rates.ndim() == 1 && rates.size() == n_recordings,
          "offsets must hold one more entry than rates");
  require(offsets.at(0) >= 0, "offsets must not be negative");
  for (py::ssize_t i = 0; i < n_recordings; ++i) {
    require(offsets.at(i) <= offsets.at(i + 1), "offsets must not decrease");
    require_rate(rates.at(i));
  }
  require(index.ndim() == 1 && shifts.ndim() == 2 && shifts.shape(0) == index.size() && shifts.shape(1) == 2,
          "shifts must be (batch, 2)");
  for (const auto& channel : channels)
    require(channel.ndim() == 1 && channel.size() >= offsets.at(n_recordings), "a channel is shorter than the last offset");
  std::vector<ressin::ImageItem<Real>> items(index.size());
  for (py::ssize_t b = 0; b < index.size(); ++b) {
    const std::int64_t i = index.at(b);
    require(i >= 0 && i < n_recordings, "an index is outside the recordings");
    const std::int64_t begin = offsets.at(i);
    auto& item = items[b];
    for (std::size_t c = 0; c < channels.size(); ++c) item.channels[c] = channels[c].data() + begin;
    item.n = offsets.at(i + 1) - begin;
    item.rate = rates.at(i);
    item.shift_y = within_sight(shifts.at(b, 0));
    item.shift_x = within_sight(shifts.at(b, 1));
    require(ressin::make_grid(item.n, item.rate).rows >= 2, "a recording is shorter than two rows");
  }
  return items;
}

template <class Real>
std::ptrdiff_t draw(const py::sequence& channels, const Integers& offsets, const Array& rates, const Integers& index,
                    const Integers& shifts, const ressin::ImageSettings& settings, FloatsToWrite& pixels, int n_threads) {
  std::vector<Aligned<Real>> kept;  // what is misaligned is a copy here
  for (const auto& channel : channels) {
    kept.push_back(channel.cast<Aligned<Real>>());
    require_apart(pixels, kept.back());
  }
  float* out = writable(pixels);
  const auto items = collect<Real>(kept, offsets, rates, index, shifts);
  const py::gil_scoped_release release;  // items and out are plain memory from here on
  return ressin::make_images(items.data(), static_cast<std::ptrdiff_t>(items.size()), settings, out, n_threads);
}

std::ptrdiff_t draw_images(const py::sequence& channels, const Integers& offsets, const Array& rates, const Integers& index,
                           const Integers& shifts, const Floats& mean, bool antialias, FloatsToWrite& out, int n_threads,
                           const std::optional<std::pair<double, double>>& span) {
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
  if (span) {
    require(std::isfinite(span->first) && std::isfinite(span->second) && span->first < span->second,
            "span must be two finite numbers, the lower first");
    settings.given = true;
    settings.low = span->first;
    settings.high = span->second;
  }

  bool single = true, twice = true;
  for (const auto& channel : channels) {
    single = single && py::isinstance<Floats>(channel);
    twice = twice && py::isinstance<Array>(channel);
  }
  require(single || twice, "channels must all be contiguous float32 or all contiguous float64 arrays");
  return single ? draw<float>(channels, offsets, rates, index, shifts, settings, out, n_threads)
                : draw<double>(channels, offsets, rates, index, shifts, settings, out, n_threads);
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
  require_rate(rate);
  require(n >= 0 && static_cast<double>(n) < most_samples, "n must be a number of samples");
  const ressin::Grid grid = ressin::make_grid(n, rate);
  return py::make_tuple(grid.rows, grid.columns);
}

Integers grid_starts(std::ptrdiff_t rows, double rate) {
  require_rows(rows, rate);
  const ressin::Grid grid{rate, rows, 0};
  Integers starts(rows);
  for (std::ptrdiff_t row = 0; row < rows; ++row) starts.mutable_at(row) = grid.start(row);
  return starts;
}

}  // namespace

void bind_image(py::module_& m) {
  m.def("draw_images", &draw_images, py::arg("channels"), py::arg("offsets").noconvert(), py::arg("rates").noconvert(),
        py::arg("index").noconvert(), py::arg("shifts").noconvert(), py::arg("mean").noconvert(), py::arg("antialias"),
        py::arg("out").noconvert(), py::arg("n_threads"), py::arg("span") = py::none(),
        "Draw the recordings `index` into out, by their own ranges or with span as 0 and 1; the first batch position with a "
        "sample that is not finite, or -1.");
  m.def("read_image", &read_image, py::arg("image").noconvert(), py::arg("rows"), py::arg("columns"),
        "The grid (rows, columns) behind a square image.");
  m.def("image_grid", &image_grid, py::arg("n"), py::arg("rate"), "Rows and columns of n samples at `rate` Hz.");
  m.def("grid_starts", &grid_starts, py::arg("rows"), py::arg("rate"), "First sample of every row.");
  m.def("image_instruction_set", &ressin::image_instruction_set, "The instruction set of the image kernel here.");
}

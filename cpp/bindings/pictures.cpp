// Pictures of signals in the rows of one array, and their gradient, for ressin.nn; values are checked in
// python/ressin/nn/pictures.py.

#include <stdexcept>
#include <vector>

#include "bindings/arrays.hpp"
#include "image/gradient.hpp"

namespace py = pybind11;

namespace {

void require(bool holds, const char* message) {
  if (!holds) throw std::invalid_argument(message);
}

std::vector<ressin::ImageItem<double>> items_of(const Array& signals, const Integers& lengths, double rate,
                                                const Integers& shifts) {
  require(signals.ndim() == 3 && signals.shape(1) >= 1 && signals.shape(1) <= ressin::max_channels,
          "signals must be (batch, channels, n), at most 8 channels");
  require(rate > 0.0 && rate <= 1e9, "rate must be a positive number of Hz, at most 1e9");
  require(lengths.ndim() == 1 && lengths.size() == signals.shape(0), "lengths must be (batch,)");
  require(shifts.ndim() == 2 && shifts.shape(0) == signals.shape(0) && shifts.shape(1) == 2, "shifts must be (batch, 2)");
  std::vector<ressin::ImageItem<double>> items(static_cast<std::size_t>(signals.shape(0)));
  for (py::ssize_t b = 0; b < signals.shape(0); ++b) {
    auto& item = items[static_cast<std::size_t>(b)];
    item.n = lengths.at(b);
    item.rate = rate;
    require(item.n >= 0 && item.n <= signals.shape(2) && ressin::make_grid(item.n, rate).rows >= 2,
            "a length is outside the signals");
    for (py::ssize_t c = 0; c < signals.shape(1); ++c) item.channels[c] = signals.data(b, c, 0);
    item.shift_y = within_sight(shifts.at(b, 0));
    item.shift_x = within_sight(shifts.at(b, 1));
  }
  return items;
}

template <class Pixels>
ressin::ImageSettings settings_of(const Pixels& pixels, const Array& signals, const Floats& mean, bool antialias) {
  require(pixels.ndim() == 4 && pixels.shape(0) == signals.shape(0) && pixels.shape(1) == signals.shape(1) &&
              pixels.shape(2) == pixels.shape(3) && pixels.shape(2) >= 1,
          "pixels must be (batch, channels, size, size)");
  require(mean.ndim() == 1 && mean.size() == signals.shape(1), "mean must hold one value per channel");
  ressin::ImageSettings settings;
  settings.size = pixels.shape(2);
  settings.antialias = antialias;
  settings.n_channels = static_cast<int>(signals.shape(1));
  for (py::ssize_t c = 0; c < mean.size(); ++c) settings.mean[c] = mean.at(c);
  return settings;
}

std::ptrdiff_t pictures_forward(const Array& signals, const Integers& lengths, double rate, const Integers& shifts,
                                const Floats& mean, bool antialias, FloatsToWrite& pixels, int n_threads) {
  const auto items = items_of(signals, lengths, rate, shifts);
  const auto settings = settings_of(pixels, signals, mean, antialias);
  require_apart(pixels, signals);
  float* out = writable(pixels);
  const py::gil_scoped_release release;  // items and out are plain memory from here on
  return ressin::make_images(items.data(), static_cast<std::ptrdiff_t>(items.size()), settings, out, n_threads);
}

Array pictures_backward(const Array& signals, const Integers& lengths, double rate, const Integers& shifts, bool antialias,
                        const Floats& to_pixels, int n_threads) {
  const auto items = items_of(signals, lengths, rate, shifts);
  const auto settings = settings_of(to_pixels, signals, Floats(signals.shape(1)), antialias);
  Array gradient({signals.shape(0), signals.shape(1), signals.shape(2)});
  std::fill_n(gradient.mutable_data(), gradient.size(), 0.0);
  std::vector<double*> to;
  for (py::ssize_t b = 0; b < signals.shape(0); ++b) {
    for (py::ssize_t c = 0; c < signals.shape(1); ++c) to.push_back(gradient.mutable_data(b, c, 0));
  }
  const float* from = to_pixels.data();
  {
    const py::gil_scoped_release release;  // items, from and to are plain memory from here on
    ressin::make_image_gradients(items.data(), static_cast<std::ptrdiff_t>(items.size()), settings, from, to.data(), n_threads);
  }
  return gradient;
}

}  // namespace

void bind_pictures(py::module_& m) {
  m.def("pictures_forward", &pictures_forward, py::arg("signals"), py::arg("lengths"), py::arg("rate"), py::arg("shifts"),
        py::arg("mean"), py::arg("antialias"), py::arg("pixels").noconvert(), py::arg("n_threads"));
  m.def("pictures_backward", &pictures_backward, py::arg("signals"), py::arg("lengths"), py::arg("rate"), py::arg("shifts"),
        py::arg("antialias"), py::arg("to_pixels"), py::arg("n_threads"));
}

// A stream's window for Python; values are checked in python/ressin/stream/.
#include <pybind11/stl.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <mutex>
#include <stdexcept>
#include <string>
#include <tuple>

#include "batch/decompose.hpp"
#include "bindings/arrays.hpp"
#include "programme/moments.hpp"
#include "solvers/stream_window.hpp"

namespace py = pybind11;

namespace {

// The core's window, with a lock that admits one caller at a time.
class Window {
 public:
  Window(std::ptrdiff_t capacity, double dt, const ressin::DecomposeSettings& settings)
      : window_(capacity, dt, settings.program, settings.solver, settings.kind) {}

  ressin::StreamSolution solve(const Array& signal, std::ptrdiff_t begin, double level, double slope, double deviation,
                               double alpha, bool is_end, std::array<double, 2> state, const Array& J, const Array& h,
                               std::ptrdiff_t later) {
    constexpr py::ssize_t n_past{ressin::n_stream_past};
    if (signal.ndim() != 1) throw std::invalid_argument("the signal must be one-dimensional");
    if (J.size() != n_past * n_past || h.size() != n_past) throw std::invalid_argument("J must be (5, 5) and h (5,)");
    ressin::StreamWindow request;
    request.signal = signal.data();
    request.n = signal.size();
    request.begin = begin;
    request.level = level, request.slope = slope, request.deviation = deviation, request.alpha = alpha;
    request.is_end = is_end;
    std::copy(state.begin(), state.end(), request.state);
    std::copy(J.data(), J.data() + J.size(), request.J.begin());
    std::copy(h.data(), h.data() + h.size(), request.h.begin());
    const py::gil_scoped_release release;  // the signal is held by the caller
    const std::lock_guard<std::mutex> one_at_a_time(mutex_);
    return ressin::solve(window_, request, later);
  }

  py::tuple support() const {
    const ressin::Support& kept = window_.support();
    Integers samples(static_cast<py::ssize_t>(kept.samples.size()));
    std::copy(kept.samples.begin(), kept.samples.end(), samples.mutable_data());
    return py::make_tuple(samples, array_of(kept.values));
  }
  void set_support(const std::tuple<Integers, Array>& support) {
    const auto& [samples, values] = support;
    if (samples.ndim() != 1 || values.ndim() != 1 || samples.size() != values.size())
      throw std::invalid_argument("samples and values must be one-dimensional and of one length");
    for (py::ssize_t i = 0; i < samples.size(); ++i) {
      if (samples.at(i) <= (i == 0 ? -1 : samples.at(i - 1)) || samples.at(i) > ressin::most_samples)
        throw std::invalid_argument("samples must increase, from 0 to 2^53");
      if (!std::isfinite(values.at(i))) throw std::invalid_argument("values must be finite");
    }
    window_.set_support({{samples.data(), samples.data() + samples.size()}, {values.data(), values.data() + values.size()}});
  }
  void keep_support() { window_.keep_support(); }

  const ressin::Window& core() const { return window_; }

 private:
  ressin::Window window_;
  std::mutex mutex_;
};

// (knot spacing, 4): the four bumps over an interval, oldest first.
Array bumps(const Window& window) {
  const ressin::Model& model = window.core().model();
  const py::ssize_t rows = model.knot_spacing();
  Array table({rows, py::ssize_t{4}});
  std::copy(model.interval_bumps(0), model.interval_bumps(0) + 4 * rows, table.mutable_data());
  return table;
}

py::tuple moments(const Array& times, const Array& samples) {
  if (times.ndim() != 1 || samples.ndim() != 1 || times.size() != samples.size())
    throw std::invalid_argument("times and samples must be one-dimensional and of one length");
  const ressin::Moments m = ressin::moments_of(samples.size(), times.data(), samples.data());
  return py::make_tuple(m.count, m.mean, m.mean_time, m.yy, m.ty, m.tt, m.largest);
}

}  // namespace

void bind_stream(py::module_& m) {
  py::class_<ressin::StreamSolution>(m, "StreamSolution")
      .def_property_readonly("phasic", [](const ressin::StreamSolution& s) { return array_of(s.phasic); })
      .def_property_readonly("tonic", [](const ressin::StreamSolution& s) { return array_of(s.tonic); })
      .def_property_readonly("driver", [](const ressin::StreamSolution& s) { return array_of(s.driver); })
      .def_property_readonly("residual", [](const ressin::StreamSolution& s) { return array_of(s.residual); })
      .def_property_readonly("later_state",
                             [](const ressin::StreamSolution& s) { return py::make_tuple(s.later_state[0], s.later_state[1]); })
      .def_property_readonly("status", [](const ressin::StreamSolution& s) { return std::string(name(s.status)); })
      .def_property_readonly("solver", [](const ressin::StreamSolution& s) { return std::string(name(s.solver)); })
      .def_readonly("iterations", &ressin::StreamSolution::iterations)
      .def_readonly("relative_gap", &ressin::StreamSolution::relative_gap)
      .def_readonly("stationarity", &ressin::StreamSolution::stationarity);
  py::class_<Window>(m, "Window")
      .def(py::init<std::ptrdiff_t, double, const ressin::DecomposeSettings&>(), py::arg("capacity"), py::arg("dt"),
           py::arg("settings"))
      .def("solve", &Window::solve, py::arg("signal"), py::arg("begin"), py::arg("level"), py::arg("slope"),
           py::arg("deviation"), py::arg("alpha"), py::arg("is_end"), py::arg("state"), py::arg("J"), py::arg("h"),
           py::arg("later"))
      .def_property("support", &Window::support, &Window::set_support)
      .def("keep_support", &Window::keep_support)
      .def_property_readonly("capacity", [](const Window& w) { return w.core().capacity(); })
      .def_property_readonly("knot_spacing", [](const Window& w) { return w.core().knot_spacing(); })
      .def_property_readonly("bumps", &bumps);
  m.def("moments", &moments, py::arg("times"), py::arg("samples"));
}

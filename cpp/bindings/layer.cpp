// The decomposition of a batch for automatic differentiation: parts, what the backward pass needs, and the gradients. Values
// are checked in python/ressin/nn.
#include <pybind11/functional.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <stdexcept>
#include <vector>

#include "batch/differentiate.hpp"
#include "batch/groups.hpp"
#include "bindings/arrays.hpp"
#include "bindings/poll.hpp"

namespace py = pybind11;

namespace {

// A row of the values kept for the backward pass: mean, scale, q0, q1, then the spline's coefficients.
constexpr std::ptrdiff_t n_kept = 2 + ressin::n_free_start;

// Run `work` without the GIL. Ctrl-C and other signals stop it and raise their exception.
template <class Work>
auto interruptible(const Work& work) {
  const py::object no_progress = py::none();
  Poll poll(no_progress, 0);
  auto result = [&] {
    const py::gil_scoped_release release;  // `work` touches memory that the caller's arrays keep alive
    return work(std::ref(poll));
  }();
  poll.rethrow();
  return result;
}

// B signals in the rows of one array, each with a length and a programme of its own.
class Rows {
 public:
  Rows(const Array& signals, const std::optional<Array>& weights, const Integers& lengths, const Array& programs, double dt,
       const ressin::DecomposeSettings& settings)
      : rows_(signals.ndim() == 2 ? signals.shape(0) : 0), columns_(signals.ndim() == 2 ? signals.shape(1) : 0) {
    if (signals.ndim() != 2 || columns_ < 1) throw std::invalid_argument("signals must be (batch, n)");
    if (weights) require_rows(*weights, "weights");
    if (lengths.ndim() != 1 || lengths.size() != rows_) throw std::invalid_argument("lengths must be (batch,)");
    if (programs.ndim() != 2 || programs.shape(0) != rows_ || programs.shape(1) != 4)
      throw std::invalid_argument("programs must be (batch, 4): alpha, gamma, tau0, tau1");
    programs_.assign(static_cast<std::size_t>(rows_), settings.program);
    for (std::ptrdiff_t b = 0; b < rows_; ++b) {
      const std::ptrdiff_t n = lengths.at(b);
      if (n < 1 || n > columns_) throw std::invalid_argument("a length is outside the signals");
      ressin::ProgramSettings& program = programs_[static_cast<std::size_t>(b)];
      program.alpha = programs.at(b, 0);
      program.gamma = programs.at(b, 1);
      program.tau0 = programs.at(b, 2);
      program.tau1 = programs.at(b, 3);
      ressin::Signal s{};
      s.y = signals.data(b, 0);
      s.weights = weights ? weights->data(b, 0) : nullptr;
      s.n = n;
      s.dt = dt;
      s.program = &program;
      signals_.push_back(s);
    }
  }

  void require_rows(const Array& x, const char* name) const {
    if (x.ndim() != 2 || x.shape(0) != rows_ || x.shape(1) != columns_)
      throw std::invalid_argument(std::string(name) + " must have the signals' shape");
  }
  // A zeroed array of the signals' shape.
  Array zeros() const {
    Array x({rows_, columns_});
    std::fill_n(x.mutable_data(), x.size(), 0.0);
    return x;
  }
  std::ptrdiff_t rows() const { return rows_; }
  std::ptrdiff_t columns() const { return columns_; }
  std::vector<ressin::Signal>& signals() { return signals_; }

 private:
  std::ptrdiff_t rows_, columns_;
  std::vector<ressin::ProgramSettings> programs_;
  std::vector<ressin::Signal> signals_;
};

py::tuple layer_forward(const Array& signals, const std::optional<Array>& weights, const Integers& lengths,
                        const Array& programs, double dt, ressin::DecomposeSettings settings) {
  Rows batch(signals, weights, lengths, programs, dt, settings);
  if (settings.kind == ressin::SolverKind::osqp) throw std::invalid_argument("a result of OSQP has no gradients");
  settings.solver.keep_curvature = true;
  const std::ptrdiff_t n_knots = ressin::make_model(batch.columns(), dt, settings).n_knots();
  Array phasic = batch.zeros(), tonic = batch.zeros(), driver = batch.zeros(), residual = batch.zeros(),
        curvature = batch.zeros(), kept({batch.rows(), n_kept + n_knots}), gap(batch.rows());
  std::fill_n(kept.mutable_data(), kept.size(), 0.0);
  py::ssize_t b = 0;
  for (ressin::Signal& s : batch.signals()) {
    s.phasic = phasic.mutable_data(b, 0);
    s.tonic = tonic.mutable_data(b, 0);
    s.driver = driver.mutable_data(b, 0);
    s.residual = residual.mutable_data(b, 0);
    s.curvature = curvature.mutable_data(b++, 0);
  }
  const auto solved = interruptible([&](const auto& poll) { return ressin::decompose(batch.signals(), settings, poll); });
  py::list status;
  for (b = 0; b < batch.rows(); ++b) {
    const ressin::Decomposed& x = solved[static_cast<std::size_t>(b)];
    double* row = kept.mutable_data(b, 0);
    row[0] = x.mean;
    row[1] = x.scale;
    std::copy_n(x.start, ressin::n_free_start, row + 2);
    std::copy(x.spline.begin(), x.spline.end(), row + n_kept);
    gap.mutable_at(b) = x.evidence.relative_gap;
    status.append(x.status == ressin::Status::optimal);
  }
  return py::make_tuple(phasic, tonic, driver, residual, curvature, kept, status, gap);
}

// Gradients of a loss in the signals (batch, n) and in alpha, gamma, tau0, tau1 (batch, 4).
py::tuple layer_backward(const Array& signals, const std::optional<Array>& weights, const Integers& lengths,
                         const Array& programs, double dt, const ressin::DecomposeSettings& settings, const Array& driver,
                         const Array& residual, const Array& curvature, const Array& kept,
                         const std::optional<Array>& to_phasic, const std::optional<Array>& to_tonic,
                         const std::optional<Array>& to_driver) {
  Rows batch(signals, weights, lengths, programs, dt, settings);
  batch.require_rows(driver, "driver");
  batch.require_rows(residual, "residual");
  batch.require_rows(curvature, "curvature");
  for (const auto* x : {&to_phasic, &to_tonic, &to_driver}) {
    if (*x) batch.require_rows(**x, "a gradient");
  }
  const std::ptrdiff_t n_knots = ressin::make_model(batch.columns(), dt, settings).n_knots();
  if (kept.ndim() != 2 || kept.shape(0) != batch.rows() || kept.shape(1) != n_kept + n_knots)
    throw std::invalid_argument("kept must be what the forward pass returned");
  Array to_signal = batch.zeros(), to_program({batch.rows(), std::ptrdiff_t{4}});
  std::vector<ressin::SolvedSignal> solved;
  for (std::ptrdiff_t b = 0; b < batch.rows(); ++b) {
    ressin::SolvedSignal x{};
    x.signal = batch.signals()[static_cast<std::size_t>(b)];
    x.signal.driver = const_cast<double*>(driver.data(b, 0));  // only read; so are the next two
    x.signal.residual = const_cast<double*>(residual.data(b, 0));
    x.signal.curvature = const_cast<double*>(curvature.data(b, 0));
    const double* row = kept.data(b, 0);
    x.mean = row[0];
    x.scale = row[1];
    std::copy_n(row + 2, ressin::n_free_start, x.start);
    x.spline = row + n_kept;
    x.to_phasic = to_phasic ? to_phasic->data(b, 0) : nullptr;
    x.to_tonic = to_tonic ? to_tonic->data(b, 0) : nullptr;
    x.to_driver = to_driver ? to_driver->data(b, 0) : nullptr;
    x.to_signal = to_signal.mutable_data(b, 0);
    solved.push_back(x);
  }
  const auto gradients = interruptible([&](const auto& poll) { return ressin::differentiate(solved, settings, poll); });
  for (std::ptrdiff_t b = 0; b < batch.rows(); ++b) {
    const ressin::Gradient& g = gradients[static_cast<std::size_t>(b)];
    const double row[4] = {g.alpha, g.gamma, g.tau0, g.tau1};
    std::copy_n(row, 4, to_program.mutable_data(b, 0));
  }
  return py::make_tuple(to_signal, to_program);
}

}  // namespace

void bind_layer(py::module_& m) {
  m.def("layer_forward", &layer_forward, py::arg("signals"), py::arg("weights"), py::arg("lengths"), py::arg("programs"),
        py::arg("dt"), py::arg("settings"));
  m.def("layer_backward", &layer_backward, py::arg("signals"), py::arg("weights"), py::arg("lengths"), py::arg("programs"),
        py::arg("dt"), py::arg("settings"), py::arg("driver"), py::arg("residual"), py::arg("curvature"), py::arg("kept"),
        py::arg("to_phasic"), py::arg("to_tonic"), py::arg("to_driver"));
}

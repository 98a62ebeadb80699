// Many programmes of one length, each on a stretch of one array. Results are two-dimensional arrays instead of one object per
// programme. Values are checked in python/ressin/decomposition/solve.py.
#include <pybind11/stl.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <vector>

#include "batch/decompose.hpp"
#include "bindings/arrays.hpp"
#include "bindings/poll.hpp"

namespace py = pybind11;

namespace {

using Codes = py::array_t<std::int8_t, py::array::c_style>;

// Row i of a two-dimensional array belongs to programme i. The coefficients, whose number may differ between programmes, are
// concatenated: those of programme i are spline[spline_ends[i] : spline_ends[i + 1]].
struct Rows {
  py::ssize_t count, length;
  Array phasic, tonic, driver, residual;  // (count, length)
  Array mean, scale;                      // (count,)
  Array start;                            // (count, n_free_start)
  Array objective, duality_gap, relative_gap, stationarity, complementarity;
  Array osqp_residuals;  // (count, 2)
  Codes status;          // as in STATUSES
  Codes solver;          // 0 interior_point, 1 active_set, 2 osqp
  Integers iterations;
  Integers knots;  // (count, 3) first, spacing, count
  Integers spline_ends, drift_ends;
  Array spline, drift;

  Rows(py::ssize_t m, py::ssize_t n)
      : count(m),
        length(n),
        phasic({m, n}),
        tonic({m, n}),
        driver({m, n}),
        residual({m, n}),
        mean(m),
        scale(m),
        start({m, py::ssize_t{ressin::n_free_start}}),
        objective(m),
        duality_gap(m),
        relative_gap(m),
        stationarity(m),
        complementarity(m),
        osqp_residuals({m, py::ssize_t{2}}),
        status(m),
        solver(m),
        iterations(m),
        knots({m, py::ssize_t{3}}),
        spline_ends(m + 1),
        drift_ends(m + 1),
        spline(0),
        drift(0) {}
};

std::int8_t code(ressin::SolverKind s) {
  switch (s) {
    case ressin::SolverKind::active_set: return 1;
    case ressin::SolverKind::osqp: return 2;
    case ressin::SolverKind::interior_point:
    case ressin::SolverKind::automatic: break;
  }
  return 0;
}

// The concatenated coefficients of all programmes, and the index where those of each programme end.
Array join(const std::vector<ressin::Decomposed>& solved, std::vector<double> ressin::Decomposed::* which, Integers* ends) {
  std::int64_t total = 0;
  std::int64_t* end = ends->mutable_data();
  *end++ = 0;
  for (const auto& d : solved) *end++ = total += static_cast<std::int64_t>((d.*which).size());
  Array joined(total);
  double* to = joined.mutable_data();
  for (const auto& d : solved) to = std::copy((d.*which).begin(), (d.*which).end(), to);
  return joined;
}

void fill(const std::vector<ressin::Decomposed>& solved, Rows* rows) {
  for (std::size_t i = 0; i < solved.size(); ++i) {
    const ressin::Decomposed& d = solved[i];
    const auto k = static_cast<py::ssize_t>(i);
    rows->mean.mutable_at(k) = d.mean;
    rows->scale.mutable_at(k) = d.scale;
    rows->objective.mutable_at(k) = d.evidence.objective;
    rows->duality_gap.mutable_at(k) = d.evidence.duality_gap;
    rows->relative_gap.mutable_at(k) = d.evidence.relative_gap;
    rows->stationarity.mutable_at(k) = d.evidence.stationarity;
    rows->complementarity.mutable_at(k) = d.evidence.complementarity;
    rows->status.mutable_at(k) = static_cast<std::int8_t>(d.status);
    rows->solver.mutable_at(k) = code(d.solver);
    rows->iterations.mutable_at(k) = d.iterations;
    for (py::ssize_t j = 0; j < ressin::n_free_start; ++j) rows->start.mutable_at(k, j) = d.start[j];
    rows->osqp_residuals.mutable_at(k, 0) = d.osqp_primal_residual;
    rows->osqp_residuals.mutable_at(k, 1) = d.osqp_dual_residual;
    rows->knots.mutable_at(k, 0) = d.knots.first;
    rows->knots.mutable_at(k, 1) = d.knots.spacing;
    rows->knots.mutable_at(k, 2) = d.knots.count;
  }
  rows->spline = join(solved, &ressin::Decomposed::spline, &rows->spline_ends);
  rows->drift = join(solved, &ressin::Decomposed::drift, &rows->drift_ends);
}

void check_reach(const Integers& starts, py::ssize_t length, py::ssize_t size, bool may_be_absent) {
  for (py::ssize_t i = 0; i < starts.size(); ++i) {
    const std::int64_t at = starts.at(i);
    if (may_be_absent && at < 0) continue;
    if (at < 0 || at > size - length) throw std::invalid_argument("a row must lie within its array");
  }
}

// Where a driver is positive, from the first row on that has one.
ressin::Support support_of(const Array& driver, const std::vector<ressin::DecomposeSettings>& settings) {
  ressin::Support support;
  const bool has_start = std::any_of(settings.begin(), settings.end(),
                                     [](const auto& s) { return s.program.revision == ressin::Revision::r2015; });
  if (has_start) return support;  // its first row differs with the weights
  for (py::ssize_t i = 0; i < driver.size(); ++i) {
    if (!(driver.at(i) > 0.0)) continue;
    support.samples.push_back(i);
    support.values.push_back(driver.at(i));
  }
  return support;
}

// Programme i: samples signal[starts[i] : starts[i] + length], their weights from weight_starts[i] on (below zero: ones), and
// settings[i], or the one for all. Only the settings' programme may differ between programmes. `start`: the driver of a
// programme much like all of these, or empty; the active set starts from where it is positive. `are_close`: each row is a
// window that begins shortly after the one before, and may start from its solution.
Rows decompose_rows(const Array& signal, const Array& weights, const Integers& starts, const Integers& weight_starts,
                    py::ssize_t length, double dt, const std::vector<ressin::DecomposeSettings>& settings, const Array& start,
                    bool are_close, const py::object& progress) {
  const py::ssize_t count = starts.size();
  if (signal.ndim() != 1 || weights.ndim() != 1 || starts.ndim() != 1 || weight_starts.ndim() != 1 || length < 1) {
    throw std::invalid_argument("signal, weights, starts and weight_starts must be one-dimensional, and length positive");
  }
  if (weight_starts.size() != count) throw std::invalid_argument("starts and weight_starts must have one length");
  const auto n_settings = static_cast<py::ssize_t>(settings.size());
  if (n_settings != count && n_settings != 1) throw std::invalid_argument("there must be settings for all or for each");
  if (start.ndim() != 1 || (start.size() != 0 && start.size() != length)) {
    throw std::invalid_argument("start must be empty or have the programmes' length");
  }
  check_reach(starts, length, signal.size(), false);
  check_reach(weight_starts, length, weights.size(), true);

  Rows rows(count, length);
  const ressin::Support support = support_of(start, settings);
  std::vector<ressin::Signal> jobs;
  jobs.reserve(static_cast<std::size_t>(count));
  for (py::ssize_t i = 0; i < count; ++i) {
    ressin::Signal job{};
    job.y = signal.data() + starts.at(i);
    job.weights = weight_starts.at(i) < 0 ? nullptr : weights.data() + weight_starts.at(i);
    job.n = length;
    job.dt = dt;
    job.phasic = rows.phasic.mutable_data(i, 0);
    job.tonic = rows.tonic.mutable_data(i, 0);
    job.driver = rows.driver.mutable_data(i, 0);
    job.residual = rows.residual.mutable_data(i, 0);
    if (!support.samples.empty()) job.start = &support;
    if (are_close) job.begin = starts.at(i);
    if (n_settings > 1) job.program = &settings[static_cast<std::size_t>(i)].program;
    jobs.push_back(job);
  }
  Poll poll(progress, jobs.size());
  std::vector<ressin::Decomposed> solved;
  {
    const py::gil_scoped_release release;  // jobs point into arrays and settings that this call holds
    solved = ressin::decompose(jobs, settings.front(), std::ref(poll));
  }
  poll.rethrow();
  fill(solved, &rows);
  return rows;
}

}  // namespace

void bind_rows(py::module_& m) {
  py::tuple statuses(ressin::n_statuses);
  for (int code = 0; code < ressin::n_statuses; ++code) statuses[code] = name(static_cast<ressin::Status>(code));
  m.attr("STATUSES") = statuses;
  py::class_<Rows>(m, "Rows")
      .def_readonly("phasic", &Rows::phasic)
      .def_readonly("tonic", &Rows::tonic)
      .def_readonly("driver", &Rows::driver)
      .def_readonly("residual", &Rows::residual)
      .def_readonly("mean", &Rows::mean)
      .def_readonly("scale", &Rows::scale)
      .def_readonly("start", &Rows::start)
      .def_readonly("objective", &Rows::objective)
      .def_readonly("duality_gap", &Rows::duality_gap)
      .def_readonly("relative_gap", &Rows::relative_gap)
      .def_readonly("stationarity", &Rows::stationarity)
      .def_readonly("complementarity", &Rows::complementarity)
      .def_readonly("osqp_residuals", &Rows::osqp_residuals)
      .def_readonly("status", &Rows::status)
      .def_readonly("solver", &Rows::solver)
      .def_readonly("iterations", &Rows::iterations)
      .def_readonly("knots", &Rows::knots)
      .def_readonly("spline_ends", &Rows::spline_ends)
      .def_readonly("drift_ends", &Rows::drift_ends)
      .def_readonly("spline", &Rows::spline)
      .def_readonly("drift", &Rows::drift);
  m.def("decompose_rows", &decompose_rows, py::arg("signal"), py::arg("weights"), py::arg("starts"), py::arg("weight_starts"),
        py::arg("length"), py::arg("dt"), py::arg("settings"), py::arg("start"), py::arg("are_close"), py::arg("progress"));
}

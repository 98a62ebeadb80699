// Decomposition of signals, and its evidence. Values are checked in python/ressin/decomposition/.
#include <pybind11/functional.h>
#include <pybind11/stl.h>

#include <array>
#include <cstddef>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "batch/groups.hpp"
#include "bindings/arrays.hpp"
#include "bindings/poll.hpp"
#include "programme/sums.hpp"

namespace py = pybind11;

namespace {

ressin::Revision parse_revision(const std::string& s) {
  if (s == "2025") return ressin::Revision::r2025;
  if (s == "2015") return ressin::Revision::r2015;
  throw std::invalid_argument("revision must be '2025' or '2015'");
}

ressin::Baseline parse_baseline(const std::string& s) {
  if (s == "none") return ressin::Baseline::none;
  if (s == "constant") return ressin::Baseline::constant;
  if (s == "linear") return ressin::Baseline::linear;
  if (s == "spline") return ressin::Baseline::spline;
  throw std::invalid_argument("baseline must be 'none', 'constant', 'linear' or 'spline'");
}

ressin::SolverKind parse_solver(const std::string& s) {
  if (s == "interior_point") return ressin::SolverKind::interior_point;
  if (s == "active_set") return ressin::SolverKind::active_set;
  if (s == "auto") return ressin::SolverKind::automatic;
  if (s == "osqp") return ressin::SolverKind::osqp;
  throw std::invalid_argument("solver must be 'auto', 'active_set', 'interior_point' or 'osqp'");
}

using Knots = std::optional<std::tuple<std::ptrdiff_t, std::ptrdiff_t, std::ptrdiff_t>>;

ressin::DecomposeSettings make_settings(double tau0, double tau1, double delta_knot, double alpha, double gamma,
                                        const std::string& revision, const std::string& baseline, bool standardize,
                                        const std::string& solver, double tol, int max_iterations, bool warm_start,
                                        double osqp_eps, const Knots& knots, int n_threads) {
  ressin::DecomposeSettings s;
  s.program = {tau0, tau1, delta_knot, alpha, gamma, parse_revision(revision), parse_baseline(baseline)};
  s.solver = {tol, max_iterations};
  s.kind = parse_solver(solver);
  s.warm_start = warm_start;
  s.osqp_eps = osqp_eps;
  s.standardize = standardize;
  if (knots) {
    s.knots = ressin::KnotGrid{std::get<0>(*knots), std::get<1>(*knots), std::get<2>(*knots)};
    if (s.knots->count < 1) throw std::invalid_argument("knots must be (first, spacing, count), with a count of at least 1");
  }
  s.n_threads = n_threads;
  return s;
}

ressin::Signal make_signal(const Array& y, const std::optional<Array>& weights, double dt) {
  if (y.ndim() != 1 || y.size() < 1) throw std::invalid_argument("a signal must be one-dimensional and not empty");
  if (weights && (weights->ndim() != 1 || weights->size() != y.size())) {
    throw std::invalid_argument("weights must have the signal's length");
  }
  ressin::Signal s{};
  s.y = y.data();
  s.weights = weights ? weights->data() : nullptr;
  s.n = y.size();
  s.dt = dt;
  return s;
}

// The fields of a Python Decomposition that the core computes.
py::dict describe(const ressin::Decomposed& d) {
  py::array_t<std::int64_t> knots(d.knots.count);
  for (std::ptrdiff_t j = 0; j < d.knots.count; ++j) knots.mutable_data()[j] = d.knots.first + j * d.knots.spacing;
  py::dict fields;
  fields["spline"] = locked(array_of(d.spline));
  fields["drift"] = locked(array_of(d.drift));
  fields["_start"] = py::make_tuple(d.start[0], d.start[1]);
  fields["knots"] = locked(std::move(knots));
  fields["mean"] = d.mean;
  fields["scale"] = d.scale;
  fields["status"] = name(d.status);
  fields["solver"] = name(d.solver);
  fields["iterations"] = d.iterations;
  fields["objective"] = d.evidence.objective;
  fields["duality_gap"] = d.evidence.duality_gap;
  fields["relative_gap"] = d.evidence.relative_gap;
  fields["stationarity"] = d.evidence.stationarity;
  fields["complementarity"] = d.evidence.complementarity;
  if (d.osqp_iterations > 0) {
    fields["osqp_residuals"] = py::make_tuple(d.osqp_primal_residual, d.osqp_dual_residual);
  } else {
    fields["osqp_residuals"] = py::none();
  }
  return fields;
}

// The results of a batch. The parts of all signals are one array, of which each has its stretch; what else there is to a result
// becomes Python objects when it is asked for.
class Solved {
 public:
  explicit Solved(py::ssize_t samples) : parts_({py::ssize_t{n_parts}, samples}) {}

  // The arrays of the next signal, of n samples.
  void lay_out(ressin::Signal* s) {
    double** const to[n_parts] = {&s->copy, &s->phasic, &s->tonic, &s->driver, &s->residual};
    for (int k = 0; k < n_parts; ++k) *to[k] = parts_.mutable_data(k, begin_.back());
    begin_.push_back(begin_.back() + s->n);
  }
  void take(std::vector<ressin::Decomposed>&& results) {
    results_ = std::move(results);
    locked(parts_);
  }

  py::dict fields(std::size_t i) const {
    py::dict fields = describe(results_.at(i));
    static const char* const names[n_parts] = {"signal", "phasic", "tonic", "driver", "residual"};
    const py::ssize_t n = begin_[i + 1] - begin_[i];
    for (int k = 0; k < n_parts; ++k)
      fields[names[k]] = Array({n}, {py::ssize_t{sizeof(double)}}, parts_.data(k, begin_[i]), parts_);
    return fields;
  }
  std::size_t size() const { return results_.size(); }
  std::vector<std::size_t> unproved() const {
    return those([](const ressin::Decomposed& d) { return d.status != ressin::Status::optimal; });
  }
  std::vector<std::size_t> doubtful() const {
    return those([](const ressin::Decomposed& d) { return !d.is_plausible; });
  }

 private:
  static constexpr int n_parts = 5;

  template <class Which>
  std::vector<std::size_t> those(Which which) const {
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < results_.size(); ++i)
      if (which(results_[i])) found.push_back(i);
    return found;
  }

  Array parts_;  // (n_parts, samples of all)
  std::vector<py::ssize_t> begin_{0};
  std::vector<ressin::Decomposed> results_;
};

// Decomposes signals, each with weights (or None) and a sampling interval. `meanwhile`, if it is not None, is called with what
// will be returned, when all threads but the calling one are at work.
py::object decompose(const std::vector<Array>& signals, const std::vector<std::optional<Array>>& weights,
                     const std::vector<double>& dts, const ressin::DecomposeSettings& settings, const py::object& progress,
                     const py::object& meanwhile) {
  if (weights.size() != signals.size() || dts.size() != signals.size()) {
    throw std::invalid_argument("signals, weights and dts must have one length");
  }
  std::vector<ressin::Signal> jobs;
  jobs.reserve(signals.size());
  py::ssize_t samples = 0;
  for (std::size_t i = 0; i < signals.size(); ++i) samples += jobs.emplace_back(make_signal(signals[i], weights[i], dts[i])).n;
  const py::object held = py::cast(Solved(samples));
  auto& solved = held.cast<Solved&>();
  for (ressin::Signal& job : jobs) solved.lay_out(&job);

  Poll poll(progress, jobs.size());
  std::function<void()> first;
  if (!meanwhile.is_none()) first = [&] { poll.call(meanwhile, held); };
  std::vector<ressin::Decomposed> results;
  {
    const py::gil_scoped_release release;  // jobs point into arrays that `signals` and `solved` keep alive
    results = ressin::decompose(jobs, settings, std::ref(poll), first);
  }
  poll.rethrow();
  solved.take(std::move(results));
  return held;
}

// Which of the objects are arrays as the core takes them, of at least so many samples, none infinite or NaN.
std::vector<bool> are_usual(const py::list& signals, py::ssize_t least) {
  std::vector<bool> usual;
  usual.reserve(signals.size());
  for (const py::handle item : signals) {
    const bool is_array = Py_TYPE(item.ptr()) == py::detail::npy_api::get().PyArray_Type_ && Array::check_(item);
    const auto signal = is_array ? py::reinterpret_borrow<Array>(item) : Array();
    usual.push_back(is_array && signal.ndim() == 1 && signal.size() >= least &&
                    ressin::all_finite(signal.data(), signal.size()));
  }
  return usual;
}

// Whether no sample is infinite or NaN.
bool is_finite(const Array& signal) { return ressin::all_finite(signal.data(), signal.size()); }

py::tuple certify(const Array& signal, const std::optional<Array>& weights, double dt,
                  const ressin::DecomposeSettings& settings, const Array& driver, const Array& residual,
                  const std::vector<double>& spline, const std::vector<double>& drift, std::array<double, 2> start) {
  ressin::Signal s = make_signal(signal, weights, dt);
  if (driver.ndim() != 1 || driver.size() != signal.size() || residual.ndim() != 1 || residual.size() != signal.size()) {
    throw std::invalid_argument("driver and residual must have the signal's length");
  }
  const ressin::Model model = ressin::make_model(s.n, s.dt, settings);
  if (static_cast<std::ptrdiff_t>(spline.size()) != model.n_knots() || static_cast<int>(drift.size()) != model.n_drift()) {
    throw std::invalid_argument("spline and drift must have the programme's sizes");
  }
  ressin::Decomposed parts;
  parts.spline = spline;
  parts.drift = drift;
  std::copy(start.begin(), start.end(), parts.start);
  Array phasic(s.n), tonic(s.n);
  std::vector<double> given_driver(driver.data(), driver.data() + s.n), given_residual(residual.data(), residual.data() + s.n);
  s.driver = given_driver.data();
  s.residual = given_residual.data();
  s.phasic = phasic.mutable_data();
  s.tonic = tonic.mutable_data();
  ressin::Evidence evidence;
  {
    const py::gil_scoped_release release;  // s points into arrays that this call holds
    evidence = ressin::evidence_of(s, settings, parts);
  }
  return py::make_tuple(evidence, phasic, tonic);
}

}  // namespace

void bind_decompose(py::module_& m) {
  m.attr("FREE_START") = ressin::n_free_start;
  py::class_<ressin::DecomposeSettings>(m, "Settings")
      .def(py::init(&make_settings), py::kw_only(), py::arg("tau0"), py::arg("tau1"), py::arg("delta_knot"), py::arg("alpha"),
           py::arg("gamma"), py::arg("revision"), py::arg("baseline"), py::arg("standardize"), py::arg("solver"),
           py::arg("tol"), py::arg("max_iterations"), py::arg("warm_start"), py::arg("osqp_eps"), py::arg("knots"),
           py::arg("n_threads"));

  py::class_<ressin::Evidence>(m, "Evidence")
      .def_readonly("objective", &ressin::Evidence::objective)
      .def_readonly("duality_gap", &ressin::Evidence::duality_gap)
      .def_readonly("relative_gap", &ressin::Evidence::relative_gap)
      .def_readonly("stationarity", &ressin::Evidence::stationarity)
      .def_readonly("complementarity", &ressin::Evidence::complementarity);

  py::class_<Solved>(m, "Solved")
      .def("__len__", &Solved::size)
      .def("fields", &Solved::fields, py::arg("index"))
      .def("unproved", &Solved::unproved)
      .def("doubtful", &Solved::doubtful);
  m.def("decompose", &decompose, py::arg("signals"), py::arg("weights"), py::arg("dts"), py::arg("settings"),
        py::arg("progress"), py::arg("meanwhile") = py::none());
  m.def("are_usual", &are_usual, py::arg("signals"), py::arg("least"));
  m.def("is_finite", &is_finite, py::arg("signal"));
  m.def("certify", &certify, py::arg("signal"), py::arg("weights"), py::arg("dt"), py::arg("settings"), py::arg("driver"),
        py::arg("residual"), py::arg("spline"), py::arg("drift"), py::arg("start"));
}

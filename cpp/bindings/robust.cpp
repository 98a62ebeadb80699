// The robust programme for Python.
#include <pybind11/eigen.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <map>
#include <stdexcept>
#include <string>
#include <tuple>

#include "batch/robust.hpp"
#include "bindings/arrays.hpp"
#include "bindings/poll.hpp"
#include "solvers/robust/adjoint.hpp"
#include "solvers/robust/interior_point.hpp"

namespace py = pybind11;
namespace robust = ressin::robust;

namespace {

robust::Settings settings_of(double tau0, double tau1, double delta_knot) {
  robust::Settings s;
  s.tau0 = tau0, s.tau1 = tau1, s.delta_knot = delta_knot;
  return s;
}

// Sets the constants that a dict names: the programme's and those of its settings' rules. For studies of what they do.
void set_constants(const std::map<std::string, double>& constants, robust::BatchSettings* settings) {
  robust::Settings& p = settings->programme;
  robust::Rules& r = settings->rules;
  const std::map<std::string, double*> known = {{"stiffness", &p.stiffness},
                                                {"curvature", &r.curvature},
                                                {"softest", &r.softest},
                                                {"stiffest", &r.stiffest},
                                                {"expected_bends", &r.expected_bends},
                                                {"before", &p.before},
                                                {"threshold", &r.threshold},
                                                {"misfit", &r.misfit},
                                                {"outlier_cost", &r.outlier_cost},
                                                {"shift_cost", &r.shift_cost},
                                                {"reweighting", &r.reweighting},
                                                {"response_reach", &r.response_reach},
                                                {"recovery", &r.recovery},
                                                {"recovery_most", &r.recovery_most},
                                                {"passed_over", &r.passed_over},
                                                {"outlier_reach", &r.outlier_reach},
                                                {"enough", &r.enough},
                                                {"block", &r.block},
                                                {"period", &r.period}};
  for (const auto& [key, value] : constants) {
    const auto at = known.find(key);
    if (at == known.end()) throw std::invalid_argument("the robust programme has no constant " + key);
    if (!(value > 0.0)) throw std::invalid_argument(key + " must be positive");
    *at->second = value;
  }
}

struct Loads {
  Array signal;
  std::optional<Array> weights;
  Array alpha, delta, kappa;
  double alpha_before, floor;
  std::optional<Array> stiffness;

  robust::Problem problem(const robust::Model& model) const {
    const auto n = signal.size();
    if (alpha.size() != n || delta.size() != n || kappa.size() != n || (weights && weights->size() != n)) {
      throw std::invalid_argument("loads must have the signal's length");
    }
    robust::Problem p;
    p.y = signal.data(), p.weights = weights ? weights->data() : nullptr;
    p.alpha = alpha.data(), p.delta = delta.data(), p.kappa = kappa.data();
    p.alpha_before = alpha_before, p.floor = floor;
    if (stiffness && stiffness->size() != model.n_bends()) throw std::invalid_argument("one stiffness for each inner knot");
    p.stiffness = stiffness ? stiffness->data() : nullptr;
    return p;
  }
};

Loads loads_of(const py::tuple& t) {
  return {t[0].cast<Array>(),  t[1].cast<std::optional<Array>>(),
          t[2].cast<Array>(),  t[3].cast<Array>(),
          t[4].cast<Array>(),  t[5].cast<double>(),
          t[6].cast<double>(), t.size() > 7 ? t[7].cast<std::optional<Array>>() : std::nullopt};
}

py::dict dict_of(const robust::Model& model, const robust::Solution& x) {
  py::dict d;
  d["driver"] = array_of(x.point.driver);
  d["spline"] = array_of(x.point.spline);
  d["steps"] = array_of(x.point.steps);
  d["phasic"] = array_of(x.parts.phasic);
  d["tonic"] = array_of(x.parts.spline);
  d["shift"] = array_of(x.parts.shift);
  d["outliers"] = array_of(x.parts.outliers);
  d["residual"] = array_of(x.parts.residual);
  d["witness"] = array_of(x.witness.u);
  d["level"] = array_of(x.witness.level);
  d["objective"] = x.evidence.objective;
  d["relative_gap"] = x.evidence.relative_gap;
  d["stationarity"] = x.evidence.stationarity;
  d["status"] = name(x.status);
  d["iterations"] = x.iterations;
  d["before"] = model.n_before();
  return d;
}

// Programmes of one shape with any loads, each (signal, weights, alpha, delta, kappa, alpha_before, floor), and the
// stiffness at each inner knot where it is not the default.
py::list solve(const std::vector<py::tuple>& programmes, double dt, double tau0, double tau1, double delta_knot, double tol,
               int max_iterations, bool certified, bool lanes) {
  py::list results;
  if (programmes.empty()) return results;
  std::vector<Loads> loads;
  for (const py::tuple& t : programmes) loads.push_back(loads_of(t));
  const auto model = std::make_shared<const robust::Model>(loads[0].signal.size(), dt, settings_of(tau0, tau1, delta_knot));
  std::vector<robust::Request> requests;
  for (const Loads& l : loads) {
    if (l.signal.size() != model->n_signal()) throw std::invalid_argument("all programmes must have one length");
    requests.push_back({l.problem(*model), tol, certified, max_iterations});
  }
  std::vector<robust::Solution> solutions(loads.size());
  {
    const py::gil_scoped_release release;
    const robust::KernelPair& kernels = robust::kernels();
    robust::InteriorPoint method(model, lanes ? kernels.lanes : kernels.single);
    std::size_t next = 0;
    method.run(
        [&](std::size_t* tag) {
          *tag = next;
          return next < requests.size() ? &requests[next++] : nullptr;
        },
        [&](std::size_t tag, robust::Solution&& x) { solutions[tag] = std::move(x); }, [] { return true; });
  }
  for (const robust::Solution& x : solutions) results.append(dict_of(*model, x));
  return results;
}

py::dict dict_of(robust::Decomposed&& x) {
  py::dict d;
  const auto put = [&](const char* key, std::vector<double>& values) { d[key] = locked(array_of(std::move(values))); };
  put("phasic", x.phasic);
  put("tonic", x.tonic);
  put("shifts", x.shifts);
  put("contact", x.contact);
  put("outliers", x.outliers);
  put("residual", x.residual);
  put("driver", x.driver);
  put("spline", x.spline);
  put("centred", x.centred);
  put("alpha", x.alpha);
  put("delta", x.delta);
  put("kappa", x.kappa);
  put("stiffness", x.stiffness);
  put("before", x.before);
  put("force", x.witness.u);
  put("level", x.witness.level);
  d["alpha_before"] = x.alpha_before;
  d["bounded"] = x.bounded;
  d["mean"] = x.mean;
  d["scale"] = x.scale;
  d["smallest_response"] = x.smallest_response;
  d["noise"] = x.noise;
  d["height"] = x.height;
  d["rounds"] = x.rounds;
  d["iterations"] = x.iterations;
  d["estimation_iterations"] = x.estimation_iterations;
  d["objective"] = x.evidence.objective;
  d["duality_gap"] = x.evidence.duality_gap;
  d["relative_gap"] = x.evidence.relative_gap;
  d["stationarity"] = x.evidence.stationarity;
  d["complementarity"] = x.evidence.complementarity;
  d["status"] = name(x.status);
  d["active_set"] = x.by_active_set;
  d["osqp_residuals"] = py::none();
  if (x.osqp_iterations > 0) d["osqp_residuals"] = py::make_tuple(x.osqp_primal_residual, x.osqp_dual_residual);
  return d;
}

void check(const Array& signal, const std::optional<Array>& weights) {
  if (signal.ndim() != 1 || signal.size() < 1) throw std::invalid_argument("a signal must be one-dimensional and not empty");
  if (weights && (weights->ndim() != 1 || weights->size() != signal.size())) {
    throw std::invalid_argument("weights must have the signal's length");
  }
}

using Known = std::tuple<double, double, double, double>;      // noise, height, stiffness and number of blocks
using Given = std::tuple<Array, Array, Array, double, Array>;  // alpha, delta, kappa, alpha_before and stiffness

robust::Given given_of(const Given& costs, const robust::Signal& signal, const robust::Settings& settings) {
  const auto& [alpha, delta, kappa, alpha_before, stiffness] = costs;
  const auto n_bends = robust::Model(signal.n, signal.dt, settings).n_bends();
  if (alpha.size() != signal.n || delta.size() != signal.n || kappa.size() != signal.n || stiffness.size() != n_bends) {
    throw std::invalid_argument("costs must have the signal's length, and one stiffness for each inner knot");
  }
  return {alpha.data(), delta.data(), kappa.data(), alpha_before, stiffness.data()};
}

py::list decompose(const std::vector<Array>& signals, const std::vector<std::optional<Array>>& weights,
                   const std::vector<double>& dts, double tau0, double tau1, double delta_knot, double tol, int max_iterations,
                   int n_threads, const py::object& progress, const std::vector<std::optional<Known>>& known,
                   const std::map<std::string, double>& constants, bool osqp, bool warm_start, double osqp_eps,
                   const std::vector<Given>& given, bool active_set) {
  if (weights.size() != signals.size() || dts.size() != signals.size()) {
    throw std::invalid_argument("one entry of weights and dts for each signal");
  }
  if (!known.empty() && known.size() != signals.size()) throw std::invalid_argument("one entry of known for each signal");
  if (!given.empty() && given.size() != signals.size()) throw std::invalid_argument("one entry of costs for each signal");
  std::vector<robust::Signal> batch;
  for (std::size_t i = 0; i < signals.size(); ++i) {
    check(signals[i], weights[i]);
    batch.push_back({signals[i].data(), weights[i] ? weights[i]->data() : nullptr, signals[i].size(), dts[i]});
    if (!given.empty()) batch.back().given = given_of(given[i], batch.back(), settings_of(tau0, tau1, delta_knot));
    if (known.empty() || !known[i]) continue;
    const auto& [noise, height, stiffness, n_blocks] = *known[i];
    batch.back().known = robust::Known{noise, height, stiffness, n_blocks};
  }
  robust::BatchSettings settings{settings_of(tau0, tau1, delta_knot), {}, tol, max_iterations, n_threads};
  if (!active_set) settings.kind = ressin::SolverKind::interior_point;
  if (osqp) settings.kind = ressin::SolverKind::osqp;
  settings.warm_start = warm_start, settings.osqp_eps = osqp_eps;
  set_constants(constants, &settings);
  Poll poll(progress, signals.size());
  std::vector<robust::Decomposed> results;
  {
    const py::gil_scoped_release release;
    results = robust::decompose(batch, settings, [&](std::size_t done) { return poll(done); });
  }
  poll.rethrow();
  py::list list;
  for (robust::Decomposed& x : results) list.append(dict_of(std::move(x)));
  return list;
}

std::vector<double> values(const py::dict& d, const char* key, std::ptrdiff_t n) {
  const auto a = d[key].cast<Array>();
  if (a.ndim() != 1 || (n >= 0 && a.size() != n)) throw std::invalid_argument(std::string(key) + " has the wrong length");
  return std::vector<double>(a.data(), a.data() + a.size());
}

void read_costs(const py::dict& fields, std::ptrdiff_t n, std::ptrdiff_t n_bends, robust::Decomposed* x) {
  x->alpha = values(fields, "alpha", n);
  x->delta = values(fields, "delta", n);
  x->kappa = values(fields, "kappa", n);
  x->stiffness = values(fields, "stiffness", n_bends);
  x->alpha_before = fields["alpha_before"].cast<double>();
  x->bounded = fields["bounded"].cast<bool>();
  x->mean = fields["mean"].cast<double>();
  x->scale = fields["scale"].cast<double>();
}

// The programme of a decomposition's costs, both triangles of P.
ressin::QuadraticProgram build_qp(const Array& signal, const std::optional<Array>& weights, double dt, double tau0, double tau1,
                                  double delta_knot, const py::dict& fields) {
  check(signal, weights);
  robust::Decomposed x;
  const robust::Settings settings = settings_of(tau0, tau1, delta_knot);
  read_costs(fields, signal.size(), robust::Model(signal.size(), dt, settings).n_bends(), &x);
  const py::gil_scoped_release release;
  return robust::make_qp({signal.data(), weights ? weights->data() : nullptr, signal.size(), dt}, settings, x);
}

// The evidence of a decomposition's own numbers, the phasic and tonic part and outliers that its driver, spline and shifts
// make, and the lowest tonic level at a knot.
py::tuple certify(const Array& signal, const std::optional<Array>& weights, double dt, double tau0, double tau1,
                  double delta_knot, const py::dict& fields) {
  check(signal, weights);
  const auto n = signal.size();
  const robust::Settings settings = settings_of(tau0, tau1, delta_knot);
  const robust::Model model(n, dt, settings);
  robust::Decomposed x;
  x.driver = values(fields, "driver", n);
  x.shifts = values(fields, "shifts", n);
  x.contact = values(fields, "contact", n);
  x.noise = fields["noise"].cast<double>();
  x.witness.u = values(fields, "force", n);
  read_costs(fields, n, model.n_bends(), &x);
  x.before = values(fields, "before", model.n_before());
  x.centred = values(fields, "centred", model.n_knots());
  x.witness.level = values(fields, "level", model.n_knots());
  robust::Checked checked;
  {
    const py::gil_scoped_release release;
    checked = robust::certify({signal.data(), weights ? weights->data() : nullptr, n, dt}, settings, x);
  }
  return py::make_tuple(checked.evidence, array_of(checked.phasic), array_of(checked.tonic), array_of(checked.outliers),
                        checked.lowest_level);
}

// Gradients in the signals of a batch, (B, n). A row of `samples`, (B, 6, n), holds driver, residual, outliers, shifts, alpha
// and kappa; one of `coefficients`, (B, 2 + before + 3 knots), alpha before the signal, whether the level is bounded, the
// driver before, and the spline, its multipliers and its stiffness, each in as many places as the longest signal has knots.
Array differentiate(const std::optional<Array>& weights, const Integers& lengths, const Array& samples,
                    const Array& coefficients, double dt, double tau0, double tau1, double delta_knot, const Array& to_phasic,
                    const Array& to_tonic, const Array& to_driver) {
  const py::ssize_t count = lengths.size(), n = to_phasic.ndim() == 2 ? to_phasic.shape(1) : -1;
  const auto is_rows = [&](const Array& x) { return x.ndim() == 2 && x.shape(0) == count && x.shape(1) == n; };
  if (!is_rows(to_phasic) || !is_rows(to_tonic) || !is_rows(to_driver) || (weights && !is_rows(*weights)) ||
      samples.ndim() != 3 || samples.shape(0) != count || samples.shape(1) != 6 || samples.shape(2) != n) {
    throw std::invalid_argument("arrays must be (B, n), samples (B, 6, n)");
  }
  const robust::Settings settings = settings_of(tau0, tau1, delta_knot);
  const robust::Model longest(n, dt, settings);
  const auto before = longest.n_before(), knots = longest.n_knots();
  if (coefficients.ndim() != 2 || coefficients.shape(0) != count || coefficients.shape(1) != 2 + before + 3 * knots) {
    throw std::invalid_argument("coefficients must be (B, 2 + before + 3 knots)");
  }
  for (py::ssize_t i = 0; i < count; ++i) {
    if (lengths.at(i) < 1 || lengths.at(i) > n) throw std::invalid_argument("a length must be between 1 and n");
  }
  Array gradient({count, n});
  std::fill_n(gradient.mutable_data(), gradient.size(), 0.0);
  double* out = gradient.mutable_data();
  const py::gil_scoped_release release;
  for (py::ssize_t i = 0; i < count; ++i) {
    const robust::Model model(lengths.data()[i], dt, settings);
    const double *x = samples.data() + i * 6 * n, *c = coefficients.data() + i * (2 + before + 3 * knots);
    const double* w = weights ? weights->data() + i * n : nullptr;
    const robust::Solved solved{w,
                                x,
                                x + n,
                                x + 2 * n,
                                x + 3 * n,
                                x + 4 * n,
                                x + 5 * n,
                                c + 2,
                                c + 2 + before,
                                c + 2 + before + knots,
                                c + 2 + before + 2 * knots,
                                c[0],
                                c[1] != 0.0,
                                to_phasic.data() + i * n,
                                to_tonic.data() + i * n,
                                to_driver.data() + i * n};
    const std::vector<double> row = robust::differentiate(model, solved);
    std::copy(row.begin(), row.end(), out + i * n);
  }
  return gradient;
}

}  // namespace

void bind_robust(py::module_& m) {
  m.def("robust_solve", &solve, py::arg("programmes"), py::arg("dt"), py::arg("tau0"), py::arg("tau1"), py::arg("delta_knot"),
        py::arg("tol"), py::arg("max_iterations"), py::arg("certified"), py::arg("lanes"));
  m.def("decompose_robust", &decompose, py::arg("signals"), py::arg("weights"), py::arg("dts"), py::arg("tau0"),
        py::arg("tau1"), py::arg("delta_knot"), py::arg("tol"), py::arg("max_iterations"), py::arg("n_threads"),
        py::arg("progress"), py::arg("known") = std::vector<std::optional<Known>>(),
        py::arg("constants") = std::map<std::string, double>(), py::arg("osqp") = false, py::arg("warm_start") = true,
        py::arg("osqp_eps") = 1e-6, py::arg("costs") = std::vector<Given>(), py::arg("active_set") = true);
  m.def("build_robust_qp", &build_qp, py::arg("signal"), py::arg("weights"), py::arg("dt"), py::arg("tau0"), py::arg("tau1"),
        py::arg("delta_knot"), py::arg("fields"));
  m.def("differentiate_robust", &differentiate, py::arg("weights"), py::arg("lengths"), py::arg("samples"),
        py::arg("coefficients"), py::arg("dt"), py::arg("tau0"), py::arg("tau1"), py::arg("delta_knot"), py::arg("to_phasic"),
        py::arg("to_tonic"), py::arg("to_driver"));
  m.def("certify_robust", &certify, py::arg("signal"), py::arg("weights"), py::arg("dt"), py::arg("tau0"), py::arg("tau1"),
        py::arg("delta_knot"), py::arg("fields"));
}

// The robust programme for Python.
#include <pybind11/stl.h>

#include <stdexcept>

#include "bindings/arrays.hpp"
#include "solvers/robust/interior_point.hpp"

namespace py = pybind11;
namespace robust = ressin::robust;

namespace {

robust::Settings settings_of(double tau0, double tau1, double delta_knot) {
  robust::Settings s;
  s.tau0 = tau0, s.tau1 = tau1, s.delta_knot = delta_knot;
  return s;
}

struct Loads {
  Array signal;
  std::optional<Array> weights;
  Array alpha, delta, kappa;
  double alpha_before, floor;

  robust::Problem problem() const {
    const auto n = signal.size();
    if (alpha.size() != n || delta.size() != n || kappa.size() != n || (weights && weights->size() != n)) {
      throw std::invalid_argument("loads must have the signal's length");
    }
    robust::Problem p;
    p.y = signal.data(), p.weights = weights ? weights->data() : nullptr;
    p.alpha = alpha.data(), p.delta = delta.data(), p.kappa = kappa.data();
    p.alpha_before = alpha_before, p.floor = floor;
    return p;
  }
};

Loads loads_of(const py::tuple& t) {
  return {t[0].cast<Array>(), t[1].cast<std::optional<Array>>(), t[2].cast<Array>(), t[3].cast<Array>(), t[4].cast<Array>(),
          t[5].cast<double>(), t[6].cast<double>()};
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

// Programmes of one shape with any loads, each (signal, weights, alpha, delta, kappa, alpha_before, floor).
py::list solve(const std::vector<py::tuple>& programmes, double dt, double tau0, double tau1, double delta_knot, double tol,
               int max_iterations, bool certified, bool lanes) {
  py::list results;
  if (programmes.empty()) return results;
  std::vector<Loads> loads;
  for (const py::tuple& t : programmes) loads.push_back(loads_of(t));
  const auto model = std::make_shared<const robust::Model>(loads[0].signal.size(), dt, settings_of(tau0, tau1, delta_knot));
  std::vector<robust::Request> requests;
  for (const Loads& l : loads) requests.push_back({l.problem(), tol, certified, max_iterations});
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

}  // namespace

void bind_robust(py::module_& m) {
  m.def("robust_solve", &solve, py::arg("programmes"), py::arg("dt"), py::arg("tau0"), py::arg("tau1"), py::arg("delta_knot"),
        py::arg("tol"), py::arg("max_iterations"), py::arg("certified"), py::arg("lanes"));
}

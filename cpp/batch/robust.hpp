// Many signals by the robust programme: settings and weights from each recording, and the solution with its proof.
#pragma once

#include <cstddef>
#include <functional>
#include <limits>
#include <vector>

#include "programme/robust/model.hpp"
#include "programme/robust/qp.hpp"
#include "solvers/robust/interior_point.hpp"
#include "solvers/robust/procedure.hpp"
#include "solvers/signal.hpp"

namespace ressin::robust {

struct BatchSettings {
  Settings programme;
  Rules rules;
  double tol = 1e-8;
  int max_iterations = 200;
  int n_threads = 0;
  // Of the last programme, whose costs are found by the interior point whatever it is. The active set goes before the interior
  // point, unless that is asked for alone, where the recording's rate is above its blocks'.
  SolverKind kind = SolverKind::automatic;
  bool warm_start = true;  // OSQP starts at the interior point's solution
  double osqp_eps = 1e-6;  // OSQP's absolute tolerance
};

// What comes back for a signal, in its unit.
struct Decomposed {
  bool done = false;
  std::vector<double> phasic, tonic, shifts, outliers, residual, driver;  // (n,); the tonic part with the shifts
  std::vector<double> contact;                                            // (n,) what of the shifts is lost contact
  std::vector<double> alpha, delta, kappa;                                // (n,) the last programme's costs
  std::vector<double> stiffness;                                          // (n_bends,) s, its spline's
  std::vector<double> before;                                             // driver before the first sample
  std::vector<double> spline;                                             // coefficients
  std::vector<double> centred;  // the same less the mean, which would take digits from them
  Witness witness;              // on the programme's scale
  double alpha_before = 0.0;
  bool bounded = true;
  double mean = 0.0, scale = 1.0;  // the programme is solved on (signal - mean) / scale
  double smallest_response = 0.0, noise = 0.0, height = 0.0;
  int rounds = 0, iterations = 0, estimation_iterations = 0;
  bool by_active_set = false;
  int osqp_iterations = 0;  // zero where OSQP was not asked
  double osqp_primal_residual = 0.0, osqp_dual_residual = 0.0;
  Evidence evidence;  // of the programme on that
  Status status = Status::failed;
};

std::vector<Decomposed> decompose(const std::vector<Signal>& signals, const BatchSettings& settings,
                                  const std::function<bool(std::size_t done)>& poll);

// The evidence, anew, for a decomposition's own numbers, and the parts that its driver, coefficients and shifts make.
struct Checked {
  Evidence evidence;
  std::vector<double> phasic, tonic, outliers;                    // (n,)
  double lowest_level = std::numeric_limits<double>::infinity();  // tonic part at the knots; infinite where it has no floor
};
Checked certify(const Signal& signal, const Settings& programme, const Decomposed& x);

// The programme of a decomposition's costs and scale, on (signal - mean) / scale.
QuadraticProgram make_qp(const Signal& signal, const Settings& programme, const Decomposed& x);

}  // namespace ressin::robust

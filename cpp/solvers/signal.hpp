// A signal to be decomposed, the settings, and the result.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "programme/certificate.hpp"
#include "programme/settings.hpp"
#include "solvers/solution.hpp"

namespace ressin {

enum class SolverKind {
  interior_point,
  active_set,  // and the interior point where it gives up or does not prove its point
  automatic,   // the one of these two that is likely to be faster
  osqp,
};

struct DecomposeSettings {
  ProgramSettings program;
  SolverSettings solver;
  SolverKind kind = SolverKind::interior_point;
  bool warm_start = true;         // OSQP starts at the interior point's solution
  double osqp_eps = 1e-6;         // OSQP's absolute tolerance
  bool standardize = true;        // solve on the z-scored signal; the parts are returned in the signal's unit either way
  std::optional<KnotGrid> knots;  // instead of one every delta_knot
  int n_threads = 0;
};

// Samples in time order, and the driver there in any unit.
struct Support {
  std::vector<std::ptrdiff_t> samples;
  std::vector<double> values;
};

// One signal and the arrays for its parts. All arrays belong to the caller and are (n,).
struct Signal {
  const double* y;
  const double* weights;  // >= 0, or null for ones; y is ignored where the weight is 0
  std::ptrdiff_t n;
  double dt;  // s
  double *phasic, *tonic, *driver, *residual;
  double* copy = nullptr;                    // of y, if wanted
  const ProgramSettings* program = nullptr;  // this signal's own, instead of the settings'
  double* curvature = nullptr;               // see Solution; kept where the solver's settings say so
  const Support* start = nullptr;            // from which the active set starts, of a signal much like this one; null: empty
  std::ptrdiff_t begin = -1;  // of a window close to the one before it: its first sample in the recording; else -1
};

struct Decomposed {
  bool done = false;               // false where the run was stopped before
  double mean = 0.0, scale = 1.0;  // the programme's signal is (y - mean) / scale
  std::vector<double> spline, drift;
  double start[n_free_start] = {};
  KnotGrid knots{0, 1, 0};
  Evidence evidence;
  Status status = Status::failed;
  SolverKind solver = SolverKind::interior_point;  // that found the solution; never automatic
  int iterations = 0;
  bool is_plausible = false;  // surely no reason to doubt that tonic and phasic part are what they are named after
  // As OSQP reports them, where it is the solver.
  int osqp_iterations = 0;
  double osqp_primal_residual = 0.0, osqp_dual_residual = 0.0;
};

// The programme of a signal: its own, or the settings'.
inline const ProgramSettings& program_of(const Signal& s, const DecomposeSettings& settings) {
  return s.program ? *s.program : settings.program;
}

}  // namespace ressin

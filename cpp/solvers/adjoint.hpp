// The derivative of a solution: one more solve with the matrix of the last Newton step.
//
// With J = [G B C S] (the response to the driver, spline, drift, free start), W the weights and D = multiplier/driver on the
// driver, the optimality conditions at the solution x change with the data z by
//   K dx = -(dF/dz) dz,   K = J'WJ + diag(D, gamma, 0, 0).
// For a loss whose gradient in x is c, the adjoint v = K^-1 c gives every gradient as an inner product:
//   signal: W J v    alpha: -ar0 1'v_p    gamma: -l'v_l    weight of the response: see response_gradient().
// Samples with a driver above zero have D = 0, the others D = infinity, both up to the square root of the solver's gap. A
// sample whose driver and multiplier are both small gets a derivative between the two one-sided ones. A support that is settled
// needs no pass over every sample: active_set/adjoint.hpp.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "solvers/signal.hpp"
#include "solvers/workspace.hpp"

namespace ressin {

// A solved signal with a loss's gradient in its parts. In `signal`, driver, residual and curvature are the solution's; phasic
// and tonic are not read.
struct SolvedSignal {
  Signal signal;
  const double* spline;        // (n_knots,) l
  double start[n_free_start];  // q0, q1 where the model leaves them free
  double mean, scale;
  const double *to_phasic, *to_tonic, *to_driver;  // (n,) the loss's gradient in the part; null for zero
  double* to_signal;                               // (n,) output: the gradient in the signal
};

struct Gradient {
  bool done = false;  // false where the run was stopped before
  double alpha = 0.0, gamma = 0.0;
  double tau0 = 0.0, tau1 = 0.0;  // NaN where tau0 = tau1: the response's scale is discontinuous there
};

// The gradient in tau0 and tau1 from those in the response's poles and in ar0 (to_scale).
void to_time_constants(const Model& model, double to_z0, double to_z1, double to_scale, Gradient* gradient);

// The adjoint of as many signals of one shape as the kernel has lanes.
class Adjoint {
 public:
  Adjoint(std::shared_ptr<const Model> model, const Kernel& kernel, bool weighted);

  // Whether one made with these would give the same results.
  bool serves(const Model* model, const Kernel& kernel, bool weighted) const {
    return workspace_.serves(model, kernel, weighted);
  }

  // gradient[k] of signals[k], count <= lanes; programs[k] has alpha at the solver's scale of signal k.
  void solve(const SolvedSignal* const* signals, const ProgramSettings* programs, int count, Gradient* gradient);

 private:
  void load(int lane, const SolvedSignal& x, double gamma);
  void load_columns(int lane, const SolvedSignal& x);
  Gradient finish(int lane, const SolvedSignal& x, double alpha) const;
  void response_gradient(int lane, const SolvedSignal& x, double to_scale, Gradient* gradient) const;
  double& element(double* x, std::ptrdiff_t i, int lane) const { return workspace_.element(x, i, lane); }

  Workspace workspace_;
  const Model& model_;  // the workspace's, as the next two
  const KernelShape& shape_;
  KernelState& state_;
  std::vector<std::vector<double>> start_response_;  // to the states (1, 0) and (0, 1), where the start is free
};

}  // namespace ressin

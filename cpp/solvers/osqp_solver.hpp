// The programme solved by OSQP (Stellato et al. 2020), the operator-splitting solver for sparse quadratic programmes.
//
// From a cold start OSQP needs thousands of iterations here: the deconvolution is ill-conditioned. It serves as an
// independent check: started at the interior point's primal and dual point it evaluates its own optimality conditions on the
// assembled matrices, stops after one or a few iterations if they hold, and continues if they do not.
//
// OSQP sees a scaled programme: A divided by ar[0] (rows [1, a, b], times a constant), and the columns of the drift and the
// spline brought to the norm of M's, so that its absolute tolerance means much the same at 4 Hz and at 2 kHz.
#pragma once

#include <memory>
#include <vector>

#include "programme/qp.hpp"
#include "solvers/osqp_workspace.hpp"

namespace ressin {

// The matrices, their scaling and the factorisation, made once and used for every signal of one shape. A solve depends on its
// arguments alone, not on earlier solves. Not to be shared between threads.
class OsqpSolver {
 public:
  // w is (n,) or nullptr for ones. Throws std::runtime_error when OSQP cannot set up.
  OsqpSolver(const Model& model, const double* w, const OsqpSettings& settings = {});
  OsqpSolver(const OsqpSolver&) = delete;
  OsqpSolver& operator=(const OsqpSolver&) = delete;

  const Model& model() const { return model_; }

  // Other sample weights: refactorises, if they differ from the ones in use.
  void set_weights(const double* w);

  // Another weight of the driver, > 0, than the model's: only the linear term changes.
  void set_alpha(double alpha) { alpha_ = alpha; }

  // Solve for signal y, (n,), to x = [q, d, l] and the multiplier (n,) >= 0 of A q >= 0, from the point x, [q, d, l], and the
  // multiplier, (n,), or from zero where both are nullptr. `keep_going`, if given, is asked a few times a second, and ends the
  // solve by returning false.
  using KeepGoing = OsqpWorkspace::KeepGoing;
  OsqpResult solve(const double* y, const double* x, const double* multiplier, const KeepGoing& keep_going = {});

 private:
  const double* weights() const;  // nullptr for ones
  SparseMatrix scaled_hessian(const double* w) const;
  void set_up(bool cold);

  Model model_;
  OsqpSettings settings_;
  double alpha_;
  std::vector<double> weights_;   // empty for ones
  double row_scale_;              // of A
  Eigen::VectorXd column_scale_;  // D: x = D x_osqp
  SparseMatrix columns_;          // K D
  Eigen::VectorXd driver_cost_;   // D [A'1; 0; 0]
  std::unique_ptr<OsqpWorkspace> workspace_;
};

}  // namespace ressin

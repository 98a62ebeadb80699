// One quadratic programme in OSQP's workspace, and its iterations in runs that can be called off.
//
//   minimise 1/2 x'P x + q'x   subject to  l <= A x <= u
#pragma once

#include <functional>
#include <memory>

#include "programme/qp.hpp"
#include "solvers/solution.hpp"

namespace ressin {

struct OsqpSettings {
  double eps = 1e-6;            // absolute tolerance of the residuals and of the duality gap, in the scaled programme
  int max_iterations = 50'000;  // ADMM steps
};

enum class OsqpStatus {
  solved,          // every residual is within eps
  inaccurate,      // within 10 eps when the iterations ran out
  max_iterations,  // not within 10 eps
  failed,          // OSQP reports infeasible or unbounded, which our programmes never are: a numerical failure
  stopped,         // keep_going returned false
};

// OSQP's word on its own residuals, which the caller asked it to judge by.
Status status_of(OsqpStatus status);

struct OsqpResult {
  Eigen::VectorXd x;
  Eigen::VectorXd multiplier;  // P x + q = A'multiplier
  OsqpStatus status = OsqpStatus::failed;
  int iterations = 0;
  double primal_residual = 0.0;  // OSQP's figures for the programme that it is given
  double dual_residual = 0.0;
  double duality_gap = 0.0;
};

// Not to be shared between threads.
class OsqpWorkspace {
 public:
  using KeepGoing = std::function<bool()>;

  // P: upper triangle. An infinite bound is none. `cold`: made for solves from zero. Throws std::runtime_error when OSQP
  // cannot set up.
  OsqpWorkspace(SparseMatrix P, SparseMatrix A, const Eigen::VectorXd& l, const Eigen::VectorXd& u,
                const OsqpSettings& settings, bool cold);
  ~OsqpWorkspace();
  OsqpWorkspace(const OsqpWorkspace&) = delete;
  OsqpWorkspace& operator=(const OsqpWorkspace&) = delete;

  bool is_cold() const { return cold_; }
  // Other values on the same pattern; refactorises.
  void set_hessian(SparseMatrix P);
  // From the point x and its multipliers, or from zero where both are null. `keep_going`, if given, is asked a few times a
  // second, and ends the solve by returning false.
  OsqpResult solve(const Eigen::VectorXd& q, const Eigen::VectorXd* x, const Eigen::VectorXd* multiplier,
                   const KeepGoing& keep_going);

 private:
  struct Solver;

  void start(const Eigen::VectorXd& q, const Eigen::VectorXd* x, const Eigen::VectorXd* multiplier);
  bool iterate(int iterations, int check_every);
  void adapt_rho();
  OsqpResult result(OsqpStatus status, int iterations) const;

  OsqpSettings settings_;
  bool cold_;
  double entries_;  // of P and A
  std::unique_ptr<Solver> solver_;
};

}  // namespace ressin

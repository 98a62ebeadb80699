#include "solvers/osqp_solver.hpp"

#include <cmath>
#include <limits>
#include <utility>

namespace ressin {
namespace {

// Measured from 4 Hz to 2 kHz: with a smaller scale the driver goes further below zero, with a larger one rounding errors
// matter sooner.
constexpr double driver_scale = 100.0;

// Scales the columns to norm sqrt(6), that of a column of M. Computed without sample weights, so that they do not change the
// scaling.
Eigen::VectorXd make_column_scale(const Model& model, const SparseMatrix& P) {
  Eigen::VectorXd scale = Eigen::VectorXd::Ones(P.cols());
  for (int j = static_cast<int>(model.n()); j < P.cols(); ++j) {
    const double square = P.coeff(j, j);
    if (square > 0.0) scale[j] = std::sqrt(6.0 / square);
  }
  return scale;
}

}  // namespace

OsqpSolver::OsqpSolver(const Model& model, const double* w, const OsqpSettings& settings)
    : model_(model), settings_(settings), alpha_(model.settings().alpha), row_scale_(driver_scale / model.response().ar[0]) {
  if (w) weights_.assign(w, w + model.n());
  column_scale_ = make_column_scale(model, qp_hessian(model, nullptr));
  columns_ = qp_columns(model) * column_scale_.asDiagonal();
  driver_cost_ = column_scale_.cwiseProduct(qp_driver_cost(model));
  set_up(false);
}

const double* OsqpSolver::weights() const { return weights_.empty() ? nullptr : weights_.data(); }

SparseMatrix OsqpSolver::scaled_hessian(const double* w) const {
  return column_scale_.asDiagonal() * qp_hessian(model_, w) * column_scale_.asDiagonal();
}

void OsqpSolver::set_up(bool cold) {
  const Eigen::VectorXd zeros = Eigen::VectorXd::Zero(model_.n());
  const Eigen::VectorXd infinity = Eigen::VectorXd::Constant(model_.n(), std::numeric_limits<double>::infinity());
  workspace_ = std::make_unique<OsqpWorkspace>(scaled_hessian(weights()), row_scale_ * qp_constraints(model_), zeros, infinity,
                                               settings_, cold);
}

void OsqpSolver::set_weights(const double* w) {
  const std::vector<double> weights = w ? std::vector<double>(w, w + model_.n()) : std::vector<double>();
  if (weights == weights_) return;
  workspace_->set_hessian(scaled_hessian(w));
  weights_ = weights;
}

// In OSQP's scale: x = D x_osqp, and the multiplier is row_scale times OSQP's.
OsqpResult OsqpSolver::solve(const double* y, const double* x, const double* multiplier, const KeepGoing& keep_going) {
  if (workspace_->is_cold() != (x == nullptr)) set_up(x == nullptr);
  const Eigen::VectorXd q = alpha_ * driver_cost_ - columns_.transpose() * weighted(y, weights(), model_.n());
  Eigen::VectorXd x_scaled, multiplier_scaled;
  if (x) {
    x_scaled = Eigen::Map<const Eigen::VectorXd>(x, q.size()).cwiseQuotient(column_scale_);
    multiplier_scaled = Eigen::Map<const Eigen::VectorXd>(multiplier, model_.n()) / row_scale_;
  }
  OsqpResult r = workspace_->solve(q, x ? &x_scaled : nullptr, x ? &multiplier_scaled : nullptr, keep_going);
  r.x = r.x.cwiseProduct(column_scale_);
  r.multiplier = r.multiplier.cwiseMax(0.0) * row_scale_;
  return r;
}

}  // namespace ressin

#include "solvers/robust/osqp.hpp"

#include <cmath>

#include "programme/robust/qp.hpp"

namespace ressin::robust {
namespace {

constexpr double driver_scale = 100.0;  // as in cvxEDA's programme

// Brings the spline's columns to norm sqrt(6), that of a column of M, and the driver's rows to [1, a, b] times a constant.
struct Scaling {
  Eigen::VectorXd columns, rows;

  Scaling(const Model& model, const SparseMatrix& P) {
    const QpLayout of(model);
    columns = Eigen::VectorXd::Ones(of.n_variables), rows = Eigen::VectorXd::Ones(of.n_rows);
    for (std::ptrdiff_t j = of.spline; j < of.shift; ++j) {
      const double square = P.coeff(static_cast<int>(j), static_cast<int>(j));
      if (square > 0.0) columns[j] = std::sqrt(6.0 / square);
    }
    rows.head(of.n).setConstant(driver_scale / model.response().ar[0]);
    for (std::ptrdiff_t j = 0; j < of.n_knots; ++j) rows[of.level + j] = 1.0 / columns[of.spline + j];
  }
};

}  // namespace

Confirmed confirm(const Model& model, const Problem& problem, const Solution* warm, const OsqpSettings& settings,
                  const OsqpWorkspace::KeepGoing& keep_going) {
  const QuadraticProgram qp = make_qp(model, problem);
  const Scaling scaling(model, qp.P);
  SparseMatrix P = scaling.columns.asDiagonal() * qp.P * scaling.columns.asDiagonal();
  P = SparseMatrix(P.triangularView<Eigen::Upper>());
  const SparseMatrix A = scaling.rows.asDiagonal() * qp.A * scaling.columns.asDiagonal();
  OsqpWorkspace workspace(P, A, qp.l.cwiseProduct(scaling.rows), qp.u.cwiseProduct(scaling.rows), settings, warm == nullptr);
  QpPoint start;
  if (warm) {
    start = to_qp(model, problem, warm->point, warm->parts, warm->witness);
    start.x = start.x.cwiseQuotient(scaling.columns);
    start.multiplier = start.multiplier.cwiseQuotient(scaling.rows);
  }
  const OsqpResult r = workspace.solve(qp.q.cwiseProduct(scaling.columns), warm ? &start.x : nullptr,
                                       warm ? &start.multiplier : nullptr, keep_going);
  Confirmed out;
  out.stopped = r.status == OsqpStatus::stopped;
  out.primal_residual = r.primal_residual, out.dual_residual = r.dual_residual;
  Solution& x = out.solution;
  x.point = from_qp(model, problem, r.x.cwiseProduct(scaling.columns));
  x.parts = make_parts(model, problem, x.point);
  x.witness = witness_of(model, r.multiplier.cwiseProduct(scaling.rows));
  x.evidence = certify(model, problem, x.point, x.parts, x.witness);
  x.status = status_of(r.status);
  x.iterations = r.iterations;
  return out;
}

}  // namespace ressin::robust

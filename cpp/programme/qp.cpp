#include "programme/qp.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace ressin {
namespace {

using Index = std::ptrdiff_t;

// The columns of K = [M C B], each as its non-zero range and values; time runs down the column.
class Columns {
 public:
  explicit Columns(const Model& model) : model_(model), n_(model.n()), drift_(model.n_drift()) {
    for (int k = 0; k < model.n_drift(); ++k) {
      drift_[k].resize(n_);
      for (Index t = 0; t < n_; ++t) drift_[k][t] = model.drift(t, k);
    }
  }

  // Rows t where M(t, j) = ma[t - j] is not zero: [first, last).
  Index response_first(Index j) const { return std::max(j, model_.first_row()); }
  Index response_last(Index j) const { return std::min(j + 3, n_); }
  double response(Index t, Index j) const { return model_.response().ma[t - j]; }

  Index knot_first(Index m) const { return std::max<Index>(model_.knot(m) - reach(), 0); }
  Index knot_last(Index m) const { return std::min(model_.knot(m) + reach() + 1, n_); }
  double spline(Index t, Index m) const { return model_.bump(t - model_.knot(m)); }

  double drift(Index t, int k) const { return drift_[k][t]; }

 private:
  Index reach() const { return 2 * model_.knot_spacing() - 2; }

  const Model& model_;
  Index n_;
  std::vector<Eigen::VectorXd> drift_;
};

double weight(const double* w, Index t) { return w ? w[t] : 1.0; }

int as_index(Index i) { return static_cast<int>(i); }

// Upper bound on the entries of P's upper triangle: three per q, and for every drift and spline column the q it overlaps with.
Index hessian_size(const Model& model) {
  const Index per_knot = std::min(4 * model.knot_spacing() + 2, model.n() + 2);
  return 3 * model.n() + model.n_drift() * (model.n() + 2) + model.n_knots() * (per_knot + model.n_drift() + 4);
}

void check_size(const Model& model) {
  if (hessian_size(model) > std::numeric_limits<int>::max()) {
    throw std::length_error("a programme of " + std::to_string(model.n()) + " samples and " + std::to_string(model.n_knots()) +
                            " knots has more matrix entries than 32-bit indices can count");
  }
}

void append(SparseMatrix& P, Index row, Index column, double value) { P.insertBack(as_index(row), as_index(column)) = value; }

// Rows q_i of the column whose values are f(t) for t in [first, last): sum_t w_t M(t, i) f(t).
template <class F>
void append_response_rows(SparseMatrix& P, const Columns& K, const double* w, Index first, Index last, Index column, F f) {
  for (Index i = std::max<Index>(first - 2, 0); i < last; ++i) {
    double sum = 0.0;
    for (Index t = std::max(K.response_first(i), first); t < std::min(K.response_last(i), last); ++t) {
      sum += weight(w, t) * K.response(t, i) * f(t);
    }
    append(P, i, column, sum);
  }
}

// q columns: M'W M, bandwidth 2.
void append_response_columns(SparseMatrix& P, const Columns& K, const double* w, Index n) {
  for (Index j = 0; j < n; ++j) {
    P.startVec(as_index(j));
    for (Index i = std::max<Index>(j - 2, 0); i <= j; ++i) {
      double sum = 0.0;
      for (Index t = K.response_first(j); t < std::min(K.response_last(i), K.response_last(j)); ++t) {
        sum += weight(w, t) * K.response(t, i) * K.response(t, j);
      }
      append(P, i, j, sum);
    }
  }
}

// d columns: M'W C over C'W C.
void append_drift_columns(SparseMatrix& P, const Columns& K, const double* w, Index n, int n_drift) {
  for (int k = 0; k < n_drift; ++k) {
    const Index column = n + k;
    P.startVec(as_index(column));
    append_response_rows(P, K, w, 0, n, column, [&](Index t) { return K.drift(t, k); });
    for (int other = 0; other <= k; ++other) {
      double sum = 0.0;
      for (Index t = 0; t < n; ++t) sum += weight(w, t) * K.drift(t, other) * K.drift(t, k);
      append(P, n + other, column, sum);
    }
  }
}

// l columns: M'W B over C'W B over B'W B + gamma I; two bumps overlap when they are at most three knots apart.
void append_spline_columns(SparseMatrix& P, const Columns& K, const double* w, const Model& model) {
  const Index n = model.n();
  for (Index m = 0; m < model.n_knots(); ++m) {
    const Index column = n + model.n_drift() + m;
    const Index first = K.knot_first(m), last = K.knot_last(m);
    P.startVec(as_index(column));
    append_response_rows(P, K, w, first, last, column, [&](Index t) { return K.spline(t, m); });
    for (int k = 0; k < model.n_drift(); ++k) {
      double sum = 0.0;
      for (Index t = first; t < last; ++t) sum += weight(w, t) * K.drift(t, k) * K.spline(t, m);
      append(P, n + k, column, sum);
    }
    for (Index other = std::max<Index>(m - 3, 0); other <= m; ++other) {
      double sum = other == m ? model.settings().gamma : 0.0;
      for (Index t = first; t < std::min(last, K.knot_last(other)); ++t) {
        sum += weight(w, t) * K.spline(t, other) * K.spline(t, m);
      }
      append(P, n + model.n_drift() + other, column, sum);
    }
  }
}

}  // namespace

std::ptrdiff_t n_variables(const Model& model) { return model.n() + model.n_drift() + model.n_knots(); }

SparseMatrix qp_hessian(const Model& model, const double* w) {
  check_size(model);
  const Columns K(model);
  const int size = as_index(n_variables(model));
  SparseMatrix P(size, size);
  P.reserve(hessian_size(model));
  append_response_columns(P, K, w, model.n());
  append_drift_columns(P, K, w, model.n(), model.n_drift());
  append_spline_columns(P, K, w, model);
  P.finalize();
  return P;
}

SparseMatrix qp_columns(const Model& model) {
  check_size(model);
  const Columns columns(model);
  const Index n = model.n();
  SparseMatrix K(as_index(n), as_index(n_variables(model)));
  K.reserve(hessian_size(model));
  for (Index j = 0; j < n; ++j) {
    K.startVec(as_index(j));
    for (Index t = columns.response_first(j); t < columns.response_last(j); ++t) append(K, t, j, columns.response(t, j));
  }
  for (int k = 0; k < model.n_drift(); ++k) {
    K.startVec(as_index(n + k));
    for (Index t = 0; t < n; ++t) append(K, t, n + k, columns.drift(t, k));
  }
  for (Index m = 0; m < model.n_knots(); ++m) {
    const Index column = n + model.n_drift() + m;
    K.startVec(as_index(column));
    for (Index t = columns.knot_first(m); t < columns.knot_last(m); ++t) append(K, t, column, columns.spline(t, m));
  }
  K.finalize();
  return K;
}

Eigen::VectorXd qp_driver_cost(const Model& model) {
  Eigen::VectorXd cost = Eigen::VectorXd::Zero(n_variables(model));
  for (Index j = 0; j < model.n(); ++j) {
    for (Index t = std::max(j, model.first_row()); t < std::min(j + 3, model.n()); ++t) {
      cost[j] += model.response().ar[t - j];
    }
  }
  return cost;
}

Eigen::VectorXd weighted(const double* y, const double* w, std::ptrdiff_t n) {
  const Eigen::Map<const Eigen::VectorXd> signal(y, n);
  if (!w) return signal;
  return signal.cwiseProduct(Eigen::Map<const Eigen::VectorXd>(w, n));
}

SparseMatrix qp_constraints(const Model& model) {
  check_size(model);
  const Index n = model.n();
  SparseMatrix A(as_index(n), as_index(n_variables(model)));
  A.reserve(3 * n);
  for (Index j = 0; j < n_variables(model); ++j) {
    A.startVec(as_index(j));
    for (Index t = std::max(j, model.first_row()); t < std::min(j + 3, n); ++t) {
      append(A, t, j, model.response().ar[t - j]);
    }
  }
  A.finalize();
  return A;
}

QuadraticProgram make_qp(const Model& model, const double* y, const double* w) {
  const Eigen::VectorXd wy = weighted(y, w, model.n());
  QuadraticProgram qp;
  qp.P = qp_hessian(model, w);
  qp.q = model.settings().alpha * qp_driver_cost(model) - qp_columns(model).transpose() * wy;
  qp.A = qp_constraints(model);
  qp.l = Eigen::VectorXd::Zero(model.n());
  qp.u = Eigen::VectorXd::Constant(model.n(), std::numeric_limits<double>::infinity());
  qp.constant = 0.5 * Eigen::Map<const Eigen::VectorXd>(y, model.n()).dot(wy);
  return qp;
}

}  // namespace ressin

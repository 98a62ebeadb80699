#include "programme/robust/qp.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace ressin::robust {
namespace {

using Index = std::ptrdiff_t;
using Triplets = std::vector<Eigen::Triplet<double, int>>;

constexpr double infinity = std::numeric_limits<double>::infinity();

std::size_t index(Index i) { return static_cast<std::size_t>(i); }

void check_size(const Model& model) {
  constexpr Index most_in_a_column = 64;  // of P, on average: q sees 5 q, 8 l, 3 s and 6 outliers, and is seen by as many
  if ((model.n() + model.n_knots()) * most_in_a_column > std::numeric_limits<int>::max()) {
    throw std::length_error("a robust programme of " + std::to_string(model.n()) + " samples and " +
                            std::to_string(model.n_knots()) + " knots may have more matrix entries than 32-bit indices count");
  }
}

void add(Triplets* entries, Index row, Index column, double value) {
  entries->emplace_back(static_cast<int>(row), static_cast<int>(column), value);
}

SparseMatrix assemble(Index rows, Index columns, const Triplets& entries) {
  SparseMatrix matrix(static_cast<int>(rows), static_cast<int>(columns));
  matrix.setFromTriplets(entries.begin(), entries.end());
  return matrix;
}

// Column of the shift at a sample, or -1 where it is zero.
Index shift_column(const Model& model, const QpLayout& of, Index sample) {
  const Index i = sample - model.n_before();
  return i > 0 ? of.shift + i - 1 : -1;
}

// H: the signal from the unknowns.
SparseMatrix signal_rows(const Model& model) {
  constexpr double ma[] = {1.0, 2.0, 1.0};
  const QpLayout of(model);
  Triplets entries;
  entries.reserve(10 * static_cast<std::size_t>(of.m));
  for (Index i = 0; i < of.m; ++i) {
    const Index t = i + model.n_before();
    for (Index k = 0; k < 3 && k <= t; ++k) add(&entries, i, t - k, ma[k]);
    for (Index k = 0; k < 4; ++k) add(&entries, i, of.spline + model.interval(t) + k, model.bumps(t)[k]);
    if (i > 0) add(&entries, i, shift_column(model, of, t), 1.0);
    add(&entries, i, of.up + i, 1.0);
    add(&entries, i, of.down + i, -1.0);
  }
  return assemble(of.m, of.n_variables, entries);
}

SparseMatrix bends(const Model& model) {
  const QpLayout of(model);
  Triplets entries;
  for (Index j = 0; j + 2 < of.n_knots; ++j) {
    add(&entries, j, of.spline + j, 1.0);
    add(&entries, j, of.spline + j + 1, -2.0);
    add(&entries, j, of.spline + j + 2, 1.0);
  }
  return assemble(std::max<Index>(of.n_knots - 2, 0), of.n_variables, entries);
}

double driver_cost(const Model& model, const Problem& problem, Index t) {
  const Index i = t - model.n_before();
  return i < 0 ? problem.alpha_before : problem.alpha[i];
}

double outlier_cost(const Problem& problem, Index i) {
  const double w = problem.weight(i);
  return (w > 0.0 ? w : 1.0) * problem.delta[i];
}

Eigen::VectorXd costs(const Model& model, const Problem& problem) {
  const QpLayout of(model);
  const auto& ar = model.response().ar;
  Eigen::VectorXd cost = Eigen::VectorXd::Zero(of.n_variables);
  for (Index t = 0; t < of.n; ++t) {
    for (Index k = 0; k < 3 && k <= t; ++k) cost[t - k] += ar[static_cast<std::size_t>(k)] * driver_cost(model, problem, t);
  }
  for (Index i = 0; i + 1 < of.m; ++i) cost[of.rise + i] = cost[of.fall + i] = problem.kappa[i] / model.dt();
  for (Index i = 0; i < of.m; ++i) cost[of.up + i] = cost[of.down + i] = outlier_cost(problem, i);
  return cost;
}

}  // namespace

QpLayout::QpLayout(const Model& model) : n(model.n()), m(model.n_signal()), n_knots(model.n_knots()) {
  spline = n, shift = spline + n_knots;
  rise = shift + m - 1, fall = rise + m - 1, up = fall + m - 1, down = up + m, n_variables = down + m;
  balance = n, signs = balance + m - 1, level = signs + 4 * m - 2, n_rows = level + n_knots;
}

SparseMatrix qp_constraints(const Model& model) {
  check_size(model);
  const QpLayout of(model);
  const auto& ar = model.response().ar;
  Triplets entries;
  for (Index t = 0; t < of.n; ++t) {
    for (Index k = 0; k < 3 && k <= t; ++k) add(&entries, t, t - k, ar[static_cast<std::size_t>(k)]);
  }
  for (Index i = 0; i + 1 < of.m; ++i) {
    add(&entries, of.balance + i, of.shift + i, 1.0);
    if (i > 0) add(&entries, of.balance + i, of.shift + i - 1, -1.0);
    add(&entries, of.balance + i, of.rise + i, -1.0);
    add(&entries, of.balance + i, of.fall + i, 1.0);
  }
  for (Index k = 0; k < 4 * of.m - 2; ++k) add(&entries, of.signs + k, of.rise + k, 1.0);
  for (Index j = 0; j < of.n_knots; ++j) {
    add(&entries, of.level + j, of.spline + j, 1.0);
    const Index column = shift_column(model, of, model.knot_sample(j));
    if (column >= 0) add(&entries, of.level + j, column, 1.0);
  }
  return assemble(of.n_rows, of.n_variables, entries);
}

QuadraticProgram make_qp(const Model& model, const Problem& problem) {
  check_size(model);
  const QpLayout of(model);
  Eigen::VectorXd w(of.m), wy(of.m);
  QuadraticProgram qp;
  for (Index i = 0; i < of.m; ++i) {
    w[i] = problem.weight(i);
    wy[i] = w[i] * problem.y[i];
    qp.constant += 0.5 * wy[i] * problem.y[i];
  }
  const SparseMatrix H = signal_rows(model), D = bends(model);
  Eigen::VectorXd penalties(model.n_bends());
  for (Index j = 0; j < penalties.size(); ++j) penalties[j] = problem.penalty(model, j);
  const SparseMatrix fit = H.transpose() * (w.asDiagonal() * H), bending = D.transpose() * (penalties.asDiagonal() * D);
  qp.P = fit + bending;
  qp.q = costs(model, problem) - H.transpose() * wy;
  qp.A = qp_constraints(model);
  qp.l = Eigen::VectorXd::Zero(of.n_rows);
  qp.l.tail(of.n_knots).setConstant(problem.floor);
  qp.u = Eigen::VectorXd::Constant(of.n_rows, infinity);
  qp.u.segment(of.balance, of.m - 1).setZero();
  return qp;
}

QpPoint to_qp(const Model& model, const Problem& problem, const Point& point, const Parts& parts, const Witness& witness) {
  const QpLayout of(model);
  const auto& ar = model.response().ar;
  const Index before = model.n_before();
  QpPoint to{Eigen::VectorXd::Zero(of.n_variables), Eigen::VectorXd::Zero(of.n_rows)};
  for (Index t = 0; t < of.n; ++t) {
    const double past = (t > 0 ? ar[1] * to.x[t - 1] : 0.0) + (t > 1 ? ar[2] * to.x[t - 2] : 0.0);
    to.x[t] = (point.driver[index(t)] - past) / ar[0];
  }
  for (Index j = 0; j < of.n_knots; ++j) to.x[of.spline + j] = point.spline[index(j)];
  const Forces forces = forces_of(model, witness);
  for (Index t = 0; t < of.n; ++t) to.multiplier[t] = driver_cost(model, problem, t) - forces.response[index(t)];
  const auto multiplier = [&](Index column) -> double& { return to.multiplier[of.signs + column - of.rise]; };
  for (Index i = 0; i + 1 < of.m; ++i) {
    const double step = point.steps[index(i + before)], kappa = problem.kappa[i] / model.dt(),
                 after = forces.after[index(i + before)];
    to.x[of.shift + i] = parts.shift[index(i + before + 1)];
    to.x[of.rise + i] = std::max(step, 0.0), to.x[of.fall + i] = std::max(-step, 0.0);
    to.multiplier[of.balance + i] = -after;
    multiplier(of.rise + i) = kappa - after, multiplier(of.fall + i) = kappa + after;
  }
  for (Index i = 0; i < of.m; ++i) {
    const double o = parts.outliers[index(i)], cost = outlier_cost(problem, i), u = witness.u[index(i)];
    to.x[of.up + i] = std::max(o, 0.0), to.x[of.down + i] = std::max(-o, 0.0);
    multiplier(of.up + i) = cost - u, multiplier(of.down + i) = cost + u;
  }
  for (Index j = 0; j < of.n_knots; ++j) to.multiplier[of.level + j] = witness.level[index(j)];
  return to;
}

Point from_qp(const Model& model, const Problem& problem, const Eigen::VectorXd& x) {
  const QpLayout of(model);
  const auto& ar = model.response().ar;
  Point point;
  point.driver.resize(index(of.n)), point.steps.assign(index(of.n), 0.0);
  for (Index t = 0; t < of.n; ++t) {
    const double driver = ar[0] * x[t] + (t > 0 ? ar[1] * x[t - 1] : 0.0) + (t > 1 ? ar[2] * x[t - 2] : 0.0);
    point.driver[index(t)] = std::max(driver, 0.0);
  }
  const auto shift = [&](Index i) { return i > 0 ? x[of.shift + i - 1] : 0.0; };
  for (Index i = 0; i + 1 < of.m; ++i) point.steps[index(i + model.n_before())] = shift(i + 1) - shift(i);
  double missing = 0.0;
  for (Index j = 0; j < of.n_knots; ++j) {
    point.spline.push_back(x[of.spline + j]);
    const double level = point.spline.back() + shift(model.knot_sample(j) - model.n_before());
    missing = std::max(missing, problem.floor - level);
  }
  for (double& l : point.spline) l += missing;
  return point;
}

Witness witness_of(const Model& model, const Eigen::VectorXd& multiplier) {
  const QpLayout of(model);
  const auto sign = [&](Index column) { return multiplier[of.signs + column - of.rise]; };
  Witness witness;
  for (Index i = 0; i < of.m; ++i) witness.u.push_back(0.5 * (sign(of.down + i) - sign(of.up + i)));
  for (Index j = 0; j < of.n_knots; ++j) witness.level.push_back(std::max(multiplier[of.level + j], 0.0));
  return witness;
}

}  // namespace ressin::robust

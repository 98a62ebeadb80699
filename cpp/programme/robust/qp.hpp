// The robust programme as a sparse quadratic programme, for general solvers, which do not use its structure:
//
//   minimise 1/2 x'P x + q'x + constant   subject to  l <= A x <= u,
//   x = [q (n), l (n_knots), s (m - 1), rises (m - 1), falls (m - 1), outliers up (m), outliers down (m)]
//
// with n samples in all, m of them the signal's. The driver is p = A0 q and the phasic part r = M q, as in cvxEDA's programme;
// s is the shift from the signal's second sample on (it begins at zero). With H = [M B S 0 0 I -I] on the signal's samples, D
// the second differences of the spline's coefficients and Gamma = penalty D'D,
//   P = H'W H + Gamma,   q = -H'W y + [A0'alpha, 0, 0, kappa / dt, kappa / dt, w delta, w delta],   constant = 1/2 y'W y.
// An outlier where the weight is zero costs delta, and is zero at the optimum. The rows of A, in order:
//   n         driver >= 0
//   m - 1     s_i+1 - s_i - rise_i + fall_i = 0
//   4 m - 2   rises, falls, outliers up and down >= 0
//   n_knots   coefficient and shift at each knot, >= floor (minus infinity where there is none)
#pragma once

#include "programme/qp.hpp"
#include "programme/robust/model.hpp"

namespace ressin::robust {

// Where each kind of unknown and of row begins.
struct QpLayout {
  explicit QpLayout(const Model& model);

  std::ptrdiff_t n, m, n_knots;
  std::ptrdiff_t spline, shift, rise, fall, up, down, n_variables;
  std::ptrdiff_t balance, signs, level, n_rows;
};

// Each in O(n). They throw std::length_error where 32-bit indices do not suffice. P holds both triangles; the patterns of
// P and A depend on the model alone.
SparseMatrix qp_constraints(const Model& model);
QuadraticProgram make_qp(const Model& model, const Problem& problem);

// A point of the quadratic programme, and its multipliers: at the optimum P x + q = A'multiplier, those of the inequalities
// >= 0.
struct QpPoint {
  Eigen::VectorXd x, multiplier;
};
QpPoint to_qp(const Model& model, const Problem& problem, const Point& point, const Parts& parts, const Witness& witness);

// The nearest point that keeps the bounds: driver values below zero become zero, and a level below the floor raises all.
Point from_qp(const Model& model, const Problem& problem, const Eigen::VectorXd& x);
// The multipliers of the outliers' bounds are w delta - u and w delta + u.
Witness witness_of(const Model& model, const Eigen::VectorXd& multiplier);

}  // namespace ressin::robust

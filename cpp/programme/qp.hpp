// The programme as a sparse quadratic programme, for general solvers, which do not use its structure:
//
//   minimise 1/2 x'P x + q'x + constant   subject to  l <= A x <= u,     x = [q (n), d (n_drift), l (n_knots)]
//
// With K = [M C B], W = diag(w) the sample weights and Gamma = diag(0, 0, gamma):
//   P = K'W K + Gamma,   q = -K'W y + alpha [A'1; 0; 0],   constant = 1/2 y'W y,   A x = A q >= 0.
#pragma once

#include <Eigen/SparseCore>

#include "programme/model.hpp"

namespace ressin {

using SparseMatrix = Eigen::SparseMatrix<double, Eigen::ColMajor, int>;

struct QuadraticProgram {
  SparseMatrix P;  // upper triangle; its pattern depends on the model alone, never on the weights
  Eigen::VectorXd q;
  SparseMatrix A;     // n rows: one per sample, rows before model.first_row() empty
  Eigen::VectorXd l;  // zeros
  Eigen::VectorXd u;  // infinity
  double constant = 0.0;
};

// The number of unknowns, n + n_drift + n_knots.
std::ptrdiff_t n_variables(const Model& model);

// Each in O(n); y and w are (n,), and w = nullptr stands for ones. They throw std::length_error where
// 32-bit indices do not suffice.
SparseMatrix qp_columns(const Model& model);                                   // K
SparseMatrix qp_hessian(const Model& model, const double* w);                  // P
SparseMatrix qp_constraints(const Model& model);                               // A
Eigen::VectorXd qp_driver_cost(const Model& model);                            // [A'1; 0; 0]
Eigen::VectorXd weighted(const double* y, const double* w, std::ptrdiff_t n);  // W y
QuadraticProgram make_qp(const Model& model, const double* y, const double* w);

}  // namespace ressin

// The columns whose coefficients have neither a sign constraint nor a penalty: in the 2015 revision the free response of q0 and
// q1, and the drift C.
//
// On a signal much shorter than the time constants they are nearly dependent, so they are used through an orthonormal basis.
#pragma once

#include <cstddef>
#include <vector>

#include "programme/model.hpp"

namespace ressin {

// Each (n,): where the start is free, the n_free_start responses to the filter's states (a, v) = (1, 0) and (0, 1) at the first
// row; then the columns of C.
std::vector<std::vector<double>> free_columns(const Model& model);

// column = basis * r, r upper triangular. A column that depends on those before it has a zero basis vector and r(j, j) = 0.
struct OrthonormalBasis {
  std::vector<std::vector<double>> basis;  // basis_j' W basis_k = 1 where j = k, else 0
  std::vector<std::vector<double>> r;      // r[j][k] belongs to column k and basis vector j <= k
};
OrthonormalBasis orthonormalise(std::vector<std::vector<double>> columns, const double* weights);

}  // namespace ressin

// The columns whose coefficients have neither a sign constraint nor a penalty: in the 2015 revision the free response of q0 and
// q1, and the drift C.
//
// On a signal much shorter than the time constants they are nearly dependent, so they are used through an orthonormal basis.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "programme/model.hpp"

namespace ressin {

// The poles of the response, in long double as its time constants have them.
template <class Real>
std::array<Real, 2> poles_of(const Model& model);

// Each (n,): where the start is free, the n_free_start responses to the filter's states (a, v) = (1, 0) and (0, 1) at the first
// row; then the columns of C. Real is double or long double.
template <class Real = double>
std::vector<std::vector<Real>> free_columns(const Model& model);

// column = basis * r, r upper triangular. A column that depends on those before it has a zero basis vector and r(j, j) = 0.
template <class Real>
struct BasisOf {
  std::vector<std::vector<Real>> basis;  // basis_j' W basis_k = 1 where j = k, else 0
  std::vector<std::vector<Real>> r;      // r[j][k] belongs to column k and basis vector j <= k
};
using OrthonormalBasis = BasisOf<double>;
template <class Real>
BasisOf<Real> orthonormalise(std::vector<std::vector<Real>> columns, const double* weights);

}  // namespace ressin

#include "programme/free_columns.hpp"

#include <algorithm>
#include <cmath>
#include <type_traits>

namespace ressin {

template <class Real>
std::array<Real, 2> poles_of(const Model& model) {
  if constexpr (std::is_same_v<Real, double>) return {model.response().z0, model.response().z1};
  const Real dt = model.dt(), tau0 = model.settings().tau0, tau1 = model.settings().tau1;
  const auto pole = [dt](Real tau) { return (2 - dt / tau) / (2 + dt / tau); };
  return {pole(std::max(tau0, tau1)), pole(std::min(tau0, tau1))};
}

template <class Real>
std::vector<std::vector<Real>> free_columns(const Model& model) {
  const auto n = static_cast<std::size_t>(model.n());
  const auto first = static_cast<std::size_t>(model.first_row());
  const auto [z0, z1] = poles_of<Real>(model);
  std::vector<std::vector<Real>> columns;
  if (first > 0) {
    for (std::ptrdiff_t k = 0; k < n_free_start; ++k) {
      Real a = k == 0 ? 1.0 : 0.0, v = k == 0 ? 0.0 : 1.0;
      std::vector<Real>& x = columns.emplace_back(n, 0.0);
      for (std::size_t i = first; i < n; ++i) {
        x[i] = a;
        a = z0 * a + v;
        v *= z1;
      }
    }
  }
  for (int k = 0; k < model.n_drift(); ++k) {
    std::vector<Real>& x = columns.emplace_back(n);
    for (std::size_t i = 0; i < n; ++i) x[i] = model.drift(static_cast<std::ptrdiff_t>(i), k);
  }
  return columns;
}

// Modified Gram-Schmidt with reorthogonalisation (each column is processed twice).
template <class Real>
BasisOf<Real> orthonormalise(std::vector<std::vector<Real>> columns, const double* weights) {
  constexpr double nothing_new = 1e-13;
  const auto dot = [&](const std::vector<Real>& x, const std::vector<Real>& y) {
    Real sum = 0.0;
    for (std::size_t i = 0; i < x.size(); ++i) sum += (weights ? weights[i] : 1.0) * x[i] * y[i];
    return sum;
  };
  BasisOf<Real> result;
  result.r.assign(columns.size(), std::vector<Real>(columns.size(), 0.0));
  for (std::size_t k = 0; k < columns.size(); ++k) {
    std::vector<Real>& x = columns[k];
    const Real before = std::sqrt(dot(x, x));
    for (int pass = 0; pass < 2; ++pass) {
      for (std::size_t j = 0; j < k; ++j) {
        const Real along = dot(result.basis[j], x);
        result.r[j][k] += along;
        for (std::size_t i = 0; i < x.size(); ++i) x[i] -= along * result.basis[j][i];
      }
    }
    const Real after = std::sqrt(dot(x, x));
    const bool is_new = after > nothing_new * before;
    result.r[k][k] = is_new ? after : 0.0;
    for (Real& v : x) v = is_new ? v / after : 0;
    result.basis.push_back(std::move(x));
  }
  return result;
}

template std::array<double, 2> poles_of<double>(const Model&);
template std::array<long double, 2> poles_of<long double>(const Model&);
template std::vector<std::vector<double>> free_columns<double>(const Model&);
template std::vector<std::vector<long double>> free_columns<long double>(const Model&);
template BasisOf<double> orthonormalise(std::vector<std::vector<double>>, const double*);
template BasisOf<long double> orthonormalise(std::vector<std::vector<long double>>, const double*);

}  // namespace ressin

#include "programme/free_columns.hpp"

#include <cmath>

namespace ressin {

std::vector<std::vector<double>> free_columns(const Model& model) {
  const auto n = static_cast<std::size_t>(model.n());
  const auto first = static_cast<std::size_t>(model.first_row());
  const Response& r = model.response();
  std::vector<std::vector<double>> columns;
  if (first > 0) {
    for (std::ptrdiff_t k = 0; k < n_free_start; ++k) {
      double a = k == 0 ? 1.0 : 0.0, v = k == 0 ? 0.0 : 1.0;
      std::vector<double>& x = columns.emplace_back(n, 0.0);
      for (std::size_t i = first; i < n; ++i) {
        x[i] = a;
        a = r.z0 * a + v;
        v *= r.z1;
      }
    }
  }
  for (int k = 0; k < model.n_drift(); ++k) {
    std::vector<double>& x = columns.emplace_back(n);
    for (std::size_t i = 0; i < n; ++i) x[i] = model.drift(static_cast<std::ptrdiff_t>(i), k);
  }
  return columns;
}

// Modified Gram-Schmidt with reorthogonalisation (each column is processed twice).
OrthonormalBasis orthonormalise(std::vector<std::vector<double>> columns, const double* weights) {
  constexpr double nothing_new = 1e-13;
  const auto dot = [&](const std::vector<double>& x, const std::vector<double>& y) {
    double sum = 0.0;
    for (std::size_t i = 0; i < x.size(); ++i) sum += (weights ? weights[i] : 1.0) * x[i] * y[i];
    return sum;
  };
  OrthonormalBasis result;
  result.r.assign(columns.size(), std::vector<double>(columns.size(), 0.0));
  for (std::size_t k = 0; k < columns.size(); ++k) {
    std::vector<double>& x = columns[k];
    const double before = std::sqrt(dot(x, x));
    for (int pass = 0; pass < 2; ++pass) {
      for (std::size_t j = 0; j < k; ++j) {
        const double along = dot(result.basis[j], x);
        result.r[j][k] += along;
        for (std::size_t i = 0; i < x.size(); ++i) x[i] -= along * result.basis[j][i];
      }
    }
    const double after = std::sqrt(dot(x, x));
    const bool is_new = after > nothing_new * before;
    result.r[k][k] = is_new ? after : 0.0;
    for (double& v : x) v = is_new ? v / after : 0.0;
    result.basis.push_back(std::move(x));
  }
  return result;
}

}  // namespace ressin

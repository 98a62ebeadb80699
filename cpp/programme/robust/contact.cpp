#include "programme/robust/contact.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "programme/sums.hpp"

namespace ressin::robust {
namespace {

constexpr double deviations = 2.999;  // three, and rounding shall not decide
constexpr double normal = 0.6745;     // median of the absolute value of a normal variable

bool is_seen(const double* weights, std::ptrdiff_t i) { return !weights || weights[i] > 0.0; }

// Whether a sample's noise is at least that much: half of the second differences say so without being put into order.
bool is_as_noisy(const double* y, const double* weights, std::ptrdiff_t n, double noise) {
  const double bend = noise * normal * std::sqrt(6.0);
  std::ptrdiff_t all = 0, below = 0;
  for (std::ptrdiff_t i = 2; i < n; ++i) {
    const bool seen = !weights || (weights[i - 2] > 0.0 && weights[i - 1] > 0.0 && weights[i] > 0.0);
    all += seen;
    below += seen && std::abs(y[i] - 2.0 * y[i - 1] + y[i - 2]) < bend;
  }
  return 2 * below < all;
}

}  // namespace

double sample_noise(const double* y, const double* weights, std::ptrdiff_t n) {
  std::vector<double> bends, steps;
  for (std::ptrdiff_t i = 0; i < n; ++i) {
    if (!is_seen(weights, i) || i < 1 || !is_seen(weights, i - 1)) continue;
    steps.push_back(std::abs(y[i] - y[i - 1]));
    if (i > 1 && is_seen(weights, i - 2)) bends.push_back(std::abs(y[i] - 2.0 * y[i - 1] + y[i - 2]));
  }
  const double largest = steps.empty() ? 0.0 : *std::max_element(steps.begin(), steps.end());
  double quantum = std::numeric_limits<double>::infinity();
  for (double step : steps) {
    if (step > 1e-9 * largest) quantum = std::min(quantum, step);
  }
  const double rounding = std::isfinite(quantum) ? quantum / std::sqrt(12.0) : 0.0;
  return std::max(median_of(bends) / normal / std::sqrt(6.0), rounding);
}

Contact lost_contact(const double* y, const double* weights, const std::vector<double>& tonic,
                     const std::vector<double>& outliers, double noise, bool bounded) {
  const std::size_t n = tonic.size();
  Contact contact{std::vector<double>(n, 0.0), std::vector<double>(n, 0.0)};
  const auto count = static_cast<std::ptrdiff_t>(n);
  const bool noisy = is_as_noisy(y, weights, count, noise);
  const double above = deviations * (noisy ? noise : std::min(noise, sample_noise(y, weights, count)));
  for (std::size_t i = 0; i < n; ++i) {
    if (!is_seen(weights, static_cast<std::ptrdiff_t>(i))) continue;
    double level = std::min(tonic[i], y[i] + above);
    if (bounded) level = std::max(level, 0.0);
    const double change = level - tonic[i];
    contact.change[i] = change;
    contact.outlying[i] = std::clamp(outliers[i], std::min(change, 0.0), std::max(change, 0.0));
  }
  return contact;
}

}  // namespace ressin::robust

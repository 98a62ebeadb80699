// Sums, maxima and medians over samples.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <vector>

namespace ressin {

// Sum of f(i) over i in [0, n) as eight partial sums, whose additions do not wait for each other.
template <class Real = double, class F>
Real sum_of(std::ptrdiff_t n, F f) {
  constexpr std::ptrdiff_t width = 8;
  Real part[width] = {};
  std::ptrdiff_t i = 0;
  for (; i + width <= n; i += width) {
    for (std::ptrdiff_t k = 0; k < width; ++k) part[k] += f(i + k);
  }
  for (std::ptrdiff_t k = 0; i + k < n; ++k) part[k] += f(i + k);
  return ((part[0] + part[4]) + (part[2] + part[6])) + ((part[1] + part[5]) + (part[3] + part[7]));
}

// Maximum of `least` and of f(i) over i in [0, n).
template <class F>
double max_of(std::ptrdiff_t n, double least, F f) {
  constexpr std::ptrdiff_t width = 8;
  double part[width];
  std::fill_n(part, width, least);
  std::ptrdiff_t i = 0;
  for (; i + width <= n; i += width) {
    for (std::ptrdiff_t k = 0; k < width; ++k) part[k] = std::max(part[k], f(i + k));
  }
  for (; i < n; ++i) part[0] = std::max(part[0], f(i));
  return *std::max_element(part, part + width);
}

// The median, 0 of nothing; x is put into another order.
inline double median_of(std::vector<double>& x) {
  if (x.empty()) return 0.0;
  const auto middle = x.begin() + static_cast<std::ptrdiff_t>(x.size() / 2);
  std::nth_element(x.begin(), middle, x.end());
  if (x.size() % 2 == 1) return *middle;
  return 0.5 * (*middle + *std::max_element(x.begin(), middle));
}

// Whether x[i] is finite for all i in [0, n): 0 times it is then 0, and else not a number.
inline bool all_finite(const double* x, std::ptrdiff_t n) {
  return sum_of(n, [x](std::ptrdiff_t i) { return 0.0 * x[i]; }) == 0.0;
}
inline bool all_finite(const std::vector<double>& x) { return all_finite(x.data(), static_cast<std::ptrdiff_t>(x.size())); }

// The largest deviation of a signal that is constant: 64 roundings of its size, as resampling leaves in a constant one, or the
// smallest number with all its digits.
inline double rounding_of(double largest) {
  return std::max(64.0 * std::numeric_limits<double>::epsilon() * largest, std::numeric_limits<double>::min());
}

}  // namespace ressin

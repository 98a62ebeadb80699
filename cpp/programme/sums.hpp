// Sums, maxima and medians over samples.
#pragma once

#include <algorithm>
#include <cmath>
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

// Two neighbours of numbers put in order, the first of them x[k]; the second is infinite where k is the last. x is lost.
// Numbers are counted by size in classes until few are left that may be x[k]: several times as fast as std::nth_element, whose
// branches cannot be foreseen.
struct InOrder {
  double at, next;
};
inline InOrder in_order(std::vector<double>& x, std::size_t k) {
  constexpr std::size_t few = 64, n_classes = 256;
  double next = std::numeric_limits<double>::infinity();
  while (x.size() > few) {
    const auto [least, largest] = std::minmax_element(x.begin(), x.end());
    const double low = *least, per_class = static_cast<double>(n_classes) / (*largest - low);
    if (!(per_class > 0.0) || !std::isfinite(per_class)) break;  // all the same, or nearly
    const auto class_of = [&](double v) { return std::min(static_cast<std::size_t>((v - low) * per_class), n_classes - 1); };
    std::size_t count[n_classes] = {}, in = 0, kept = 0;
    for (const double v : x) ++count[class_of(v)];
    for (; k >= count[in]; ++in) k -= count[in];
    if (count[in] == x.size()) break;
    for (const double v : x) {
      const std::size_t c = class_of(v);
      next = c > in ? std::min(next, v) : next;
      x[kept] = v;
      kept += c == in;
    }
    x.resize(kept);
  }
  const auto at = x.begin() + static_cast<std::ptrdiff_t>(k);
  std::nth_element(x.begin(), at, x.end());
  return {*at, at + 1 == x.end() ? next : *std::min_element(at + 1, x.end())};
}

// The median, 0 of nothing; x is lost.
inline double median_of(std::vector<double>& x) {
  if (x.empty()) return 0.0;
  const bool has_middle = x.size() % 2 == 1;
  const InOrder middle = in_order(x, (x.size() - 1) / 2);
  return has_middle ? middle.at : 0.5 * (middle.at + middle.next);
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

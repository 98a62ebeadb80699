// Sums, maxima and medians over samples.
#pragma once

#include <algorithm>
#include <array>
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

// Two neighbours of numbers put in order, the first of them x[k]; the second is infinite where k is the last. x loses its order.
// A sample says between which two numbers x[k] must lie, and one pass without branches leaves only those (Floyd and Rivest 1975,
// doi:10.1145/360680.360691): std::nth_element, whose branches cannot be foreseen, takes twice as long.
struct InOrder {
  double at, next;
};
inline InOrder in_order(std::vector<double>& x, std::size_t k) {
  constexpr std::size_t n_sample = 128, few = 2 * n_sample;
  constexpr double infinite = std::numeric_limits<double>::infinity();
  const auto pick = [](std::vector<double>& from, std::size_t place, double above) -> InOrder {
    const auto at = from.begin() + static_cast<std::ptrdiff_t>(place);
    std::nth_element(from.begin(), at, from.end());
    return {*at, at + 1 == from.end() ? above : *std::min_element(at + 1, from.end())};
  };
  if (x.size() <= few) return pick(x, k, infinite);
  std::array<double, n_sample> sample;
  std::vector<double> between(x.size());
  for (std::size_t i = 0; i < n_sample; ++i) sample[i] = x[i * x.size() / n_sample];
  std::sort(sample.begin(), sample.end());
  constexpr std::size_t reach = 18;  // three deviations of a place in the sample, at most
  const std::size_t place = k * n_sample / x.size();
  const double low = place < reach ? -infinite : sample[place - reach];
  const double high = place + reach >= n_sample ? infinite : sample[place + reach];
  std::size_t below = 0, kept = 0;
  for (const double v : x) {
    const std::size_t is_below = v < low, is_above = v > high;
    below += is_below;
    between[kept] = v;
    kept += 1 - (is_below | is_above);
  }
  if (k < below || k + 1 >= below + kept) return pick(x, k, infinite);  // the sample was too unlike, or the neighbour is outside
  between.resize(kept);
  return kept < x.size() ? in_order(between, k - below) : pick(between, k, infinite);
}

// The median, 0 of nothing; x loses its order.
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

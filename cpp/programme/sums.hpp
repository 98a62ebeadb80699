// Sums, maxima and medians over samples.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
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

// Two neighbours of numbers put in order, the first of them x[k]; the second is infinite where k is the last. x loses its
// order. Numbers are counted by their sign, exponent and first binary digits, in whose order they are too; those that may be
// x[k] are left, about one in twenty: several times as fast as std::nth_element, whose branches cannot be foreseen.
struct InOrder {
  double at, next;
};
inline InOrder in_order(std::vector<double>& x, std::size_t k) {
  constexpr std::size_t few = 256, n_classes = 1024;
  constexpr int dropped = 52 - 4;  // binary digits
  constexpr double infinite = std::numeric_limits<double>::infinity();
  const auto pick = [](std::vector<double>& from, std::size_t place) -> InOrder {
    const auto at = from.begin() + static_cast<std::ptrdiff_t>(place);
    std::nth_element(from.begin(), at, from.end());
    return {*at, at + 1 == from.end() ? infinite : *std::min_element(at + 1, from.end())};
  };
  if (x.size() <= few) return pick(x, k);
  // The nearest classes below that of the largest size, on either side of zero; what is smaller shares the two in the middle.
  const double largest = max_of(static_cast<std::ptrdiff_t>(x.size()), 0.0,
                                [&](std::ptrdiff_t i) { return std::abs(x[static_cast<std::size_t>(i)]); });
  const auto bits_of = [](double v) {
    std::int64_t bits;
    std::memcpy(&bits, &v, sizeof bits);
    return bits;
  };
  constexpr std::int64_t half = n_classes / 2, magnitude = std::numeric_limits<std::int64_t>::max();
  const std::int64_t lowest = (bits_of(largest) >> dropped) - half + 1;
  const auto class_of = [&](double v) {
    const std::int64_t bits = bits_of(v), sign = bits >> 63;  // 0 or -1
    const std::int64_t size =
        std::clamp<std::int64_t>(((bits & magnitude) >> dropped) - lowest, 0, half - 1);  // not a number, too
    return static_cast<std::size_t>(half + (size ^ sign));  // of a negative number: half - 1 - size
  };
  std::array<std::uint32_t, n_classes> count{};
  for (const double v : x) ++count[class_of(v)];
  std::size_t first = 0, place = k;
  for (; place >= count[first]; ++first) place -= count[first];
  std::size_t last = first, n_left = count[first];
  while (place + 1 >= n_left && last + 1 < n_classes) n_left += count[++last];  // the neighbour too
  if (n_left == x.size()) return pick(x, k);
  std::vector<double> left(n_left + 1);
  std::size_t kept = 0;
  for (const double v : x) {
    left[kept] = v;
    kept += class_of(v) - first <= last - first;
  }
  left.resize(kept);
  return pick(left, place);
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

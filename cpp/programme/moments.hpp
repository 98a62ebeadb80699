// Moments of a piece of a signal, for sums that are carried on from piece to piece.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace ressin {

// Of samples y at times t: how many there are, their means, the sums of products of what they are off by, and the largest |y|.
struct Moments {
  std::ptrdiff_t count = 0;
  double mean = 0.0, mean_time = 0.0, yy = 0.0, ty = 0.0, tt = 0.0, largest = 0.0;
};

// What is not a number is left out. In two passes, so that no digits are lost where the mean is large.
inline Moments moments_of(std::ptrdiff_t n, const double* t, const double* y) {
  Moments m;
  for (std::ptrdiff_t i = 0; i < n; ++i) {
    if (std::isnan(y[i])) continue;
    ++m.count;
    m.mean += y[i];
    m.mean_time += t[i];
    m.largest = std::max(m.largest, std::abs(y[i]));
  }
  if (m.count == 0) return m;
  m.mean /= static_cast<double>(m.count);
  m.mean_time /= static_cast<double>(m.count);
  for (std::ptrdiff_t i = 0; i < n; ++i) {
    if (std::isnan(y[i])) continue;
    const double dy = y[i] - m.mean, dt = t[i] - m.mean_time;
    m.yy += dy * dy;
    m.ty += dt * dy;
    m.tt += dt * dt;
  }
  return m;
}

}  // namespace ressin

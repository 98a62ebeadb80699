#include <vector>

#include "image/image.hpp"
#include "image/taps.hpp"

namespace ressin {

namespace {

// Least squares along the first axis: in (n_out, m) ~ R out, R (n_out, n_in) the linear resize with n_in <= n_out.
//
// A row of R has two neighbouring entries, so R'R is tridiagonal and one elimination serves all m columns. Its condition is
// at most about 110 (n_in one less than n_out), so forming R'R loses no accuracy that matters here.
void solve_enlarged(const std::vector<double>& in, const LinearTaps& taps, std::ptrdiff_t m, std::vector<double>& out) {
  const std::ptrdiff_t n = taps.n_in;
  const auto n_out = static_cast<std::ptrdiff_t>(taps.first.size());
  std::vector<double> diagonal(n, 0.0), beside(n, 0.0);  // beside[i] couples i and i + 1
  out.assign(n * m, 0.0);                                // R' in
  for (std::ptrdiff_t y = 0; y < n_out; ++y) {
    const std::ptrdiff_t i = taps.first[y];
    const double g = i + 1 < n ? static_cast<double>(taps.fraction[y]) : 0.0;
    const double f = 1.0 - g;
    diagonal[i] += f * f;
    for (std::ptrdiff_t x = 0; x < m; ++x) out[i * m + x] += f * in[y * m + x];
    if (i + 1 == n) continue;
    beside[i] += f * g;
    diagonal[i + 1] += g * g;
    for (std::ptrdiff_t x = 0; x < m; ++x) out[(i + 1) * m + x] += g * in[y * m + x];
  }
  for (std::ptrdiff_t i = 1; i < n; ++i) {
    const double factor = beside[i - 1] / diagonal[i - 1];
    diagonal[i] -= factor * beside[i - 1];
    for (std::ptrdiff_t x = 0; x < m; ++x) out[i * m + x] -= factor * out[(i - 1) * m + x];
  }
  for (std::ptrdiff_t i = n - 1; i >= 0; --i) {
    for (std::ptrdiff_t x = 0; x < m; ++x) {
      const double next = i + 1 < n ? beside[i] * out[(i + 1) * m + x] : 0.0;
      out[i * m + x] = (out[i * m + x] - next) / diagonal[i];
    }
  }
}

// Linear interpolation along the first axis: in (n_in, m) to out (n_out, m).
void interpolate(const std::vector<double>& in, const LinearTaps& taps, std::ptrdiff_t m, std::vector<double>& out) {
  const auto n_out = static_cast<std::ptrdiff_t>(taps.first.size());
  out.resize(n_out * m);
  for (std::ptrdiff_t y = 0; y < n_out; ++y) {
    const double* above = in.data() + taps.first[y] * m;
    const double* below = in.data() + taps.second[y] * m;
    for (std::ptrdiff_t x = 0; x < m; ++x)
      out[y * m + x] = above[x] + static_cast<double>(taps.fraction[y]) * (below[x] - above[x]);
  }
}

// Undo a resize of n samples to `size` along the first axis of (size, m).
void unresize(const std::vector<double>& in, std::ptrdiff_t size, std::ptrdiff_t n, std::ptrdiff_t m,
              std::vector<double>& out) {
  LinearTaps taps;
  if (n <= size) {
    fill_taps(taps, n, size);
    solve_enlarged(in, taps, m, out);
  } else {
    fill_taps(taps, size, n);
    interpolate(in, taps, m, out);
  }
}

std::vector<double> transpose(const std::vector<double>& in, std::ptrdiff_t n, std::ptrdiff_t m) {
  std::vector<double> out(in.size());
  for (std::ptrdiff_t i = 0; i < n; ++i)
    for (std::ptrdiff_t j = 0; j < m; ++j) out[j * n + i] = in[i * m + j];
  return out;
}

}  // namespace

void read_image(const float* image, std::ptrdiff_t size, std::ptrdiff_t rows, std::ptrdiff_t columns, double* grid) {
  const std::vector<double> pixels(image, image + size * size);
  std::vector<double> down, across;
  unresize(pixels, size, rows, size, down);                            // (rows, size)
  unresize(transpose(down, rows, size), size, columns, rows, across);  // (columns, rows)
  for (std::ptrdiff_t i = 0; i < rows; ++i)
    for (std::ptrdiff_t j = 0; j < columns; ++j) grid[i * columns + j] = across[j * rows + i];
}

}  // namespace ressin

#include "solvers/stream_window.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "programme/sums.hpp"

namespace ressin {
namespace {

constexpr double rounding = 1e-12;  // what h is beside a signal of unit size, or none at all

std::size_t index(std::ptrdiff_t i) { return static_cast<std::size_t>(i); }

// Root mean square of the samples that are not missing, 0 where it is only rounding of the signal.
double size_of(const std::vector<double>& above, const std::vector<double>& weights, const double* signal) {
  const auto n = static_cast<std::ptrdiff_t>(above.size());
  const double count = sum_of(n, [&](std::ptrdiff_t i) { return weights[index(i)]; });
  if (count == 0.0) return 0.0;
  const double size = std::sqrt(sum_of(n, [&](std::ptrdiff_t i) { return above[index(i)] * above[index(i)]; }) / count);
  const double largest = max_of(n, 0.0, [&](std::ptrdiff_t i) { return weights[index(i)] > 0.0 ? std::abs(signal[i]) : 0.0; });
  return size > 4.0 * std::numeric_limits<double>::epsilon() * largest ? size : 0.0;
}

// The past over the knots, where the line is given and the signal is (y - line) / unit.
Past under(const StreamWindow& w, double slope, double unit) {
  Past past;
  for (std::size_t j = 0; j < n_past; ++j) {
    const double* row = w.J.data() + n_stream_past * j;
    std::copy_n(row, n_past, past.J.data() + n_past * j);
    const double h = (w.h[j] - row[n_past] * w.level - row[n_past + 1] * slope) / unit;
    past.h[j] = std::abs(h) < rounding ? 0.0 : h;
  }
  return past;
}

}  // namespace

StreamSolution solve(Window& window, const StreamWindow& w, std::ptrdiff_t later) {
  const std::ptrdiff_t n = w.n;
  std::vector<double> above(index(n)), weights(index(n));
  const auto line = [&w](std::ptrdiff_t i) { return w.level + w.slope * static_cast<double>(i); };
  for (std::ptrdiff_t i = 0; i < n; ++i) {
    const bool is_missing = std::isnan(w.signal[i]);
    weights[index(i)] = is_missing ? 0.0 : 1.0;
    above[index(i)] = is_missing ? 0.0 : w.signal[i] - line(i);
  }
  const double size = size_of(above, weights, w.signal), unit = size > 0.0 ? size : w.deviation;
  for (double& y : above) y /= unit;

  WindowProblem problem;
  problem.y = above.data();
  problem.weights = weights.data();
  problem.n = n;
  problem.begin = w.begin;
  problem.alpha = w.alpha * w.deviation / unit;
  problem.is_start = w.begin == 0;
  problem.is_end = w.is_end;
  for (int k = 0; k < 2; ++k) problem.state[k] = w.state[k] / unit;
  problem.past = under(w, w.slope * static_cast<double>(window.knot_spacing()), unit);
  WindowSolution x = window.solve(problem, later);

  StreamSolution s{std::move(x.phasic), std::move(x.tonic), std::move(x.driver), std::move(above), {}, x.status, x.solver,
                   x.iterations,        x.relative_gap,     x.stationarity};
  for (std::ptrdiff_t i = 0; i < n; ++i) {
    const std::size_t k = index(i);
    s.phasic[k] *= unit;
    s.tonic[k] = s.tonic[k] * unit + line(i);
    s.driver[k] *= unit;
    s.residual[k] = w.signal[i] - s.phasic[k] - s.tonic[k];
  }
  for (int k = 0; k < 2; ++k) s.later_state[k] = x.later_state[k] * unit;
  return s;
}

}  // namespace ressin

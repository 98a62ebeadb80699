#include "batch/task.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "programme/sums.hpp"

namespace ressin {
namespace {

bool has_constant(Baseline b) { return b == Baseline::constant || b == Baseline::linear; }

// Mean and standard deviation (of the population) over the weighted samples. A signal that is constant to rounding has scale 1.
Scaling standardisation(const Signal& s) {
  const double *y = s.y, *w = s.weights;
  const auto weighted = [w](std::ptrdiff_t i, double x) { return !w ? x : w[i] == 0.0 ? 0.0 : w[i] * x; };
  const double weight = w ? sum_of(s.n, [&](std::ptrdiff_t i) { return w[i]; }) : static_cast<double>(s.n);
  Scaling scaling;
  const double rough = sum_of(s.n, [&](std::ptrdiff_t i) { return weighted(i, y[i]); }) / weight;
  const double correction = sum_of(s.n, [&](std::ptrdiff_t i) { return weighted(i, y[i] - rough); });
  const double squares = sum_of(s.n, [&](std::ptrdiff_t i) { return weighted(i, (y[i] - rough) * (y[i] - rough)); });
  const double largest = max_of(s.n, 0.0, [&](std::ptrdiff_t i) { return w && w[i] == 0.0 ? 0.0 : std::abs(y[i]); });
  scaling.mean = rough + correction / weight;
  const double deviation = std::sqrt(std::max(squares - correction * correction / weight, 0.0) / weight);
  scaling.scale = deviation > 4.0 * std::numeric_limits<double>::epsilon() * largest ? deviation : 1.0;
  return scaling;
}

Scaled scale_of(const Signal& s, const DecomposeSettings& settings) {
  Scaled r{standardisation(s), program_of(s, settings).alpha, 1.0};
  if (settings.standardize) return r;
  if (!has_constant(program_of(s, settings).baseline)) {  // no column can represent the mean: do not subtract it
    double weight = 0.0, squares = 0.0;
    for (std::ptrdiff_t i = 0; i < s.n; ++i) {
      const double w = s.weights ? s.weights[i] : 1.0;
      if (w == 0.0) continue;
      weight += w;
      squares += w * s.y[i] * s.y[i];
    }
    r.scaling.mean = 0.0;
    r.scaling.scale = squares > 0.0 ? std::sqrt(squares / weight) : 1.0;
  }
  r.alpha /= r.scaling.scale;
  r.objective_unit = r.scaling.scale * r.scaling.scale;
  return r;
}

}  // namespace

Task::Task(const Signal& s, const DecomposeSettings& settings) : scaled(scale_of(s, settings)), y(s.y, s.y + s.n) {
  const double mean = scaled.scaling.mean, scale = scaled.scaling.scale;
  for (double& x : y) x = (x - mean) / scale;
  for (std::ptrdiff_t i = 0; s.weights && i < s.n; ++i) {
    if (s.weights[i] == 0.0) y[static_cast<std::size_t>(i)] = 0.0;
  }
  problem = {y.data(), s.weights, scaled.alpha, program_of(s, settings).gamma};
}

bool Task::is_zero() const {
  return std::all_of(y.begin(), y.end(), [](double x) { return x == 0.0; });
}

}  // namespace ressin

#include "task.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ressin {
namespace {

bool has_constant(Baseline b) { return b == Baseline::constant || b == Baseline::linear; }

// Mean and standard deviation (of the population) over the weighted samples. A signal that is constant to rounding has scale 1.
Scaling standardisation(const Signal& s) {
  double weight = 0.0, sum = 0.0, largest = 0.0;
  for (std::ptrdiff_t i = 0; i < s.n; ++i) {
    const double w = s.weights ? s.weights[i] : 1.0;
    if (w == 0.0) continue;
    weight += w;
    sum += w * s.y[i];
    largest = std::max(largest, std::abs(s.y[i]));
  }
  Scaling scaling;
  scaling.mean = sum / weight;
  double correction = 0.0, squares = 0.0;
  for (std::ptrdiff_t i = 0; i < s.n; ++i) {
    const double w = s.weights ? s.weights[i] : 1.0;
    if (w == 0.0) continue;
    const double x = s.y[i] - scaling.mean;
    correction += w * x;
    squares += w * x * x;
  }
  scaling.mean += correction / weight;
  const double deviation = std::sqrt(std::max(squares - correction * correction / weight, 0.0) / weight);
  scaling.scale = deviation > 4.0 * std::numeric_limits<double>::epsilon() * largest ? deviation : 1.0;
  return scaling;
}

Scaled scale_of(const Signal& s, const DecomposeSettings& settings) {
  Scaled r{standardisation(s), settings.program.alpha, 1.0};
  if (settings.standardize) return r;
  if (!has_constant(settings.program.baseline)) {  // nothing takes up the mean: keep it in
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

Task::Task(const Signal& s, const DecomposeSettings& settings) : scaled(scale_of(s, settings)) {
  y.resize(static_cast<std::size_t>(s.n));
  for (std::ptrdiff_t i = 0; i < s.n; ++i) {
    const bool missing = s.weights && s.weights[i] == 0.0;
    y[static_cast<std::size_t>(i)] = missing ? 0.0 : (s.y[i] - scaled.scaling.mean) / scaled.scaling.scale;
  }
  problem = {y.data(), s.weights, scaled.alpha, settings.program.gamma};
}

bool Task::is_zero() const {
  return std::all_of(y.begin(), y.end(), [](double x) { return x == 0.0; });
}

}  // namespace ressin

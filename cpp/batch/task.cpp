#include "batch/task.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "programme/sums.hpp"

namespace ressin {
namespace {

bool has_constant(Baseline b) { return b == Baseline::constant || b == Baseline::linear; }

// The largest |y| of the samples that count.
double largest_of(const Signal& s) {
  const double *y = s.y, *w = s.weights;
  if (!w) return max_of(s.n, 0.0, [y](std::ptrdiff_t i) { return std::abs(y[i]); });
  return max_of(s.n, 0.0, [y, w](std::ptrdiff_t i) { return w[i] == 0.0 ? 0.0 : std::abs(y[i]); });
}

// A power of two that brings numbers up to `largest` to where their squares are numbers too; 1 for all but extreme ones.
double safe_unit(double largest) {
  const bool is_usual = largest == 0.0 || (largest > 1e-100 && largest < 1e100);
  return is_usual ? 1.0 : std::ldexp(1.0, std::min(-std::ilogb(largest), 1000));
}

// Mean and standard deviation (of the population) over the weighted samples. To solve a signal that is constant to rounding
// at the scale of its deviation would be to blow its rounding up: it has scale 1, or its own size where that is extreme.
Scaling standardisation(const Signal& s, bool* is_constant) {
  const double* w = s.weights;
  const double largest_given = largest_of(s), unit = safe_unit(largest_given);
  std::vector<double> scaled;
  if (unit != 1.0) {
    scaled.assign(s.y, s.y + s.n);
    for (double& x : scaled) x *= unit;
  }
  const double* y = unit != 1.0 ? scaled.data() : s.y;
  // Of f(i) over the samples that count; without weights a loop without a branch.
  const auto sum = [&](auto f) {
    if (!w) return sum_of(s.n, f);
    return sum_of(s.n, [w, f](std::ptrdiff_t i) { return w[i] == 0.0 ? 0.0 : w[i] * f(i); });
  };
  const double weight = w ? sum_of(s.n, [&](std::ptrdiff_t i) { return w[i]; }) : static_cast<double>(s.n);
  Scaling scaling;
  const double rough = sum([y](std::ptrdiff_t i) { return y[i]; }) / weight;
  const double correction = sum([y, rough](std::ptrdiff_t i) { return y[i] - rough; });
  const double squares = sum([y, rough](std::ptrdiff_t i) { return (y[i] - rough) * (y[i] - rough); });
  scaling.mean = (rough + correction / weight) / unit;
  const double deviation = std::sqrt(std::max(squares - correction * correction / weight, 0.0) / weight);
  *is_constant = deviation / unit <= rounding_of(largest_given);
  const bool has_size = unit != 1.0 && largest_given >= std::numeric_limits<double>::min();
  scaling.scale = !*is_constant ? deviation / unit : has_size ? largest_given : 1.0;
  return scaling;
}

// Weights, alpha and gamma divided by the largest weight are the same programme; OSQP's matrices have gamma of their own.
double weight_unit_of(const Signal& s, const DecomposeSettings& settings) {
  if (!s.weights || settings.kind == SolverKind::osqp) return 1.0;
  return max_of(s.n, 0.0, [&](std::ptrdiff_t i) { return s.weights[i]; });
}

// Beyond it no driver pays whatever the signal, which has been brought to size 1: it stands for infinite.
constexpr double largest_alpha = 1e30;

Scaled scale_of(const Signal& s, const DecomposeSettings& settings) {
  Scaled r{{}, program_of(s, settings).alpha, 1.0};
  r.scaling = standardisation(s, &r.is_constant);
  r.weight_unit = weight_unit_of(s, settings);
  r.alpha /= r.weight_unit;
  r.objective_unit = r.weight_unit;
  if (settings.standardize) return r;
  if (!has_constant(program_of(s, settings).baseline)) {  // no column can represent the mean: do not subtract it
    const double largest = largest_of(s), unit = safe_unit(largest);
    r.is_constant = largest < std::numeric_limits<double>::min();  // its mean, zero then
    double weight = 0.0, squares = 0.0;
    for (std::ptrdiff_t i = 0; i < s.n; ++i) {
      const double w = s.weights ? s.weights[i] : 1.0;
      if (w == 0.0) continue;
      weight += w;
      squares += w * (unit * s.y[i]) * (unit * s.y[i]);
    }
    r.scaling.mean = 0.0;
    r.scaling.scale = squares > 0.0 ? std::sqrt(squares / weight) / unit : 1.0;
  }
  if (r.is_constant) r.scaling.scale = 1.0;  // of a solution of zeros, whose objective is then a number at any scale
  r.alpha = std::min(r.alpha / r.scaling.scale, std::max(largest_alpha, r.alpha));
  r.objective_unit *= r.scaling.scale * r.scaling.scale;
  return r;
}

}  // namespace

Task::Task(const Signal& s, const DecomposeSettings& settings, const ForAll& for_all)
    : scaled(scale_of(s, settings)), y(new double[static_cast<std::size_t>(s.n)]), n_(s.n) {
  const double mean = scaled.scaling.mean, scale = scaled.scaling.scale, *from = s.y, *w = s.weights;
  double* to = y.get();
  over_pieces(for_all, s.n, [=, is_constant = scaled.is_constant](std::ptrdiff_t begin, std::ptrdiff_t end) {
    if (is_constant) std::fill(to + begin, to + end, 0.0);
    for (std::ptrdiff_t i = begin; !is_constant && i < end; ++i) to[i] = (from[i] - mean) / scale;
    for (std::ptrdiff_t i = begin; w && i < end; ++i) to[i] = w[i] == 0.0 ? 0.0 : to[i];
  });
  if (scaled.weight_unit != 1.0) {
    weights.assign(s.weights, s.weights + s.n);
    for (double& w : weights) w /= scaled.weight_unit;
  }
  problem = {y.get(), weights.empty() ? s.weights : weights.data(), scaled.alpha,
             program_of(s, settings).gamma / scaled.weight_unit};
}

bool Task::is_zero() const {
  return std::all_of(y.get(), y.get() + n_, [](double x) { return x == 0.0; });
}

}  // namespace ressin

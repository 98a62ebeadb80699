#include "solvers/active_set/choice.hpp"

#include <cmath>

#include "programme/sums.hpp"
#include "solvers/active_set/tables.hpp"

namespace ressin {
namespace {

constexpr ActiveSetLimits do_not_try{0.0, 0.0};
constexpr ActiveSetLimits until_it_ends{1.0, 100.0};
constexpr ActiveSetLimits while_it_pays{0.5, 20.0};
constexpr ActiveSetLimits while_warm_pays{1.0, 20.0};
constexpr ActiveSetLimits while_windows_pay{0.4, 6.0};

constexpr std::ptrdiff_t least_spacing = 16;
constexpr double least_samples = 4.0;  // in the fast time constant
constexpr double most_noise = 30.0;    // over alpha
constexpr double most_noise_in_windows = 24.0;

// The deviation of white noise whose second differences have the signal's mean size; over samples that count.
double noise_of(const Model& model, const Problem& problem) {
  const double *y = problem.y, *w = problem.weights;
  const std::ptrdiff_t n = model.n() - 2;
  if (n < 1) return 0.0;
  const auto counts = [w](std::ptrdiff_t i) { return !w || (w[i] > 0.0 && w[i + 1] > 0.0 && w[i + 2] > 0.0); };
  const double size = sum_of(n, [&](std::ptrdiff_t i) { return counts(i) ? std::abs(y[i] - 2.0 * y[i + 1] + y[i + 2]) : 0.0; });
  const double number = w ? sum_of(n, [&](std::ptrdiff_t i) { return counts(i) ? 1.0 : 0.0; }) : static_cast<double>(n);
  constexpr double mean_of_normal = 0.7978845608028654;  // sqrt(2 / pi)
  return number > 0.0 ? size / number / (mean_of_normal * std::sqrt(6.0)) : 0.0;
}

// The deviation of the driver's gradient for noise of deviation one, over alpha.
double response_to_noise(const Model& model, double alpha) {
  return std::sqrt(active_set::pulse_energy(model)) / (alpha * model.response().ar[0]);
}

// The limits of the automatic choice: `while_worth_it`, unless the stated rule says not to try.
ActiveSetLimits limits_by_rule(const ActiveSetLimits& while_worth_it, SolverKind kind, const Model& model,
                               const Problem& problem, double most) {
  if (kind == SolverKind::active_set) return until_it_ends;
  if (kind != SolverKind::automatic || model.knot_spacing() < least_spacing) return do_not_try;
  const double fast = std::min(model.settings().tau0, model.settings().tau1);
  if (fast < least_samples * model.dt() && noise_of(model, problem) * response_to_noise(model, problem.alpha) > most)
    return do_not_try;
  return while_worth_it;
}

}  // namespace

ActiveSetLimits active_set_limits(SolverKind kind, const Model& model, const Problem& problem) {
  return limits_by_rule(while_it_pays, kind, model, problem, most_noise);
}

ActiveSetLimits window_active_set_limits(SolverKind kind, const Model& model, const Problem& problem) {
  return limits_by_rule(while_windows_pay, kind, model, problem, most_noise_in_windows);
}

ActiveSetLimits warm_active_set_limits(SolverKind kind, const Model& model) {
  if (kind == SolverKind::active_set) return until_it_ends;
  return kind != SolverKind::automatic || model.knot_spacing() < least_spacing ? do_not_try : while_warm_pays;
}

}  // namespace ressin

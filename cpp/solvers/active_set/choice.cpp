#include "solvers/active_set/choice.hpp"

#include <algorithm>
#include <cmath>

#include "programme/sums.hpp"
#include "solvers/active_set/tables.hpp"
#include "solvers/stretched.hpp"

namespace ressin {
namespace {

constexpr ActiveSetLimits do_not_try{0.0, 0.0};
constexpr ActiveSetLimits until_it_ends{1.0, 100.0};
constexpr ActiveSetLimits against_one_lane{0.8, 30.0};
constexpr ActiveSetLimits against_stretches{0.5, 20.0};
constexpr ActiveSetLimits while_warm_pays{1.0, 20.0};
constexpr ActiveSetLimits while_windows_pay{0.4, 6.0};

constexpr std::ptrdiff_t least_spacing = 16;
constexpr double least_samples = 4.0;  // in the fast time constant
constexpr double most_noise = 20.0;    // over alpha, white
constexpr double most_noise_in_windows = 24.0;

// That most noise is for a recording without end. Its logarithm rises with what the run-in adds to the interior point's
// stretches, up to where it takes one lane, and falls where second differences alternate less than those of white noise.
constexpr double by_run_in = 3.0, in_one_lane = 0.8, by_correlation = 3.0;
constexpr double of_white_noise = -2.0 / 3.0, most_correlation = -0.2;

// The second differences of a signal over samples that count.
class SecondDifferences {
 public:
  SecondDifferences(const Model& model, const Problem& problem) : y_(problem.y), w_(problem.weights), n_(model.n() - 2) {
    if (n_ < 1) return;
    number_ = w_ ? sum_of(n_, [&](std::ptrdiff_t i) { return counts(i) ? 1.0 : 0.0; }) : static_cast<double>(n_);
  }

  double mean_size() const {
    return number_ > 0.0 ? sum_of(n_, [&](std::ptrdiff_t i) { return std::abs(at(i)); }) / number_ : 0.0;
  }
  double mean_square() const {
    return number_ > 0.0 ? sum_of(n_, [&](std::ptrdiff_t i) { return at(i) * at(i); }) / number_ : 0.0;
  }
  // With the next.
  double correlation(double mean_square) const {
    if (!(mean_square > 0.0)) return of_white_noise;
    return sum_of(n_ - 1, [&](std::ptrdiff_t i) { return at(i) * at(i + 1); }) / (mean_square * number_);
  }

 private:
  bool counts(std::ptrdiff_t i) const { return !w_ || (w_[i] > 0.0 && w_[i + 1] > 0.0 && w_[i + 2] > 0.0); }
  double at(std::ptrdiff_t i) const { return counts(i) ? y_[i] - 2.0 * y_[i + 1] + y_[i + 2] : 0.0; }

  const double *y_, *w_;
  std::ptrdiff_t n_;
  double number_ = 0.0;
};

// Of white noise of deviation one, the deviation of the second differences and their mean size.
constexpr double deviation_of_white_noise = 2.449489742783178;                         // sqrt(6)
constexpr double size_of_white_noise = 0.7978845608028654 * deviation_of_white_noise;  // sqrt(2 / pi)

// The deviation of the driver's gradient for noise of deviation one, over alpha.
double response_to_noise(const Model& model, double alpha) {
  return std::sqrt(active_set::pulse_energy(model)) / (alpha * model.response().ar[0]);
}

// Whether the automatic choice is between the two methods: where knots are not so close that they are as much work as events.
bool may_try(SolverKind kind, const Model& model) {
  return kind == SolverKind::automatic && model.knot_spacing() >= least_spacing;
}

bool is_coarse(const Model& model) {
  return std::min(model.settings().tau0, model.settings().tau1) < least_samples * model.dt();
}

// Whether the interior point is likely to be the faster.
bool is_rough(const Model& model, const Problem& problem) {
  if (!is_coarse(model)) return false;
  const SecondDifferences differences(model, problem);
  const double square = differences.mean_square(), noise = std::sqrt(square) / deviation_of_white_noise;
  const double run_in = std::min(StretchedWorkspace::share_of_run_in(model), in_one_lane);
  const double correlation = std::clamp(differences.correlation(square), of_white_noise, most_correlation);
  const double most = most_noise * std::exp(by_run_in * run_in - by_correlation * (correlation - of_white_noise));
  return noise * response_to_noise(model, problem.alpha) > most;
}

}  // namespace

ActiveSetLimits active_set_limits(SolverKind kind, const Model& model, const Problem& problem) {
  if (kind == SolverKind::active_set) return until_it_ends;
  if (!may_try(kind, model) || is_rough(model, problem)) return do_not_try;
  return StretchedWorkspace::pays(model) ? against_stretches : against_one_lane;
}

ActiveSetLimits window_active_set_limits(SolverKind kind, const Model& model, const Problem& problem) {
  if (kind == SolverKind::active_set) return until_it_ends;
  if (!may_try(kind, model)) return do_not_try;
  if (!is_coarse(model)) return while_windows_pay;
  const double noise = SecondDifferences(model, problem).mean_size() / size_of_white_noise;
  return noise * response_to_noise(model, problem.alpha) > most_noise_in_windows ? do_not_try : while_windows_pay;
}

ActiveSetLimits warm_active_set_limits(SolverKind kind, const Model& model) {
  if (kind == SolverKind::active_set) return until_it_ends;
  return may_try(kind, model) ? while_warm_pays : do_not_try;
}

}  // namespace ressin

#include "solvers/predictor_corrector.hpp"

#include <algorithm>
#include <cmath>

#include "solvers/step_rules.hpp"

namespace ressin {
namespace {

// Where the gap is closed and the proof does not reach the tolerance, shortened steps have left part of the gradients. Some
// more steps remove it, or the digits have run out. The products p lambda close only slowly meanwhile: as they vanish, so does
// what determines a drift that a driver without zeros can imitate.
constexpr int most_unproved = 20;

// So many steps in a row that are shorter than this in both variables: nothing moves any more.
constexpr int most_stalled = 5;
constexpr double stalled_step = 1e-3;

}  // namespace

PredictorCorrector::PredictorCorrector(Iterates& iterates, const SolverSettings& settings, double gap_share)
    : iterates_(iterates), settings_(settings), gap_share_(gap_share), lanes_(static_cast<std::size_t>(iterates.lanes())) {}

bool PredictorCorrector::serves(const SolverSettings& settings) const {
  return settings_.tol == settings.tol && settings_.max_iterations == settings.max_iterations &&
         settings_.keep_curvature == settings.keep_curvature;
}

void PredictorCorrector::start(int lane, double least_unit) {
  Lane& l = lane_of(lane);
  l = Lane{};
  l.is_solving = true;
  l.least_unit = least_unit;
  l.relative_gap = 1.0;
  iterates_.start();
}

void PredictorCorrector::step() {
  const KernelShape& shape = iterates_.layout().shape;
  KernelState& s = iterates_.numbers();
  const int n_lanes = iterates_.lanes();
  iterates_.factor();
  iterates_.predict();
  for (int k = 0; k < n_lanes; ++k) {
    const Lane& l = lane_of(k);
    const bool was_short = l.iterations > 0 && s.step_length[k] < short_step;
    choose_centre(s, k, shape.n - shape.first_row, was_short || l.unproved > 0);
  }
  iterates_.recentre();
  iterates_.correct();
  for (int k = 0; k < n_lanes; ++k) {
    const Lane& l = lane_of(k);
    choose_step(s, k, l.relative_gap);
    if (!l.is_solving) s.step_length[k] = s.dual_step_length[k] = 0.0;
  }
  iterates_.advance();
  for (int k = 0; k < n_lanes; ++k) {
    if (lane_of(k).is_solving) measure(k);
  }
}

double PredictorCorrector::objective(int lane) const {
  double sum = 0.0;
  for (const LaneRun& run : iterates_.runs(lane)) sum += run.objective();
  return sum;
}

void PredictorCorrector::measure(int lane) {
  Lane& l = lane_of(lane);
  const KernelState& s = iterates_.numbers();
  const double gap = s.sum_pl[lane], unit = std::max(objective(lane), l.least_unit);
  ++l.iterations;
  l.relative_gap = gap / unit;
  l.is_closed = gap <= std::max(gap_share_ * settings_.tol, least_gap) * unit;
  l.is_broken = !std::isfinite(gap) || !std::isfinite(unit) || !iterates_.is_sound();
  l.stalled = std::max(s.step_length[lane], s.dual_step_length[lane]) < stalled_step ? l.stalled + 1 : 0;
}

bool PredictorCorrector::is_last(const Lane& l) const {
  return l.is_broken || l.iterations >= settings_.max_iterations || l.stalled >= most_stalled || l.unproved >= most_unproved;
}

bool PredictorCorrector::wants_proof(int lane) const {
  const Lane& l = lanes_[static_cast<std::size_t>(lane)];
  return l.is_closed || is_last(l);
}

}  // namespace ressin

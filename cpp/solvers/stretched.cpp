#include "solvers/stretched.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace ressin {
namespace {

// A spline coefficient's influence falls by a factor of about e from knot to knot, and the response's by that in its slow time
// constant: on a wristband's hour the gradients that a run-in of 8, 16 and 30 intervals of 10 s leaves are 3e-4, 2e-7 and 1e-13
// of alpha. The run-in begins with so many of either, and is doubled where lanes do not meet: a driver that is free at nearly
// every sample can stand for the spline, which then forgets slowly.
constexpr double forgotten = 16.0;
constexpr double most_mismatch = 1e-8;

std::ptrdiff_t run_in_of(const Model& model) {
  const double slow = std::max(model.settings().tau0, model.settings().tau1) / model.dt();  // in samples
  const double knots = std::max(forgotten, std::ceil(forgotten * slow / static_cast<double>(model.knot_spacing())));
  return static_cast<std::ptrdiff_t>(std::min(knots, static_cast<double>(model.n_intervals())));
}

// The head holds the intervals that see no knot at -1 or before, or samples without a row; the tail those that see no last
// knot.
std::ptrdiff_t head_of(const Model& model) {
  const std::ptrdiff_t first = model.first_interval();
  std::ptrdiff_t count = std::max<std::ptrdiff_t>(1, 1 - first);
  while (count < model.n_intervals() && model.interval_end(first + count - 1) <= model.first_row()) ++count;
  return count;
}
std::ptrdiff_t stretch_of(const Model& model) {  // in intervals
  const std::ptrdiff_t first = model.first_interval(), with_all_knots = model.n_knots() - 2 - first;
  return (std::min(with_all_knots, model.n_intervals() - 1) - head_of(model)) / n_stretches;
}

}  // namespace

bool StretchedWorkspace::pays(const Model& model) { return share_of_run_in(model) <= 1.0; }

double StretchedWorkspace::share_of_run_in(const Model& model) {
  return static_cast<double>(run_in_of(model)) / std::max(static_cast<double>(stretch_of(model)), 0.5);
}

StretchedWorkspace::StretchedWorkspace(std::shared_ptr<const Model> model, bool weighted, const KernelPair& pair)
    : model_(std::move(model)),
      layout_(*model_),
      weighted_(weighted),
      passes_(weighted ? pair.stretched_weighted : pair.stretched) {
  const std::ptrdiff_t head = head_of(*model_), stretch = stretch_of(*model_), end = head + n_stretches * stretch;
  cut(&shape_.head, &ends_[0], 0, head);
  cut(&shape_.middle, &ends_[1], head, stretch);
  cut(&shape_.tail, &ends_[2], end, layout_.shape.n_intervals - end);
  start();
  const auto add = [&](KernelShape& shape, KernelState& state, int lanes, int lane, std::ptrdiff_t interval) {
    const std::ptrdiff_t begin = interval > 0 ? layout_.interval_end[static_cast<std::size_t>(interval - 1)] : 0;
    runs_.push_back({&shape, &state, lanes, lane, layout_.shape.drift + 2 * begin, begin, interval > 0 ? 3 : 0});
  };
  add(shape_.head, state_.head, 1, 0, 0);
  for (int k = 0; k < n_stretches; ++k) add(shape_.middle, state_.middle, n_stretches, k, head + k * stretch);
  add(shape_.tail, state_.tail, 1, 0, end);
  lay_out_middle_drift();
  lay_out(shape_.head, 1, &storage_[0], &state_.head);
  lay_out(shape_.middle, n_stretches, &storage_[1], &state_.middle);
  lay_out(shape_.tail, 1, &storage_[2], &state_.tail);
  for (const LaneRun& run : runs_) {
    if (!weighted_) run.fill_gram(nullptr);
  }
}

// The part's shape: `count` intervals from number `from`.
void StretchedWorkspace::cut(KernelShape* shape, std::vector<std::ptrdiff_t>* ends, std::ptrdiff_t from, std::ptrdiff_t count) {
  const KernelShape& whole = layout_.shape;
  const std::ptrdiff_t begin = from > 0 ? whole.interval_end[from - 1] : 0;
  for (std::ptrdiff_t m = from; m < from + count; ++m) ends->push_back(whole.interval_end[m] - begin);
  *shape = whole;
  shape->n = ends->back();
  shape->n_intervals = count;
  shape->interval_end = ends->data();
  if (from == 0) {
    shape->n_knots = std::min(whole.n_knots, whole.newest_knot + count);
    return;
  }
  shape->first_row = -1;
  shape->first_phase = 0;
  shape->newest_knot = 3;
  const bool is_last = from + count == whole.n_intervals;  // it has those beyond the end, if there are any
  const std::ptrdiff_t left = whole.n_knots - (whole.newest_knot + from - 3);
  shape->n_knots = is_last ? left : std::min(count + 3, left);
  shape->drift = whole.drift + 2 * begin;
}

void StretchedWorkspace::lay_out_middle_drift() {
  const std::ptrdiff_t n = 2 * shape_.middle.n;
  middle_drift_.resize(static_cast<std::size_t>(n * n_stretches));
  for (std::size_t k = 0; k < n_stretches; ++k) {
    for (std::ptrdiff_t i = 0; i < n; ++i) middle_drift_[static_cast<std::size_t>(i) * n_stretches + k] = runs_[1 + k].drift[i];
  }
  shape_.middle.drift = middle_drift_.data();
}

void StretchedWorkspace::gather_step_bounds() {
  KernelState& all = numbers_;
  all.min_step[0] = all.min_dual_step[0] = all.sum_pl_step[0] = all.sum_pl_step2[0] = 0.0;
  for (const LaneRun& run : runs_) {
    all.min_step[0] = std::min(all.min_step[0], run.state->min_step[run.lane]);
    all.min_dual_step[0] = std::min(all.min_dual_step[0], run.state->min_dual_step[run.lane]);
    all.sum_pl_step[0] += run.state->sum_pl_step[run.lane];
    all.sum_pl_step2[0] += run.state->sum_pl_step2[run.lane];
  }
}

void StretchedWorkspace::predict() {
  passes_.predict(shape_, state_);
  gather_step_bounds();
}

void StretchedWorkspace::recentre() {
  for (const LaneRun& run : runs_) run.state->sigma_mu[run.lane] = numbers_.sigma_mu[0];
  passes_.recentre(shape_, state_);
}

void StretchedWorkspace::start() {
  shape_.run_in = run_in_of(*model_);
  is_sound_ = true;
}

void StretchedWorkspace::correct() {
  passes_.correct(shape_, state_);
  gather_step_bounds();
  if (state_.mismatch <= most_mismatch) return;
  is_sound_ = shape_.run_in < shape_.middle.n_intervals;
  shape_.run_in = std::min(2 * shape_.run_in, shape_.middle.n_intervals);
}

void StretchedWorkspace::advance() {
  for (const LaneRun& run : runs_) {
    run.state->step_length[run.lane] = numbers_.step_length[0];
    run.state->dual_step_length[run.lane] = numbers_.dual_step_length[0];
  }
  passes_.advance(shape_, state_);
  numbers_.sum_pl[0] = 0.0;
  for (const LaneRun& run : runs_) numbers_.sum_pl[0] += run.state->sum_pl[run.lane];
}

}  // namespace ressin

#include "solvers/active_set/active_set.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace ressin {

using namespace active_set;

namespace {

// A gradient below minus this share of alpha is worth an event. The last digits are the data's own gradient's, see settle().
constexpr double gradient_share = 1e-10;
// Where exact steps find no lower point either, what is left of the gradient is rounding, if it is small enough.
constexpr double rounding_share = 1e-8;
constexpr int most_rounds = 200;
// A signal with so many samples an event has blocks without one; and below this share of alpha a gradient is near zero.
constexpr std::ptrdiff_t sparse_samples = 2 * block_size;
constexpr double watched_share = 0.25;
// A support of more than one sample in so many is dense: a look at all samples costs less than a solve.
constexpr std::ptrdiff_t dense_samples = 8;
// Trades need not get anywhere; after so many without fewer wrong signs than ever before, they have not.
constexpr int most_trades = 5;
// Steps by neighbours can go round in circles; after so many, all events that are not positive leave at once.
constexpr int most_steps = 30;

}  // namespace

ActiveSet::ActiveSet(std::shared_ptr<const ShapeTables> shape, const SolverSettings& settings, const Passes& passes)
    : EventSystem(std::move(shape), passes), settings_(settings) {}

void ActiveSet::load(const Problem& problem) {
  problem_ = &problem;
  tables_.gram = shape_->tables().gram;
  pivoting_.clear();
  is_marked_ = false;
  is_settled_ = false;
  solves_ = 0;
  effort_ = 0.0;
  loads_.gamma = problem.gamma;
  loads_.alpha = problem.alpha * shape_->model().response().ar[0];
  if (tables_.varying) {
    signal_rows_.fill(*shape_, passes_, problem, loads_.alpha, &tables_, &loads_);
  } else {
    loads_.start = shape_->start();
    load_signals(problem.y, problem.y);
  }
}

// The driver's gradient: its least value, and where it asks for events.
double ActiveSet::look_at_gradient(bool is_watched, bool is_partial) {
  const double threshold = gradient_share * loads_.alpha;
  if (sections_.are_shared())
    passes_.place_adjoint(tables_, loads_, support_, gains_, point_, sections_.data(),
                          static_cast<std::ptrdiff_t>(sections_.count()));
  sections_.backwards([&](Section& s) {
    const Watched watched{sections_.blocks_of(s), watched_share * loads_.alpha, is_partial};
    passes_.gradient(tables_, loads_, support_, gains_, point_, threshold, &s, is_watched ? &watched : nullptr);
  });
  found_ = sections_.found();
  return sections_.least();
}

// The gradients that are far from zero stay so for a round or two: every second time those are looked at only where the others
// ask for no event.
void ActiveSet::find_negative() {
  const bool was_marked = std::exchange(is_marked_, false);
  if (sparse_samples * static_cast<std::ptrdiff_t>(pivoting_.size()) >= tables_.n) {
    look_at_gradient(false, false);
    return;
  }
  if (was_marked) {
    look_at_gradient(true, true);
    if (found_.count > 0) return;
  }
  look_at_gradient(true, false);
  is_marked_ = true;
}

void ActiveSet::insert_found() {
  pivoting_.insert(found_, [this](std::ptrdiff_t i) { return row_at(i); });
}

bool ActiveSet::is_spent(const ActiveSetLimits& limits) const {
  const double n = static_cast<double>(tables_.n);
  return static_cast<double>(pivoting_.size()) > limits.densest * n || effort_ > limits.effort * n;
}

// Block principal pivoting (Portugal, Judice and Vicente 1994, doi:10.1090/S0025-5718-1994-1250776-4): all events that are not
// positive leave, and those whose gradient asks for it come, at once and whatever that does to the objective. Unsettled where
// that does not lead to the optimum; the support is then one to go on from.
ActiveSet::Outcome ActiveSet::trade(const ActiveSetLimits& limits, const KeepGoing& keep_going) {
  std::size_t fewest = std::numeric_limits<std::size_t>::max();
  for (int idle = 0; idle < most_trades; ++idle) {
    solve();
    if (!std::isfinite(point_.fall) || is_spent(limits) || !keep_going()) return Outcome::gave_up;
    find_negative();
    const std::size_t not_positive = pivoting_.count_not_positive(point_.p);
    const std::size_t wrong = not_positive + static_cast<std::size_t>(found_.count);
    pivoting_.accept(point_.p);
    if (wrong == 0) return Outcome::settled;
    if (wrong < fewest) fewest = wrong, idle = 0;
    if (not_positive > 0) pivoting_.drop_not_positive(point_.p);
    if (found_.count > 0) insert_found();
  }
  return Outcome::unsettled;
}

bool ActiveSet::is_dense() const { return dense_samples * static_cast<std::ptrdiff_t>(pivoting_.size()) >= tables_.n; }

ActiveSet::Outcome ActiveSet::pivot(const ActiveSetLimits& limits, const KeepGoing& keep_going) {
  constexpr double none = -std::numeric_limits<double>::infinity();
  double best = none;
  bool exact = false, has_traded = false;
  int steps = 0;
  pivoting_.remember();
  for (int round = 0;;) {
    if (!has_traded && !exact && pivoting_.size() > 0 && (round == 0 || is_dense())) {
      const Outcome traded = trade(limits, keep_going);
      if (traded != Outcome::unsettled) return traded;
      pivoting_.remember();
      has_traded = true;
      best = none;
      steps = 0;
    }
    solve();
    if (!std::isfinite(point_.fall) || is_spent(limits) || !keep_going()) return Outcome::gave_up;
    if (pivoting_.any_not_positive(point_.p)) {
      if (exact) {
        pivoting_.step_together(point_.p);
      } else if (steps < most_steps) {
        pivoting_.step_by_neighbours(point_.p);
      } else {
        pivoting_.drop_not_positive(point_.p);
      }
      ++steps;
      continue;
    }
    const bool is_lower = point_.fall > best;
    if (!is_lower && !exact) {  // the steps' neighbours were too many or too few: from the last point that was better, exactly
      pivoting_.go_back();
      exact = true;
      steps = 0;
      continue;
    }
    pivoting_.accept(point_.p);
    if (!is_lower) {
      return look_at_gradient(false, false) >= -rounding_share * loads_.alpha ? Outcome::settled : Outcome::unsettled;
    }
    best = point_.fall;
    exact = false;
    steps = 0;
    find_negative();
    if (found_.count == 0) return Outcome::settled;
    if (++round == most_rounds) break;
    insert_found();
    pivoting_.remember();
  }
  return Outcome::unsettled;
}

void ActiveSet::support(std::vector<std::ptrdiff_t>* samples, std::vector<double>* values) const {
  samples->resize(pivoting_.size());
  values->resize(pivoting_.size());
  for (std::size_t e = 0; e < pivoting_.size(); ++e) (*samples)[e] = pivoting_.sample(e), (*values)[e] = pivoting_.value(e);
}

// The past's cost belongs to the Gram matrix of the knots and to their loads.
void ActiveSet::add_past() {
  gram_.assign(tables_.gram, tables_.gram + n_columns * tables_.n_knots);
  past_load_.assign(loads_.knot, loads_.knot + tables_.n_knots);
  for (std::size_t j = 0; j < n_past && j < past_load_.size(); ++j) {
    for (std::size_t k = 0; k <= j; ++k) gram_[n_columns * j + 3 - (j - k)] += past_->J[j * n_past + k];
    past_load_[j] -= past_->h[j];
  }
  tables_.gram = gram_.data();
  loads_.knot = past_load_.data();
}

// J c - h, to the gradients B'u.
void ActiveSet::add_past_gradient() {
  for (std::size_t j = 0; j < n_past && j < at_knots_.size(); ++j) {
    at_knots_[j] -= past_->h[j];
    for (std::size_t k = 0; k < n_past && k < spline_.size(); ++k) at_knots_[j] += past_->J[j * n_past + k] * spline_[k];
  }
}

bool ActiveSet::find(const Problem& problem, const ActiveSetLimits& limits, const KeepGoing& keep_going, const Start& start) {
  return find_support(problem, limits, keep_going, start) && settle(keep_going);
}

bool ActiveSet::find_support(const Problem& problem, const ActiveSetLimits& limits, const KeepGoing& keep_going,
                             const Start& start) {
  load(problem);
  past_ = start.past;
  if (past_) add_past();
  if (start.samples)
    pivoting_.start(*start.samples, *start.values, sections_.for_all(), [this](std::ptrdiff_t i) { return row_at(i); });
  return pivot(limits, keep_going) != Outcome::gave_up;
}

}  // namespace ressin

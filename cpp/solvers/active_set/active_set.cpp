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

std::size_t index(std::ptrdiff_t i) { return static_cast<std::size_t>(i); }

}  // namespace

ActiveSet::ActiveSet(std::shared_ptr<const ShapeTables> shape, const SolverSettings& settings, const Passes& passes)
    : shape_(std::move(shape)), settings_(settings), passes_(passes), tables_(shape_->tables()), sections_(tables_) {
  const Tables& t = tables_;
  per_sample_ = 1.0 / static_cast<double>(shape_->model().knot_spacing());
  knot_load_.resize(index(t.n_knots));
  spline_.resize(index(t.n_knots));
  states_.resize(index(2 * t.n_intervals + 2));
  columns_.resize(index(n_columns * t.n_intervals));
  knot_gains_.resize(index(t.n_intervals));
  at_knots_.resize(index(t.n_knots));
}

void ActiveSet::load(const Problem& problem) {
  const Tables& t = tables_;
  problem_ = &problem;
  tables_.gram = shape_->tables().gram;
  pivoting_.clear();
  is_marked_ = false;
  is_settled_ = false;
  solves_ = 0;
  effort_ = 0.0;
  loads_.gamma = problem.gamma;
  loads_.alpha = problem.alpha * shape_->model().response().ar[0];
  if (t.varying) {
    signal_rows_.fill(*shape_, passes_, problem, loads_.alpha, &tables_, &loads_);
  } else {
    double* c = c_.take(t.n);
    Evaluation zero{};
    zero.at_knots = knot_load_.data();
    sections_.point_to(zero, nullptr);
    sections_.forwards([&](Section& s) { passes_.load_columns(t, problem.y, &s); });
    sections_.join_columns(t, &zero);
    sections_.in_any_order([&](Section& s) { passes_.load_rows(t, problem.y, loads_.alpha, c, &s); });
    loads_.c = c;
    loads_.knot = knot_load_.data();
    std::copy_n(zero.at_drift, 2, loads_.drift);
    loads_.start = shape_->start();
    loads_.start.a[load_column] = -sections_[0].adjoint_before[0];
    loads_.start.v[load_column] = -sections_[0].adjoint_before[1];
  }
}

// What is left of a time after the last knot: a division of numbers below 2^53, mended where its rounding counts.
std::ptrdiff_t ActiveSet::phase_of(std::ptrdiff_t time) const {
  const std::ptrdiff_t spacing = shape_->model().knot_spacing();
  const std::ptrdiff_t phase = time - spacing * static_cast<std::ptrdiff_t>(static_cast<double>(time) * per_sample_);
  return phase < 0 ? phase + spacing : phase >= spacing ? phase - spacing : phase;
}

EventRow ActiveSet::row_at(std::ptrdiff_t i) const {
  const Tables& t = tables_;
  EventRow row{};
  row.ga = t.ga;
  row.gv = t.gv;
  row.column[load_column] = loads_.c[i];
  if (t.varying) {
    for (int k = 0; k < load_column; ++k) row.column[k] = t.row_at[k][i];
    row.G = t.G_at[i], row.Xa = t.Xa_at[i], row.Xv = t.Xv_at[i];
    return row;
  }
  const std::ptrdiff_t phase = phase_of(i + t.first_phase);
  for (int k = 0; k < 4; ++k) row.column[k] = t.phase_row[k][phase];
  for (int k = 0; k < 2; ++k) row.column[first_drift + k] = t.row_base[k] + t.row_slope[k] * static_cast<double>(i);
  row.G = t.G, row.Xa = t.Xa, row.Xv = t.Xv;
  return row;
}

void ActiveSet::solve() {
  support_ = pivoting_.lay_out(tables_);
  const std::size_t k = pivoting_.size();
  if (event_gains_.size() < k) event_gains_.resize(k + k / 2);
  if (p_.size() < k) p_.resize(k + k / 2);
  gains_ = {event_gains_.data(), knot_gains_.data()};
  point_.p = p_.data();
  point_.spline = spline_.data();
  point_.states = states_.data();
  point_.columns = columns_.data();
  passes_.solve(tables_, loads_, support_, gains_, &point_);
  ++solves_;
  effort_ += static_cast<double>(k) + static_cast<double>(tables_.n_intervals);
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

std::size_t ActiveSet::bytes() const {
  const std::size_t per_sample = shape_->tables().varying ? 3 + n_columns + 1 : 2, n = index(tables_.n);
  return sizeof(double) * (per_sample * n + columns_.size()) + sizeof(Gain) * event_gains_.size() + pivoting_.bytes() +
         sections_.bytes();
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

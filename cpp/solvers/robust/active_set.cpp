#include "solvers/robust/active_set.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ressin::robust {
namespace {

constexpr int most_solves = 100;
constexpr int most_steps = 3;  // by neighbours; they can go round in circles, and then all with a wrong sign leave at once
constexpr int most_corrections = 3;   // of a point by the data's own residual
constexpr double sharp = 1e-2;        // share of the tolerance: a gap below it needs no correction
constexpr double never = 1e300;       // cost of a shift where there may be none
constexpr double least_share = 1e-3;  // of a step that is worth taking
constexpr int n_arrays = 11;

std::size_t index(std::ptrdiff_t i) { return static_cast<std::size_t>(i); }
std::ptrdiff_t size_of(std::ptrdiff_t n) { return (n + in_block - 1) / in_block * in_block + padding; }

std::ptrdiff_t most_missed(std::ptrdiff_t n) { return n / 2 + 1; }

// In time order.
std::vector<Event> events_of(const Missed& missed) {
  std::vector<Event> events;
  for (std::ptrdiff_t e = missed.count - 1; e >= 0; --e) {
    events.push_back({missed.sample[e], missed.force[e] > 0.0 ? 1.0 : -1.0, 0.0});
  }
  return events;
}

}  // namespace

ActiveSet::ActiveSet(std::shared_ptr<const Model> model, const Kernel& kernel)
    : model_(std::move(model)),
      passes_(kernel.events),
      samples_(index(n_arrays * size_of(model_->n()))),
      rows_(model_),
      knots_(index(3 * model_->n_knots())),
      of_begin_(index(6 * model_->n_intervals())),
      knot_gains_(index(model_->n_knots())),
      outliers_(index(model_->n())),
      missed_(index(2 * most_missed(model_->n()))),
      missed_forces_(missed_.size()) {
  double* next = samples_.data();
  for (auto* x : {&state_.weight, &state_.delta, &state_.driver_cost, &state_.shift_cost, &state_.base, &state_.side,
                  &state_.of_driver, &state_.of_shift, &state_.rest, &state_.kept, &state_.force}) {
    *x = next;
    next += size_of(model_->n());
  }
  state_.knot_value = knots_.data();
  state_.knot_step = state_.knot_value + model_->n_knots();
  state_.bend_penalty = state_.knot_step + model_->n_knots();
  state_.of_begin = of_begin_.data();
  state_.knot_gain = knot_gains_.data();
  state_.outliers = outliers_.data();
  state_.missed_drivers = {0, missed_.data(), missed_forces_.data()};
  const std::ptrdiff_t most = most_missed(model_->n());
  state_.missed_shifts = {0, missed_.data() + most, missed_forces_.data() + most};
}

void ActiveSet::load(const Request& request) {
  request_ = &request;
  load_samples();
  std::fill_n(state_.knot_value, model_->n_knots(), 0.0);
  for (std::ptrdiff_t j = 0; j < model_->n_bends(); ++j) state_.bend_penalty[j] = request.problem.penalty(*model_, j);
  tables_ = request.problem.weights ? &rows_.weighted(state_.weight) : &rows_.plain();
  passes_.meet(*tables_, state_);
  drivers_.events.start(request.guess->drivers);
  shifts_.events.start(request.guess->shifts);
  phase_ = Phase::searching;
  exact_ = false;
  solves_ = steps_ = corrections_ = 0;
  objective_ = std::numeric_limits<double>::infinity();
  linear_ = 0.0;
  spline_.assign(index(model_->n_knots()), 0.0);
}

void ActiveSet::load_samples() {
  const Problem& problem = request_->problem;
  const std::ptrdiff_t n = model_->n(), before = model_->n_before(), end = size_of(n);
  const double unit = model_->unit_area();
  const auto clear = [&](std::ptrdiff_t from, std::ptrdiff_t to, double driver_cost) {
    for (auto* x : {state_.weight, state_.base, state_.side, state_.kept, state_.rest}) std::fill(x + from, x + to, 0.0);
    std::fill(state_.delta + from, state_.delta + to, 1.0);
    std::fill(state_.driver_cost + from, state_.driver_cost + to, driver_cost);
    std::fill(state_.shift_cost + from, state_.shift_cost + to, never);
  };
  clear(0, before, problem.alpha_before / unit);
  clear(n, end, 1.0);
  state_.n_outliers = 0;
  for (std::ptrdiff_t i = before; i < n; ++i) {
    const std::ptrdiff_t k = i - before;
    const double w = problem.weight(k), delta = problem.delta[k], rest = problem.y[k] - request_->guess->fit[index(k)];
    const bool outlying = w > 0.0 && std::abs(rest) > delta;
    state_.weight[i] = w;
    state_.delta[i] = delta;
    state_.base[i] = problem.y[k];
    state_.side[i] = outlying ? std::copysign(1.0, rest) : 0.0;
    state_.kept[i] = 0.0;
    if (outlying) state_.outliers[state_.n_outliers++] = i;
    state_.driver_cost[i] = problem.alpha[k] / unit;
    state_.shift_cost[i] = i + 1 < n ? problem.kappa[k] / model_->dt() : never;
  }
}

void ActiveSet::lay_out(Kind* kind, const double* costs, EventList* list) {
  const std::vector<Event>& events = kind->events.all();
  kind->samples.resize(events.size()), kind->costs.resize(events.size());
  kind->gains.resize(events.size()), kind->found.resize(events.size());
  for (std::size_t e = 0; e < events.size(); ++e) {
    kind->samples[e] = events[e].sample;
    kind->costs[e] = events[e].sign * costs[events[e].sample];
  }
  *list = {static_cast<std::ptrdiff_t>(events.size()), kind->samples.data(), kind->costs.data(), kind->gains.data(),
           kind->found.data()};
}

void ActiveSet::read(Kind* kind) {
  kind->values.resize(kind->found.size());
  for (std::size_t e = 0; e < kind->found.size(); ++e) kind->values[e] = kind->events[e].sign * kind->found[e];
}

// What the drivers and shifts of a solve cost.
double ActiveSet::linear_cost() const {
  double sum = 0.0;
  for (const Kind* kind : {&drivers_, &shifts_}) {
    for (std::size_t e = 0; e < kind->found.size(); ++e) sum += kind->costs[e] * kind->found[e];
  }
  return sum;
}

// The penalty of the spline that far from the last settled point to the solve's.
double ActiveSet::bends(double share) const {
  const auto coefficient = [&](std::ptrdiff_t j) {
    return spline_[index(j)] + share * (state_.knot_step[j] - spline_[index(j)]);
  };
  double sum = 0.0;
  for (std::ptrdiff_t j = 0; j < model_->n_bends(); ++j) {
    const double bend = coefficient(j) - 2.0 * coefficient(j + 1) + coefficient(j + 2);
    sum += 0.5 * state_.bend_penalty[j] * bend * bend;
  }
  return sum;
}

double ActiveSet::loss(double share) const {
  double sum = 0.0;
  for (std::ptrdiff_t i = 0; i < model_->n(); ++i) {
    const double from = state_.kept[i], size = std::abs(from + share * (state_.rest[i] - from));
    const double within = std::min(size, state_.delta[i]);
    sum += state_.weight[i] * within * (size - 0.5 * within);
  }
  return sum;
}

// How far to go from the last settled point to the solve's: all the way where that is lower; less where so many outliers would
// come or go that it is not. Zero where nothing is gained.
double ActiveSet::choose_share() {
  const double linear = linear_cost(), before = objective_, unsure = 1e-12 * std::abs(before);
  double best = state_.loss + linear + bends(1.0), share = 1.0;
  for (double t = 0.5; !(best <= before + unsure) && t > least_share; t *= 0.5) {
    share = t;
    best = loss(t) + linear_ + t * (linear - linear_) + bends(t);
  }
  if (!(best <= before + unsure)) return 0.0;
  objective_ = best;
  linear_ += share * (linear - linear_);
  return share;
}

// Newton's step; where the signs are right, with what the data say of it.
void ActiveSet::solve() {
  lay_out(&drivers_, state_.driver_cost, &state_.drivers);
  lay_out(&shifts_, state_.shift_cost, &state_.shifts);
  passes_.eliminate(*tables_, state_);
  passes_.substitute(*tables_, state_);
  ++solves_;
  read(&drivers_), read(&shifts_);
  settled_ = phase_ == Phase::searching && drivers_.events.are_positive(drivers_.values) &&
             shifts_.events.are_positive(shifts_.values);
  if (settled_) settle();
}

void ActiveSet::settle() {
  passes_.measure(*tables_, state_);
  const double share = state_.share = choose_share();
  steps_ = 0;
  if (share == 0.0) return;
  drivers_.events.settle(drivers_.values, share), shifts_.events.settle(shifts_.values, share);
  for (std::ptrdiff_t j = 0; j < model_->n_knots(); ++j) spline_[index(j)] += share * (state_.knot_step[j] - spline_[index(j)]);
  passes_.examine(*tables_, state_);
}

// What is guessed has no value yet, so all of it that has a wrong sign leaves.
void ActiveSet::step_to_signs() {
  if (exact_) {
    const double share = std::min(drivers_.events.most_share(drivers_.values), shifts_.events.most_share(shifts_.values));
    for (Kind* kind : {&drivers_, &shifts_}) kind->events.step_together(kind->values, share);
    return;
  }
  const bool guessed = solves_ == 1, circling = steps_++ >= most_steps;
  for (Kind* kind : {&drivers_, &shifts_}) {
    guessed || circling ? kind->events.drop_not_positive(kind->values) : kind->events.step_by_neighbours(kind->values);
  }
}

// Whether there was an event to add.
bool ActiveSet::add_missed() {
  const bool more = drivers_.events.insert(events_of(state_.missed_drivers));
  return shifts_.events.insert(events_of(state_.missed_shifts)) || more;
}

// To the last settled point, whose forces are those that were looked at last, and the event that it misses the most.
void ActiveSet::go_back() {
  exact_ = true;
  drivers_.events.go_back(), shifts_.events.go_back();
  double worst = 0.0;
  std::vector<Event> driver, shift;
  const auto look = [&](const Missed& missed, const double* costs, std::vector<Event>* worst_of, std::vector<Event>* other) {
    for (std::ptrdiff_t e = 0; e < missed.count; ++e) {
      const std::ptrdiff_t i = missed.sample[e];
      const double room = 1.0 - std::abs(missed.force[e]) / costs[i];
      if (room >= worst) continue;
      worst = room;
      *worst_of = {{i, missed.force[e] > 0.0 ? 1.0 : -1.0, 0.0}};
      other->clear();
    }
  };
  look(state_.missed_drivers, state_.driver_cost, &driver, &shift);
  look(state_.missed_shifts, state_.shift_cost, &shift, &driver);
  drivers_.events.insert(driver), shifts_.events.insert(shift);
}

// The steps added to the point.
void ActiveSet::take_point() {
  const double unit = model_->unit_area();
  for (std::size_t e = 0; e < drivers_.found.size(); ++e) {
    double& p = point_.driver[index(drivers_.samples[e])];
    p = std::max(p + drivers_.found[e] / unit, 0.0);
  }
  for (std::size_t e = 0; e < shifts_.found.size(); ++e) point_.steps[index(shifts_.samples[e])] += shifts_.found[e];
  for (std::ptrdiff_t j = 0; j < model_->n_knots(); ++j) point_.spline[index(j)] += state_.knot_step[j];
}

void ActiveSet::begin_correcting(const Parts& parts) {
  phase_ = Phase::correcting;
  ++corrections_;
  double* base = state_.base + model_->n_before();
  for (std::size_t i = 0; i < parts.residual.size(); ++i) base[i] = parts.residual[i] + parts.outliers[i];
  std::copy(point_.spline.begin(), point_.spline.end(), state_.knot_value);
  passes_.meet(*tables_, state_);
}

bool ActiveSet::prove(Solution* solution) {
  const Problem& problem = request_->problem;
  take_point();
  Solution& x = *solution;
  x.parts = make_parts(*model_, problem, point_);
  x.witness.level.assign(index(model_->n_knots()), 0.0);
  x.witness.u.resize(x.parts.residual.size());
  for (std::ptrdiff_t i = 0; i < model_->n_signal(); ++i) {
    x.witness.u[index(i)] = problem.weight(i) * x.parts.residual[index(i)];
  }
  x.evidence = certify(*model_, problem, point_, x.parts, x.witness);
  const double proved = shortfall(x.evidence);
  const bool last = !std::isfinite(proved) || corrections_ == most_corrections;
  if (!last && proved > sharp * request_->tol) {
    begin_correcting(x.parts);
    return false;
  }
  x.status = proved <= request_->tol ? Status::optimal : Status::failed;
  x.point = std::move(point_);
  return true;
}

// What a solve has led to; whether it is the end.
bool ActiveSet::advance(Solution* solution) {
  solution->iterations = solves_;
  solution->by_active_set = true;
  if (phase_ == Phase::correcting) return prove(solution);
  if (solves_ == most_solves) return true;
  if (!settled_) {
    step_to_signs();
    return false;
  }
  if (state_.share == 0.0) {
    if (exact_) return true;
    go_back();
    return false;
  }
  exact_ = false;
  const bool more = add_missed();
  if (more || state_.changed || state_.share < 1.0) return false;
  point_ = {std::vector<double>(index(model_->n()), 0.0), std::vector<double>(index(model_->n_knots()), 0.0),
            std::vector<double>(index(model_->n()), 0.0)};
  return prove(solution);
}

// Nothing where the run is called off.
std::optional<Solution> ActiveSet::find(const Request& request, const KeepGoing& keep_going) {
  load(request);
  Solution solution;
  while (keep_going()) {
    solve();
    if (advance(&solution)) return solution;
  }
  return std::nullopt;
}

void ActiveSet::run(const Next& next, const Done& done, const KeepGoing& keep_going) {
  std::size_t tag = 0;
  while (const Request* request = next(&tag)) {
    std::optional<Solution> solution = find(*request, keep_going);
    if (!solution) return;
    done(tag, std::move(*solution));
  }
}

}  // namespace ressin::robust

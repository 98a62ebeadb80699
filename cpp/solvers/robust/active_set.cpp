#include "solvers/robust/active_set.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "solvers/robust/shape.hpp"

namespace ressin::robust {
namespace {

constexpr int most_solves = 100;
constexpr int most_steps = 3;  // by neighbours; they can go round in circles, and then all with a wrong sign leave at once
constexpr int most_corrections = 3;   // of a point by the data's own residual
constexpr double sharp = 1e-2;        // share of the tolerance: a gap below it needs no correction
constexpr double never = 1e300;       // cost of a shift where there may be none
constexpr double margin = 1e-9;       // share of a cost that makes no difference
constexpr double least_share = 1e-3;  // of a step that is worth taking
constexpr int n_arrays = 11;

std::size_t index(std::ptrdiff_t i) { return static_cast<std::size_t>(i); }

// The least of every stretch of negative values of at(i), i from 0 to n.
template <class At, class Take>
void for_minima(std::ptrdiff_t n, At at, Take take) {
  for (std::ptrdiff_t i = 0; i < n; ++i) {
    if (!(at(i) < 0.0)) continue;
    std::ptrdiff_t least = i;
    for (; i < n && at(i) < 0.0; ++i) {
      if (at(i) < at(least)) least = i;
    }
    take(least);
  }
}

}  // namespace

ActiveSet::ActiveSet(std::shared_ptr<const Model> model, const Kernel& kernel)
    : model_(std::move(model)),
      kernel_(kernel),
      samples_(index(n_arrays * model_->n() * kernel.lanes)),
      knots_(index(model_->n_knots() * n_knot_record * kernel.lanes)),
      happening_(index(model_->n())),
      drivers_{has_driver, &EventState::driver_cost, std::vector<int>(index(model_->n())), {}},
      shifts_{has_shift, &EventState::shift_cost, std::vector<int>(index(model_->n())), {}},
      lanes_(index(kernel.lanes)) {
  shape_ = shape_of(*model_);
  double* next = samples_.data();
  for (auto* x : {&state_.weight, &state_.delta, &state_.driver_cost, &state_.shift_cost, &state_.base, &state_.fit,
                  &state_.held, &state_.rest, &state_.kept, &state_.slack, &state_.push}) {
    *x = next;
    next += model_->n() * kernel.lanes;
  }
  state_.knots = knots_.data();
  state_.happening = happening_.data();
  for (int lane = 0; lane < kernel_.lanes; ++lane) clear(lane);
}

// A lane without a signal is solved too.
void ActiveSet::clear(int lane) {
  for (auto* x : {state_.weight, state_.base, state_.fit, state_.held, state_.rest, state_.kept}) {
    for (std::ptrdiff_t i = 0; i < model_->n(); ++i) of_sample(x, i, lane) = 0.0;
  }
  for (std::ptrdiff_t i = 0; i < model_->n(); ++i) {
    of_sample(state_.delta, i, lane) = of_sample(state_.driver_cost, i, lane) = 1.0;
    of_sample(state_.shift_cost, i, lane) = never;
  }
  for (std::ptrdiff_t j = 0; j < model_->n_knots(); ++j) of_knot(j, knot_value, lane) = 0.0;
  for (std::ptrdiff_t j = 0; j < model_->n_knots(); ++j) of_knot(j, bend_penalty, lane) = 1.0;
}

void ActiveSet::load(int lane, const Request& request) {
  const Problem& problem = request.problem;
  const std::ptrdiff_t n = model_->n(), before = model_->n_before();
  clear(lane);
  for (std::ptrdiff_t i = 0; i < n; ++i) {
    const std::ptrdiff_t k = i - before;
    of_sample(state_.driver_cost, i, lane) = (k < 0 ? problem.alpha_before : problem.alpha[k]) / model_->unit_area();
    if (k < 0) continue;
    const double w = problem.weight(k), delta = problem.delta[k], rest = problem.y[k] - request.guess->fit[index(k)];
    const bool outlying = std::abs(rest) > delta;
    of_sample(state_.weight, i, lane) = w;
    of_sample(state_.delta, i, lane) = delta;
    of_sample(state_.base, i, lane) = problem.y[k];
    of_sample(state_.fit, i, lane) = outlying ? 0.0 : w;
    of_sample(state_.held, i, lane) = outlying ? std::copysign(w * delta, rest) : 0.0;
    if (i + 1 < n) of_sample(state_.shift_cost, i, lane) = problem.kappa[k] / model_->dt();
  }
  for (std::ptrdiff_t j = 0; j < model_->n_bends(); ++j) of_knot(j, bend_penalty, lane) = problem.penalty(*model_, j);
  Lane& l = at(lane);
  l.drivers.start(request.guess->drivers);
  l.shifts.start(request.guess->shifts);
  l.phase = Phase::searching;
  l.exact = false;
  l.solves = l.steps = l.corrections = 0;
  l.objective = std::numeric_limits<double>::infinity();
  l.linear = 0.0;
  l.spline.assign(index(model_->n_knots()), 0.0);
}

void ActiveSet::lay_out() {
  std::fill(happening_.begin(), happening_.end(), static_cast<unsigned char>(nothing));
  lay_out(&drivers_, &Lane::drivers);
  lay_out(&shifts_, &Lane::shifts);
  const auto count = [&](const Kind& kind) {
    return static_cast<std::ptrdiff_t>(kind.records.size()) / (n_event_record * kernel_.lanes);
  };
  state_.drivers = drivers_.records.data(), state_.n_drivers = count(drivers_);
  state_.shifts = shifts_.records.data(), state_.n_shifts = count(shifts_);
}

// The events of all lanes together.
void ActiveSet::lay_out(Kind* kind, Events Lane::* events) {
  for (const Lane& l : lanes_) {
    if (!l.request) continue;
    for (const Event& e : (l.*events).all()) happening_[index(e.sample)] |= kind->mark;
  }
  int count = 0;
  for (std::size_t i = 0; i < happening_.size(); ++i) {
    if (happening_[i] & kind->mark) kind->rank[i] = count++;
  }
  kind->records.resize(index(count * n_event_record * kernel_.lanes));
  for (int e = 0; e < count; ++e) {
    for (int lane = 0; lane < kernel_.lanes; ++lane) {
      of_event(kind->records, e, is_free, lane) = of_event(kind->records, e, event_cost, lane) = 0.0;
    }
  }
  for (int lane = 0; lane < kernel_.lanes; ++lane) {
    if (!at(lane).request) continue;
    for (const Event& e : (at(lane).*events).all()) {
      const int rank = kind->rank[index(e.sample)];
      of_event(kind->records, rank, is_free, lane) = 1.0;
      of_event(kind->records, rank, event_cost, lane) = e.sign * of_sample(state_.*(kind->cost), e.sample, lane);
    }
  }
}

void ActiveSet::read(int lane, Kind& kind, const Events& events, std::vector<double>* values) {
  values->clear();
  for (const Event& e : events.all()) {
    values->push_back(e.sign * of_event(kind.records, kind.rank[index(e.sample)], event_step, lane));
  }
}

// What the drivers and shifts of a solve cost.
double ActiveSet::linear_cost(int lane) {
  const Lane& l = at(lane);
  double sum = 0.0;
  for (std::size_t e = 0; e < l.drivers.size(); ++e) {
    sum += of_sample(state_.driver_cost, l.drivers[e].sample, lane) * l.driver_values[e];
  }
  for (std::size_t e = 0; e < l.shifts.size(); ++e) {
    sum += of_sample(state_.shift_cost, l.shifts[e].sample, lane) * l.shift_values[e];
  }
  return sum;
}

// The penalty of the spline that far from the last settled point to the solve's.
double ActiveSet::bends(int lane, double share) {
  const std::vector<double>& from = at(lane).spline;
  const auto coefficient = [&](std::ptrdiff_t j) {
    return from[index(j)] + share * (of_knot(j, knot_step, lane) - from[index(j)]);
  };
  double sum = 0.0;
  for (std::ptrdiff_t j = 0; j < model_->n_bends(); ++j) {
    const double bend = coefficient(j) - 2.0 * coefficient(j + 1) + coefficient(j + 2);
    sum += 0.5 * of_knot(j, bend_penalty, lane) * bend * bend;
  }
  return sum;
}

double ActiveSet::loss(int lane, double share) {
  double sum = 0.0;
  for (std::ptrdiff_t i = 0; i < model_->n(); ++i) {
    const double from = of_sample(state_.kept, i, lane);
    const double size = std::abs(from + share * (of_sample(state_.rest, i, lane) - from));
    const double within = std::min(size, of_sample(state_.delta, i, lane));
    sum += of_sample(state_.weight, i, lane) * within * (size - 0.5 * within);
  }
  return sum;
}

// How far to go from the last settled point to the solve's: all the way where that is lower; less where so many outliers would
// come or go that it is not. Zero where nothing is gained.
double ActiveSet::choose_share(int lane) {
  Lane& l = at(lane);
  const double linear = linear_cost(lane), before = l.objective, unsure = 1e-12 * std::abs(before);
  double best = state_.loss[lane] + linear + bends(lane, 1.0), share = 1.0;
  for (double t = 0.5; !(best <= before + unsure) && t > least_share; t *= 0.5) {
    share = t;
    best = loss(lane, t) + l.linear + t * (linear - l.linear) + bends(lane, t);
  }
  if (!(best <= before + unsure)) return 0.0;
  l.objective = best;
  l.linear += share * (linear - l.linear);
  return share;
}

// Newton's step of every lane; where the signs are right, with what the data say of it.
void ActiveSet::solve() {
  lay_out();
  kernel_.events.eliminate(shape_, state_);
  kernel_.events.substitute(shape_, state_);
  bool any_settled = false;
  for (int lane = 0; lane < kernel_.lanes; ++lane) {
    Lane& l = at(lane);
    state_.share[lane] = 0.0;
    l.settled = false;
    if (!l.request) continue;
    ++l.solves;
    read(lane, drivers_, l.drivers, &l.driver_values);
    read(lane, shifts_, l.shifts, &l.shift_values);
    if (l.phase == Phase::searching && l.drivers.are_positive(l.driver_values) && l.shifts.are_positive(l.shift_values))
      settle(lane);
    any_settled |= l.settled;
  }
  if (any_settled) kernel_.events.examine(shape_, state_);
}

void ActiveSet::settle(int lane) {
  Lane& l = at(lane);
  const double share = choose_share(lane);
  l.settled = true;
  state_.share[lane] = share;
  l.steps = 0;
  if (share == 0.0) return;
  l.drivers.settle(l.driver_values, share), l.shifts.settle(l.shift_values, share);
  for (std::ptrdiff_t j = 0; j < model_->n_knots(); ++j) {
    l.spline[index(j)] += share * (of_knot(j, knot_step, lane) - l.spline[index(j)]);
  }
}

// What is guessed has no value yet, so all of it that has a wrong sign leaves.
void ActiveSet::step_to_signs(Lane* lane) {
  Lane& l = *lane;
  if (l.exact) {
    const double share = std::min(l.drivers.most_share(l.driver_values), l.shifts.most_share(l.shift_values));
    l.drivers.step_together(l.driver_values, share), l.shifts.step_together(l.shift_values, share);
    return;
  }
  const bool guessed = l.solves == 1, circling = l.steps++ >= most_steps;
  for (auto [events, values] : {std::pair(&l.drivers, &l.driver_values), std::pair(&l.shifts, &l.shift_values)}) {
    guessed || circling ? events->drop_not_positive(*values) : events->step_by_neighbours(*values);
  }
}

// Whether there was an event to add.
bool ActiveSet::add_missed(int lane) {
  Lane& l = at(lane);
  std::vector<Event> drivers, shifts;
  for_minima(
      model_->n(),
      [&](std::ptrdiff_t i) { return of_sample(state_.slack, i, lane) + margin * of_sample(state_.driver_cost, i, lane); },
      [&](std::ptrdiff_t i) { drivers.push_back({i, 1.0, 0.0}); });
  for_minima(
      model_->n(),
      [&](std::ptrdiff_t i) {
        return (1.0 + margin) * of_sample(state_.shift_cost, i, lane) - std::abs(of_sample(state_.push, i, lane));
      },
      [&](std::ptrdiff_t i) { shifts.push_back({i, of_sample(state_.push, i, lane) > 0.0 ? 1.0 : -1.0, 0.0}); });
  const bool more = l.drivers.insert(drivers);
  return l.shifts.insert(shifts) || more;
}

// To the last settled point, whose forces are those that were looked at last, and the event that it misses the most.
void ActiveSet::go_back(int lane) {
  Lane& l = at(lane);
  l.exact = true;
  l.drivers.go_back(), l.shifts.go_back();
  double worst = 0.0;
  std::vector<Event> driver, shift;
  for (std::ptrdiff_t i = 0; i < model_->n(); ++i) {
    const double slack = of_sample(state_.slack, i, lane) / of_sample(state_.driver_cost, i, lane);
    const double push = of_sample(state_.push, i, lane), room = 1.0 - std::abs(push) / of_sample(state_.shift_cost, i, lane);
    if (std::min(slack, room) >= worst) continue;
    worst = std::min(slack, room);
    driver.clear(), shift.clear();
    slack < room ? driver.push_back({i, 1.0, 0.0}) : shift.push_back({i, push > 0.0 ? 1.0 : -1.0, 0.0});
  }
  l.drivers.insert(driver), l.shifts.insert(shift);
}

// The steps added to the point.
void ActiveSet::take_point(int lane) {
  Lane& l = at(lane);
  const double unit = model_->unit_area();
  for (std::size_t e = 0; e < l.drivers.size(); ++e) {
    double& p = l.point.driver[index(l.drivers[e].sample)];
    p = std::max(p + l.driver_values[e] / unit, 0.0);
  }
  for (std::size_t e = 0; e < l.shifts.size(); ++e) {
    l.point.steps[index(l.shifts[e].sample)] += l.shifts[e].sign * l.shift_values[e];
  }
  for (std::ptrdiff_t j = 0; j < model_->n_knots(); ++j) l.point.spline[index(j)] += of_knot(j, knot_step, lane);
}

void ActiveSet::begin_correcting(int lane, const Parts& parts) {
  Lane& l = at(lane);
  l.phase = Phase::correcting;
  ++l.corrections;
  const std::ptrdiff_t before = model_->n_before();
  for (std::ptrdiff_t i = before; i < model_->n(); ++i) {
    of_sample(state_.base, i, lane) = parts.residual[index(i - before)] + parts.outliers[index(i - before)];
  }
  for (std::ptrdiff_t j = 0; j < model_->n_knots(); ++j) of_knot(j, knot_value, lane) = l.point.spline[index(j)];
}

bool ActiveSet::prove(int lane, Solution* solution) {
  Lane& l = at(lane);
  const Problem& problem = l.request->problem;
  take_point(lane);
  Solution& x = *solution;
  x.parts = make_parts(*model_, problem, l.point);
  x.witness.level.assign(index(model_->n_knots()), 0.0);
  for (std::ptrdiff_t i = 0; i < model_->n_signal(); ++i) {
    x.witness.u.push_back(problem.weight(i) * x.parts.residual[index(i)]);
  }
  x.evidence = certify(*model_, problem, l.point, x.parts, x.witness);
  const double proved = shortfall(x.evidence);
  const bool last = !std::isfinite(proved) || l.corrections == most_corrections;
  if (!last && proved > sharp * l.request->tol) {
    begin_correcting(lane, x.parts);
    return false;
  }
  x.status = proved <= l.request->tol ? Status::optimal : Status::failed;
  x.point = std::move(l.point);
  return true;
}

// What a solve has led to; whether the lane has ended.
bool ActiveSet::advance(int lane, Solution* solution) {
  Lane& l = at(lane);
  solution->iterations = l.solves;
  solution->by_active_set = true;
  if (l.phase == Phase::correcting) return prove(lane, solution);
  if (l.solves == most_solves) return true;
  if (!l.settled) {
    step_to_signs(&l);
    return false;
  }
  if (state_.share[lane] == 0.0) {
    if (l.exact) return true;
    go_back(lane);
    return false;
  }
  l.exact = false;
  const bool more = state_.least_slack[lane] < 0.0 && add_missed(lane);
  if (more || state_.changed[lane] > 0.0 || state_.share[lane] < 1.0) return false;
  l.point = {std::vector<double>(index(model_->n()), 0.0), std::vector<double>(index(model_->n_knots()), 0.0),
             std::vector<double>(index(model_->n()), 0.0)};
  return prove(lane, solution);
}

void ActiveSet::run(const Next& next, const Done& done, const KeepGoing& keep_going) {
  int active = 0;
  const auto refill = [&] {
    for (int k = 0; k < kernel_.lanes; ++k) {
      Lane& l = at(k);
      if (l.request) continue;
      l.request = next(&l.tag);
      if (!l.request) continue;
      load(k, *l.request);
      ++active;
    }
  };
  refill();
  while (active > 0 && keep_going()) {
    solve();
    for (int k = 0; k < kernel_.lanes; ++k) {
      Lane& l = at(k);
      Solution solution;
      if (!l.request || !advance(k, &solution)) continue;
      l.request = nullptr;
      --active;
      done(l.tag, std::move(solution));
    }
    refill();
  }
  for (Lane& l : lanes_) l.request = nullptr;
}

}  // namespace ressin::robust

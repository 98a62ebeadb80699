#include "solvers/robust/interior_point.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "solvers/robust/shape.hpp"

namespace ressin::robust {
namespace {

// The method goes on until its own gap is this share of the tolerance: the parts are known to about the square root of it.
constexpr double gap_share = 1e-4;
constexpr int most_unproved = 20;
constexpr double long_step = 0.9;

// A floor that is not there stands this far below.
constexpr double far_below = 1e8;
double bottom_of(const Problem& problem) { return std::isfinite(problem.floor) ? problem.floor : -far_below; }

// No level begins below this.
constexpr double least_level = 1e-6;

}  // namespace

template <class Real>
InteriorPointOf<Real>::InteriorPointOf(std::shared_ptr<const Model> model, const KernelOf<Real>& kernel)
    : model_(std::move(model)),
      kernel_(kernel),
      samples_(size_of(model_->n(), n_record)),
      outliers_(size_of(model_->n(), n_outlier_record)),
      shifts_(size_of(model_->n(), n_shift_record)),
      knots_(size_of(model_->n_knots(), n_knot_record)),
      outlying_(static_cast<std::size_t>(model_->n()), in_no_lane),
      shifting_(outlying_),
      lanes_(static_cast<std::size_t>(kernel.lanes)) {
  shape_ = shape_of(*model_);
  for (int lane = 0; lane < kernel_.lanes; ++lane) {  // those without a signal are eliminated too
    for (std::ptrdiff_t j = 0; j < model_->n_bends(); ++j) of_knot(j, bend_penalty, lane) = Real{1};
  }
  state_ = StateOf<Real>{};
  for (const double b : model_->all_bumps()) bumps_.push_back(static_cast<Real>(b));
  state_.bumps = bumps_.data();
  state_.outlying = outlying_.data();
  state_.shifting = shifting_.data();
  state_.samples = samples_.data();
  state_.outliers = outliers_.data();
  state_.shifts = shifts_.data();
  state_.knots = knots_.data();
}

template <class Real>
std::size_t InteriorPointOf<Real>::size_of(std::ptrdiff_t n, int record) const {
  return static_cast<std::size_t>(n * record * kernel_.lanes * kernel_.numbers);
}

template <class Real>
std::size_t InteriorPointOf<Real>::bytes_per_lane(const Model& model) {
  return sizeof(double) *
         static_cast<std::size_t>(model.n() * (n_record + n_outlier_record + n_shift_record) + model.n_knots() * n_knot_record);
}

template <class Real>
void InteriorPointOf<Real>::set_pair(int lane, std::ptrdiff_t i, int pair, double x, double product) {
  of_pair(i, value, pair, lane) = static_cast<Real>(x);
  of_pair(i, multiplier, pair, lane) = static_cast<Real>(product / x);
  of_pair(i, inverse, pair, lane) = static_cast<Real>(1.0 / product);
}

// No bounds at all: see Among.
template <class Real>
void InteriorPointOf<Real>::set_idle(int lane, std::ptrdiff_t i, Pair up) {
  for (int pair = up; pair <= up + 1; ++pair) {
    of_pair(i, value, pair, lane) = Real{1};
    of_pair(i, multiplier, pair, lane) = of_pair(i, inverse, pair, lane) = Real{0};
  }
  (up == shift_up ? of_shift(i, shift_cost, lane) : of_outlier(i, box, lane)) = Real{0};
}

// Of the lanes that have a signal: where a pair and the next are there. Those that are not are idle in lanes that have just
// been loaded, and in all where no lane had them before.
template <class Real>
void InteriorPointOf<Real>::find_among(Marks Lane::* marks, Pair up, Marks* among) {
  const Marks before = *among;
  unsigned char n_lanes = 0;
  std::fill(among->begin(), among->end(), static_cast<unsigned char>(0));
  for (const Lane& l : lanes_) {
    if (!l.request) continue;
    ++n_lanes;
    const unsigned char* mark = (l.*marks).data();
    unsigned char* count = among->data();
    for (std::size_t i = 0; i < among->size(); ++i) count[i] = static_cast<unsigned char>(count[i] + (mark[i] != 0));
  }
  for (std::size_t i = 0; i < among->size(); ++i) {
    unsigned char& x = (*among)[i];
    x = x == 0 ? in_no_lane : x == n_lanes ? in_every_lane : in_some_lanes;
    for (int k = 0; x == in_some_lanes && k < kernel_.lanes; ++k) {
      const Lane& l = lanes_[static_cast<std::size_t>(k)];
      const bool may_be_stale = l.iterations == 0 || before[i] == in_no_lane;
      if (l.request && (l.*marks)[i] == 0 && may_be_stale) set_idle(k, static_cast<std::ptrdiff_t>(i), up);
    }
  }
}

// Where its pairs are in the lane.
template <class Real>
void InteriorPointOf<Real>::load_marks(int lane, const Request& request) {
  Lane& l = lanes_[static_cast<std::size_t>(lane)];
  const auto n = static_cast<std::size_t>(model_->n());
  const auto before = static_cast<std::ptrdiff_t>(model_->n_before());
  for (auto [marks, from] : {std::pair(&l.outliers, request.outliers), std::pair(&l.shifts, request.shifts)}) {
    *marks = from && !from->empty() ? *from : Marks(n, 1);
    std::fill(marks->begin(), marks->begin() + before, 0);
  }
  l.shifts.back() = 0;
  const double* weights = request.problem.weights;
  for (std::ptrdiff_t i = before; weights && i < model_->n(); ++i) {  // without weight an outlier has no use
    if (weights[i - before] == 0.0) l.outliers[static_cast<std::size_t>(i)] = 0;
  }
  const auto count_of = [&](const Marks& marks) { return model_->n() - std::count(marks.begin(), marks.end(), 0); };
  l.n_pairs = static_cast<double>(model_->n() + 2 * count_of(l.outliers) + 2 * count_of(l.shifts) + model_->n_knots());
}

// Weights, costs, and the signal as residual.
template <class Real>
void InteriorPointOf<Real>::load_samples(int lane, const Problem& problem) {
  Lane& l = lanes_[static_cast<std::size_t>(lane)];
  const std::ptrdiff_t n = model_->n(), before = model_->n_before(), stride = kernel_.lanes * kernel_.numbers;
  const double unit = 1.0 / model_->unit_area(), per_step = 1.0 / model_->dt();
  Real* r = &of_sample(0, 0, lane);
  const auto put = [&](double w, double alpha, double y) {
    r[weight * stride] = static_cast<Real>(w);
    r[driver_cost * stride] = static_cast<Real>(alpha * unit);
    r[residual * stride] = static_cast<Real>(y);
    r += n_record * stride;
  };
  for (std::ptrdiff_t i = 0; i < before; ++i) put(0.0, problem.alpha_before, 0.0);
  l.zero_objective = 0.0;
  for (std::ptrdiff_t k = 0; k < n - before; ++k) {
    const double w = problem.weight(k), y = problem.y[k];
    put(w, problem.alpha[k], y);
    l.zero_objective += 0.5 * w * y * y;
    const std::ptrdiff_t i = before + k;
    if (may_be_outlier(lane, i)) of_outlier(i, box, lane) = static_cast<Real>(w * problem.delta[k]);
    if (may_shift(lane, i)) of_shift(i, shift_cost, lane) = static_cast<Real>(problem.kappa[k] * per_step);
  }
}

template <class Real>
void InteriorPointOf<Real>::load(int lane, const Request& request) {
  const Problem& problem = request.problem;
  Lane& l = lanes_[static_cast<std::size_t>(lane)];
  l.iterations = l.stalled = l.unproved = 0;
  l.best_gap = std::numeric_limits<double>::infinity();
  l.last_gap = 1.0;
  if (kernel_.numbers > 1) {  // what a number's second double has from the signal before
    for (auto* x : {&samples_, &outliers_, &shifts_, &knots_}) x->fill(Real{0});
  }
  load_marks(lane, request);
  load_samples(lane, problem);
  for (std::ptrdiff_t j = 0; j < model_->n_bends(); ++j) {
    of_knot(j, bend_penalty, lane) = static_cast<Real>(problem.penalty(*model_, j));
  }
  state_.is_new[lane] = Real{0};
  if (request.start && !request.start->empty()) {
    for (std::ptrdiff_t j = 0; j < model_->n_knots(); ++j) of_knot(j, level, lane) = static_cast<Real>(least_level);
    begin_from(lane, *request.start, bottom_of(problem));
    find_residual(lane, problem);
  } else {
    begin_anew(lane, problem);
  }
}

template <class Real>
double InteriorPointOf<Real>::cost_of(std::ptrdiff_t i, int pair, int lane) {
  if (pair == driver) return of_sample(i, driver_cost, lane);
  return pair <= outlier_down ? of_outlier(i, box, lane) : of_shift(i, shift_cost, lane);
}

// The samples' part of it is the kernel's.
template <class Real>
void InteriorPointOf<Real>::begin_anew(int lane, const Problem& problem) {
  const double above = std::max(-bottom_of(problem), 1.0), product = problem.alpha_before;
  state_.is_new[lane] = Real{1};
  state_.start_product[lane] = static_cast<Real>(product);
  state_.sum_products[lane] = static_cast<Real>(lanes_[static_cast<std::size_t>(lane)].n_pairs * product);
  for (std::ptrdiff_t j = 0; j < model_->n_knots(); ++j) {
    of_knot(j, knot_value, lane) = static_cast<Real>(bottom_of(problem) + above);
    of_knot(j, level, lane) = static_cast<Real>(above);
    of_knot(j, level_multiplier, lane) = static_cast<Real>(product / above);
    of_knot(j, level_inverse, lane) = static_cast<Real>(1.0 / product);
  }
}

// The start as it is; its level is lifted where a bound was about to be left, as two stretches that meet may do.
template <class Real>
void InteriorPointOf<Real>::begin_from(int lane, const Start& start, double bottom) {
  std::vector<double> shift(1, 0.0);
  for (std::ptrdiff_t i = 0; i < model_->n(); ++i) {
    const auto first = static_cast<std::size_t>(i * n_pairs);
    for_pairs(lane, i, [&](int pair) {
      const auto k = first + static_cast<std::size_t>(pair);
      const double product = static_cast<double>(start.values[k]) * start.multipliers[k];
      if (product > 0.0) {
        set_pair(lane, i, pair, start.values[k], product);
      } else {  // idle there: like the driver, and far from its bound
        const double like = static_cast<double>(start.values[first]) * start.multipliers[first];
        set_pair(lane, i, pair, like / cost_of(i, pair, lane), like);
      }
    });
    shift.push_back(shift.back() + step_at(i, lane));
  }
  const auto knot_shift = [&](std::ptrdiff_t j) { return shift[static_cast<std::size_t>(model_->knot_sample(j))]; };
  double lift = 0.0;
  for (std::ptrdiff_t j = 0; j < model_->n_knots(); ++j) {
    lift = std::max(lift, least_level - (start.spline[static_cast<std::size_t>(j)] + knot_shift(j) - bottom));
  }
  for (std::ptrdiff_t j = 0; j < model_->n_knots(); ++j) {
    const auto k = static_cast<std::size_t>(j);
    of_knot(j, knot_value, lane) = static_cast<Real>(start.spline[k] + lift);
    of_knot(j, level_multiplier, lane) = static_cast<Real>(start.level_multipliers[k]);
  }
}

// Residual and levels of the parts as they are, and the sum of all products.
template <class Real>
void InteriorPointOf<Real>::find_residual(int lane, const Problem& problem) {
  const std::ptrdiff_t n = model_->n(), before = model_->n_before();
  const double bottom = bottom_of(problem);
  double a = 0.0, v = 0.0, s = 0.0, sum = 0.0;
  std::ptrdiff_t j = 0, interval = 0, phase = 0;
  const auto find_level = [&] {
    Real& x = of_knot(j, level, lane);
    const double above = of_knot(j, knot_value, lane) + s - bottom;
    if (above > 0.0) x = static_cast<Real>(above);  // below rounding, what the increments say is better
    sum += x * of_knot(j, level_multiplier, lane);
    of_knot(j, level_inverse, lane) = Real{1} / (x * of_knot(j, level_multiplier, lane));
    ++j;
  };
  for (std::ptrdiff_t i = 0; i < n; ++i) {
    while (j < model_->n_knots() && model_->knot_sample(j) == i) find_level();
    const double p = of_sample(i, value, lane);
    double rest = i < before ? 0.0 : problem.y[i - before];
    if (phase == model_->spacing()) phase = 0, ++interval;
    const double* b = model_->all_bumps().data() + 4 * phase++;
    for (std::ptrdiff_t k = 0; k < 4; ++k) rest -= b[k] * of_knot(interval + k, knot_value, lane);
    if (may_be_outlier(lane, i)) rest -= of_pair(i, value, outlier_up, lane) - of_pair(i, value, outlier_down, lane);
    of_sample(i, residual, lane) = static_cast<Real>(rest - (a + p) - s);
    const double next = shape_.z0 * a + v + shape_.g_a * p;
    v = shape_.z1 * v + shape_.g_v * p;
    a = next;
    for_pairs(lane, i, [&](int pair) { sum += of_pair(i, value, pair, lane) * of_pair(i, multiplier, pair, lane); });
    s += step_at(i, lane);
  }
  while (j < model_->n_knots()) find_level();
  state_.sum_products[lane] = static_cast<Real>(sum);
}

template <class Real>
Start InteriorPointOf<Real>::take_start(int lane) {
  Start start;
  const auto size = static_cast<std::size_t>(model_->n() * n_pairs);
  start.values.assign(size, 1.0f), start.multipliers.assign(size, 0.0f);
  for (std::ptrdiff_t i = 0; i < model_->n(); ++i) {
    for_pairs(lane, i, [&](int pair) {
      const auto k = static_cast<std::size_t>(i * n_pairs + pair);
      start.values[k] = static_cast<float>(of_pair(i, value, pair, lane));
      start.multipliers[k] = static_cast<float>(of_pair(i, multiplier, pair, lane));
    });
  }
  for (std::ptrdiff_t j = 0; j < model_->n_knots(); ++j) {
    start.spline.push_back(of_knot(j, knot_value, lane));
    start.level_multipliers.push_back(of_knot(j, level_multiplier, lane));
  }
  return start;
}

template <class Real>
double InteriorPointOf<Real>::objective(int lane) {
  double bends = 0.0;
  for (std::ptrdiff_t j = 0; j + 2 < model_->n_knots(); ++j) {
    const double bend =
        of_knot(j, knot_value, lane) - 2.0 * of_knot(j + 1, knot_value, lane) + of_knot(j + 2, knot_value, lane);
    bends += of_knot(j, bend_penalty, lane) * bend * bend;
  }
  return 0.5 * state_.sum_fit[lane] + state_.sum_cost[lane] + 0.5 * bends;
}

template <class Real>
Solution InteriorPointOf<Real>::take_solution(int lane) {
  const std::ptrdiff_t n = model_->n(), before = model_->n_before();
  const Problem& problem = lanes_[static_cast<std::size_t>(lane)].request->problem;
  Solution x;
  x.iterations = lanes_[static_cast<std::size_t>(lane)].iterations;
  x.point.driver.resize(static_cast<std::size_t>(n));
  x.point.steps.assign(static_cast<std::size_t>(n), 0.0);
  x.witness.u.resize(static_cast<std::size_t>(n - before));
  const std::ptrdiff_t stride = kernel_.lanes * kernel_.numbers;
  const Real* r = &of_sample(0, 0, lane);
  const double per_area = 1.0 / model_->unit_area();
  for (std::ptrdiff_t i = 0; i < n; ++i, r += n_record * stride) {
    const auto k = static_cast<std::size_t>(i);
    x.point.driver[k] = static_cast<double>(r[value * stride]) * per_area;
    if (i < before) continue;
    if (may_shift(lane, i)) x.point.steps[k] = step_at(i, lane);
    x.witness.u[k - static_cast<std::size_t>(before)] = r[weight * stride] * r[residual * stride];
  }
  for (std::ptrdiff_t j = 0; j < model_->n_knots(); ++j) {
    x.point.spline.push_back(of_knot(j, knot_value, lane));
    x.witness.level.push_back(of_knot(j, level_multiplier, lane));
  }
  x.parts = make_parts(*model_, problem, x.point);
  return x;
}

template <class Real>
bool InteriorPointOf<Real>::finished(int lane, Solution* solution) {
  Lane& l = lanes_[static_cast<std::size_t>(lane)];
  const Request& request = *l.request;
  const double gap = state_.sum_products[lane];
  const double unit = std::max(objective(lane), 1e-6 * l.zero_objective);
  l.last_gap = gap / unit;
  l.stalled = std::max(state_.step_length[lane], state_.dual_step_length[lane]) < 1e-3 ? l.stalled + 1 : 0;

  const bool broken = !std::isfinite(gap) || !std::isfinite(unit);
  // A signal of zeros has nothing to compare a gap with: products and objective shrink together, to the end of double's range.
  const bool vanished = gap < 1e-100;
  const bool last =
      broken || vanished || l.iterations >= request.max_iterations || l.stalled >= 5 || l.unproved >= most_unproved;
  if (!last && gap > request.tol * unit) return false;
  // while steps are long, one more costs less than a proof
  const bool sharp = gap <= gap_share * request.tol * unit;
  if (request.certified && !last && !sharp && state_.step_length[lane] > long_step) return false;
  if (!request.certified) {
    *solution = take_solution(lane);
    solution->status = broken ? Status::failed : l.last_gap <= request.tol ? Status::optimal : Status::inaccurate;
    return true;
  }

  // Residual and levels, kept by increments, are found anew from what they are made of: their errors would be the gap's.
  // Numbers of 32 digits have no such errors, and would get those of double.
  if (kernel_.numbers == 1) find_residual(lane, request.problem);
  // The best that is proved counts: further steps sharpen the parts, until the digits run out.
  Solution here = take_solution(lane);
  here.evidence = certify(*model_, request.problem, here.point, here.parts, here.witness);
  const double proved = shortfall(here.evidence);
  const bool better = proved < l.best_gap;
  if (better || !std::isfinite(l.best_gap)) {
    l.best_gap = proved;
    l.best = std::move(here);
  }
  if (l.best_gap > request.tol) ++l.unproved;
  const bool enough = l.best_gap <= request.tol && (sharp || !better);
  if (!last && !enough) return false;
  *solution = std::move(l.best);
  solution->iterations = l.iterations;
  const double reached = solution->evidence.relative_gap;
  solution->status = !std::isfinite(reached)                                    ? Status::failed
                     : reached <= request.tol                                   ? Status::optimal
                     : reached > 1e-6 && l.iterations >= request.max_iterations ? Status::max_iterations
                                                                                : Status::inaccurate;
  return true;
}

template <class Real>
void InteriorPointOf<Real>::choose_step(int lane) {
  const Lane& l = lanes_[static_cast<std::size_t>(lane)];
  if (!l.request) {
    state_.step_length[lane] = state_.dual_step_length[lane] = Real{0};
    return;
  }
  const double part = std::max(0.99, 1.0 - 100.0 * l.last_gap);
  const auto longest = [&](double least) { return least < -part ? -part / least : 1.0; };
  const double primal = longest(state_.min_step[lane]), dual = longest(state_.min_dual_step[lane]);
  const double both = std::min(primal, dual);
  state_.step_length[lane] = static_cast<Real>(l.request->certified ? both : primal);
  state_.dual_step_length[lane] = static_cast<Real>(l.request->certified ? both : dual);
}

template <class Real>
void InteriorPointOf<Real>::run(const Next& next, const Done& done, const KeepGoing& keep_going) {
  const int n_lanes = kernel_.lanes;
  int active = 0;
  const auto refill = [&] {
    bool changed = false;
    for (int k = 0; k < n_lanes; ++k) {
      Lane& l = lanes_[static_cast<std::size_t>(k)];
      if (l.request) continue;
      l.request = next(&l.tag);
      if (!l.request) continue;
      load(k, *l.request);
      ++active;
      changed = true;
    }
    if (!changed) return;
    find_among(&Lane::outliers, outlier_up, &outlying_);
    find_among(&Lane::shifts, shift_up, &shifting_);
    if (std::find(state_.is_new, state_.is_new + n_lanes, Real{1}) == state_.is_new + n_lanes) return;
    kernel_.passes.begin(shape_, state_);
    std::fill_n(state_.is_new, n_lanes, Real{0});
  };
  refill();
  while (active > 0 && keep_going()) {
    kernel_.passes.factor(shape_, state_);
    kernel_.passes.predict(shape_, state_);
    for (int k = 0; k < n_lanes; ++k) {
      const Lane& l = lanes_[static_cast<std::size_t>(k)];
      const auto longest = [](double least) { return least < -1.0 ? -1.0 / least : 1.0; };
      const double t = std::min(longest(state_.min_step[k]), longest(state_.min_dual_step[k]));
      const double sum = state_.sum_products[k];
      const double after = (1.0 - t) * sum + (t * (1.0 - t) - t) * state_.sum_steps[k] - t * t * state_.sum_squares[k];
      const double ratio = std::max(after / sum, 0.0);
      const bool blocked = l.iterations > 0 && state_.step_length[k] < 0.2;
      const double sigma = std::max(ratio * ratio * ratio, blocked || l.unproved > 0 ? 0.5 : 0.0);
      state_.sigma_mu[k] = static_cast<Real>(l.request ? sigma * sum / l.n_pairs : 0.0);
    }
    kernel_.passes.recentre(shape_, state_);
    kernel_.passes.correct(shape_, state_);
    for (int k = 0; k < n_lanes; ++k) choose_step(k);
    kernel_.passes.advance(shape_, state_);
    for (int k = 0; k < n_lanes; ++k) {
      Lane& l = lanes_[static_cast<std::size_t>(k)];
      if (!l.request) continue;
      ++l.iterations;
      Solution solution;
      if (!finished(k, &solution)) continue;
      if (l.request->keep_start) solution.start = take_start(k);
      l.request = nullptr;
      --active;
      done(l.tag, std::move(solution));
    }
    refill();
  }
  for (Lane& l : lanes_) l.request = nullptr;
}

template class InteriorPointOf<double>;
template class InteriorPointOf<float>;

}  // namespace ressin::robust

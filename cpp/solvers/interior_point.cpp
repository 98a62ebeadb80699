#include "solvers/interior_point.hpp"

#include <algorithm>
#include <cmath>

#include "programme/sums.hpp"
#include "solvers/step_rules.hpp"

namespace ressin {
namespace {

// The gap is closed at this share of the tolerance, which costs an iteration or two: the certificate's gap also contains
// rounding errors, and the error of the parts is about the square root of the gap.
constexpr double gap_share = 1e-6;

// Gaps are relative to the objective, or to this part of the zero solution's where that is larger.
constexpr double least_unit = 1e-6;

}  // namespace

InteriorPoint::InteriorPoint(std::unique_ptr<Iterates> iterates, const SolverSettings& settings)
    : iterates_(std::move(iterates)),
      model_(iterates_->model()),
      shape_(iterates_->layout().shape),
      steps_(*iterates_, settings, gap_share),
      certifier_(model_),
      lanes_(static_cast<std::size_t>(iterates_->lanes())) {
  lay_out_start();
}

void InteriorPoint::lay_out_start() {
  start_driver_ = start_phasic * (1.0 - shape_.z0) * (1.0 - shape_.z1) / 4.0;
  start_response_.assign(static_cast<std::size_t>(shape_.n), 0.0);
  start_residual_.resize(start_response_.size());
  double a = 0.0, v = 0.0;
  for (auto i = static_cast<std::size_t>(shape_.first_row); i < start_response_.size(); ++i) {
    start_response_[i] = a + start_driver_;
    a = shape_.z0 * a + v + shape_.g_a * start_driver_;
    v = shape_.z1 * v + shape_.g_v * start_driver_;
  }
}

void InteriorPoint::load(int lane, const Problem& problem) {
  const double unit = model_.response().ar[0];  // the kernel's driver is p / ar[0]
  const double *y = problem.y, *w = problem.weights;
  const double alpha = problem.alpha * unit;
  const double p = start_driver_, lambda = std::max(alpha, start_multiplier * start_phasic / start_driver_);
  const double inv = 1.0 / (p * lambda);
  const double zero_objective = 0.5 * sum_of(shape_.n, [&](std::ptrdiff_t i) { return (w ? w[i] : 1.0) * y[i] * y[i]; });
  steps_.start(lane, least_unit * zero_objective);
  for (std::size_t i = 0; i < start_residual_.size(); ++i) start_residual_[i] = start_response_[i] - y[i];
  iterates_->numbers().sum_pl[lane] = p * lambda * static_cast<double>(shape_.n - shape_.first_row);
  for (const LaneRun& run : iterates_->runs(lane)) {
    KernelState& s = *run.state;
    const double *residual = start_residual_.data() + run.begin, *weights = w ? w + run.begin : nullptr;
    s.alpha[run.lane] = alpha;
    s.gamma[run.lane] = problem.gamma;
    for (std::ptrdiff_t i = 0; i < run.shape->n; ++i) {
      run(s.e, i) = residual[i];
      run(s.p, i) = p;
      run(s.lambda, i) = lambda;
      run(s.inv, i) = inv;
    }
    run.fill_measured(weights, residual);
    for (std::ptrdiff_t k = 0; k < run.shape->n_knots; ++k) run(s.spline, k) = run(s.spline_step, k) = 0.0;
    for (double* x : {s.drift, s.drift_step, s.start, s.start_step}) run(x, 0) = run(x, 1) = 0.0;
    if (!iterates_->weighted()) continue;
    for (std::ptrdiff_t i = 0; i < run.shape->n; ++i) run(s.w, i) = weights ? weights[i] : 1.0;
    run.fill_gram(weights);
  }
}

// The array's numbers of all samples of a lane's signal; `to` after them.
double* InteriorPoint::taken_from(int lane, double* KernelState::* array, double* to) const {
  for (const LaneRun& run : iterates_->runs(lane)) {
    for (std::ptrdiff_t i = 0; i < run.shape->n; ++i) *to++ = run(run.state->*array, i);
  }
  return to;
}

Point InteriorPoint::point(int lane) const {
  const double unit = model_.response().ar[0];
  const KernelLayout& layout = iterates_->layout();
  Point x;
  x.driver.resize(static_cast<std::size_t>(shape_.n));
  taken_from(lane, &KernelState::p, x.driver.data());
  for (double& p : x.driver) p *= unit;
  std::fill_n(x.driver.begin(), shape_.first_row, 0.0);
  for (const LaneRun& run : iterates_->runs(lane)) {
    for (std::ptrdiff_t k = run.knots_begin; k < run.shape->n_knots; ++k) x.spline.push_back(run(run.state->spline, k));
  }
  const LaneRun& first = iterates_->runs(lane).front();
  const auto both = [&](double* z) { return Eigen::Vector2d(first(z, 0), first(z, 1)); };
  const Eigen::Vector2d drift = layout.drift_from * both(first.state->drift);
  x.drift.assign(drift.data(), drift.data() + shape_.n_drift);
  if (shape_.first_row > 0) {
    const Eigen::Vector2d start = both(first.state->start) - layout.start_from * drift;
    free_start_of(model_.response(), start.data(), x.start);
  }
  return x;
}

Solution InteriorPoint::solution(int lane) const {
  const auto n = static_cast<std::size_t>(shape_.n);
  Solution x;
  x.iterations = steps_.iterations(lane);
  x.point = point(lane);
  x.parts = make_parts(model_, x.point);
  x.residual.resize(n);
  taken_from(lane, &KernelState::e, x.residual.data());
  if (steps_.settings().keep_curvature) {
    std::vector<double> p(n);
    x.curvature.resize(n);
    taken_from(lane, &KernelState::p, p.data());
    taken_from(lane, &KernelState::lambda, x.curvature.data());
    for (std::size_t i = 0; i < n; ++i) x.curvature[i] /= p[i];
  }
  x.certificate = certifier_(*lanes_[static_cast<std::size_t>(lane)].problem, x.point, x.parts, x.residual);
  return x;
}

bool InteriorPoint::finished(int lane, Solution* x) {
  if (!steps_.wants_proof(lane)) return false;
  *x = solution(lane);
  const double proved = x->certificate.evidence.relative_gap;
  return steps_.settle(lane, proved, x, &lanes_[static_cast<std::size_t>(lane)].best);
}

// Load the next signals into the lanes without one; how many there were.
int InteriorPoint::refill(const Next& next) {
  int loaded = 0;
  for (int k = 0; k < iterates_->lanes(); ++k) {
    Lane& l = lanes_[static_cast<std::size_t>(k)];
    if (l.problem != nullptr) continue;
    l.problem = next(&l.tag);
    if (l.problem == nullptr) continue;
    load(k, *l.problem);
    ++loaded;
  }
  return loaded;
}

void InteriorPoint::run(const Next& next, const Done& done, const KeepGoing& keep_going) {
  int active = refill(next);
  while (active > 0 && keep_going()) {
    steps_.step();
    bool any_done = false;
    for (int k = 0; k < iterates_->lanes(); ++k) {
      Lane& l = lanes_[static_cast<std::size_t>(k)];
      Solution solution;
      if (l.problem == nullptr || !finished(k, &solution)) continue;
      l.problem = nullptr;
      steps_.stop(k);
      --active;
      any_done = true;
      done(l.tag, std::move(solution));
    }
    if (any_done) active += refill(next);
  }
  for (int k = 0; k < iterates_->lanes(); ++k) {  // where it was called off
    lanes_[static_cast<std::size_t>(k)].problem = nullptr;
    steps_.stop(k);
  }
}

}  // namespace ressin

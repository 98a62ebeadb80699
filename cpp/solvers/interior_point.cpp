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

InteriorPoint::InteriorPoint(std::shared_ptr<const Model> model, const SolverSettings& settings, const Kernel& kernel,
                             bool weighted)
    : workspace_(std::move(model), kernel, weighted),
      model_(workspace_.model()),
      shape_(workspace_.shape),
      state_(workspace_.state),
      steps_(workspace_, settings, gap_share),
      certifier_(model_),
      lanes_(static_cast<std::size_t>(kernel.lanes)) {
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
  KernelState& s = state_;
  const double unit = model_.response().ar[0];  // the kernel's driver is p / ar[0]
  const double *y = problem.y, *w = problem.weights;
  s.alpha[lane] = problem.alpha * unit;
  s.gamma[lane] = problem.gamma;
  const double p = start_driver_, lambda = std::max(s.alpha[lane], start_multiplier * start_phasic / start_driver_);
  const double inv = 1.0 / (p * lambda);
  const double zero_objective = 0.5 * sum_of(shape_.n, [&](std::ptrdiff_t i) { return (w ? w[i] : 1.0) * y[i] * y[i]; });
  steps_.start(lane, least_unit * zero_objective);
  for (std::size_t i = 0; i < start_residual_.size(); ++i) start_residual_[i] = start_response_[i] - y[i];
  for (std::ptrdiff_t i = 0; i < shape_.n; ++i) {
    element(s.e, i, lane) = start_residual_[static_cast<std::size_t>(i)];
    element(s.p, i, lane) = p;
    element(s.lambda, i, lane) = lambda;
    element(s.inv, i, lane) = inv;
  }
  s.sum_pl[lane] = p * lambda * static_cast<double>(shape_.n - shape_.first_row);
  workspace_.fill_measured(lane, w, start_residual_.data());
  for (std::ptrdiff_t k = 0; k < shape_.n_knots; ++k) element(s.spline, k, lane) = element(s.spline_step, k, lane) = 0.0;
  for (double* x : {s.drift, s.drift_step, s.start, s.start_step}) element(x, 0, lane) = element(x, 1, lane) = 0.0;
  if (!workspace_.weighted()) return;
  for (std::ptrdiff_t i = 0; i < shape_.n; ++i) element(s.w, i, lane) = w ? w[i] : 1.0;
  workspace_.fill_gram(lane, w);
}

Point InteriorPoint::point(int lane) const {
  const double unit = model_.response().ar[0];
  Point x;
  x.driver.assign(static_cast<std::size_t>(shape_.n), 0.0);
  for (std::ptrdiff_t i = shape_.first_row; i < shape_.n; ++i) {
    x.driver[static_cast<std::size_t>(i)] = element(state_.p, i, lane) * unit;
  }
  for (std::ptrdiff_t k = 0; k < shape_.n_knots; ++k) x.spline.push_back(element(state_.spline, k, lane));
  const Eigen::Vector2d drift =
      workspace_.drift_from * Eigen::Vector2d(element(state_.drift, 0, lane), element(state_.drift, 1, lane));
  x.drift.assign(drift.data(), drift.data() + shape_.n_drift);
  if (shape_.first_row > 0) {
    const Eigen::Vector2d start =
        Eigen::Vector2d(element(state_.start, 0, lane), element(state_.start, 1, lane)) - workspace_.start_from * drift;
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
  for (std::size_t i = 0; i < n; ++i) x.residual[i] = element(state_.e, static_cast<std::ptrdiff_t>(i), lane);
  if (steps_.settings().keep_curvature) {
    x.curvature.resize(n);
    for (std::ptrdiff_t i = 0; i < shape_.n; ++i)
      x.curvature[static_cast<std::size_t>(i)] = element(state_.lambda, i, lane) / element(state_.p, i, lane);
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
  for (int k = 0; k < workspace_.lanes(); ++k) {
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
    for (int k = 0; k < workspace_.lanes(); ++k) {
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
  for (int k = 0; k < workspace_.lanes(); ++k) {  // where it was called off
    lanes_[static_cast<std::size_t>(k)].problem = nullptr;
    steps_.stop(k);
  }
}

}  // namespace ressin

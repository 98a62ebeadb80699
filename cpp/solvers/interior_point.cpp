#include "solvers/interior_point.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "programme/sums.hpp"
#include "solvers/step_rules.hpp"

namespace ressin {
namespace {

// The method goes on until its own gap is this share of the tolerance, which costs an iteration or two: the certificate's gap
// also holds rounding errors, and the parts are known to about the square root of the gap.
constexpr double gap_share = 1e-6;

// Where the gap is closed and the certificate does not follow, the gradients lag behind: shortened steps leave part of them.
// Some more steps remove it, or the digits have run out. The products p lambda close only slowly meanwhile: as they vanish, so
// does what determines a drift that a driver without zeros can imitate.
constexpr int most_unproved = 20;

}  // namespace

InteriorPoint::InteriorPoint(std::shared_ptr<const Model> model, const SolverSettings& settings, const Kernel& kernel,
                             bool weighted)
    : Workspace(std::move(model), kernel, weighted),
      certifier_(model_),
      settings_(settings),
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
  Lane& l = lanes_[static_cast<std::size_t>(lane)];
  l.iterations = 0;
  l.stalled = l.unproved = 0;
  l.best_gap = std::numeric_limits<double>::infinity();
  l.last_gap = 1.0;
  l.zero_objective = 0.5 * sum_of(shape_.n, [&](std::ptrdiff_t i) { return (w ? w[i] : 1.0) * y[i] * y[i]; });
  for (std::size_t i = 0; i < start_residual_.size(); ++i) start_residual_[i] = start_response_[i] - y[i];
  for (std::ptrdiff_t i = 0; i < shape_.n; ++i) {
    element(s.e, i, lane) = start_residual_[static_cast<std::size_t>(i)];
    element(s.p, i, lane) = p;
    element(s.lambda, i, lane) = lambda;
    element(s.inv, i, lane) = inv;
  }
  s.sum_pl[lane] = p * lambda * static_cast<double>(shape_.n - shape_.first_row);
  fill_measured(lane, w);
  for (std::ptrdiff_t k = 0; k < shape_.n_knots; ++k) element(s.spline, k, lane) = element(s.spline_step, k, lane) = 0.0;
  for (double* x : {s.drift, s.drift_step, s.start, s.start_step}) element(x, 0, lane) = element(x, 1, lane) = 0.0;
  if (!weighted_) return;
  for (std::ptrdiff_t i = 0; i < shape_.n; ++i) element(s.w, i, lane) = w ? w[i] : 1.0;
  fill_gram(lane, w);
}

// Sum of w e phi over each interval, as advance() leaves it.
void InteriorPoint::fill_measured(int lane, const double* weights) {
  const double* e = start_residual_.data();
  std::ptrdiff_t i = 0;
  for (std::ptrdiff_t m = 0; m < shape_.n_intervals; ++m) {
    double sum[n_local] = {};
    const std::ptrdiff_t phase = (m > 0 ? 0 : shape_.first_phase) - i;
    for (; i < interval_end_[static_cast<std::size_t>(m)]; ++i) {
      const double we = (weights ? weights[i] : 1.0) * e[i];
      for (int k = 0; k < 4; ++k) sum[k] += we * shape_.spline[4 * (i + phase) + k];
      for (int k = 0; k < 2; ++k) sum[4 + k] += we * shape_.drift[2 * i + k];
    }
    for (int k = 0; k < n_local; ++k) element(state_.measured, m * n_local + k, lane) = sum[k];
  }
}

Point InteriorPoint::point(int lane) const {
  const double unit = model_.response().ar[0];
  Point x;
  x.driver.assign(static_cast<std::size_t>(shape_.n), 0.0);
  for (std::ptrdiff_t i = shape_.first_row; i < shape_.n; ++i) {
    x.driver[static_cast<std::size_t>(i)] = element(state_.p, i, lane) * unit;
  }
  for (std::ptrdiff_t k = 0; k < shape_.n_knots; ++k) x.spline.push_back(element(state_.spline, k, lane));
  const Eigen::Vector2d drift = drift_from_ * Eigen::Vector2d(element(state_.drift, 0, lane), element(state_.drift, 1, lane));
  x.drift.assign(drift.data(), drift.data() + shape_.n_drift);
  if (shape_.first_row > 0) {
    const Eigen::Vector2d start =
        Eigen::Vector2d(element(state_.start, 0, lane), element(state_.start, 1, lane)) - start_from_ * drift;
    free_start_of(model_.response(), start.data(), x.start);
  }
  return x;
}

double InteriorPoint::objective(int lane) const {
  double l2 = 0.0;
  for (std::ptrdiff_t k = 0; k < shape_.n_knots; ++k) {
    const double l = element(state_.spline, k, lane);
    l2 += l * l;
  }
  return 0.5 * state_.sum_we2[lane] + state_.alpha[lane] * state_.sum_p[lane] + 0.5 * state_.gamma[lane] * l2;
}

bool InteriorPoint::finished(int lane, Solution* solution) {
  Lane& l = lanes_[static_cast<std::size_t>(lane)];
  const double gap = state_.sum_pl[lane];
  const double unit = std::max(objective(lane), 1e-6 * l.zero_objective);
  l.last_gap = gap / unit;
  l.stalled = std::max(state_.step_length[lane], state_.dual_step_length[lane]) < 1e-3 ? l.stalled + 1 : 0;

  const bool broken = !std::isfinite(gap) || !std::isfinite(unit);
  const double enough = std::max(gap_share * settings_.tol, least_gap) * unit;
  const bool last = broken || l.iterations >= settings_.max_iterations || l.stalled >= 5 || l.unproved >= most_unproved;
  if (!last && gap > enough) return false;

  solution->iterations = l.iterations;
  solution->point = point(lane);
  solution->parts = make_parts(model_, solution->point);
  solution->residual.resize(static_cast<std::size_t>(shape_.n));
  for (std::ptrdiff_t i = 0; i < shape_.n; ++i) solution->residual[static_cast<std::size_t>(i)] = element(state_.e, i, lane);
  if (settings_.keep_curvature) {
    solution->curvature.resize(static_cast<std::size_t>(shape_.n));
    for (std::ptrdiff_t i = 0; i < shape_.n; ++i)
      solution->curvature[static_cast<std::size_t>(i)] = element(state_.lambda, i, lane) / element(state_.p, i, lane);
  }
  solution->certificate = certifier_(*l.problem, solution->point, solution->parts, solution->residual);
  const double proved = solution->certificate.evidence.relative_gap;
  if (proved > settings_.tol && !last) {
    ++l.unproved;
    if (proved < l.best_gap) {
      l.best_gap = proved;
      l.best = std::move(*solution);
    }
    return false;
  }
  if (std::isfinite(l.best_gap) && !(proved <= l.best_gap)) *solution = std::move(l.best);
  solution->status = status_of(solution->certificate.evidence.relative_gap, l.iterations);
  return true;
}

Status InteriorPoint::status_of(double proved, int iterations) const {
  if (!std::isfinite(proved)) return Status::failed;
  if (proved <= settings_.tol) return Status::optimal;
  return proved > 1e-6 && iterations >= settings_.max_iterations ? Status::max_iterations : Status::inaccurate;
}

void InteriorPoint::run(const Next& next, const Done& done, const KeepGoing& keep_going) {
  KernelState& s = state_;
  const int n_lanes = kernel_.lanes;
  int active = 0;
  const auto refill = [&] {
    for (int k = 0; k < n_lanes; ++k) {
      Lane& l = lanes_[static_cast<std::size_t>(k)];
      if (l.problem != nullptr) continue;
      l.problem = next(&l.tag);
      if (l.problem == nullptr) continue;
      load(k, *l.problem);
      ++active;
    }
  };

  refill();
  while (active > 0 && keep_going()) {
    passes_.factor(shape_, s);
    passes_.predict(shape_, s);
    for (int k = 0; k < n_lanes; ++k) {
      const Lane& l = lanes_[static_cast<std::size_t>(k)];
      const bool blocked = l.iterations > 0 && s.step_length[k] < short_step;
      choose_centre(s, k, shape_.n - shape_.first_row, blocked || l.unproved > 0);
    }
    passes_.recentre(shape_, s);
    passes_.correct(shape_, s);
    for (int k = 0; k < n_lanes; ++k) {
      const Lane& l = lanes_[static_cast<std::size_t>(k)];
      choose_step(s, k, l.last_gap);
      if (l.problem == nullptr) s.step_length[k] = s.dual_step_length[k] = 0.0;
    }
    passes_.advance(shape_, s);

    bool any_done = false;
    for (int k = 0; k < n_lanes; ++k) {
      Lane& l = lanes_[static_cast<std::size_t>(k)];
      if (l.problem == nullptr) continue;
      ++l.iterations;
      Solution solution;
      if (!finished(k, &solution)) continue;
      l.problem = nullptr;
      --active;
      any_done = true;
      done(l.tag, std::move(solution));
    }
    if (any_done) refill();
  }
  for (auto& l : lanes_) l.problem = nullptr;
}

}  // namespace ressin

// Weak duality for the robust programme, over dt.
//
// Any u, zero where the weight is, and any beta >= 0 that balance on straight lines, sum u + sum beta = 0 and sum i u +
// sum knot beta = 0, determine pi with D'pi = B'u + beta, D the second differences. For theta in [0, 1] that puts theta u
// into [-w delta, w delta], theta R'u below alpha and theta nu into [-kappa, kappa], nu_i = sum of u and beta after i,
//   D(theta) = theta (u'y + floor sum beta) - theta^2/2 (u'W^-1 u + pi'pi / penalty)
// is a lower bound. objective - D(1) is a sum of products, one for each term and bound, in which nothing cancels.
#include <algorithm>
#include <cmath>
#include <limits>

#include "programme/robust/model.hpp"
#include "programme/sums.hpp"

namespace ressin::robust {
namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();

double over(double x, double w) { return w == 1.0 ? x : x / w; }

// Sum of f(i, w) over the samples of the signal; without weights the compiler knows that w is one.
template <class F>
double sum_over(const Model& model, const Problem& problem, F f) {
  const double* w = problem.weights;
  if (!w) return sum_of(model.n_signal(), [&](std::ptrdiff_t i) { return f(i, 1.0); });
  return sum_of(model.n_signal(), [&](std::ptrdiff_t i) { return f(i, w[i]); });
}

class Dual {
 public:
  Dual(const Model& model, const Problem& problem, const Witness& witness)
      : model_(model),
        problem_(problem),
        before_(model.n_before()),
        u_(witness.u),
        level_(static_cast<std::size_t>(model.n_knots()), 0.0) {
    for (std::ptrdiff_t i = 0; i < model_.n_signal(); ++i) {
      const double w = problem_.weight(i), most = w * problem_.delta[i];
      double& x = u_[at(i)];
      x = w > 0.0 ? std::min(std::max(x, -most), most) : 0.0;
    }
    if (std::isfinite(problem_.floor)) {
      for (std::size_t j = 0; j < level_.size(); ++j) level_[j] = std::max(witness.level[j], 0.0);
    }
  }

  // Take from u what keeps it from balancing, and find pi near penalty D l.
  void balance(const std::vector<double>& spline) {
    const double unit = 1.0 / static_cast<double>(model_.n());
    const auto place = [unit](std::ptrdiff_t i) { return unit * static_cast<double>(i); };
    const double* u = u_.data();
    double force = over_signal([u](std::ptrdiff_t i, double) { return u[i]; });
    double torque = over_signal([=](std::ptrdiff_t i, double) { return place(i) * u[i]; });
    for (std::ptrdiff_t j = 0; j < model_.n_knots(); ++j) {
      force += level_[at(j)];
      torque += place(model_.knot(j) - before_) * level_[at(j)];
    }
    const double w0 = over_signal([](std::ptrdiff_t, double w) { return w; });
    const double w1 = over_signal([=](std::ptrdiff_t i, double w) { return w * place(i); });
    const double w2 = over_signal([=](std::ptrdiff_t i, double w) { return w * place(i) * place(i); });
    const double determinant = w0 * w2 - w1 * w1;
    const bool lines = determinant > 1e-12 * w0 * w2;
    const double c0 = lines ? (w2 * force - w1 * torque) / determinant : w0 > 0.0 ? force / w0 : 0.0;
    const double c1 = lines ? (w0 * torque - w1 * force) / determinant : 0.0;
    for (std::ptrdiff_t i = 0; i < model_.n_signal(); ++i) u_[at(i)] -= problem_.weight(i) * (c0 + c1 * place(i));
    find_bend(spline);
  }

  double gap_at_one(const Point& point, const Parts& parts, double of_controls) const {
    const double *u = u_.data(), *e = parts.residual.data();
    const double square = over_signal([=](std::ptrdiff_t i, double w) {
      const double apart = e[i] - over(u[i], w);
      return w > 0.0 ? w * apart * apart : 0.0;
    });
    double product = 0.0;
    for (std::ptrdiff_t i = 0; i < model_.n_signal(); ++i) {
      const double w = problem_.weight(i), o = parts.outliers[at(i)];
      if (o != 0.0 && w > 0.0) product += w * problem_.delta[i] * std::abs(o) - u_[at(i)] * o;
    }
    return 0.5 * square + product + of_controls + gap_of_spline(point, parts);
  }

  // The largest theta that is allowed; the sums are known to about `unsure`.
  double allowed() {
    double least = 1.0;
    const auto allow = [&](double value, double most) {
      if (value > most) least = std::min(least, most / value);
    };
    for (std::ptrdiff_t i = 0; i < model_.n_signal(); ++i) {
      allow(std::abs(u_[at(i)]), problem_.weight(i) * problem_.delta[i]);
    }
    const double slowest = 1.0 - std::max(model_.response().z0, model_.response().z1);
    const double driver_unsure = largest(forces_.response) * 4.0 * epsilon / slowest;
    for (std::ptrdiff_t i = 0; i < model_.n(); ++i) {
      if (forces_.response[at(i)] > 0.0) allow(forces_.response[at(i)] + driver_unsure, alpha(i));
    }
    const double shift_unsure = largest(forces_.after) * 4.0 * epsilon * std::sqrt(static_cast<double>(model_.n()));
    const double dt = model_.dt();
    for (std::ptrdiff_t i = before_; i < model_.n() - 1; ++i) {
      allow((std::abs(forces_.after[at(i)]) + shift_unsure) * dt, problem_.kappa[i - before_]);
    }
    return least;
  }

  // D(1) - D(theta)
  double lost(double theta) const {
    const double *u = u_.data(), *y = problem_.y;
    double line = over_signal([=](std::ptrdiff_t i, double) { return u[i] * y[i]; });
    double square = over_signal([=](std::ptrdiff_t i, double w) { return w > 0.0 ? over(u[i] * u[i], w) : 0.0; });
    for (std::size_t j = 0; j < level_.size(); ++j) {
      if (level_[j] > 0.0) line += level_[j] * problem_.floor;
    }
    for (std::size_t j = 0; j < bend_.size(); ++j) square += bend_[j] * bend_[j] / penalty(j);
    return (1.0 - theta) * (line - 0.5 * (1.0 + theta) * square);
  }

  // How far the lowest level is below the floor.
  double below_floor(const Point& point, const Parts& parts) const {
    double most = 0.0;
    for (std::ptrdiff_t j = 0; j < model_.n_knots(); ++j) {
      most = std::max(most, problem_.floor - (point.spline[at(j)] + parts.shift[at(model_.knot_sample(j))]));
    }
    return most;
  }

  double gap_of_controls(const Point& point) const {
    double gap = 0.0;
    for (std::ptrdiff_t i = 0; i < model_.n(); ++i) {
      const double p = point.driver[at(i)], step = point.steps[at(i)];
      if (p != 0.0) gap += (alpha(i) - forces_.response[at(i)]) * p;
      if (step != 0.0) gap += kappa(i) * std::abs(step) - forces_.after[at(i)] * step;
    }
    return gap;
  }

  double alpha(std::ptrdiff_t i) const { return i < before_ ? problem_.alpha_before : problem_.alpha[i - before_]; }
  double kappa(std::ptrdiff_t i) const { return problem_.kappa[i - before_] / model_.dt(); }

 private:
  static std::size_t at(std::ptrdiff_t i) { return static_cast<std::size_t>(i); }
  double penalty(std::size_t j) const { return problem_.penalty(model_, static_cast<std::ptrdiff_t>(j)); }
  static double largest(const std::vector<double>& x) {
    return max_of(static_cast<std::ptrdiff_t>(x.size()), 0.0, [&](std::ptrdiff_t i) { return std::abs(x[at(i)]); });
  }
  template <class F>
  double over_signal(F f) const {
    return sum_over(model_, problem_, f);
  }

  // B'u and the levels' multipliers.
  std::vector<double> spline_gradient() const {
    std::vector<double> gradient = level_;
    for (std::ptrdiff_t m = model_.interval(before_); m < model_.n_intervals(); ++m) {
      const std::ptrdiff_t begin = m * model_.spacing(), end = std::min(begin + model_.spacing(), model_.n());
      double sum[4] = {0.0, 0.0, 0.0, 0.0};
      for (std::ptrdiff_t i = std::max(begin, before_); i < end; ++i) {
        const double* b = model_.all_bumps().data() + 4 * (i - begin);
        for (int k = 0; k < 4; ++k) sum[k] += b[k] * u_[at(i - before_)];
      }
      for (int k = 0; k < 4; ++k) gradient[at(m + k)] += sum[k];
    }
    return gradient;
  }

  void find_bend(const std::vector<double>& l) {
    const std::size_t n_bends = level_.size() - 2;
    // pi = penalty D l + change, D'change = what is left of the gradient
    std::vector<double> rest = spline_gradient();
    bend_.resize(n_bends);
    for (std::size_t j = 0; j < n_bends; ++j) {
      bend_[j] = penalty(j) * ((l[j] - l[j + 1]) + (l[j + 2] - l[j + 1]));
      rest[j] -= bend_[j], rest[j + 1] += 2.0 * bend_[j], rest[j + 2] -= bend_[j];
    }
    change_.resize(n_bends);
    for (std::size_t j = 0; j < n_bends; ++j) {
      change_[j] = rest[j];
      bend_[j] += rest[j];
      rest[j + 1] += 2.0 * rest[j], rest[j + 2] -= rest[j];
    }
    unbalanced_[0] = rest[n_bends], unbalanced_[1] = rest[n_bends + 1];
    forces_ = forces_of(model_, u_, level_);
  }

  double gap_of_spline(const Point& point, const Parts& parts) const {
    double gap = 0.0;
    for (std::ptrdiff_t j = 0; j < model_.n_knots(); ++j) {
      if (level_[at(j)] == 0.0) continue;
      const double above = point.spline[at(j)] + parts.shift[at(model_.knot_sample(j))] - problem_.floor;
      gap += level_[at(j)] * above;
    }
    for (std::size_t j = 0; j < change_.size(); ++j) gap += 0.5 * change_[j] * change_[j] / penalty(j);
    const std::size_t last = point.spline.size() - 1;
    return gap + std::abs(unbalanced_[0] * point.spline[last - 1]) + std::abs(unbalanced_[1] * point.spline[last]);
  }

  const Model& model_;
  const Problem& problem_;
  std::ptrdiff_t before_;
  std::vector<double> u_, level_;
  std::vector<double> bend_, change_;
  double unbalanced_[2] = {0.0, 0.0};
  Forces forces_;
};

double objective_of(const Model& model, const Problem& problem, const Dual& dual, const Point& point, const Parts& parts) {
  const double *e = parts.residual.data(), *o = parts.outliers.data(), *delta = problem.delta;
  double sum =
      sum_over(model, problem, [=](std::ptrdiff_t i, double w) { return w * (0.5 * e[i] * e[i] + delta[i] * std::abs(o[i])); });
  for (std::ptrdiff_t i = 0; i < model.n(); ++i) {
    const auto k = static_cast<std::size_t>(i);
    if (point.driver[k] != 0.0) sum += dual.alpha(i) * point.driver[k];
    if (point.steps[k] != 0.0) sum += dual.kappa(i) * std::abs(point.steps[k]);
  }
  for (std::size_t j = 0; j + 2 < point.spline.size(); ++j) {
    const double bend = point.spline[j] - 2.0 * point.spline[j + 1] + point.spline[j + 2];
    sum += 0.5 * problem.penalty(model, static_cast<std::ptrdiff_t>(j)) * bend * bend;
  }
  return sum;
}

}  // namespace

// Both backwards in time.
Forces forces_of(const Model& model, const std::vector<double>& u, const std::vector<double>& level) {
  const Response& r = model.response();
  const std::ptrdiff_t before = model.n_before();
  const auto n = static_cast<std::size_t>(model.n());
  Forces forces{std::vector<double>(n), std::vector<double>(n)};
  double outer = 0.0, inner = 0.0, u1 = 0.0, u2 = 0.0, sum = 0.0;
  std::ptrdiff_t j = model.n_knots() - 1, knot = model.knot_sample(j);  // the next
  for (std::ptrdiff_t i = model.n() - 1; i >= 0; --i) {
    const double u0 = i < before ? 0.0 : u[static_cast<std::size_t>(i - before)];
    outer = r.z0 * outer + u0 + 2.0 * u1 + u2;
    inner = r.z1 * inner + outer;
    forces.response[static_cast<std::size_t>(i)] = inner * model.unit_area();
    u2 = u1, u1 = u0;
    forces.after[static_cast<std::size_t>(i)] = sum;
    sum += u0;
    while (knot == i) {
      sum += level[static_cast<std::size_t>(j--)];
      knot = j >= 0 ? model.knot_sample(j) : -1;
    }
  }
  return forces;
}

Evidence certify(const Model& model, const Problem& problem, const Point& point, const Parts& parts, const Witness& witness) {
  Dual dual(model, problem, witness);
  dual.balance(point.spline);
  const double theta = dual.allowed();
  const auto over_signal = [&](auto of) { return sum_over(model, problem, of); };
  const double *e = parts.residual.data(), *y = problem.y;
  const double zero_objective = over_signal([=](std::ptrdiff_t i, double w) { return 0.5 * w * y[i] * y[i]; });
  const double fit = over_signal([=](std::ptrdiff_t i, double w) { return w * e[i] * e[i]; });
  const double force = over_signal([=](std::ptrdiff_t i, double w) { return w * e[i]; });
  const double weights = over_signal([](std::ptrdiff_t, double w) { return w; });
  const double* phasic = parts.phasic.data() + model.n_before();
  const double height = max_of(model.n_signal(), 0.0, [&](std::ptrdiff_t i) { return std::abs(phasic[i]); });
  // what rounding of the phasic part does to sum w e^2 / 2: errors of one size, now up, now down
  const double rounding = 0.5 * epsilon * height;
  const double unsure = 2.0 * rounding * std::sqrt(fit) + 0.5 * rounding * rounding * weights;
  // a level below the floor makes its product negative: what counts is the point with the spline lifted out of there
  const double lift = dual.below_floor(point, parts), lifted = lift * std::abs(force) + 0.5 * lift * lift * weights;
  const double of_controls = dual.gap_of_controls(point);
  const double gap = dual.gap_at_one(point, parts, of_controls) + dual.lost(theta) + lifted + unsure;

  Evidence evidence;
  evidence.objective = objective_of(model, problem, dual, point, parts);
  const double unit = std::max(evidence.objective, 1e-6 * zero_objective);
  evidence.duality_gap = std::max(gap, 0.0);
  evidence.relative_gap = unit > 0.0 ? evidence.duality_gap / unit : 0.0;
  if (!std::isfinite(gap) || !std::isfinite(unit)) evidence.relative_gap = std::numeric_limits<double>::infinity();
  evidence.complementarity = unit > 0.0 ? std::abs(of_controls) / unit : 0.0;
  evidence.stationarity = 1.0 - theta;
  return evidence;
}

}  // namespace ressin::robust

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

namespace ressin::robust {
namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();

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
    double force = 0.0, torque = 0.0, w0 = 0.0, w1 = 0.0, w2 = 0.0;
    const double unit = static_cast<double>(model_.n());
    for (std::ptrdiff_t i = 0; i < model_.n_signal(); ++i) {
      const double x = static_cast<double>(i) / unit, w = problem_.weight(i);
      force += u_[at(i)], torque += x * u_[at(i)];
      w0 += w, w1 += w * x, w2 += w * x * x;
    }
    for (std::ptrdiff_t j = 0; j < model_.n_knots(); ++j) {
      force += level_[at(j)];
      torque += static_cast<double>(model_.knot(j) - before_) / unit * level_[at(j)];
    }
    const double determinant = w0 * w2 - w1 * w1;
    const bool lines = determinant > 1e-12 * w0 * w2;
    const double c0 = lines ? (w2 * force - w1 * torque) / determinant : w0 > 0.0 ? force / w0 : 0.0;
    const double c1 = lines ? (w0 * torque - w1 * force) / determinant : 0.0;
    for (std::ptrdiff_t i = 0; i < model_.n_signal(); ++i) {
      u_[at(i)] -= problem_.weight(i) * (c0 + c1 * static_cast<double>(i) / unit);
    }
    find_bend(spline);
  }

  double gap_at_one(const Point& point, const Parts& parts) const {
    double gap = 0.0;
    for (std::ptrdiff_t i = 0; i < model_.n_signal(); ++i) {
      const double w = problem_.weight(i), u = u_[at(i)];
      if (w == 0.0) continue;
      const double apart = parts.residual[at(i)] - u / w, o = parts.outliers[at(i)];
      gap += 0.5 * w * apart * apart + (w * problem_.delta[i] * std::abs(o) - u * o);
    }
    return gap + gap_of_controls(point) + gap_of_spline(point, parts);
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
    for (std::ptrdiff_t i = before_; i < model_.n() - 1; ++i) allow(std::abs(forces_.after[at(i)]) + shift_unsure, kappa(i));
    return least;
  }

  // D(1) - D(theta)
  double lost(double theta) const {
    double line = 0.0, square = 0.0;
    for (std::ptrdiff_t i = 0; i < model_.n_signal(); ++i) {
      const double w = problem_.weight(i), u = u_[at(i)];
      if (w == 0.0) continue;
      line += u * problem_.y[i];
      square += u * u / w;
    }
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

  double complementarity(const Point& point) const { return std::abs(gap_of_controls(point)); }
  double alpha(std::ptrdiff_t i) const { return i < before_ ? problem_.alpha_before : problem_.alpha[i - before_]; }
  double kappa(std::ptrdiff_t i) const { return problem_.kappa[i - before_] / model_.dt(); }

 private:
  static std::size_t at(std::ptrdiff_t i) { return static_cast<std::size_t>(i); }
  double penalty(std::size_t j) const { return problem_.penalty(model_, static_cast<std::ptrdiff_t>(j)); }
  static double largest(const std::vector<double>& x) {
    double most = 0.0;
    for (double v : x) most = std::max(most, std::abs(v));
    return most;
  }

  void find_bend(const std::vector<double>& l) {
    const std::size_t n_bends = level_.size() - 2;
    spline_gradient_ = level_;
    for (std::ptrdiff_t i = before_; i < model_.n(); ++i) {
      const double* b = model_.bumps(i);
      for (std::ptrdiff_t k = 0; k < 4; ++k) spline_gradient_[at(model_.interval(i) + k)] += b[k] * u_[at(i - before_)];
    }
    // pi = penalty D l + change, D'change = what is left of the gradient
    std::vector<double> rest = spline_gradient_;
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

  double gap_of_controls(const Point& point) const {
    double gap = 0.0;
    for (std::ptrdiff_t i = 0; i < model_.n(); ++i) gap += (alpha(i) - forces_.response[at(i)]) * point.driver[at(i)];
    for (std::ptrdiff_t i = before_; i < model_.n() - 1; ++i) {
      gap += kappa(i) * std::abs(point.steps[at(i)]) - forces_.after[at(i)] * point.steps[at(i)];
    }
    return gap;
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
  std::vector<double> spline_gradient_, bend_, change_;
  double unbalanced_[2] = {0.0, 0.0};
  Forces forces_;
};

double objective_of(const Model& model, const Problem& problem, const Dual& dual, const Point& point, const Parts& parts) {
  double sum = 0.0;
  for (std::ptrdiff_t i = 0; i < model.n_signal(); ++i) {
    const auto k = static_cast<std::size_t>(i);
    const double e = parts.residual[k];
    sum += problem.weight(i) * (0.5 * e * e + problem.delta[i] * std::abs(parts.outliers[k]));
  }
  for (std::ptrdiff_t i = 0; i < model.n(); ++i) {
    const auto k = static_cast<std::size_t>(i);
    sum += dual.alpha(i) * point.driver[k];
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
  std::ptrdiff_t j = model.n_knots() - 1;
  for (std::ptrdiff_t i = model.n() - 1; i >= 0; --i) {
    const double u0 = i < before ? 0.0 : u[static_cast<std::size_t>(i - before)];
    outer = r.z0 * outer + u0 + 2.0 * u1 + u2;
    inner = r.z1 * inner + outer;
    forces.response[static_cast<std::size_t>(i)] = inner * model.unit_area();
    u2 = u1, u1 = u0;
    forces.after[static_cast<std::size_t>(i)] = sum;
    sum += u0;
    for (; j >= 0 && model.knot_sample(j) == i; --j) sum += level[static_cast<std::size_t>(j)];
  }
  return forces;
}

Evidence certify(const Model& model, const Problem& problem, const Point& point, const Parts& parts, const Witness& witness) {
  Dual dual(model, problem, witness);
  dual.balance(point.spline);
  const double theta = dual.allowed();
  double zero_objective = 0.0, fit = 0.0, force = 0.0, weights = 0.0, height = 0.0;
  for (std::ptrdiff_t i = 0; i < model.n_signal(); ++i) {
    const double w = problem.weight(i), e = parts.residual[static_cast<std::size_t>(i)];
    zero_objective += 0.5 * w * problem.y[i] * problem.y[i];
    fit += w * e * e;
    force += w * e;
    weights += w;
    height = std::max(height, std::abs(parts.phasic[static_cast<std::size_t>(i + model.n_before())]));
  }
  // what rounding of the phasic part does to sum w e^2 / 2: errors of one size, now up, now down
  const double rounding = 0.5 * epsilon * height;
  const double unsure = 2.0 * rounding * std::sqrt(fit) + 0.5 * rounding * rounding * weights;
  // a level below the floor makes its product negative: what counts is the point with the spline lifted out of there
  const double lift = dual.below_floor(point, parts), lifted = lift * std::abs(force) + 0.5 * lift * lift * weights;
  const double gap = dual.gap_at_one(point, parts) + dual.lost(theta) + lifted + unsure;

  Evidence evidence;
  evidence.objective = objective_of(model, problem, dual, point, parts);
  const double unit = std::max(evidence.objective, 1e-6 * zero_objective);
  evidence.duality_gap = std::max(gap, 0.0);
  evidence.relative_gap = unit > 0.0 ? evidence.duality_gap / unit : 0.0;
  if (!std::isfinite(gap) || !std::isfinite(unit)) evidence.relative_gap = std::numeric_limits<double>::infinity();
  evidence.complementarity = unit > 0.0 ? dual.complementarity(point) / unit : 0.0;
  evidence.stationarity = 1.0 - theta;
  return evidence;
}

}  // namespace ressin::robust

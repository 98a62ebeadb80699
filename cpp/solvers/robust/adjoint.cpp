#include "solvers/robust/adjoint.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <limits>

namespace ressin::robust {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// The unknowns alive at a sample: the response's states, the shift, the four knots of its interval, oldest first.
enum Unknown { of_a, of_v, of_s, of_knot, n_alive = of_knot + 4 };
using Vector = Eigen::Matrix<double, n_alive, 1>;
using Square = Eigen::Matrix<double, n_alive, n_alive>;

std::size_t at(std::ptrdiff_t i) { return static_cast<std::size_t>(i); }

// A bound's multiplier over its distance; a distance of nothing holds for good.
double stiffness(double multiplier, double distance) {
  if (multiplier <= 0.0) return 0.0;
  return distance > 0.0 ? multiplier / distance : infinity;
}

// An unknown that was minimised away: (offset - row'z) inverse, z what is alive then.
struct Eliminated {
  Vector row = Vector::Zero();
  double offset = 0.0, inverse = 0.0;

  double value(const Vector& z) const { return (offset - row.dot(z)) * inverse; }
};

class Regulator {
 public:
  Regulator(const Model& model, const Solved& x)
      : model_(model),
        x_(x),
        n_(model.n()),
        before_(model.n_before()),
        driver_stiffness_(at(n_)),
        step_stiffness_(at(n_), infinity),
        level_stiffness_(at(model.n_knots()), 0.0),
        drivers_(at(n_)),
        steps_(at(n_)),
        knots_(at(model.n_knots())) {
    const Response& r = model.response();
    g_a_ = 2.0 + r.z0 + r.z1, g_v_ = (1.0 + r.z1) * (1.0 + r.z1);
    find_stiffnesses();
  }

  std::vector<double> solve() {
    backwards();
    return forwards();
  }

 private:
  double weight(std::ptrdiff_t i) const { return i < before_ ? 0.0 : x_.weights ? x_.weights[i - before_] : 1.0; }
  // of the fit: an outlier takes up what its sample says
  double fit_weight(std::ptrdiff_t i) const { return i < before_ || x_.outliers[i - before_] != 0.0 ? 0.0 : weight(i); }
  double level_at(std::ptrdiff_t i) const { return x_.shifts[std::max<std::ptrdiff_t>(i - before_, 0)]; }

  // From the multipliers, which the residual and the costs determine.
  void find_stiffnesses() {
    const double unit = model_.unit_area();
    std::vector<double> level(at(model_.n_knots()), 0.0), u(at(n_ - before_), 0.0);
    for (std::ptrdiff_t j = 0; j < model_.n_knots() && x_.bounded; ++j) {
      level[at(j)] = x_.level[j];
      level_stiffness_[at(j)] = stiffness(x_.level[j], x_.spline[j] + level_at(model_.knot_sample(j)));
    }
    for (std::ptrdiff_t i = before_; i < n_; ++i) {
      if (weight(i) > 0.0) u[at(i - before_)] = weight(i) * x_.residual[i - before_];
    }
    const Forces forces = forces_of(model_, u, level);
    for (std::ptrdiff_t i = 0; i < n_; ++i) {
      const std::ptrdiff_t k = i - before_;
      const double alpha = k < 0 ? x_.alpha_before : x_.alpha[k], p = k < 0 ? x_.before[i] : x_.driver[k];
      driver_stiffness_[at(i)] = stiffness((alpha - forces.response[at(i)]) / unit, p * unit);
      if (k < 0 || i == n_ - 1) continue;
      const double most = x_.kappa[k] / model_.dt();
      step_stiffness_[at(i)] = stiffness(most - std::abs(forces.after[at(i)]), std::abs(x_.shifts[k + 1] - x_.shifts[k]));
    }
  }

  Eliminated eliminate(int which, double stiffness_of) {
    Eliminated out;
    if (stiffness_of == infinity) return out;
    const double pivot = P_(which, which) + stiffness_of;
    if (!(pivot > 0.0)) return out;
    out.row = P_.col(which);
    out.offset = h_(which);
    out.inverse = 1.0 / pivot;
    P_ -= out.row * (out.row * out.inverse).transpose();
    h_ -= out.row * (out.offset * out.inverse);
    return out;
  }

  // of knots j to j + 2, of which the first is unknown `first`
  void add_bend(std::ptrdiff_t j, int first) {
    Vector bend = Vector::Zero();
    bend(first) = 1.0, bend(first + 1) = -2.0, bend(first + 2) = 1.0;
    P_ += model_.penalty(x_.stiffness[j]) * bend * bend.transpose();
  }

  // From the knots of interval m + 1 to those of m.
  void leave_interval(std::ptrdiff_t m) {
    add_bend(m + 2, of_knot + 1);
    Eliminated& newest = knots_[at(m + 4)];
    newest = eliminate(of_knot + 3, 0.0);
    newest.row(of_knot + 3) = 0.0;
    Square P = Square::Zero();
    Vector h = Vector::Zero(), row = Vector::Zero();
    const auto to = [](int k) { return k < of_knot ? k : k + 1; };
    for (int i = 0; i < of_knot + 3; ++i) {
      for (int k = 0; k < of_knot + 3; ++k) P(to(i), to(k)) = P_(i, k);
      h(to(i)) = h_(i), row(to(i)) = newest.row(i);
    }
    newest.row = row;
    P_ = P, h_ = h;
  }

  void add_sample(std::ptrdiff_t i) {
    const Response& r = model_.response();
    const std::ptrdiff_t k = i - before_;
    const double w = fit_weight(i), to_phasic = k < 0 ? 0.0 : x_.to_phasic[k], to_tonic = k < 0 ? 0.0 : x_.to_tonic[k];
    Square F = Square::Identity();
    F(of_a, of_a) = r.z0, F(of_a, of_v) = 1.0, F(of_v, of_v) = r.z1;
    Vector seen = Vector::Zero(), G = Vector::Zero();
    G(of_a) = g_a_, G(of_v) = g_v_;
    seen(of_a) = seen(of_s) = 1.0;
    for (int j = 0; j < 4; ++j) seen(of_knot + j) = model_.bumps(i)[j];
    const Vector PG = P_ * G;
    const double pivot = G.dot(PG) + w + driver_stiffness_[at(i)];
    Eliminated& p = drivers_[at(i)];
    p.row = F.transpose() * PG + w * seen;
    p.offset = G.dot(h_) + to_phasic + (k < 0 ? 0.0 : x_.to_driver[k] / model_.unit_area());
    p.inverse = pivot > 0.0 && pivot < infinity ? 1.0 / pivot : 0.0;
    P_ = (F.transpose() * P_ * F).eval() + w * seen * seen.transpose() - p.row * (p.row * p.inverse).transpose();
    Vector load = to_tonic * seen;
    load(of_a) = to_phasic;
    h_ = (F.transpose() * h_).eval() + load - p.row * (p.offset * p.inverse);
  }

  void add_levels(std::ptrdiff_t i) {
    const std::ptrdiff_t first = model_.interval(i);
    for (int k = 0; k < 4; ++k) {
      const std::ptrdiff_t j = first + k;
      if (model_.knot_sample(j) != i || level_stiffness_[at(j)] == 0.0) continue;
      Vector level = Vector::Zero();
      level(of_s) = level(of_knot + k) = 1.0;
      P_ += std::min(level_stiffness_[at(j)], most_stiff) * level * level.transpose();
    }
  }

  void backwards() {
    P_.setZero(), h_.setZero();
    for (std::ptrdiff_t i = n_ - 1; i >= 0; --i) {
      if (i < n_ - 1 && model_.interval(i + 1) != model_.interval(i)) leave_interval(model_.interval(i));
      if (i < n_ - 1) steps_[at(i)] = eliminate(of_s, step_stiffness_[at(i)]);
      add_sample(i);
      add_levels(i);
    }
    add_bend(0, of_knot);
    add_bend(1, of_knot + 1);
  }

  std::vector<double> forwards() {
    const Response& r = model_.response();
    Vector z = Vector::Zero();
    const Eigen::Matrix4d knots = P_.block<4, 4>(of_knot, of_knot);
    z.segment<4>(of_knot) = knots.completeOrthogonalDecomposition().solve(h_.segment<4>(of_knot));
    std::vector<double> to_signal(at(n_ - before_));
    for (std::ptrdiff_t i = 0; i < n_; ++i) {
      const double p = drivers_[at(i)].value(z);
      const double* b = model_.bumps(i);
      double tonic = z(of_s);
      for (int j = 0; j < 4; ++j) tonic += b[j] * z(of_knot + j);
      if (i >= before_) to_signal[at(i - before_)] = fit_weight(i) * (z(of_a) + p + tonic);
      const double a = r.z0 * z(of_a) + z(of_v) + g_a_ * p;
      z(of_v) = r.z1 * z(of_v) + g_v_ * p;
      z(of_a) = a;
      if (i == n_ - 1) break;
      z(of_s) += steps_[at(i)].value(z);
      if (model_.interval(i + 1) == model_.interval(i)) continue;
      const double newest = knots_[at(model_.interval(i) + 4)].value(z);
      for (int j = 0; j < 3; ++j) z(of_knot + j) = z(of_knot + j + 1);
      z(of_knot + 3) = newest;
    }
    return to_signal;
  }

  static constexpr double most_stiff = 1e8;  // beside weights of one: a coefficient and a shift that move together

  const Model& model_;
  const Solved& x_;
  std::ptrdiff_t n_, before_;
  double g_a_, g_v_;
  std::vector<double> driver_stiffness_, step_stiffness_, level_stiffness_;
  std::vector<Eliminated> drivers_, steps_, knots_;
  Square P_;
  Vector h_;
};

}  // namespace

std::vector<double> differentiate(const Model& model, const Solved& x) { return Regulator(model, x).solve(); }

}  // namespace ressin::robust

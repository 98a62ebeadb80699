#include "programme/certificate.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "programme/sums.hpp"

namespace ressin {
namespace {

std::size_t index(std::ptrdiff_t i) { return static_cast<std::size_t>(i); }

// alpha 1 + A^-T M' u, by running the response's two filters backwards; zero before the first row.
template <class Real>
std::vector<Real> driver_gradient(const Model& model, const std::vector<Real>& u, double alpha) {
  const auto [z0, z1] = poles_of<Real>(model);
  const double scale = model.response().ar[0];
  const std::ptrdiff_t first = model.first_row();
  std::vector<Real> g(u.size(), 0.0);
  Real outer = 0.0, inner = 0.0, u1 = 0.0, u2 = 0.0;
  for (std::ptrdiff_t i = model.n() - 1; i >= first; --i) {
    const Real u0 = u[index(i)];
    outer = z0 * outer + u0 + 2 * u1 + u2;
    inner = z1 * inner + outer;
    g[index(i)] = alpha + inner / scale;
    u2 = u1;
    u1 = u0;
  }
  return g;
}

// B'u
template <class Real>
std::vector<double> spline_gradient(const Model& model, const std::vector<Real>& u) {
  std::ptrdiff_t shift = 0;
  std::vector<double> padded = padded_spline(model, std::vector<double>(index(model.n_knots()), 0.0), &shift);
  for (std::ptrdiff_t m = model.first_interval(); m < model.first_interval() + model.n_intervals(); ++m) {
    Real sum[4] = {};
    for (std::ptrdiff_t i = model.interval_begin(m); i < model.interval_end(m); ++i) {
      const double* b = model.interval_bumps(i - model.knot(m));
      for (int k = 0; k < 4; ++k) sum[k] += b[k] * u[index(i)];
    }
    for (int k = 0; k < 4; ++k) padded[index(m - 1 + k + shift)] += static_cast<double>(sum[k]);
  }
  return std::vector<double>(padded.begin() + shift, padded.begin() + shift + model.n_knots());
}

}  // namespace

Certifier::Certifier(const Model& model) : model_(model), basis_(orthonormalise(free_columns(model), nullptr)) {}

// Projects u so that X'u = 0 for the free columns X: u - W X (X'W X)^-1 X'u. X'u is zero at the optimum; where phasic part and
// drift are large and cancel, rounding leaves a remainder, which would be an error of the driver's multiplier.
template <class Real>
void Certifier::remove_free_part(const Problem& problem, std::vector<Real>* u) const {
  const auto n = static_cast<std::ptrdiff_t>(u->size());
  Real* x = u->data();
  const double* w = problem.weights;
  const auto remove = [&](const BasisOf<Real>& b) {
    for (const std::vector<Real>& basis : b.basis) {
      const Real* q = basis.data();
      const Real along = sum_of<Real>(n, [&](std::ptrdiff_t i) { return q[i] * x[i]; });
      if (w) {
        for (std::ptrdiff_t i = 0; i < n; ++i) x[i] -= w[i] * along * q[i];
      } else {
        for (std::ptrdiff_t i = 0; i < n; ++i) x[i] -= along * q[i];
      }
    }
  };
  if constexpr (std::is_same_v<Real, double>) {
    if (!w) return remove(basis_);
  }
  remove(orthonormalise(free_columns<Real>(model_), w));
}

Certificate Certifier::operator()(const Problem& problem, const Point& point, const Parts& parts,
                                  const std::vector<double>& residual) const {
  if (problem.alpha < least_alpha_in_double) return certify<long double>(problem, point, parts, residual);
  return certify<double>(problem, point, parts, residual);
}

template <class Real>
Certificate Certifier::certify(const Problem& problem, const Point& point, const Parts& parts,
                               const std::vector<double>& residual) const {
  const Model& model = model_;
  const double alpha = problem.alpha, gamma = problem.gamma;
  const std::ptrdiff_t n = model.n();
  const double *y = problem.y, *w = problem.weights, *p = point.driver.data();
  const auto weight = [w](std::ptrdiff_t i) { return w ? w[i] : 1.0; };

  const std::vector<double> misfit = residual_of(problem, parts);
  std::vector<Real> u(residual.begin(), residual.end());
  const double* e = misfit.data();
  if (w) {
    for (std::ptrdiff_t i = 0; i < n; ++i) u[index(i)] *= w[i];
  }
  const double fit = sum_of(n, [&](std::ptrdiff_t i) { return weight(i) * e[i] * e[i]; });
  const double zero_objective = 0.5 * sum_of(n, [&](std::ptrdiff_t i) { return weight(i) * y[i] * y[i]; });
  const double gradient_unit = sum_of(n, [&](std::ptrdiff_t i) { return weight(i) * std::abs(y[i]); });
  const double l1 = sum_of(n, [&](std::ptrdiff_t i) { return p[i]; });
  double l2 = 0.0;
  for (double l : point.spline) l2 += l * l;

  // The dual point: u with X'u = 0 for the free columns X, and the driver's multiplier that follows from it.
  remove_free_part(problem, &u);
  std::vector<Real> witness = u;  // W^-1 u
  if (w) {
    for (std::ptrdiff_t i = 0; i < n; ++i) witness[index(i)] = w[i] == 0.0 ? 0.0 : u[index(i)] / w[i];
  }
  const Real* v = witness.data();
  const auto sum = [n](auto f) { return static_cast<double>(sum_of<Real>(n, f)); };
  const double uu = sum([&](std::ptrdiff_t i) { return weight(i) * v[i] * v[i]; });
  const double ue = sum([&](std::ptrdiff_t i) { return weight(i) * v[i] * e[i]; });
  const double mismatch = 0.5 * sum([&](std::ptrdiff_t i) { return weight(i) * (e[i] - v[i]) * (e[i] - v[i]); });
  Certificate result;
  const std::vector<Real> multiplier = driver_gradient(model, u, alpha);
  result.multiplier.assign(multiplier.begin(), multiplier.end());
  const std::ptrdiff_t first = model.first_row();
  const double* g = result.multiplier.data();
  const double gp = sum_of(n - first, [&](std::ptrdiff_t i) { return g[first + i] * p[first + i]; });
  const double worst = max_of(n - first, 0.0, [&](std::ptrdiff_t i) { return -g[first + i]; });
  const std::vector<double> bu = spline_gradient(model, u);
  double gradient = 0.0, spline_gap = 0.0, bl = 0.0, bb = 0.0;
  for (std::size_t j = 0; j < bu.size(); ++j) {
    const double l = point.spline[j], rho = bu[j] + gamma * l;
    gradient = std::max(gradient, std::abs(rho));
    bl += bu[j] * l;
    if (gamma > 0.0) {
      spline_gap += rho * rho / (2.0 * gamma);
      bb += bu[j] * bu[j] / gamma;
    } else {
      spline_gap += std::abs(rho * l);
    }
  }

  // Allowance for rounding errors of the parts, which matter where the parts are large and cancel: their effect on
  // sum w e^2 / 2, taken as errors of one size and random sign.
  const double rounding = 0.5 * std::numeric_limits<double>::epsilon() *
                          max_of(n, 0.0, [&](std::ptrdiff_t i) { return std::abs(parts.phasic[index(i)]); });
  const double unsure = 2.0 * rounding * std::sqrt(fit) + 0.5 * rounding * rounding * sum_of(n, weight);

  // The gap as objective - D(1), which is a sum of squares and g'p, plus D(1) - D(theta), where theta makes g feasible: in
  // this form no digits are lost to cancellation.
  const double theta = alpha / (alpha + worst);
  const double minus_uy = ue + alpha * l1 - gp - bl;
  const double quadratic = 0.5 * (uu + bb);
  const double gap = std::abs(gp) + spline_gap + mismatch + (1.0 - theta) * (minus_uy - (1.0 + theta) * quadratic) + unsure;

  Evidence& evidence = result.evidence;
  evidence.objective = 0.5 * fit + alpha * l1 + 0.5 * gamma * l2;
  const double unit = std::max(evidence.objective, 1e-6 * zero_objective);
  evidence.duality_gap = std::max(gap, 0.0);
  evidence.relative_gap = unit > 0.0 ? evidence.duality_gap / unit : 0.0;
  evidence.complementarity = unit > 0.0 ? std::abs(gp) / unit : 0.0;
  // Relative to the gradients at the zero solution, which are computed only where the violation is not tiny against alpha.
  double driver_unit = alpha;
  if (worst > 1e-9 * alpha) {
    std::vector<double> weighted_signal(index(n));
    for (std::ptrdiff_t i = 0; i < n; ++i) weighted_signal[index(i)] = weight(i) * y[i];
    for (double x : driver_gradient(model, weighted_signal, 0.0)) driver_unit = std::max(driver_unit, std::abs(x));
  }
  evidence.stationarity = std::max(worst / driver_unit, gradient_unit > 0.0 ? gradient / gradient_unit : 0.0);
  // A maximum passes over what is not a number; the gap, a sum of all, does not. Then nothing is proved.
  if (!std::isfinite(gap) || !std::isfinite(unit)) evidence = nothing_proved(evidence.objective);
  return result;
}

}  // namespace ressin

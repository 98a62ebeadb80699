#include "certificate.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ressin {
namespace {

std::size_t index(std::ptrdiff_t i) { return static_cast<std::size_t>(i); }

// f(sample, bumps, oldest knot) over all samples: bumps[k] is that of knot oldest + k, which may lie outside the model's.
template <class F>
void for_each_sample(const Model& model, F f) {
  for (std::ptrdiff_t m = model.first_interval(); m < model.first_interval() + model.n_intervals(); ++m) {
    for (std::ptrdiff_t i = model.interval_begin(m); i < model.interval_end(m); ++i) {
      f(i, model.interval_bumps(i - model.knot(m)), m - 1);
    }
  }
}

// The knots' coefficients with three zeros before and after, so that every interval finds four.
std::vector<double> pad(const Model& model, const std::vector<double>& spline, std::ptrdiff_t* shift) {
  const std::ptrdiff_t first = std::min<std::ptrdiff_t>(0, model.first_interval() - 1);
  const std::ptrdiff_t last = std::max(model.n_knots(), model.first_interval() + model.n_intervals() + 2);
  std::vector<double> padded(index(last - first), 0.0);
  std::copy(spline.begin(), spline.end(), padded.begin() - first);
  *shift = -first;
  return padded;
}

}  // namespace

// q by A q = p as two one-pole filters in cascade, which keeps the digits that the two-pole recursion loses at high rates.
Parts make_parts(const Model& model, const Point& point) {
  const std::ptrdiff_t n = model.n(), first = model.first_row();
  const Response& r = model.response();
  Parts parts;
  parts.q.assign(index(n), 0.0);
  parts.phasic.assign(index(n), 0.0);
  parts.tonic.assign(index(n), 0.0);
  double inner = 0.0, q1 = 0.0, q2 = 0.0;  // q_i - z0 q_{i-1}; q_{i-1}, q_{i-2}
  for (std::ptrdiff_t i = 0; i < n; ++i) {
    double q;
    if (i < first) {
      q = point.start[i];
      inner = q - r.z0 * q1;
    } else {
      inner = r.z1 * inner + point.driver[index(i)] / r.ar[0];
      q = r.z0 * q1 + inner;
      parts.phasic[index(i)] = q + 2.0 * q1 + q2;
    }
    parts.q[index(i)] = q;
    q2 = q1;
    q1 = q;
  }
  std::ptrdiff_t shift = 0;
  const std::vector<double> l = pad(model, point.spline, &shift);
  double d[2] = {0.0, 0.0};
  std::copy(point.drift.begin(), point.drift.end(), d);
  for_each_sample(model, [&](std::ptrdiff_t i, const double* b, std::ptrdiff_t j) {
    const double* x = l.data() + j + shift;
    const double* c = model.drift_row(i);
    parts.tonic[index(i)] = b[0] * x[0] + b[1] * x[1] + b[2] * x[2] + b[3] * x[3] + c[0] * d[0] + c[1] * d[1];
  });
  return parts;
}

namespace {

// alpha 1 + A^-T M' u, backwards through the response's cascade; zero before the first row.
std::vector<double> driver_gradient(const Model& model, const std::vector<double>& u, double alpha) {
  const Response& r = model.response();
  const std::ptrdiff_t first = model.first_row();
  std::vector<double> g(u.size(), 0.0);
  double outer = 0.0, inner = 0.0, u1 = 0.0, u2 = 0.0;
  for (std::ptrdiff_t i = model.n() - 1; i >= first; --i) {
    const double u0 = u[index(i)];
    outer = r.z0 * outer + u0 + 2.0 * u1 + u2;
    inner = r.z1 * inner + outer;
    g[index(i)] = alpha + inner / r.ar[0];
    u2 = u1;
    u1 = u0;
  }
  return g;
}

// B'u
std::vector<double> spline_gradient(const Model& model, const std::vector<double>& u) {
  std::ptrdiff_t shift = 0;
  std::vector<double> padded = pad(model, std::vector<double>(index(model.n_knots()), 0.0), &shift);
  for_each_sample(model, [&](std::ptrdiff_t i, const double* b, std::ptrdiff_t j) {
    double* x = padded.data() + j + shift;
    for (int k = 0; k < 4; ++k) x[k] += b[k] * u[index(i)];
  });
  return std::vector<double>(padded.begin() + shift, padded.begin() + shift + model.n_knots());
}

}  // namespace

std::vector<double> residual_of(const Problem& problem, const Parts& parts) {
  std::vector<double> e(parts.phasic.size());
  for (std::size_t i = 0; i < e.size(); ++i) e[i] = parts.phasic[i] + parts.tonic[i] - problem.y[i];
  return e;
}

Certifier::Certifier(const Model& model) : model_(model), basis_(orthonormalise(free_columns(model).column, nullptr)) {}

// u minus what is left of it along the free columns X: u - W X (X'W X)^-1 X'u. At the optimum X'u is zero; where phasic part
// and drift are large and cancel, rounding leaves some of it, and with it the driver's multiplier would be off by as much.
void Certifier::remove_free_part(const Problem& problem, std::vector<double>* u) const {
  const auto remove = [&](const OrthonormalBasis& b) {
    for (const std::vector<double>& q : b.basis) {
      double along = 0.0;
      for (std::size_t i = 0; i < q.size(); ++i) along += q[i] * (*u)[i];
      for (std::size_t i = 0; i < q.size(); ++i) (*u)[i] -= (problem.weights ? problem.weights[i] : 1.0) * along * q[i];
    }
  };
  if (problem.weights) {
    remove(orthonormalise(free_columns(model_).column, problem.weights));
  } else {
    remove(basis_);
  }
}

Certificate Certifier::operator()(const Problem& problem, const Point& point, const Parts& parts,
                                  const std::vector<double>& residual) const {
  const Model& model = model_;
  const double alpha = problem.alpha, gamma = problem.gamma;
  const std::ptrdiff_t n = model.n();

  std::vector<double> u(index(n)), weighted_signal(index(n));
  double fit = 0.0, zero_objective = 0.0, gradient_unit = 0.0, l1 = 0.0, l2 = 0.0;
  for (std::ptrdiff_t i = 0; i < n; ++i) {
    const double w = problem.weights ? problem.weights[i] : 1.0;
    const double e = parts.phasic[index(i)] + parts.tonic[index(i)] - problem.y[i];
    u[index(i)] = w * residual[index(i)];
    weighted_signal[index(i)] = w * problem.y[i];
    fit += w * e * e;
    zero_objective += 0.5 * w * problem.y[i] * problem.y[i];
    gradient_unit += w * std::abs(problem.y[i]);
    l1 += point.driver[index(i)];
  }
  for (double l : point.spline) l2 += l * l;

  // a dual point: u without its part along the free columns, and the multiplier that it implies
  remove_free_part(problem, &u);
  double uu = 0.0, ue = 0.0, mismatch = 0.0;  // u'W^-1 u, u'e, 1/2 ||e - W^-1 u||_W^2
  for (std::ptrdiff_t i = 0; i < n; ++i) {
    const double w = problem.weights ? problem.weights[i] : 1.0;
    if (w == 0.0) continue;
    const double e = parts.phasic[index(i)] + parts.tonic[index(i)] - problem.y[i], v = u[index(i)] / w;
    uu += w * v * v;
    ue += w * v * e;
    mismatch += 0.5 * w * (e - v) * (e - v);
  }
  Certificate result;
  result.multiplier = driver_gradient(model, u, alpha);
  double worst = 0.0, gp = 0.0;
  for (std::ptrdiff_t i = model.first_row(); i < n; ++i) {
    const double g = result.multiplier[index(i)];
    worst = std::max(worst, -g);
    gp += g * point.driver[index(i)];
  }
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

  // objective - D(1), a sum of squares and g'p; then from D(1) to D(theta), theta making g feasible. Nothing cancels.
  const double theta = alpha / (alpha + worst);
  const double minus_uy = ue + alpha * l1 - gp - bl;
  const double quadratic = 0.5 * (uu + bb);
  const double gap = std::abs(gp) + spline_gap + mismatch + (1.0 - theta) * (minus_uy - (1.0 + theta) * quadratic);

  Evidence& evidence = result.evidence;
  evidence.objective = 0.5 * fit + alpha * l1 + 0.5 * gamma * l2;
  const double unit = std::max(evidence.objective, 1e-6 * zero_objective);
  evidence.duality_gap = std::max(gap, 0.0);
  evidence.relative_gap = unit > 0.0 ? evidence.duality_gap / unit : 0.0;
  if (!std::isfinite(gap) || !std::isfinite(unit)) evidence.relative_gap = std::numeric_limits<double>::infinity();
  evidence.complementarity = unit > 0.0 ? std::abs(gp) / unit : 0.0;
  // against the gradients of the zero solution; where it is small even against alpha, that will do
  double driver_unit = alpha;
  if (worst > 1e-9 * alpha) {
    for (double x : driver_gradient(model, weighted_signal, 0.0)) driver_unit = std::max(driver_unit, std::abs(x));
  }
  evidence.stationarity = std::max(worst / driver_unit, gradient_unit > 0.0 ? gradient / gradient_unit : 0.0);
  return result;
}

}  // namespace ressin

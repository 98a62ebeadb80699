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
  for_each_sample(model, [&](std::ptrdiff_t i, const double* b, std::ptrdiff_t j) {
    const double* x = l.data() + j + shift;
    double t = b[0] * x[0] + b[1] * x[1] + b[2] * x[2] + b[3] * x[3];
    for (int k = 0; k < model.n_drift(); ++k) t += point.drift[index(k)] * model.drift(i, k);
    parts.tonic[index(i)] = t;
  });
  return parts;
}

Certificate certify(const Model& model, const Problem& problem, const Point& point, const Parts& parts) {
  const std::ptrdiff_t n = model.n(), first = model.first_row();
  const Response& r = model.response();
  const double alpha = problem.alpha, gamma = problem.gamma;
  const auto weight = [&](std::ptrdiff_t i) { return problem.weights ? problem.weights[i] : 1.0; };

  std::vector<double> u(index(n));
  double fit = 0.0, zero_objective = 0.0, l1 = 0.0, l2 = 0.0;
  for (std::ptrdiff_t i = 0; i < n; ++i) {
    const double e = parts.phasic[index(i)] + parts.tonic[index(i)] - problem.y[i];
    u[index(i)] = weight(i) * e;
    fit += u[index(i)] * e;
    zero_objective += 0.5 * weight(i) * problem.y[i] * problem.y[i];
    l1 += point.driver[index(i)];
  }
  for (double l : point.spline) l2 += l * l;

  // g = alpha + A^-T M' u, backwards through the same cascade
  Certificate result;
  result.multiplier.assign(index(n), 0.0);
  double outer = 0.0, inner = 0.0, worst = 0.0, gp = 0.0, u1 = 0.0, u2 = 0.0;
  double start_gradient[2] = {0.0, 0.0};
  for (std::ptrdiff_t i = n - 1; i >= 0; --i) {
    const double u0 = i >= first ? u[index(i)] : 0.0;
    outer = r.z0 * outer + u0 + 2.0 * u1 + u2;
    inner = r.z1 * inner + outer;
    u2 = u1;
    u1 = u0;
    if (i < first) {
      start_gradient[i] = inner;
      continue;
    }
    const double g = alpha + inner / r.ar[0];
    result.multiplier[index(i)] = g;
    worst = std::max(worst, -g);
    gp += g * point.driver[index(i)];
  }

  // the gradients in the coefficients, B'u + gamma l and C'u, and what they are at the zero solution
  std::ptrdiff_t shift = 0;
  std::vector<double> bu = pad(model, point.spline, &shift);
  std::fill(bu.begin(), bu.end(), 0.0);
  double cu[2] = {0.0, 0.0}, unit_gradient = 0.0;
  for_each_sample(model, [&](std::ptrdiff_t i, const double* b, std::ptrdiff_t j) {
    double* x = bu.data() + j + shift;
    for (int k = 0; k < 4; ++k) x[k] += b[k] * u[index(i)];
    for (int k = 0; k < model.n_drift(); ++k) cu[k] += model.drift(i, k) * u[index(i)];
    unit_gradient += weight(i) * std::abs(problem.y[i]);
  });

  double gradient = 0.0, coefficient_gap = 0.0, bl = 0.0, bb = 0.0, cd = 0.0;
  for (std::ptrdiff_t j = 0; j < model.n_knots(); ++j) {
    const double l = point.spline[index(j)], b = bu[index(j + shift)], rho = b + gamma * l;
    gradient = std::max(gradient, std::abs(rho));
    bl += b * l;
    if (gamma > 0.0) {
      coefficient_gap += rho * rho / (2.0 * gamma);
      bb += b * b / gamma;
    } else {
      coefficient_gap += std::abs(rho * l);
    }
  }
  for (int k = 0; k < model.n_drift(); ++k) {
    const double c = cu[k] * point.drift[index(k)];
    gradient = std::max(gradient, std::abs(cu[k]));
    coefficient_gap += std::abs(c);
    cd += c;
  }
  // in the 2015 revision q0 and q1 act as a driver of free sign before the first row
  const double start[2] = {point.start[0], point.start[1] - (r.z0 + r.z1) * point.start[0]};
  coefficient_gap += std::abs(start_gradient[0] * start[0] + start_gradient[1] * start[1]);
  for (double g : start_gradient) gradient = std::max(gradient, std::abs(g));

  // objective - D(1) = g'p + what the coefficients' gradients leave; then from D(1) to D(theta): neither cancels
  const double theta = alpha / (alpha + worst);
  const double minus_uy = fit + alpha * l1 - gp - bl - cd;
  const double quadratic = 0.5 * (fit + bb);
  const double gap = gp + coefficient_gap + (1.0 - theta) * (minus_uy - (1.0 + theta) * quadratic);

  Evidence& evidence = result.evidence;
  evidence.objective = 0.5 * fit + alpha * l1 + 0.5 * gamma * l2;
  const double unit = std::max(evidence.objective, 1e-6 * zero_objective);
  evidence.duality_gap = std::max(gap, 0.0);
  evidence.relative_gap = unit > 0.0 ? evidence.duality_gap / unit : 0.0;
  if (!std::isfinite(gap) || !std::isfinite(unit)) evidence.relative_gap = std::numeric_limits<double>::infinity();
  evidence.complementarity = unit > 0.0 ? std::abs(gp) / unit : 0.0;
  evidence.stationarity = std::max(worst / alpha, unit_gradient > 0.0 ? gradient / unit_gradient : 0.0);
  return result;
}

}  // namespace ressin

#include "programme/problem.hpp"

#include <algorithm>

namespace ressin {
namespace {

std::size_t index(std::ptrdiff_t i) { return static_cast<std::size_t>(i); }

}  // namespace

std::vector<double> padded_spline(const Model& model, const std::vector<double>& spline, std::ptrdiff_t* shift) {
  const std::ptrdiff_t first = std::min<std::ptrdiff_t>(0, model.first_interval() - 1);
  const std::ptrdiff_t last = std::max(model.n_knots(), model.first_interval() + model.n_intervals() + 2);
  std::vector<double> padded(index(last - first), 0.0);
  std::copy(spline.begin(), spline.end(), padded.begin() - first);
  *shift = -first;
  return padded;
}

// a, v are the free response r_2 and r_3 - z0 r_2; with q_2, q_3 by A q = 0 that is linear in q0, q1.
void free_start_of(const Response& response, const double* state, double* start) {
  const double sum = response.z0 + response.z1, product = response.z0 * response.z1;
  const double a0 = 1.0 - product, a1 = sum + 2.0;                                   // a = a0 q0 + a1 q1
  const double b0 = -product * (sum + 2.0), b1 = sum * (sum + 2.0) + 1.0 - product;  // r_3 = b0 q0 + b1 q1
  const double v0 = b0 - response.z0 * a0, v1 = b1 - response.z0 * a1;
  const double determinant = a0 * v1 - a1 * v0;
  start[0] = (state[0] * v1 - a1 * state[1]) / determinant;
  start[1] = (a0 * state[1] - state[0] * v0) / determinant;
}

// a = r_2, v = r_3 - z0 r_2 of the free response.
void state_of_free_start(const Response& response, const double* start, double* state) {
  const double sum = response.z0 + response.z1, product = response.z0 * response.z1;
  const double q0 = start[0], q1 = start[1];
  const double q2 = sum * q1 - product * q0, q3 = sum * q2 - product * q1;
  const double r2 = q2 + 2.0 * q1 + q0, r3 = q3 + 2.0 * q2 + q1;
  state[0] = r2, state[1] = r3 - response.z0 * r2;
}

// Solves A q = p by two one-pole filters in cascade: at high rates the two-pole recursion would lose digits.
Parts make_parts(const Model& model, const Point& point) {
  const std::ptrdiff_t n = model.n(), first = model.first_row();
  const Response& r = model.response();
  Parts parts;
  parts.q.assign(index(n), 0.0);
  parts.phasic.assign(index(n), 0.0);
  parts.tonic.assign(index(n), 0.0);
  double inner = 0.0, q1 = 0.0, q2 = 0.0;  // q_i - z0 q_{i-1}; q_{i-1}, q_{i-2}
  for (std::ptrdiff_t i = 0; i < n; ++i) {
    double q = 0.0;
    if (i < first) {
      const std::ptrdiff_t k = i - (first - n_free_start);
      if (k >= 0) q = point.start[k];
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
  const std::vector<double> l = padded_spline(model, point.spline, &shift);
  double d[2] = {0.0, 0.0};
  std::copy(point.drift.begin(), point.drift.end(), d);
  const double* drift = model.drift_table();
  for (std::ptrdiff_t m = model.first_interval(); m < model.first_interval() + model.n_intervals(); ++m) {
    const double* x = l.data() + (m - 1) + shift;  // of the four bumps that touch the interval
    for (std::ptrdiff_t i = model.interval_begin(m); i < model.interval_end(m); ++i) {
      const double* b = model.interval_bumps(i - model.knot(m));
      const double* c = drift + 2 * i;
      parts.tonic[index(i)] = b[0] * x[0] + b[1] * x[1] + b[2] * x[2] + b[3] * x[3] + c[0] * d[0] + c[1] * d[1];
    }
  }
  return parts;
}

std::vector<double> residual_of(const Problem& problem, const Parts& parts) {
  std::vector<double> e(parts.phasic.size());
  for (std::size_t i = 0; i < e.size(); ++i) e[i] = parts.phasic[i] + parts.tonic[i] - problem.y[i];
  return e;
}

}  // namespace ressin

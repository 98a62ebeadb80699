#include "programme/robust/model.hpp"

#include <algorithm>
#include <cmath>

namespace ressin::robust {
namespace {

std::ptrdiff_t at_least_one(double x) { return std::max<std::ptrdiff_t>(1, std::lround(x)); }

// x without what lies within `most` of zero.
double beyond(double x, double most) { return x > most ? x - most : x < -most ? x + most : 0.0; }

}  // namespace

Model::Model(std::ptrdiff_t n_signal, double dt, const Settings& settings)
    : before_(std::lround(samples_in(settings.before, dt))),
      dt_(dt),
      settings_(settings),
      response_(make_response(settings.tau0, settings.tau1, dt)),
      spacing_(at_least_one(samples_in(settings.delta_knot, dt))) {
  check_signal_shape(n_signal, dt, settings.tau0, settings.tau1);
  n_ = n_signal + before_;
  n_intervals_ = (n_ + spacing_ - 1) / spacing_;
  bumps_.resize(static_cast<std::size_t>(4 * spacing_));
  for (std::ptrdiff_t i = 0; i < spacing_; ++i) {
    const double u = static_cast<double>(i) / static_cast<double>(spacing_), v = 1.0 - u;
    double* b = bumps_.data() + 4 * i;
    b[0] = v * v * v / 6.0;
    b[1] = (4.0 - 6.0 * u * u + 3.0 * u * u * u) / 6.0;
    b[2] = (4.0 - 6.0 * v * v + 3.0 * v * v * v) / 6.0;
    b[3] = u * u * u / 6.0;
  }
}

double Model::penalty(double stiffness) const {
  const double apart = static_cast<double>(spacing_) * dt_, square = stiffness * stiffness;
  return square * square / (apart * apart * apart * dt_);
}

Parts make_parts(const Model& model, const Problem& problem, const Point& point) {
  const auto n = static_cast<std::size_t>(model.n());
  const Response& r = model.response();
  const double unit = model.unit_area();
  const double g_a = 2.0 + r.z0 + r.z1, g_v = (1.0 + r.z1) * (1.0 + r.z1);
  Parts parts;
  parts.phasic.resize(n), parts.spline.resize(n), parts.shift.resize(n);
  double a = 0.0, v = 0.0, s = 0.0;
  for (std::ptrdiff_t m = 0; m < model.n_intervals(); ++m) {
    const auto begin = static_cast<std::size_t>(m * model.spacing());
    const std::size_t end = std::min(begin + static_cast<std::size_t>(model.spacing()), n);
    const double* l = point.spline.data() + m;
    for (std::size_t i = begin; i < end; ++i) {
      const double p = point.driver[i] * unit;
      parts.phasic[i] = a + p;
      const double next = r.z0 * a + v + g_a * p;
      v = r.z1 * v + g_v * p;
      a = next;
      const double* b = model.all_bumps().data() + 4 * (i - begin);
      parts.spline[i] = (b[0] * l[0] + b[3] * l[3]) + (b[1] * l[1] + b[2] * l[2]);
      parts.shift[i] = s;
      s += point.steps[i];
    }
  }
  const auto before = static_cast<std::size_t>(model.n_before());
  parts.outliers.resize(n - before), parts.residual.resize(n - before);
  for (std::size_t i = 0; i + before < n; ++i) {
    const std::size_t j = i + before;
    const double rest = problem.y[i] - parts.phasic[j] - parts.spline[j] - parts.shift[j];
    parts.outliers[i] = problem.weight(static_cast<std::ptrdiff_t>(i)) > 0.0 ? beyond(rest, problem.delta[i]) : 0.0;
    parts.residual[i] = rest - parts.outliers[i];
  }
  return parts;
}

}  // namespace ressin::robust

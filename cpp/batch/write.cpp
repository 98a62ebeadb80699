#include "batch/write.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "batch/groups.hpp"
#include "programme/certificate.hpp"
#include "programme/sums.hpp"

namespace ressin {
namespace {

Evidence in_programme_unit(Evidence e, double unit) {
  e.objective *= unit;
  e.duality_gap *= unit;
  return e;
}

bool is_finite(const Signal& s, const Decomposed& x, bool has_finite_samples) {
  for (const double* part : {s.phasic, s.tonic, s.driver, s.residual}) {
    if (!has_finite_samples && !all_finite(part, s.n)) return false;
  }
  const Evidence& e = x.evidence;
  const std::vector<double> others = {x.start[0],    x.start[1],     x.mean,         x.scale,          e.objective,
                                      e.duality_gap, e.relative_gap, e.stationarity, e.complementarity};
  return all_finite(x.spline) && all_finite(x.drift) && all_finite(others);
}

// The evidence anew, for the parts as they have been written.
Evidence evidence_of_written(const Signal& signal, const DecomposeSettings& settings, const Decomposed& written) {
  std::vector<double> phasic(static_cast<std::size_t>(signal.n)), tonic(phasic.size());  // rebuilt there, and not kept
  Signal s = signal;
  s.phasic = phasic.data();
  s.tonic = tonic.data();
  return evidence_of(s, settings, written);
}

}  // namespace

void write_rest(const Signal& s, const DecomposeSettings& settings, const Scaled& scaled, bool has_finite_samples,
                Decomposed* out) {
  const double scale = scaled.scaling.scale;
  for (double& l : out->spline) l *= scale;
  for (double& d : out->drift) d *= scale;
  for (double& q : out->start) q *= scale;
  out->mean = scaled.scaling.mean;
  out->scale = scale;
  out->evidence = in_programme_unit(out->evidence, scaled.objective_unit);
  if (!is_finite(s, *out, has_finite_samples)) {
    out->status = Status::failed;
    out->evidence = nothing_proved(out->evidence.objective);
  }
  for (std::ptrdiff_t i = 0; s.weights && i < s.n; ++i) {
    if (s.weights[i] == 0.0) s.residual[i] = s.y[i] - s.phasic[i] - s.tonic[i];
  }
  // Where alpha is tiny against the signal, so are the objective and the gap, and the rounding of the parts in the signal's
  // unit decides what can be proved: that is certified which is returned.
  if (out->status != Status::failed && scaled.alpha < least_alpha_in_double) {
    out->evidence = evidence_of_written(s, settings, *out);
    if (settings.kind != SolverKind::osqp)
      out->status = status_of(out->evidence.relative_gap, out->iterations, settings.solver);
  }
}

void write_parts(const Signal& s, const DecomposeSettings& settings, const Scaled& scaled, Solution&& x, Decomposed* out) {
  const double scale = scaled.scaling.scale, mean = scaled.scaling.mean;
  const auto write = [&](const std::vector<double>& from, double unit, double origin, double* to) {
    for (std::size_t i = 0; i < from.size(); ++i) to[i] = from[i] * unit + origin;
  };
  if (s.copy) std::copy(s.y, s.y + s.n, s.copy);
  write(x.parts.phasic, scale, 0.0, s.phasic);
  write(x.parts.tonic, scale, mean, s.tonic);
  write(x.point.driver, scale, 0.0, s.driver);
  write(x.residual, -scale, 0.0, s.residual);
  if (s.curvature) {
    for (std::size_t i = 0; i < x.curvature.size(); ++i) s.curvature[i] = x.curvature[i] * scaled.weight_unit;
  }
  out->spline = std::move(x.point.spline);
  out->drift = std::move(x.point.drift);
  std::copy_n(x.point.start, n_free_start, out->start);
  out->evidence = x.certificate.evidence;
  out->status = x.status;
  out->iterations = x.iterations;
  write_rest(s, settings, scaled, false, out);
}

bool is_plausible(const active_set::WrittenParts& x, std::ptrdiff_t count) {
  constexpr double least_correlation = -0.85, rounding = 1e-9, least_spread = 1e-6;
  const double margin = rounding * (std::abs(x.mean) + x.scale), n = static_cast<double>(count);
  if (x.scale * x.least_signal + x.mean >= -margin && x.scale * x.least_tonic + x.mean <= margin) return false;
  const double r = x.of_phasic / n, t = x.of_tonic / n, rr = x.of_phasic2 / n, tt = x.of_tonic2 / n;
  const double vr = rr - r * r, vt = tt - t * t;
  return vr > least_spread * rr && vt > least_spread * tt && x.both / n - r * t > least_correlation * std::sqrt(vr * vt);
}

Evidence evidence_of(const Signal& signal, const DecomposeSettings& settings, const Decomposed& parts) {
  const std::shared_ptr<const Model> model = shared_model(signal, settings);
  const Task task(signal, settings);
  const double scale = task.scaled.scaling.scale;
  Point point;
  point.driver.assign(signal.driver, signal.driver + signal.n);
  point.spline = parts.spline;
  point.drift = parts.drift;
  for (double& p : point.driver) p /= scale;
  for (double& l : point.spline) l /= scale;
  for (double& d : point.drift) d /= scale;
  for (std::ptrdiff_t k = 0; k < n_free_start; ++k) point.start[k] = parts.start[k] / scale;
  const Parts rebuilt = make_parts(*model, point);
  std::vector<double> residual(static_cast<std::size_t>(signal.n), 0.0);
  for (std::ptrdiff_t i = 0; i < signal.n; ++i) {
    const auto k = static_cast<std::size_t>(i);
    if (!signal.weights || signal.weights[i] != 0.0) residual[k] = -signal.residual[i] / scale;
    signal.phasic[i] = rebuilt.phasic[k] * scale;
    signal.tonic[i] = rebuilt.tonic[k] * scale + task.scaled.scaling.mean;
  }
  return in_programme_unit(Certifier(*model)(task.problem, point, rebuilt, residual).evidence, task.scaled.objective_unit);
}

}  // namespace ressin

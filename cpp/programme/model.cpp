#include "programme/model.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace ressin {
namespace {

std::ptrdiff_t first_row_of(Revision revision, std::ptrdiff_t observed_from) {
  return revision == Revision::r2015 ? observed_from : 0;
}

std::ptrdiff_t floor_div(std::ptrdiff_t a, std::ptrdiff_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0)); }

// bump = triangle(2 ks - 1) * triangle(2 ks - 1), scaled to peak 1; its right half, offsets 0 .. 2 ks - 2. The sum of two
// triangles' overlap is the discrete cubic B-spline, piecewise cubic in the offset o:
//   (2/3 ks^3 + ks/3 - o^2 ks + (o^3 - o)/2)   for o <= ks,     ((2 ks - o)^3 - (2 ks - o))/6   for ks <= o.
std::vector<double> make_bump(std::ptrdiff_t ks) {
  const double k = static_cast<double>(ks);
  const double peak = (2.0 * k * k * k + k) / 3.0;
  std::vector<double> bump(static_cast<std::size_t>(2 * ks - 1));
  for (std::ptrdiff_t i = 0; i < 2 * ks - 1; ++i) {
    const double o = static_cast<double>(i);
    const double tail = 2.0 * k - o;
    const double value = i <= ks ? peak - o * o * k + (o * o * o - o) / 2.0 : (tail * tail * tail - tail) / 6.0;
    bump[static_cast<std::size_t>(i)] = value / peak;
  }
  return bump;
}

}  // namespace

double samples_in(double seconds, double dt) {
  const double samples = seconds / dt;
  if (samples >= 0.0 && samples <= static_cast<double>(most_samples)) return samples;
  throw std::invalid_argument("a time must be a number of seconds >= 0 and no more than 2^53 sampling intervals");
}

void check_signal_shape(std::ptrdiff_t n, double dt, double tau0, double tau1) {
  if (n < 1 || n > most_samples) throw std::invalid_argument("a model needs at least one sample, and no more than 2^53");
  for (const double seconds : {dt, tau0, tau1}) {
    if (!(seconds > 0.0 && std::isfinite(seconds)))
      throw std::invalid_argument("dt and the time constants must be positive numbers of seconds");
  }
}

std::ptrdiff_t knot_spacing_of(double delta_knot, double dt) {
  return static_cast<std::ptrdiff_t>(std::nearbyint(samples_in(delta_knot, dt)));
}

Response make_response(double tau0, double tau1, double dt) {
  const double a1 = 1.0 / std::min(tau0, tau1);
  const double a0 = 1.0 / std::max(tau0, tau1);
  // a1 - a0, from the difference of the time constants: that of their reciprocals loses digits where they are nearly equal
  const double difference = std::abs(tau0 - tau1) / tau0 / tau1;
  const double scale = (tau0 == tau1 ? a1 : difference) * dt * dt;
  Response r;
  r.ar = {(a1 * dt + 2.0) * (a0 * dt + 2.0) / scale, (2.0 * a1 * a0 * dt * dt - 8.0) / scale,
          (a1 * dt - 2.0) * (a0 * dt - 2.0) / scale};
  r.ma = {1.0, 2.0, 1.0};
  r.z0 = (2.0 - a0 * dt) / (2.0 + a0 * dt);
  r.z1 = (2.0 - a1 * dt) / (2.0 + a1 * dt);
  return r;
}

Model::Model(std::ptrdiff_t n, double dt, const ProgramSettings& settings, std::ptrdiff_t observed_from)
    : Model(n, dt, settings, 0, knot_spacing_of(settings.delta_knot, dt), -1, observed_from) {}

Model::Model(std::ptrdiff_t n, double dt, const ProgramSettings& settings, std::ptrdiff_t first_knot,
             std::ptrdiff_t knot_spacing, std::ptrdiff_t n_knots, std::ptrdiff_t observed_from)
    : n_(n),
      dt_(dt),
      settings_(settings),
      response_(make_response(settings.tau0, settings.tau1, dt)),
      first_row_(first_row_of(settings.revision, observed_from)),
      first_knot_(first_knot),
      spacing_(knot_spacing),
      n_knots_(n_knots),
      default_knots_(n_knots < 0) {
  check_signal_shape(n, dt, settings.tau0, settings.tau1);
  if (spacing_ < 1) throw std::invalid_argument("the knot spacing must be at least one sample");
  if (first_knot_ < -most_samples || first_knot_ > most_samples || spacing_ > most_samples ||
      n_knots_ > most_samples / spacing_)
    throw std::invalid_argument("knots must lie within 2^53 samples");
  if (n_knots_ < 0) {  // 0, ks, 2 ks, ... < n + ks//2 (2025) or < n (2015)
    const std::ptrdiff_t end = settings.revision == Revision::r2025 ? n + spacing_ / 2 : n;
    n_knots_ = (end + spacing_ - 1) / spacing_;
  }
  first_interval_ = floor_div(-first_knot_, spacing_);
  n_intervals_ = floor_div(n - 1 - first_knot_, spacing_) - first_interval_ + 1;
  n_drift_ = settings.baseline == Baseline::none ? 0 : settings.baseline == Baseline::linear ? 2 : 1;
  bump_ = make_bump(spacing_);
  interval_bumps_.reserve(static_cast<std::size_t>(4 * spacing_));
  for (std::ptrdiff_t o = 0; o < spacing_; ++o) {
    for (std::ptrdiff_t k = -1; k <= 2; ++k) interval_bumps_.push_back(bump(o - k * spacing_));
  }
}

double Model::bump(std::ptrdiff_t offset) const {
  const auto o = static_cast<std::size_t>(offset < 0 ? -offset : offset);
  return o < bump_.size() ? bump_[o] : 0.0;
}

const double* Model::drift_table() const {
  std::call_once(drift_->once, [this] { drift_->rows = make_drift(); });
  return drift_->rows.data();
}

std::vector<double> Model::make_drift() const {
  std::vector<double> rows(static_cast<std::size_t>(2 * n_), 0.0);
  if (settings_.baseline == Baseline::none) return rows;
  double* row = rows.data();
  if (settings_.baseline != Baseline::spline) {
    for (std::ptrdiff_t i = 0; i < n_; ++i, row += 2) {
      row[0] = 1.0;
      if (settings_.baseline == Baseline::linear) row[1] = static_cast<double>(i + 1) / static_cast<double>(n_);
    }
    return rows;
  }
  for (std::ptrdiff_t m = first_interval_; m < first_interval_ + n_intervals_; ++m) {
    for (std::ptrdiff_t i = interval_begin(m); i < interval_end(m); ++i, row += 2) {
      for (std::ptrdiff_t k = 0; k < 4; ++k) {
        if (has_knot(m - 1 + k)) row[0] += interval_bumps(i - knot(m))[k];
      }
    }
  }
  return rows;
}

bool Model::is_made_from(std::ptrdiff_t n, double dt, const ProgramSettings& s, const std::optional<KnotGrid>& knots,
                         std::ptrdiff_t observed_from) const {
  const ProgramSettings& mine = settings_;
  const bool same_knots =
      knots ? !default_knots_ && knots->first == first_knot_ && knots->spacing == spacing_ && knots->count == n_knots_
            : default_knots_ && mine.delta_knot == s.delta_knot;
  return n_ == n && dt_ == dt && mine.tau0 == s.tau0 && mine.tau1 == s.tau1 && mine.alpha == s.alpha && mine.gamma == s.gamma &&
         mine.revision == s.revision && mine.baseline == s.baseline && same_knots &&
         first_row_ == first_row_of(s.revision, observed_from);
}

}  // namespace ressin

// The cvxEDA model of one signal shape: the response filter M A^-1, the spline B and the drift C.
//
// A Model depends on the length, the sampling interval and the settings, not on the samples, so the signals of one shape share
// it.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "programme/settings.hpp"

namespace ressin {

// Bateman response by the bilinear transform (Greco et al. 2016, eq. 8-10): row i of A and M, from the diagonal leftwards.
struct Response {
  std::array<double, 3> ar;  // A: 1/scale * [(a1 dt + 2)(a0 dt + 2), 2 a1 a0 dt^2 - 8, (a1 dt - 2)(a0 dt - 2)]
  std::array<double, 3> ma;  // M: 1, 2, 1
  double z0, z1;             // poles of M A^-1: (2 - a dt) / (2 + a dt)
};

// tau0, tau1, dt in seconds, all > 0. With scale = (a1 - a0) dt^2 the response is exp(-a0 t) - exp(-a1 t). For equal time
// constants that scale would be zero; a dt^2 takes its place, and the response has the limit shape a t exp(-a t).
Response make_response(double tau0, double tau1, double dt);

struct KnotGrid {
  std::ptrdiff_t first, spacing, count;
};

// The most samples that anything may be long or apart: whole numbers up to it are exact in double precision.
inline constexpr std::ptrdiff_t most_samples = std::ptrdiff_t{1} << 53;

// seconds / dt; throws std::invalid_argument unless it is a number from 0 to most_samples.
double samples_in(double seconds, double dt);

// Throws std::invalid_argument unless dt and the time constants are positive numbers, and there are 1 to most_samples samples.
void check_signal_shape(std::ptrdiff_t n, double dt, double tau0, double tau1);

// The knots' distance in samples: delta_knot / dt, half to even, as the reference's int(round(x)).
std::ptrdiff_t knot_spacing_of(double delta_knot, double dt);

// In the 2015 revision the response starts from so many free q: those of the samples before the first row.
inline constexpr std::ptrdiff_t n_free_start = 2;

class Model {
 public:
  // Knots every round(delta_knot/dt) samples from sample 0 (the reference's rule for the revision). `observed_from`: the sample
  // from n_free_start on at which the 2015 revision's rows begin.
  Model(std::ptrdiff_t n, double dt, const ProgramSettings& settings, std::ptrdiff_t observed_from = n_free_start);
  // Knots at first_knot + j * knot_spacing, j = 0 .. n_knots - 1.
  Model(std::ptrdiff_t n, double dt, const ProgramSettings& settings, std::ptrdiff_t first_knot, std::ptrdiff_t knot_spacing,
        std::ptrdiff_t n_knots, std::ptrdiff_t observed_from = n_free_start);

  // Memory of its tables, the drift's included.
  std::size_t bytes() const { return sizeof(double) * static_cast<std::size_t>(2 * n_ + 6 * spacing_); }

  std::ptrdiff_t n() const { return n_; }
  double dt() const { return dt_; }
  const ProgramSettings& settings() const { return settings_; }
  const Response& response() const { return response_; }

  // First row of A and M that is not empty: in the 2015 revision row n_free_start, or one after it that is observed; else 0.
  std::ptrdiff_t first_row() const { return first_row_; }

  std::ptrdiff_t n_knots() const { return n_knots_; }
  std::ptrdiff_t knot_spacing() const { return spacing_; }
  std::ptrdiff_t knot(std::ptrdiff_t j) const { return first_knot_ + j * spacing_; }
  // Column j of B at sample i is bump(i - knot(j)): a cubic B-spline of peak 1, zero for |offset| > 2 spacing - 2.
  double bump(std::ptrdiff_t offset) const;

  int n_drift() const { return n_drift_; }                                 // columns of C: 0, 1 or 2
  double drift(std::ptrdiff_t i, int k) const { return drift_row(i)[k]; }  // C(i, k)
  // Row i of C as two numbers, zero where there is no column.
  const double* drift_row(std::ptrdiff_t i) const { return drift_table() + 2 * i; }
  const double* drift_table() const;  // (n, 2), made when it is first asked for, by any thread

  // Intervals between knots: interval m holds samples [knot(m), knot(m+1)) and only bumps m-1 .. m+2 touch it.
  std::ptrdiff_t first_interval() const { return first_interval_; }
  std::ptrdiff_t n_intervals() const { return n_intervals_; }

  std::ptrdiff_t interval_begin(std::ptrdiff_t m) const { return std::max<std::ptrdiff_t>(0, knot(m)); }
  std::ptrdiff_t interval_end(std::ptrdiff_t m) const { return std::min(n_, knot(m + 1)); }
  // The four bumps at sample knot(m) + o of an interval, oldest first: four numbers a row.
  const double* interval_bumps(std::ptrdiff_t o) const { return interval_bumps_.data() + 4 * o; }
  bool has_knot(std::ptrdiff_t j) const { return 0 <= j && j < n_knots_; }

  // Whether a Model built from these arguments would be the same; without a grid there is a knot every delta_knot.
  bool is_made_from(std::ptrdiff_t n, double dt, const ProgramSettings& settings, const std::optional<KnotGrid>& knots,
                    std::ptrdiff_t observed_from) const;

 private:
  struct DriftTable {
    std::once_flag once;
    std::vector<double> rows;
  };
  std::vector<double> make_drift() const;

  std::ptrdiff_t n_;
  double dt_;
  ProgramSettings settings_;
  Response response_;
  std::ptrdiff_t first_row_;
  std::ptrdiff_t first_knot_, spacing_, n_knots_;
  std::ptrdiff_t first_interval_, n_intervals_;
  bool default_knots_;
  int n_drift_;
  std::vector<double> bump_;            // offsets 0 .. 2 spacing - 2
  std::vector<double> interval_bumps_;  // (spacing, 4)
  std::shared_ptr<DriftTable> drift_ = std::make_shared<DriftTable>();
};

}  // namespace ressin

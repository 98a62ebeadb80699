// What every solver of the programme returns, and how a solve can end.
#pragma once

#include <cmath>
#include <limits>
#include <vector>

#include "programme/certificate.hpp"
#include "programme/settings.hpp"

namespace ressin {

// From the best to the worst; Python knows them by number too.
enum class Status {
  optimal,                // the proved relative gap is within the tolerance
  inaccurate,             // rounding or the iterations ended the solve before the tolerance, with a gap within 1e-6
  max_iterations,         // the iterations ran out
  insufficient_progress,  // the steps no longer moved, or no longer improved the proof, with iterations left
  failed,                 // numerical failure
};
inline constexpr int n_statuses = 5;

// A relative gap that is small enough for most uses, whatever the tolerance.
inline constexpr double inaccurate_gap = 1e-6;

// The status of every solve by our own methods. `proved`: the relative gap that the result's certificate proves, or for a
// window its gap and stationarity; infinite, or not a number, where anything in the result is not finite.
inline Status status_of(double proved, int iterations, const SolverSettings& settings) {
  if (!std::isfinite(proved)) return Status::failed;
  if (proved <= settings.tol) return Status::optimal;
  if (proved <= inaccurate_gap) return Status::inaccurate;
  return iterations >= settings.max_iterations ? Status::max_iterations : Status::insufficient_progress;
}

// The curvature of a driver sample that is surely zero; that of one that is surely free is 0.
inline constexpr double held_at_zero = std::numeric_limits<double>::infinity();

struct Solution {
  Point point;
  Parts parts;
  std::vector<double> residual;   // (n,) e = r + t - y, from which the certificate makes its dual point
  std::vector<double> curvature;  // (n,) multiplier over driver, in the kernel's unit of the driver; empty if not kept
  Certificate certificate;
  Status status = Status::failed;
  int iterations = 0;
};

}  // namespace ressin

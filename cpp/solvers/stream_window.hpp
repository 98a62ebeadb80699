// A stream's window in the signal's own unit: the line below the spline taken off, the rest brought to unit size.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "solvers/window.hpp"

namespace ressin {

// What the samples before a window cost: 1/2 c'Jc - h'c over c = (three oldest knots, level and slope of the line), J row by
// row, h in the signal's unit; the slope counts per interval between knots.
inline constexpr std::size_t n_stream_past = n_past + 2;

struct StreamWindow {
  const double* signal = nullptr;  // (n,) not a number where a sample is missing
  std::ptrdiff_t n = 0, begin = 0;
  double level = 0.0, slope = 0.0;  // of the line, at sample 0 and from sample to sample
  double deviation = 1.0;           // alpha is for the signal over it
  double alpha = 0.0;
  bool is_end = false;
  double state[2] = {0.0, 0.0};
  std::array<double, n_stream_past * n_stream_past> J{};
  std::array<double, n_stream_past> h{};
};

struct StreamSolution {
  std::vector<double> phasic, tonic, driver, residual;  // (n,)
  double later_state[2];
  Status status;
  SolverKind solver;
  int iterations;
  double relative_gap, stationarity;
};

StreamSolution solve(Window& window, const StreamWindow& request, std::ptrdiff_t later);

}  // namespace ressin

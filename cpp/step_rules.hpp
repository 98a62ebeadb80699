// The start and the step rules of the interior point method, for whole recordings and for a stream's windows.
#pragma once

#include <algorithm>

#include "kernel.hpp"

namespace ressin {

// The start: a constant driver that answers with a phasic part of ten units, which is large for a signal of size one, and a
// multiplier of a thousandth of the gradient it causes. Both found by trial on real and simulated recordings.
inline constexpr double start_phasic = 10.0;
inline constexpr double start_multiplier = 1e-3;

// The longest step in (0, 1] that goes at most `part` of the way to where 1 + step * least = 0.
inline double longest_step(double part, double least) { return least < -part ? -part / least : 1.0; }

// A part of the way to the boundary that tends to all of it as the relative gap closes.
inline double part_of_the_way(double gap) {
  constexpr double least = 0.95;
  return std::max(least, 1.0 - 100.0 * gap);
}

// Mehrotra: sigma = (mu after the longest affine step / mu)^3, driver and multiplier each as far as they go.
inline double centring(const KernelState& s, int lane) {
  const double to_p = longest_step(1.0, s.min_step[lane]), to_dual = longest_step(1.0, s.min_dual_step[lane]);
  // sum p lambda (1 + s x)(1 - t (1 + x)), x = dp/p
  const double after = (1.0 - to_dual) * s.sum_pl[lane] + (to_p * (1.0 - to_dual) - to_dual) * s.sum_pl_step[lane] -
                       to_p * to_dual * s.sum_pl_step2[lane];
  const double ratio = std::max(after / s.sum_pl[lane], 0.0);
  return ratio * ratio * ratio;
}

}  // namespace ressin

// The start and the step rules of the interior point method, for whole recordings and for a stream's windows.
#pragma once

#include <algorithm>
#include <cstddef>

#include "kernel/kernel.hpp"

namespace ressin {

// The start: a constant driver whose phasic part is ten, which is large for a signal of unit variance, and a multiplier of a
// thousandth of the gradient that this causes. Both were chosen by trial on real and simulated recordings.
inline constexpr double start_phasic = 10.0;
inline constexpr double start_multiplier = 1e-3;

// A relative gap below this is rounding; the iteration stops.
inline constexpr double least_gap = 1e-22;

// The longest step in (0, 1] that goes at most `part` of the way to where 1 + step * least = 0.
inline double longest_step(double part, double least) { return least < -part ? -part / least : 1.0; }

// The part of the way to the boundary that a step may go: it tends to 1 as the relative gap tends to 0.
inline double part_of_the_way(double gap) {
  constexpr double least = 0.95;
  return std::max(least, 1.0 - 100.0 * gap);
}

// A step shorter than this means that the products p lambda differ widely, which the predictor does not account for, so another
// short step tends to follow. A long step in the other variable would make the gradient worse, and two such iterations can
// alternate without end. Driver and multiplier therefore both take the shorter step, and the next iteration aims at no less
// than half the current gap, which brings the products together again. Chosen by trial: without it, of 30,000 simulated
// signals, most with little noise, 38 took more than 28 iterations and 6 never ended; with it none.
inline constexpr double short_step = 0.2, recentring = 0.5;

// Mehrotra's sigma = (mu after the longest affine step / mu)^3, with separate step lengths for driver and multiplier.
inline double centring(const KernelState& s, int lane) {
  const double to_p = longest_step(1.0, s.min_step[lane]), to_dual = longest_step(1.0, s.min_dual_step[lane]);
  // sum p lambda (1 + s x)(1 - t (1 + x)), x = dp/p
  const double after = (1.0 - to_dual) * s.sum_pl[lane] + (to_p * (1.0 - to_dual) - to_dual) * s.sum_pl_step[lane] -
                       to_p * to_dual * s.sum_pl_step2[lane];
  const double ratio = std::max(after / s.sum_pl[lane], 0.0);
  return ratio * ratio * ratio;
}

// The mean product p lambda, over `rows` samples, that the corrector aims at; after a short step (`held_back`) no less than
// half of the current one.
inline void choose_centre(KernelState& s, int lane, std::ptrdiff_t rows, bool held_back) {
  const double sigma = std::max(centring(s, lane), held_back ? recentring : 0.0);
  s.sigma_mu[lane] = sigma * s.sum_pl[lane] / static_cast<double>(rows);
}

// Step lengths of driver and multiplier at this relative gap.
inline void choose_step(KernelState& s, int lane, double gap) {
  const double part = part_of_the_way(gap);
  const double primal = longest_step(part, s.min_step[lane]), dual = longest_step(part, s.min_dual_step[lane]);
  const double shorter = std::min(primal, dual);
  s.step_length[lane] = shorter < short_step ? shorter : primal;
  s.dual_step_length[lane] = shorter < short_step ? shorter : dual;
}

}  // namespace ressin

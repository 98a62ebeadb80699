// Which programmes the active set is tried on, and how long.
#pragma once

#include "programme/problem.hpp"
#include "solvers/signal.hpp"

namespace ressin {

// When the method gives up, in events per sample of the signal.
struct ActiveSetLimits {
  double densest = 1.0;  // the support's; 0: do not try
  double effort = 1e3;   // of all solves together, an interval between knots counting as an event
};

// For SolverKind::active_set every programme is tried. SolverKind::automatic leaves to the interior point
//   - knots closer than 16 samples, which are as much work as events are, and
//   - a coarsely sampled response (its fast time constant shorter than 4 samples) where the signal's noise asks for a driver at
//     every few samples: the noise that second differences show, through the response, is more than 8 times alpha.
// It depends on the signal and the programme alone, not on what else is solved, where, or by how many threads.
// `n`: how many samples the programme has, where not all of the model's.
ActiveSetLimits active_set_limits(SolverKind kind, const Model& model, const Problem& problem, std::ptrdiff_t n);
inline ActiveSetLimits active_set_limits(SolverKind kind, const Model& model, const Problem& problem) {
  return active_set_limits(kind, model, problem, model.n());
}

}  // namespace ressin

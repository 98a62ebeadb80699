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
//   - a coarsely sampled response (its fast time constant shorter than 4 samples) where the signal asks for a driver at every
//     few samples: the deviation of the noise that second differences show, through the response, is more than alpha times
//         20 exp(3 min(r, 0.8) - 3 (c + 2/3)),
//     c being the correlation of a second difference with the next, from the -2/3 of white noise to -0.2 at most, and r what
//     the run-in adds to the interior point's stretches (solvers/stretched.hpp).
// What is tried is given up where half of the driver is positive or 20 events a sample have been solved for; where the interior
// point has one lane alone, at eight tenths and 30 events.
// A long signal that is tried is also left where its stretches, each tried under the same limits, gave up for more than half
// of its samples (stretches.hpp). All this depends on the signal and the programme alone, not on what else is solved, where, or
// by how many threads.
ActiveSetLimits active_set_limits(SolverKind kind, const Model& model, const Problem& problem);

// For a programme that starts from the support of one much like it, as a stream's windows do: noise is then no reason not to
// try, since few of the many events change.
ActiveSetLimits warm_active_set_limits(SolverKind kind, const Model& model);

// For one of a run of windows that follow each other closely (decompose.cpp): with one that the method leaves the rest of the
// run is left, so the noise is to be below 24 alpha, and a support of more than four tenths of the samples is one to leave.
ActiveSetLimits window_active_set_limits(SolverKind kind, const Model& model, const Problem& problem);

}  // namespace ressin

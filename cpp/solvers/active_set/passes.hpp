// The method's passes for the instruction set at hand. Included only by kernel sources.
#pragma once

#include "solvers/active_set/evaluate.hpp"
#include "solvers/active_set/event_sweep.hpp"
#include "solvers/active_set/gradient.hpp"
#include "solvers/active_set/kernel.hpp"
#include "solvers/active_set/loads.hpp"
#include "solvers/active_set/poles.hpp"

namespace ressin::active_set {
namespace {

Passes make_passes() {
  return {
      load_signal,
      vary_rows,
      weigh_columns,
      [](const Tables& t, const Loads& l, const Support& s, const Gains& g, Values* x) { EventSweep(t, l, s, g, *x).run(); },
      [](const Tables& t, const Loads& l, const Support& s, const Gains& g, const Values& x, double threshold, Found* found,
         const Watched* watched) {
        return t.varying ? Gradient<true>(t, l, s, g, x, threshold, *found, watched).run()
                         : Gradient<false>(t, l, s, g, x, threshold, *found, watched).run();
      },
      evaluate,
      weigh_parts,
      [](const Tables& t, const PoleTables& derivatives, const Support& s, const double* p, const double* start,
         const double* c, double* to_poles) { Poles(t, derivatives, s, p, start).run(c, to_poles); }};
}

}  // namespace
}  // namespace ressin::active_set

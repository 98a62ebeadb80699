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

template <class Do>
void with_gradient(const Tables& t, const Loads& l, const Support& s, const Gains& g, const Values& x, Do run) {
  t.varying ? run(Gradient<true>(t, l, s, g, x)) : run(Gradient<false>(t, l, s, g, x));
}

Passes make_passes() {
  return {
      load_columns,
      load_rows,
      vary_rows,
      weigh_columns,
      [](const Tables& t, const Loads& l, const Support& s, const Gains& g, Values* x) { EventSweep(t, l, s, g, *x).run(); },
      [](const Tables& t, const Loads& l, const Support& s, const Gains& g, const Values& x, Section* sections,
         std::ptrdiff_t count) {
        with_gradient(t, l, s, g, x, [&](auto gradient) {
          for (std::ptrdiff_t k = count - 1; k > 0; --k) {
            gradient.skip(sections[k]);
            for (int i = 0; i < 2; ++i) sections[k - 1].adjoint[i] = sections[k].adjoint_before[i];
          }
        });
      },
      [](const Tables& t, const Loads& l, const Support& s, const Gains& g, const Values& x, double threshold, Section* section,
         const Watched* watched) {
        with_gradient(t, l, s, g, x, [&](auto gradient) { gradient.run(*section, threshold, watched); });
      },
      place_response,
      measure,
      project,
      find,
      [](const Tables& t, const PoleTables& derivatives, const Support& s, const double* p, const double* start,
         const double* c, double* to_poles) { Poles(t, derivatives, s, p, start).run(c, to_poles); }};
}

}  // namespace
}  // namespace ressin::active_set

// The passes of an interior point iteration on the robust programme, for any number type of lanes.hpp.
//
// One Newton step is a linear-quadratic regulator: state (a, v) with the levels at the four living knots, controls the
// driver and the shift, which moves the four levels alike. An outlier's pair touches only its own sample, so it is eliminated
// there and leaves an effective weight w / (1 + w (o/z + o/z)). What every pair contributes is its value over its multiplier
// and its centre; the multipliers themselves drop out of the right-hand side, which holds the gradients at the present point.
#pragma once

#include <type_traits>

#include "kernel/robust/advance.hpp"
#include "kernel/robust/begin.hpp"
#include "kernel/robust/correct.hpp"
#include "kernel/robust/events.hpp"
#include "kernel/robust/examine.hpp"
#include "kernel/robust/factor.hpp"
#include "kernel/robust/forwards.hpp"

namespace ressin::robust {
namespace {

template <class L>
PassesOf<Real<L>> make_passes() {
  using State = StateFor<L>;
  return {[](const Shape& shape, State& state) { Begin<L>(shape, state).run(); },
          [](const Shape& shape, State& state) { Factor<L>(shape, state).run(); },
          [](const Shape& shape, State& state) { Rollout<L, false>(shape, state).run(); },
          [](const Shape& shape, State& state) { Recentre<L>(shape, state).run(); },
          [](const Shape& shape, State& state) { Rollout<L, true>(shape, state).run(); },
          [](const Shape& shape, State& state) { advance<L>(shape, state); }};
}

template <class L>
Kernel make_kernel() {
  constexpr int numbers = std::is_same_v<L, Twofold> ? 2 : 1;
  return {{static_cast<int>(width<L>) / numbers, numbers, make_passes<L>()},
          {[](const EventTables& tables, EventState& state) { meet(tables, state); },
           [](const EventTables& tables, EventState& state) { Elimination(tables, state).run(); },
           [](const EventTables& tables, EventState& state) { Substitution<false>(tables, state).run(); },
           [](const EventTables& tables, EventState& state) { Substitution<true>(tables, state).run(); },
           [](const EventTables& tables, EventState& state) { examine(tables, state); }}};
}

template <class L>
KernelPair make_kernels() {
  using Coarse = Lanes<8, float>;
  return {make_kernel<double>(), make_kernel<L>(), {1, 1, make_passes<float>()}, {8, 1, make_passes<Coarse>()}};
}

}  // namespace
}  // namespace ressin::robust

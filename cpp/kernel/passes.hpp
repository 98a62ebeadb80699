// The passes of an interior point iteration, for any number type of lanes.hpp.
//
// One Newton step minimises, over dp, the spline and drift steps (ds) and, in the 2015 revision, the start of the response,
//   sum_i  w_i/2 (e_i + dr_i + phi_i' ds)^2 + lambda_i/(2 p_i) dp_i^2 + g_i dp_i   +   gamma/2 ||l + dl||^2
// with g_i = alpha - centre_i lambda_i: a linear-quadratic regulator whose state is the response filter's. factor() runs
// the Riccati recursion backwards with the coefficients as extra columns; a knot's coefficient is eliminated where its
// bump begins. predict() and correct() apply the optimal feedback forwards in time, so dr is exactly the response to dp.
#pragma once

#include "kernel/advance.hpp"
#include "kernel/correct.hpp"
#include "kernel/factor.hpp"
#include "kernel/forwards.hpp"
#include "kernel/stretched.hpp"

namespace ressin {
namespace {

template <class L, bool weighted>
Passes make_passes() {
  return {[](const KernelShape& shape, KernelState& state) { Factor<L, weighted>(shape, state).run(); },
          [](const KernelShape& shape, KernelState& state) { Factor<L, weighted, true>(shape, state).run(); },
          [](const KernelShape& shape, KernelState& state) { Rollout<L, weighted, false>(shape, state).run(); },
          [](const KernelShape& shape, KernelState& state) { Recentre<L, weighted>(shape, state).run(); },
          [](const KernelShape& shape, KernelState& state) { Rollout<L, weighted, true>(shape, state).run(); },
          [](const KernelShape& shape, KernelState& state) { Advance<L, weighted>(shape, state).run(); }};
}

template <class L>
Kernel make_kernel(const char* instruction_set) {
  return {width<L>, make_passes<L, false>(), make_passes<L, true>(), instruction_set};
}

template <int lanes>
KernelPair make_kernels(const char* instruction_set) {
  return {make_kernel<double>(instruction_set), make_kernel<Lanes<lanes>>(instruction_set), make_stretched_passes<false>(),
          make_stretched_passes<true>()};
}

}  // namespace
}  // namespace ressin

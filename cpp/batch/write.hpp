// From a solver's solution to the arrays and the result that a caller gets, in the signal's unit.
#pragma once

#include "batch/decompose.hpp"
#include "batch/task.hpp"
#include "solvers/active_set/kernel.hpp"
#include "solvers/solution.hpp"

namespace ressin {

// All of a result but the solver, the knots and that it is done.
void write_parts(const Signal& s, const DecomposeSettings& settings, const Scaled& scaled, Solution&& x, Decomposed* out);

// What is not a sample of a result whose samples have been written, converted from the solver's scale to the signal's unit.
// Parts or evidence that overflow there make the result a failure. `has_finite_samples`: it is known that the parts do not.
void write_rest(const Signal& s, const DecomposeSettings& settings, const Scaled& scaled, bool has_finite_samples,
                Decomposed* out);

// Whether the sums over the parts leave no doubt: the tonic part is not below zero where the signal never is, and does not
// mirror the phasic part. decomposition/quality.py decides of those that may.
bool is_plausible(const active_set::WrittenParts& x, std::ptrdiff_t count);

}  // namespace ressin

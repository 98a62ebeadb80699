// Where a shift can be left out of a programme: where the one before, whose costs or rate differ a little, comes nowhere near
// to one.
//
// A shift costs kappa, and is pushed by the sum of the forces after it. Without the shifts whose push has been less than half
// of that cost, a programme is smaller and has the same solution; that it has is seen from the push in the solution itself.
#pragma once

#include <cstddef>
#include <vector>

#include "programme/robust/model.hpp"

namespace ressin::robust {

// (n,) not zero where a shift may come after the sample, as in Request.
using Marks = std::vector<unsigned char>;

// From the forces of a solution's witness: where the push is at least half of the cost.
Marks find_shifts(const Model& model, const Problem& problem, const Forces& forces);
// Whether nothing pushes harder than its cost where there may be no shift; empty marks leave none out.
bool are_enough(const Marks& marks, const Model& model, const Problem& problem, const Forces& forces);
// The same for `fine`, `block` of whose samples make one of `blocks`; with a block more to either side.
Marks refine(const Marks& marks, const Model& blocks, const Model& fine, std::ptrdiff_t block);

}  // namespace ressin::robust

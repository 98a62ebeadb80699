// Where outliers and shifts can be left out of a programme: where the one before, whose costs or rate differ a little, comes
// nowhere near to one.
//
// An outlier costs delta, and is what the rest, signal less phasic part and level, is beyond it. Where the rest has been less
// than four fifths of the cost, a sample is taken to be none; whether that was right, the solution's own rest says.
//
// A shift costs kappa, and is pushed by the sum of the forces after it. Without the shifts whose push has been less than a
// share of that cost, a programme is smaller and has the same solution; that it has is seen from the push in the solution
// itself.
#pragma once

#include <cstddef>
#include <vector>

#include "programme/robust/model.hpp"

namespace ressin::robust {

// (n,) not zero where a sample may be an outlier, or a shift may come after it, as in Request.
using Marks = std::vector<unsigned char>;

// From the rest (n_signal,) of a solution; added to marks, which may be empty.
void add_outliers(const Model& model, const Problem& problem, const std::vector<double>& rest, Marks* marks);
// Whether a rest is so far beyond the cost, where there may be no outlier, that it matters to what is read from the solution.
bool lack_outliers(const Marks& marks, const Model& model, const Problem& problem, const std::vector<double>& rest);
// signal less phasic part and level
std::vector<double> rest_of(const Parts& parts);

// From the forces of a solution's witness: where the push is at least that share of the cost. The first share is for programmes
// that are soon solved again should a shift be missing, the second for the last one.
constexpr double near_shift = 0.85, far_shift = 0.5;
Marks find_shifts(const Model& model, const Problem& problem, const Forces& forces, double share);
// Whether nothing pushes harder than its cost where there may be no shift; empty marks leave none out.
bool are_enough(const Marks& marks, const Model& model, const Problem& problem, const Forces& forces);
// Those of `more` too.
void add_marks(const Marks& more, Marks* marks);
// The same for `fine`, `block` of whose samples make one of `blocks`; with a block more to either side.
Marks refine(const Marks& marks, const Model& blocks, const Model& fine, std::ptrdiff_t block);

}  // namespace ressin::robust

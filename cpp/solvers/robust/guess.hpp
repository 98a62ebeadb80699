// Where the active set begins: at the events of a solution on blocks, whose programme differs by its rate alone.
//
// A driver whose force comes within a hundredth of its cost there is an event, and so is such a shift. On finer samples the
// drivers of one or two neighbouring blocks are one event at their middle, by their size, and those of more one in each block.
#pragma once

#include <cstddef>
#include <vector>

#include "programme/robust/model.hpp"
#include "solvers/robust/events.hpp"

namespace ressin::robust {

// (n,) of a programme's samples: one or two (up, down) for an event there.
struct Found {
  std::vector<unsigned char> drivers, shifts;
};
Found find_events(const Model& model, const Problem& problem, const Forces& forces);

// What is taken from a solution on blocks.
struct Coarse {
  Found found;
  std::vector<double> driver;  // (n,)
  std::vector<double> fit;     // (n_signal,) the signal without outliers and residual
};
std::vector<double> fit_of(const Problem& problem, const Parts& parts);

struct Guess {
  std::vector<Event> drivers, shifts;
  std::vector<double> fit;  // (n_signal,)
};
// `block` samples of `fine` are one of `blocks`.
Guess refine(const Coarse& x, const Model& blocks, const Model& fine, std::ptrdiff_t block);

}  // namespace ressin::robust

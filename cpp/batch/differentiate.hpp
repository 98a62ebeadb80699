// Derivatives of the decompositions of a batch: grouping by shape, lanes, threads.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "solvers/adjoint.hpp"

namespace ressin {

// Gradient i depends on signal i and the settings alone. `poll` as in decompose().
std::vector<Gradient> differentiate(const std::vector<SolvedSignal>& signals, const DecomposeSettings& settings,
                                    const std::function<bool(std::size_t done)>& poll);

}  // namespace ressin

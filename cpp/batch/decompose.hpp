// From signals to their phasic and tonic parts: scaling, grouping by shape, lanes, threads.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "solvers/signal.hpp"

namespace ressin {

// Result i depends on signal i and the settings alone: bit for bit the same whatever the other signals, their order and the
// threads. `poll(done)` is called on the calling thread at most every 50 ms and stops the run by returning false. `meanwhile`,
// if there is any, is called once on the calling thread, when the other threads are at work.
std::vector<Decomposed> decompose(const std::vector<Signal>& signals, const DecomposeSettings& settings,
                                  const std::function<bool(std::size_t done)>& poll,
                                  const std::function<void()>& meanwhile = nullptr);

// Rebuild phasic and tonic part from signal.driver and the coefficients, and compute the evidence from them and the data, with
// signal.residual as the dual point. No solver takes part, and a wrong residual only makes the bound looser.
Evidence evidence_of(const Signal& signal, const DecomposeSettings& settings, const Decomposed& parts);

}  // namespace ressin

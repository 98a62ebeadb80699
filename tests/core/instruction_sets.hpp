// The kernels and passes of every instruction set that this machine has.
#pragma once

#include <string_view>
#include <vector>

#include "kernel/kernel.hpp"
#include "solvers/active_set/kernel.hpp"

namespace instruction_sets {

inline std::string_view of_machine() { return ressin::kernels().single.instruction_set; }
inline bool has_v3() { return of_machine() == "v3" || of_machine() == "v4"; }
inline bool has_v4() { return of_machine() == "v4"; }

// The interior point's kernels, for one signal, for lanes and for stretches.
inline std::vector<ressin::KernelPair> all_pairs() {
  std::vector<ressin::KernelPair> all{ressin::baseline_kernels()};
#if defined(RESSIN_HAVE_V3)
  if (has_v3()) all.push_back(ressin::v3_kernels());
#endif
#if defined(RESSIN_HAVE_V4)
  if (has_v4()) all.push_back(ressin::v4_kernels());
#endif
  return all;
}

// The active set's passes.
inline std::vector<ressin::active_set::Passes> all_passes() {
  std::vector<ressin::active_set::Passes> all{ressin::active_set::baseline_passes()};
#if defined(RESSIN_HAVE_V3)
  if (has_v3()) all.push_back(ressin::active_set::v3_passes());
#endif
#if defined(RESSIN_HAVE_V4)
  if (has_v4()) all.push_back(ressin::active_set::v4_passes());
#endif
  return all;
}

}  // namespace instruction_sets

#include "solvers/active_set/kernel.hpp"

#include <string_view>

#include "kernel/kernel.hpp"

namespace ressin::active_set {
namespace {

// By what the interior point's kernels found out about the machine.
Passes select() {
  [[maybe_unused]] const std::string_view machine = kernels().single.instruction_set;
#if defined(RESSIN_HAVE_V4)
  if (machine == "v4") return v4_passes();
#endif
#if defined(RESSIN_HAVE_V3)
  if (machine == "v3") return v3_passes();
#endif
  return baseline_passes();
}

}  // namespace

const Passes& passes() {
  static const Passes best = select();
  return best;
}

}  // namespace ressin::active_set

#include "kernel/robust/passes.hpp"

namespace ressin::robust {

KernelPair baseline_kernels() { return make_kernels<Lanes<4>>(); }
Kernel twofold_kernel() { return make_kernel<Twofold>(); }

}  // namespace ressin::robust

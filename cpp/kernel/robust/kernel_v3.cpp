#include "kernel/robust/passes.hpp"

namespace ressin::robust {

KernelPair v3_kernels() { return make_kernels<Lanes<4>>(); }

}  // namespace ressin::robust

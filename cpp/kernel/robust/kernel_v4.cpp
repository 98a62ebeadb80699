#include "kernel/robust/passes.hpp"

namespace ressin::robust {

KernelPair v4_kernels() { return make_kernels<Lanes<8>>(); }

}  // namespace ressin::robust

#include "kernel/passes.hpp"

namespace ressin {

KernelPair v3_kernels() { return make_kernels<4>("v3"); }

}  // namespace ressin

#include "kernel/passes.hpp"

namespace ressin {

KernelPair v4_kernels() { return make_kernels<8>("v4"); }

}  // namespace ressin

#include "kernel/passes.hpp"

namespace ressin {

KernelPair v3_kernels() { return {make_kernel<double>("v3"), make_kernel<Lanes<4>>("v3")}; }

}  // namespace ressin

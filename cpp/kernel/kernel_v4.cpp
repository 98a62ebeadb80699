#include "kernel/passes.hpp"

namespace ressin {

KernelPair v4_kernels() { return {make_kernel<double>("v4"), make_kernel<Lanes<8>>("v4")}; }

}  // namespace ressin

#include "kernel/passes.hpp"

namespace ressin {

KernelPair baseline_kernels() { return {make_kernel<double>("baseline"), make_kernel<Lanes<2>>("baseline")}; }

}  // namespace ressin

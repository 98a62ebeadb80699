#include "kernel/passes.hpp"

namespace ressin {

KernelPair baseline_kernels() { return make_kernels<2>("baseline"); }

}  // namespace ressin

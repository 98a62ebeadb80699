#include "kernel/robust/passes.hpp"

namespace ressin::robust {

KernelPair v3_kernels() { return {make_kernel<double>(), make_kernel<Lanes<4>>()}; }

}  // namespace ressin::robust

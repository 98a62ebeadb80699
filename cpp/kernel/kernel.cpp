#include "kernel/kernel.hpp"

#include "kernel/robust/kernel.hpp"

#if defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>
#endif

namespace ressin {
namespace {

#if defined(RESSIN_HAVE_V3)
struct Machine {
  bool v3, v4;  // AVX2 and FMA; AVX-512 F, DQ and VL as well
};

#if defined(_MSC_VER) && !defined(__clang__)
Machine look() {
  int leaf1[4], leaf7[4];
  __cpuid(leaf1, 1);
  __cpuidex(leaf7, 7, 0);
  const auto bit = [](int word, int k) { return (static_cast<unsigned>(word) >> k & 1u) != 0; };
  if (!bit(leaf1[2], 27)) return {false, false};  // the operating system does not save the wide registers
  const unsigned long long saved = _xgetbv(0);
  const bool v3 = bit(leaf1[2], 12) && bit(leaf7[1], 5) && (saved & 0x06) == 0x06;
  const bool v4 = v3 && bit(leaf7[1], 16) && bit(leaf7[1], 17) && bit(leaf7[1], 31) && (saved & 0xe6) == 0xe6;
  return {v3, v4};
}
#else
Machine look() {
  __builtin_cpu_init();
  const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool v4 =
      v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  return {v3, v4};
}
#endif
#endif

struct Chosen {
  KernelPair cvxeda;
  robust::KernelPair robust;
};

const Chosen& chosen() {
  static const Chosen pairs = []() -> Chosen {
#if defined(RESSIN_HAVE_V3)
    const Machine machine = look();
#if defined(RESSIN_HAVE_V4)
    if (machine.v4) return {v4_kernels(), robust::v4_kernels()};
#endif
    if (machine.v3) return {v3_kernels(), robust::v3_kernels()};
#endif
    return {baseline_kernels(), robust::baseline_kernels()};
  }();
  return pairs;
}

}  // namespace

const KernelPair& kernels() { return chosen().cvxeda; }
const robust::KernelPair& robust::kernels() { return chosen().robust; }

}  // namespace ressin

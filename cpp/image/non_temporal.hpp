// Non-temporal stores: the pixels of a batch that is larger than the cache go to memory without the cache lines being read
// first, which halves the traffic. The arithmetic is that of the plain loop, so the bits are the same.
#pragma once

#include <cstddef>
#include <cstdint>

#if defined(__SSE2__) || defined(_M_X64)
#include <emmintrin.h>
#define RESSIN_NON_TEMPORAL 1
#endif

namespace ressin {

inline constexpr std::ptrdiff_t non_temporal_bytes = std::ptrdiff_t{16}
                                                     << 20;  // a batch of this size or more does not fit a cache

// Whether rows of `size` floats from `out` on can be written by non-temporal stores.
inline bool can_store_non_temporal(const float* out, std::ptrdiff_t size) {
#if defined(RESSIN_NON_TEMPORAL)
  return size % 4 == 0 && reinterpret_cast<std::uintptr_t>(out) % 16 == 0;
#else
  (void)out, (void)size;
  return false;
#endif
}

// out = above + fraction (below - above)
inline void blend_non_temporal(const float* above, const float* below, float fraction, std::ptrdiff_t size, float* out) {
#if defined(RESSIN_NON_TEMPORAL)
  const __m128 share = _mm_set1_ps(fraction);
  for (std::ptrdiff_t x = 0; x < size; x += 4) {
    const __m128 a = _mm_loadu_ps(above + x);
    const __m128 slope = _mm_sub_ps(_mm_loadu_ps(below + x), a);
    _mm_stream_ps(out + x, _mm_add_ps(a, _mm_mul_ps(share, slope)));
  }
#else
  for (std::ptrdiff_t x = 0; x < size; ++x) out[x] = above[x] + fraction * (below[x] - above[x]);
#endif
}

// To be called by the writing thread before other threads read.
inline void fence_non_temporal() {
#if defined(RESSIN_NON_TEMPORAL)
  _mm_sfence();
#endif
}

}  // namespace ressin

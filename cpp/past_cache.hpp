// Writing past the cache: pixels of a batch that is larger than the cache anyway, without first fetching the lines that they
// replace, which is half of the traffic. The same arithmetic as the plain loop, so the same bits.
#pragma once

#include <cstddef>
#include <cstdint>

#if defined(__SSE2__) || defined(_M_X64)
#include <emmintrin.h>
#define RESSIN_PAST_CACHE 1
#endif

namespace ressin {

inline constexpr std::ptrdiff_t past_cache_bytes = std::ptrdiff_t{16} << 20;  // a batch from here on does not stay in a cache

// Whether rows of `size` floats from `out` on can be written so.
inline bool can_pass_cache(const float* out, std::ptrdiff_t size) {
#if defined(RESSIN_PAST_CACHE)
  return size % 4 == 0 && reinterpret_cast<std::uintptr_t>(out) % 16 == 0;
#else
  (void)out, (void)size;
  return false;
#endif
}

// out = above + fraction (below - above)
inline void blend_past_cache(const float* above, const float* below, float fraction, std::ptrdiff_t size, float* out) {
#if defined(RESSIN_PAST_CACHE)
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

// Called by the thread that wrote, before others read.
inline void settle_past_cache() {
#if defined(RESSIN_PAST_CACHE)
  _mm_sfence();
#endif
}

}  // namespace ressin

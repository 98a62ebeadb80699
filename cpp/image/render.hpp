// One recording drawn: range, horizontal resize of a row, vertical blend of rows, written into the caller's image.
//
// Everything here is inlined into one function per instruction set (image.cpp); loops run over plain arrays so that the
// compiler vectorises them. A channel is drawn from top to bottom, and only the few source rows that the current image row
// needs are held, so the working set stays in the first-level cache.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "image/image.hpp"
#include "image/non_temporal.hpp"
#include "image/taps.hpp"

#if defined(_MSC_VER)
#define RESSIN_RESTRICT __restrict
#else
#define RESSIN_RESTRICT __restrict__
#endif
#if defined(__GNUC__)
#define RESSIN_INLINE inline __attribute__((always_inline))
#else
#define RESSIN_INLINE inline
#endif

namespace ressin {

inline constexpr std::ptrdiff_t line = 16;  // floats in a cache line

inline float* aligned(float* p) {
  const auto address = reinterpret_cast<std::uintptr_t>(p);
  return p + (64 - address % 64) % 64 / sizeof(float);
}

// One worker's buffers, kept between items, so that the taps are computed once for a batch of equal lengths.
struct ImageWorkspace {
  LinearTaps linear_x, linear_y;
  TriangleTaps triangle_x, triangle_y;
  std::vector<float> samples;  // one row of the grid, scaled
  std::vector<float>
      ring;  // resized rows, row r in slot r mod n_slots (a power of two), between margins of the background's value
  float* slots = nullptr;             // start of the ring, aligned to a cache line
  std::vector<std::ptrdiff_t> owner;  // row held by each slot
  bool past_cache = false;            // the batch is too large to stay in a cache
};

template <class Real>
struct Range {
  Real low, high;
  bool finite;
};

template <class Real>
RESSIN_INLINE Range<Real> channel_range(const Real* x, std::ptrdiff_t n) {
  constexpr std::ptrdiff_t width = 64;        // so many that the compiler vectorises the loops instead of unrolling them
  Real low[width], high[width], zero[width];  // zero stays 0 unless a sample is infinite or not a number
  for (std::ptrdiff_t k = 0; k < width; ++k) low[k] = high[k] = x[0], zero[k] = 0;
  std::ptrdiff_t i = 0;
  for (; i + width <= n; i += width) {
    for (std::ptrdiff_t k = 0; k < width; ++k) {
      const Real v = x[i + k];
      low[k] = v < low[k] ? v : low[k];
      high[k] = v > high[k] ? v : high[k];
      zero[k] += v * Real(0);
    }
  }
  for (; i < n; ++i) {
    low[0] = x[i] < low[0] ? x[i] : low[0];
    high[0] = x[i] > high[0] ? x[i] : high[0];
    zero[0] += x[i] * Real(0);
  }
  Real total = 0;
  for (std::ptrdiff_t k = 0; k < width; ++k) total += zero[k];
  return {*std::min_element(low, low + width), *std::max_element(high, high + width), total == Real(0)};
}

RESSIN_INLINE void resize_row(const float* RESSIN_RESTRICT in, const LinearTaps& taps, std::ptrdiff_t n_out,
                              float* RESSIN_RESTRICT out) {
  const float* RESSIN_RESTRICT fraction = taps.fraction.data();
  if (taps.blocks.empty()) {
    const std::ptrdiff_t* first = taps.first.data();
    for (std::ptrdiff_t x = 0; x < n_out; ++x) {
      const float a = in[first[x]];
      out[x] = a + fraction[x] * (in[first[x] + 1] - a);
    }
    return;
  }
  for (const Block& block : taps.blocks) {
    const float a = in[block.source];
    const float slope = in[block.source + 1] - a;
    float* to = out + block.x;
    const float* at = fraction + block.x;
    for (std::ptrdiff_t j = 0; j < run_block; ++j) to[j] = a + at[j] * slope;
  }
}

RESSIN_INLINE void resize_row(const float* in, const TriangleTaps& taps, std::ptrdiff_t n_out, float* out) {
  for (std::ptrdiff_t x = 0; x < n_out; ++x) {
    const float* weight = taps.weight.data() + taps.begin[x];
    const float* from = in + taps.first[x];
    const std::ptrdiff_t count = taps.begin[x + 1] - taps.begin[x];
    float sum = 0.0F;
    for (std::ptrdiff_t k = 0; k < count; ++k) sum += weight[k] * from[k];
    out[x] = sum;
  }
}

// The resized rows of one channel, computed on first use.
template <class Real, class Taps>
struct RowRing {
  const Real* channel;
  const Grid& grid;
  Range<Real> range;
  const Taps& taps;
  std::ptrdiff_t size, n_slots, margin;
  float mean;
  ImageWorkspace& work;

  std::ptrdiff_t stride() const { return (size + line - 1) / line * line + 2 * margin; }

  RESSIN_INLINE const float* row(std::ptrdiff_t r) {
    const std::ptrdiff_t slot = r & (n_slots - 1);
    float* out = work.slots + slot * stride() + margin;
    if (work.owner[slot] == r) return out;
    work.owner[slot] = r;
    float* samples = work.samples.data();
    const Real* x = channel + grid.start(r);
    const Real low = range.low, span = range.high - range.low;
    for (std::ptrdiff_t j = 0; j < grid.columns; ++j) samples[j] = static_cast<float>((x[j] - low) / span) - mean;
    samples[grid.columns] = samples[grid.columns - 1];
    resize_row(samples, taps, size, out);
    for (std::ptrdiff_t j = size; j < size + run_block; ++j) out[j] = -mean;  // the last block may have written past the row
    return out;
  }
};

// out = above + fraction (below - above)
RESSIN_INLINE void blend(const float* RESSIN_RESTRICT above, const float* RESSIN_RESTRICT below, float fraction,
                         std::ptrdiff_t size, float* RESSIN_RESTRICT out) {
  for (std::ptrdiff_t x = 0; x < size; ++x) out[x] = above[x] + fraction * (below[x] - above[x]);
}

// Image rows [y, end) of one channel from the picture's rows y + shift_y, all inside it.
template <class Real>
RESSIN_INLINE void draw_rows(RowRing<Real, LinearTaps>& rows, const LinearTaps& taps, std::ptrdiff_t y, std::ptrdiff_t end,
                             std::ptrdiff_t shift_y, std::ptrdiff_t shift_x, float* out) {
  const std::ptrdiff_t size = rows.size;
  const bool past_cache = rows.work.past_cache && can_store_non_temporal(out, size);
  while (y < end) {
    const std::ptrdiff_t first = taps.first[y + shift_y];
    const float* above = rows.row(first) + shift_x;
    const float* below = rows.row(taps.second[y + shift_y]) + shift_x;
    for (; y < end && taps.first[y + shift_y] == first; ++y) {
      if (past_cache) {
        blend_non_temporal(above, below, taps.fraction[y + shift_y], size, out + y * size);
      } else {
        blend(above, below, taps.fraction[y + shift_y], size, out + y * size);
      }
    }
  }
}

template <class Real>
RESSIN_INLINE void draw_rows(RowRing<Real, TriangleTaps>& rows, const TriangleTaps& taps, std::ptrdiff_t y, std::ptrdiff_t end,
                             std::ptrdiff_t shift_y, std::ptrdiff_t shift_x, float* out) {
  const std::ptrdiff_t size = rows.size;
  for (; y < end; ++y) {
    const std::ptrdiff_t begin = taps.begin[y + shift_y];
    float* pixels = out + y * size;
    std::fill(pixels, pixels + size, 0.0F);
    for (std::ptrdiff_t k = begin; k < taps.begin[y + shift_y + 1]; ++k) {
      const float* RESSIN_RESTRICT from = rows.row(taps.first[y + shift_y] + k - begin) + shift_x;
      const float weight = taps.weight[k];
      for (std::ptrdiff_t x = 0; x < size; ++x) pixels[x] += weight * from[x];
    }
  }
}

template <class Real, class Taps>
RESSIN_INLINE bool draw_item(const ImageItem<Real>& item, const Grid& grid, const ImageSettings& settings, Taps& across,
                             Taps& down, std::ptrdiff_t n_slots, ImageWorkspace& work, float* out) {
  const std::ptrdiff_t size = settings.size;
  const std::ptrdiff_t shift_x = std::clamp(item.shift_x, -size, size);
  const std::ptrdiff_t shift_y = std::clamp(item.shift_y, -size, size);
  const std::ptrdiff_t begin = std::max<std::ptrdiff_t>(0, -shift_y);  // image rows [begin, end) show the picture
  const std::ptrdiff_t end = std::min(size, size - shift_y);
  const std::ptrdiff_t margin = (std::abs(shift_x) + run_block + line - 1) / line * line;
  work.samples.resize(grid.columns + 1);
  work.owner.resize(n_slots);
  bool finite = true;
  for (int c = 0; c < settings.n_channels; ++c, out += size * size) {
    const float mean = settings.mean[c];
    Range<Real> range = channel_range(item.channels[c], grid.samples());
    finite = finite && range.finite;
    if (settings.given) range = {static_cast<Real>(settings.low), static_cast<Real>(settings.high), range.finite};
    if (range.high == range.low && range.finite) {  // a constant channel
      std::fill(out, out + size * size, -mean);
      continue;
    }
    RowRing<Real, Taps> rows{item.channels[c], grid, range, across, size, n_slots, margin, mean, work};
    work.ring.assign(n_slots * rows.stride() + line, -mean);
    work.slots = aligned(work.ring.data());
    std::fill(work.owner.begin(), work.owner.end(), std::ptrdiff_t{-1});
    std::fill(out, out + begin * size, -mean);
    draw_rows(rows, down, begin, end, shift_y, shift_x, out);
    std::fill(out + end * size, out + size * size, -mean);
  }
  return finite;
}

// Writes (n_channels, size, size); false where a sample is not finite.
template <class Real>
RESSIN_INLINE bool draw(const ImageItem<Real>& item, const ImageSettings& settings, ImageWorkspace& work, float* out) {
  const Grid grid = make_grid(item.n, item.rate);
  const std::ptrdiff_t size = settings.size;
  if (settings.antialias) {
    fill_taps(work.triangle_x, grid.columns, size);
    fill_taps(work.triangle_y, grid.rows, size);
    std::ptrdiff_t alive = 1, n_slots = 1;
    for (std::ptrdiff_t y = 0; y < size; ++y) alive = std::max(alive, work.triangle_y.begin[y + 1] - work.triangle_y.begin[y]);
    while (n_slots < alive) n_slots *= 2;
    return draw_item(item, grid, settings, work.triangle_x, work.triangle_y, n_slots, work, out);
  }
  fill_taps(work.linear_x, grid.columns, size);
  fill_taps(work.linear_y, grid.rows, size);
  return draw_item(item, grid, settings, work.linear_x, work.linear_y, 2, work, out);
}

}  // namespace ressin

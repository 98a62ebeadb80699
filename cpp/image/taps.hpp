// The weights of a resize along one side, with half-pixel centres (the align_corners=False convention).
//
// Coordinates are rounded to single precision as torch.nn.functional.interpolate rounds them, so that the two agree to the
// last digits at any size; the rounding moves a pixel by less than 1e-4 samples.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ressin {

inline constexpr std::ptrdiff_t run_block = 8;

// run_block pixels from x on; at least the first lies between the samples `source` and `source` + 1.
struct Block {
  std::int32_t source, x;
};

// Linear interpolation: out[x] = in[first[x]] + fraction[x] (in[second[x]] - in[first[x]]).
struct LinearTaps {
  std::ptrdiff_t n_in = 0, n_out = 0;
  std::vector<std::ptrdiff_t> first, second;
  std::vector<float> fraction;  // padded by run_block zeros
  // When enlarging, a run of pixels lies between the same two samples. It is written in whole blocks, which may reach into the
  // next run; that one is written afterwards. Empty where the runs are too short for this to be faster.
  std::vector<Block> blocks;
};

// Does nothing if the taps already belong to these sizes.
void fill_taps(LinearTaps& taps, std::ptrdiff_t n_in, std::ptrdiff_t n_out);

// A triangle as wide as two pixels of the smaller side: out[x] = sum_k weight[begin[x] + k] in[first[x] + k].
struct TriangleTaps {
  std::ptrdiff_t n_in = 0, n_out = 0;
  std::vector<std::ptrdiff_t> first, begin;  // begin has n_out + 1 entries
  std::vector<float> weight;
};

void fill_taps(TriangleTaps& taps, std::ptrdiff_t n_in, std::ptrdiff_t n_out);

}  // namespace ressin

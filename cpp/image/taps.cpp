#include "image/taps.hpp"

#include <algorithm>
#include <cmath>

namespace ressin {

// source(x) = max(0, scale (x + 1/2) - 1/2), scale = n_in / n_out, with one rounding to float at the end.
void fill_taps(LinearTaps& taps, std::ptrdiff_t n_in, std::ptrdiff_t n_out) {
  if (taps.n_in == n_in && taps.n_out == n_out) return;
  const float scale = static_cast<float>(n_in) / static_cast<float>(n_out);
  taps.n_in = n_in;
  taps.n_out = n_out;
  taps.first.resize(n_out);
  taps.second.resize(n_out);
  taps.fraction.assign(n_out + run_block, 0.0F);
  taps.blocks.clear();
  for (std::ptrdiff_t x = 0; x < n_out; ++x) {
    const float centre = static_cast<float>(x) + 0.5F;
    const auto exact = static_cast<double>(scale) * static_cast<double>(centre) - 0.5;
    const float source = n_in == n_out ? static_cast<float>(x) : std::max(0.0F, static_cast<float>(exact));
    const auto first = std::min(static_cast<std::ptrdiff_t>(source), n_in - 1);
    taps.first[x] = first;
    taps.second[x] = std::min(first + 1, n_in - 1);
    taps.fraction[x] = std::min(source - static_cast<float>(first), 1.0F);
  }
  if (2 * n_in > n_out) return;
  for (std::ptrdiff_t x = 0; x < n_out; ++x) {
    const Block& last = taps.blocks.empty() ? Block{-1, 0} : taps.blocks.back();
    if (taps.first[x] != last.source || x == last.x + run_block)
      taps.blocks.push_back({static_cast<std::int32_t>(taps.first[x]), static_cast<std::int32_t>(x)});
  }
}

// weight(k) ~ max(0, 1 - |first + k + 1/2 - centre| / support), centre = scale (x + 1/2), support = max(scale, 1),
// normalised to sum 1.
void fill_taps(TriangleTaps& taps, std::ptrdiff_t n_in, std::ptrdiff_t n_out) {
  if (taps.n_in == n_in && taps.n_out == n_out) return;
  const float scale = static_cast<float>(n_in) / static_cast<float>(n_out);
  const float support = std::max(scale, 1.0F);
  const float inverse = 1.0F / support;
  taps.n_in = n_in;
  taps.n_out = n_out;
  taps.first.resize(n_out);
  taps.begin.assign(1, 0);
  taps.weight.clear();
  for (std::ptrdiff_t x = 0; x < n_out; ++x) {
    const float centre = scale * (static_cast<float>(x) + 0.5F);
    const auto low = static_cast<std::ptrdiff_t>(centre - support + 0.5F);
    const auto high = static_cast<std::ptrdiff_t>(centre + support + 0.5F);
    const auto first = std::max<std::ptrdiff_t>(low, 0);
    const auto last = std::min(high, n_in);
    const std::size_t begin = taps.weight.size();
    float total = 0.0F;
    for (std::ptrdiff_t i = first; i < last; ++i) {
      const float offset = (static_cast<float>(i) - centre + 0.5F) * inverse;
      taps.weight.push_back(std::max(0.0F, 1.0F - std::abs(offset)));
      total += taps.weight.back();
    }
    for (std::size_t k = begin; k < taps.weight.size(); ++k) taps.weight[k] /= total;
    taps.first[x] = first;
    taps.begin.push_back(static_cast<std::ptrdiff_t>(taps.weight.size()));
  }
}

}  // namespace ressin

#include "image/gradient.hpp"

#include <algorithm>
#include <atomic>
#include <vector>

#include "batch/parallel.hpp"
#include "image/taps.hpp"

namespace ressin {
namespace {

struct PixelWork {
  LinearTaps linear_x, linear_y;
  TriangleTaps triangle_x, triangle_y;
  std::vector<double> rows;     // (grid rows, size): W_y' g
  std::vector<double> samples;  // one row of the grid's gradient
};

// f(source, weight) for the sources of output k.
template <class F>
void for_each_source(const LinearTaps& taps, std::ptrdiff_t k, F f) {
  const double fraction = taps.fraction[static_cast<std::size_t>(k)];
  f(taps.first[static_cast<std::size_t>(k)], 1.0 - fraction);
  f(taps.second[static_cast<std::size_t>(k)], fraction);
}
template <class F>
void for_each_source(const TriangleTaps& taps, std::ptrdiff_t k, F f) {
  const auto y = static_cast<std::size_t>(k);
  for (std::ptrdiff_t j = taps.begin[y]; j < taps.begin[y + 1]; ++j)
    f(taps.first[y] + j - taps.begin[y], static_cast<double>(taps.weight[static_cast<std::size_t>(j)]));
}

// rows += W_y' g, for the part of the picture that lies inside the image.
template <class Real, class Taps>
void spread_rows(const ImageItem<Real>& item, std::ptrdiff_t size, const Taps& down, const float* g,
                 std::vector<double>& rows) {
  const std::ptrdiff_t left = std::clamp<std::ptrdiff_t>(item.shift_x, 0, size);
  const std::ptrdiff_t right = std::clamp<std::ptrdiff_t>(size + item.shift_x, 0, size);
  for (std::ptrdiff_t y = 0; y < size; ++y) {
    const std::ptrdiff_t picture_y = y + item.shift_y;
    if (picture_y < 0 || picture_y >= size) continue;
    const float* pixels = g + y * size - item.shift_x;
    for_each_source(down, picture_y, [&](std::ptrdiff_t row, double weight) {
      double* to = rows.data() + row * size;
      for (std::ptrdiff_t x = left; x < right; ++x) to[x] += weight * static_cast<double>(pixels[x]);
    });
  }
}

template <class Real, class Taps>
void differentiate_channel(const ImageItem<Real>& item, const Grid& grid, const Real* x, std::ptrdiff_t size,
                           const Taps& across, const Taps& down, const float* g, PixelWork& work, Real* to) {
  std::fill(to, to + item.n, Real(0));
  const auto [lowest, highest] = std::minmax_element(x, x + grid.samples());
  const Real* last = x + grid.samples();
  const std::ptrdiff_t low = lowest - x, high = std::find(x, last, *highest) - x;  // the first of each
  const double span = static_cast<double>(x[high]) - static_cast<double>(x[low]);
  if (!(span > 0.0)) return;
  work.rows.assign(static_cast<std::size_t>(grid.rows * size), 0.0);
  work.samples.resize(static_cast<std::size_t>(grid.columns));
  spread_rows(item, size, down, g, work.rows);
  double to_low = 0.0, to_high = 0.0;
  for (std::ptrdiff_t r = 0; r < grid.rows; ++r) {
    std::fill(work.samples.begin(), work.samples.end(), 0.0);
    const double* row = work.rows.data() + r * size;
    for (std::ptrdiff_t k = 0; k < size; ++k) {
      for_each_source(across, k,
                      [&](std::ptrdiff_t j, double weight) { work.samples[static_cast<std::size_t>(j)] += weight * row[k]; });
    }
    const std::ptrdiff_t start = grid.start(r);
    for (std::ptrdiff_t j = 0; j < grid.columns; ++j) {
      const double c = work.samples[static_cast<std::size_t>(j)] / span;
      const double s = (static_cast<double>(x[start + j]) - static_cast<double>(x[low])) / span;
      to[start + j] += static_cast<Real>(c);
      to_low -= c * (1.0 - s);
      to_high -= c * s;
    }
  }
  to[low] += static_cast<Real>(to_low);
  to[high] += static_cast<Real>(to_high);
}

template <class Real>
void differentiate_item(const ImageItem<Real>& item, const ImageSettings& settings, const float* g, PixelWork& work,
                        Real* const* to) {
  const Grid grid = make_grid(item.n, item.rate);
  const std::ptrdiff_t size = settings.size;
  if (settings.antialias) {
    fill_taps(work.triangle_x, grid.columns, size);
    fill_taps(work.triangle_y, grid.rows, size);
  } else {
    fill_taps(work.linear_x, grid.columns, size);
    fill_taps(work.linear_y, grid.rows, size);
  }
  for (int c = 0; c < settings.n_channels; ++c, g += size * size) {
    if (settings.antialias) {
      differentiate_channel(item, grid, item.channels[c], size, work.triangle_x, work.triangle_y, g, work, to[c]);
    } else {
      differentiate_channel(item, grid, item.channels[c], size, work.linear_x, work.linear_y, g, work, to[c]);
    }
  }
}

}  // namespace

template <class Real>
void make_image_gradients(const ImageItem<Real>* items, std::ptrdiff_t n_items, const ImageSettings& settings,
                          const float* to_pixels, Real* const* to_channels, int n_threads) {
  const std::ptrdiff_t pixels = settings.n_channels * settings.size * settings.size;
  std::atomic<std::ptrdiff_t> next{0};
  const auto share = [&](int) {
    PixelWork work;
    for (std::ptrdiff_t i = next++; i < n_items; i = next++)
      differentiate_item(items[i], settings, to_pixels + i * pixels, work, to_channels + i * settings.n_channels);
  };
  Workers([] { return true; }).run(worker_count(n_threads, static_cast<std::size_t>(n_items)), share);
}

template void make_image_gradients<float>(const ImageItem<float>*, std::ptrdiff_t, const ImageSettings&, const float*,
                                          float* const*, int);
template void make_image_gradients<double>(const ImageItem<double>*, std::ptrdiff_t, const ImageSettings&, const float*,
                                           double* const*, int);

}  // namespace ressin

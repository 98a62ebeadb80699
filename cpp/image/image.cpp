#include "image/image.hpp"

#include <atomic>
#include <cmath>
#include <memory>
#include <utility>

#include "batch/parallel.hpp"
#include "image/render.hpp"
#include "programme/kept.hpp"

namespace ressin {

std::ptrdiff_t Grid::start(std::ptrdiff_t row) const {
  return static_cast<std::ptrdiff_t>(std::floor(static_cast<double>(row) * rate + 0.5));
}

Grid make_grid(std::ptrdiff_t n, double rate) {
  Grid grid{rate, 0, static_cast<std::ptrdiff_t>(std::floor(rate + 0.5))};
  if (grid.columns < 1) return grid;
  // A lower bound; the loop adds the rows that still fit. It is not exact because the rows' starts are rounded.
  grid.rows = std::max<std::ptrdiff_t>(0, static_cast<std::ptrdiff_t>(static_cast<double>(n) / rate) - 1);
  while (grid.start(grid.rows) + grid.columns <= n) ++grid.rows;
  return grid;
}

namespace {

KeptByThread<ImageWorkspace> kept;

template <class Real>
using Draw = bool (*)(const ImageItem<Real>&, const ImageSettings&, ImageWorkspace&, float*);

template <class Real>
bool draw_baseline(const ImageItem<Real>& item, const ImageSettings& settings, ImageWorkspace& work, float* out) {
  return draw(item, settings, work, out);
}

#if defined(__GNUC__) && defined(__x86_64__)
#define RESSIN_IMAGE_V3 1
template <class Real>
__attribute__((target("avx2"))) bool draw_v3(const ImageItem<Real>& item, const ImageSettings& settings, ImageWorkspace& work,
                                             float* out) {
  return draw(item, settings, work, out);
}
bool has_v3() { return __builtin_cpu_supports("avx2"); }
#else
bool has_v3() { return false; }
#endif

// Both builds do the same arithmetic, so the pixels are the same bit for bit.
template <class Real>
Draw<Real> select_draw() {
#if defined(RESSIN_IMAGE_V3)
  if (has_v3()) return draw_v3<Real>;
#endif
  return draw_baseline<Real>;
}

constexpr std::ptrdiff_t items_per_thread = 4;  // fewer take less time than starting a thread

}  // namespace

const char* image_instruction_set() { return has_v3() ? "avx2" : "baseline"; }

template <class Real>
std::ptrdiff_t make_images(const ImageItem<Real>* items, std::ptrdiff_t n_items, const ImageSettings& settings, float* out,
                           int n_threads) {
  const Draw<Real> draw_one = select_draw<Real>();
  const std::ptrdiff_t pixels = settings.n_channels * settings.size * settings.size;
  const bool past_cache = n_items * pixels * static_cast<std::ptrdiff_t>(sizeof(float)) >= non_temporal_bytes;
  std::atomic<std::ptrdiff_t> next{0}, bad{n_items};
  const auto draw_share = [&] {
    std::unique_ptr<ImageWorkspace> mine = kept.take();  // with the taps of the caller's last batch
    if (!mine) mine = std::make_unique<ImageWorkspace>();
    ImageWorkspace& work = *mine;
    work.past_cache = past_cache;
    for (std::ptrdiff_t i = next++; i < n_items; i = next++) {
      if (draw_one(items[i], settings, work, out + i * pixels)) continue;
      std::ptrdiff_t first = bad;
      while (i < first && !bad.compare_exchange_weak(first, i)) continue;
    }
    if (past_cache) fence_non_temporal();
    kept.keep(std::move(mine));
  };
  const auto portions = static_cast<std::size_t>(n_items / items_per_thread);
  if (n_threads == 1 || portions < 2) {
    draw_share();
  } else {  // a batch takes milliseconds: no need to stop it
    Workers([] { return true; }).run(worker_count(n_threads, portions), [&](int) { draw_share(); });
  }
  return bad < n_items ? bad.load() : -1;
}

template std::ptrdiff_t make_images<float>(const ImageItem<float>*, std::ptrdiff_t, const ImageSettings&, float*, int);
template std::ptrdiff_t make_images<double>(const ImageItem<double>*, std::ptrdiff_t, const ImageSettings&, float*, int);

}  // namespace ressin

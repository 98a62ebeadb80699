#include "solvers/robust/memory.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <utility>

#include "programme/kept.hpp"

namespace ressin::robust {
namespace {

constexpr std::size_t cache_line = 64;
constexpr std::size_t most_kept = 8, largest_kept = std::size_t{1} << 20;  // arrays of two programmes; numbers, 8 MB

template <class Real>
using Arrays = std::vector<std::vector<Real>>;  // the smallest first, with room for all that are kept

template <class Real>
KeptByThread<Arrays<Real>> kept;

// The calling thread's; null where there is no memory to keep any.
template <class Real>
Arrays<Real>* kept_or_made() {
  if (!kept<Real>.get()) {
    auto arrays = std::make_unique<Arrays<Real>>();
    arrays->reserve(most_kept);
    kept<Real>.keep(std::move(arrays));
  }
  return kept<Real>.get();
}

}  // namespace

template <class Real>
MemoryOf<Real>::MemoryOf(std::size_t size) {
  constexpr std::size_t in_line = cache_line / sizeof(Real);
  size += in_line;
  const auto smaller = [&](const std::vector<Real>& x, std::size_t most) { return x.capacity() < most; };
  if (Arrays<Real>* arrays = kept_or_made<Real>()) {
    const auto found = std::lower_bound(arrays->begin(), arrays->end(), size, smaller);
    if (found != arrays->end()) {
      numbers_ = std::move(*found);
      arrays->erase(found);
    }
  }
  numbers_.resize(size, Real{1});
  const auto over = reinterpret_cast<std::uintptr_t>(numbers_.data()) / sizeof(Real) % in_line;
  data_ = numbers_.data() + (over == 0 ? 0 : in_line - over);
}

template <class Real>
MemoryOf<Real>::~MemoryOf() {
  Arrays<Real>* arrays = kept<Real>.get();
  if (!arrays || numbers_.capacity() > largest_kept) return;
  if (arrays->size() == most_kept) arrays->erase(arrays->begin());
  const auto smaller = [](const std::vector<Real>& x, const std::vector<Real>& y) { return x.capacity() < y.capacity(); };
  arrays->insert(std::upper_bound(arrays->begin(), arrays->end(), numbers_, smaller), std::move(numbers_));
}

void let_heap_keep_pages() {
  static std::atomic<bool> done{false};
  if (done.exchange(true)) return;
  void* volatile block = std::malloc(std::size_t{8} << 20);  // volatile: else the compiler leaves both out
  std::free(block);
}

template class MemoryOf<double>;
template class MemoryOf<float>;

}  // namespace ressin::robust

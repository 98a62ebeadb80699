#include "solvers/robust/memory.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <utility>

#include "programme/kept.hpp"

namespace ressin::robust {
namespace {

constexpr std::size_t most_kept = 6, largest_kept = std::size_t{1} << 20;  // arrays of two programmes; numbers, 8 MB

using Arrays = std::vector<std::vector<double>>;  // the smallest first, with room for all that are kept

KeptByThread<Arrays> kept;

// The calling thread's; null where there is no memory to keep any.
Arrays* kept_or_made() {
  if (!kept.get()) {
    auto arrays = std::make_unique<Arrays>();
    arrays->reserve(most_kept);
    kept.keep(std::move(arrays));
  }
  return kept.get();
}

}  // namespace

Memory::Memory(std::size_t size) {
  const auto smaller = [&](const std::vector<double>& x, std::size_t most) { return x.capacity() < most; };
  if (Arrays* arrays = kept_or_made()) {
    const auto found = std::lower_bound(arrays->begin(), arrays->end(), size, smaller);
    if (found != arrays->end()) {
      numbers_ = std::move(*found);
      arrays->erase(found);
    }
  }
  numbers_.resize(size, 1.0);
}

Memory::~Memory() {
  Arrays* arrays = kept.get();
  if (!arrays || numbers_.capacity() > largest_kept) return;
  if (arrays->size() == most_kept) arrays->erase(arrays->begin());
  const auto smaller = [](const std::vector<double>& x, const std::vector<double>& y) { return x.capacity() < y.capacity(); };
  arrays->insert(std::upper_bound(arrays->begin(), arrays->end(), numbers_, smaller), std::move(numbers_));
}

void let_heap_keep_pages() {
  static std::atomic<bool> done{false};
  if (done.exchange(true)) return;
  void* volatile block = std::malloc(std::size_t{8} << 20);  // volatile: else the compiler leaves both out
  std::free(block);
}

}  // namespace ressin::robust

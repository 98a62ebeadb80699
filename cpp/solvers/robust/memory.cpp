#include "solvers/robust/memory.hpp"

#include <algorithm>
#include <memory>
#include <new>
#include <utility>

#include "solvers/kept.hpp"

namespace ressin::robust {
namespace {

constexpr std::size_t most_kept = 6, largest_kept = std::size_t{1} << 20;  // arrays of two programmes; numbers, 8 MB

// A thread's, the smallest first.
using Arrays = std::vector<std::vector<double>>;
KeptByThread<Arrays> kept;

bool is_smaller(const std::vector<double>& x, const std::vector<double>& y) { return x.capacity() < y.capacity(); }

}  // namespace

Memory::Memory(std::size_t size) {
  if (Arrays* arrays = kept.get()) {
    const auto smaller = [](const std::vector<double>& x, std::size_t most) { return x.capacity() < most; };
    const auto found = std::lower_bound(arrays->begin(), arrays->end(), size, smaller);
    if (found != arrays->end()) {
      numbers_ = std::move(*found);
      arrays->erase(found);
    }
  }
  numbers_.resize(size, 1.0);
}

Memory::~Memory() {
  if (numbers_.capacity() > largest_kept) return;
  try {
    std::unique_ptr<Arrays> arrays = kept.take();
    if (!arrays) arrays = std::make_unique<Arrays>();
    arrays->reserve(most_kept + 1);
    if (arrays->size() == most_kept) arrays->erase(arrays->begin());
    arrays->insert(std::upper_bound(arrays->begin(), arrays->end(), numbers_, is_smaller), std::move(numbers_));
    kept.keep(std::move(arrays));
  } catch (const std::bad_alloc&) {  // where there is no memory to note it, nothing is kept
  }
}

}  // namespace ressin::robust

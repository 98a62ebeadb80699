#include "solvers/robust/memory.hpp"

#include <algorithm>

namespace ressin::robust {
namespace {

constexpr std::size_t most_kept = 6, largest_kept = std::size_t{1} << 20;  // arrays of two programmes; numbers, 8 MB

// The smallest first.
std::vector<std::vector<double>>& kept() {
  thread_local std::vector<std::vector<double>> arrays;
  return arrays;
}

}  // namespace

Memory::Memory(std::size_t size) {
  auto& arrays = kept();
  const auto smaller = [&](const std::vector<double>& x, std::size_t most) { return x.capacity() < most; };
  const auto found = std::lower_bound(arrays.begin(), arrays.end(), size, smaller);
  if (found != arrays.end()) {
    numbers_ = std::move(*found);
    arrays.erase(found);
  }
  numbers_.resize(size, 1.0);
}

Memory::~Memory() {
  auto& arrays = kept();
  if (numbers_.capacity() > largest_kept) return;
  if (arrays.size() == most_kept) arrays.erase(arrays.begin());
  const auto smaller = [](const std::vector<double>& x, const std::vector<double>& y) { return x.capacity() < y.capacity(); };
  arrays.insert(std::upper_bound(arrays.begin(), arrays.end(), numbers_, smaller), std::move(numbers_));
}

}  // namespace ressin::robust

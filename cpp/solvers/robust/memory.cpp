#include "solvers/robust/memory.hpp"

#include <algorithm>

namespace ressin::robust {
namespace {

constexpr std::size_t most_kept = 4, largest_kept = std::size_t{1} << 21;  // arrays; numbers, 16 MB

std::vector<std::vector<double>>& kept() {
  thread_local std::vector<std::vector<double>> arrays;
  return arrays;
}

}  // namespace

Memory::Memory(std::size_t size) {
  auto& arrays = kept();
  const auto fits = [&](const std::vector<double>& x) { return x.capacity() >= size; };
  const auto found = std::find_if(arrays.begin(), arrays.end(), fits);
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
  arrays.push_back(std::move(numbers_));
}

}  // namespace ressin::robust

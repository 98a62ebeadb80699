// Large arrays of a thread, kept for its next programme: where they come from the system anew for each, finding their pages
// takes a sixth of the time of a recording.
#pragma once

#include <cstddef>
#include <vector>

namespace ressin::robust {

template <class Real>
class MemoryOf {
 public:
  // `size` numbers: of one, or what they were last.
  explicit MemoryOf(std::size_t size);
  ~MemoryOf();
  MemoryOf(const MemoryOf&) = delete;
  MemoryOf& operator=(const MemoryOf&) = delete;

  Real* data() { return numbers_.data(); }
  Real& operator[](std::size_t i) { return numbers_[i]; }
  void fill(Real x) { numbers_.assign(numbers_.size(), x); }

 private:
  std::vector<Real> numbers_;
};
using Memory = MemoryOf<double>;

}  // namespace ressin::robust

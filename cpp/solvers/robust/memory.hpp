// Large arrays of a thread, kept for its next programme: where they come from the system anew for each, finding their pages
// takes a sixth of the time of a recording.
#pragma once

#include <algorithm>
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

  Real* data() { return data_; }  // at the begin of a cache line
  Real& operator[](std::size_t i) { return data_[i]; }
  void fill(Real x) { std::fill(numbers_.begin(), numbers_.end(), x); }

 private:
  std::vector<Real> numbers_;
  Real* data_;
};
using Memory = MemoryOf<double>;

// The results of a batch are many arrays of some kilobytes, which come and go together. glibc gives memory at the end of its
// heap back to the system, page by page to be found again, where there is more of it than twice the largest block that it has
// mapped and seen freed: one of 8 MB lets it keep what the next batch needs. Elsewhere this does nothing.
void let_heap_keep_pages();

}  // namespace ressin::robust

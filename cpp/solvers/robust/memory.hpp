// Large arrays of a thread, kept for its next programme: where they come from the system anew for each, finding their pages
// takes a sixth of the time of a recording.
#pragma once

#include <cstddef>
#include <vector>

namespace ressin::robust {

class Memory {
 public:
  // `size` numbers: of one, or what they were last.
  explicit Memory(std::size_t size);
  ~Memory();
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  double* data() { return numbers_.data(); }
  double& operator[](std::size_t i) { return numbers_[i]; }
  void fill(double x) { numbers_.assign(numbers_.size(), x); }

 private:
  std::vector<double> numbers_;
};

// The results of a batch are many arrays of some kilobytes, which come and go together. glibc gives memory at the end of its
// heap back to the system, page by page to be found again, where there is more of it than twice the largest block that it has
// mapped and seen freed: one of 8 MB lets it keep what the next batch needs. Elsewhere this does nothing.
void let_heap_keep_pages();

}  // namespace ressin::robust

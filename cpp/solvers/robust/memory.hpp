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

}  // namespace ressin::robust

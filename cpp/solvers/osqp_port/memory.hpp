// The memory that the OSQP C library takes.
//
// Its functions do not look everywhere at whether they were given any. So where there is none they are left by an exception,
// std::bad_alloc, after which the solver is in no state that they could clean up: all that was taken for it is given back at
// once. On Windows, where an exception must not leave a C function, they are given nothing, as by malloc.
#pragma once

namespace ressin {

struct OsqpBlock {
  OsqpBlock *before = this, *after = this;
};

// All that was taken for one solver; one thread at a time.
class OsqpMemory {
 public:
  OsqpMemory() = default;
  ~OsqpMemory();
  OsqpMemory(const OsqpMemory&) = delete;
  OsqpMemory& operator=(const OsqpMemory&) = delete;

  // While it lives, what OSQP takes on this thread is for this solver. Throws std::bad_alloc.
  class Use {
   public:
    explicit Use(OsqpMemory* memory);
    ~Use();
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
  };

 private:
  OsqpBlock all_;  // a ring
};

}  // namespace ressin

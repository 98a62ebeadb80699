#include "memory.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

#include "osqp_memory.h"

#if defined(_WIN32)

namespace ressin {
OsqpMemory::~OsqpMemory() = default;
OsqpMemory::Use::Use(OsqpMemory*) {}
OsqpMemory::Use::~Use() = default;
}  // namespace ressin

extern "C" {
void* ressin_osqp_malloc(size_t size) { return std::malloc(size); }
void* ressin_osqp_calloc(size_t count, size_t size) { return std::calloc(count, size); }
void* ressin_osqp_realloc(void* memory, size_t size) { return std::realloc(memory, size); }
void ressin_osqp_free(void* memory) { std::free(memory); }
}

#else

#include <pthread.h>

namespace ressin {
namespace {

// Before every piece of memory, so that what follows is aligned for anything.
struct alignas(std::max_align_t) Header {
  OsqpBlock block;
};

// The ring that a thread's memory belongs to. No `thread_local`, for the reason that KeptByThread has none.
pthread_key_t key() {
  static const pthread_key_t made = [] {
    pthread_key_t k;
    if (pthread_key_create(&k, nullptr) != 0) throw std::bad_alloc();
    return k;
  }();
  return made;
}

void link(OsqpBlock* ring, OsqpBlock* x) {
  x->before = ring->before, x->after = ring;
  ring->before->after = x, ring->before = x;
}

void unlink(OsqpBlock* x) {
  x->before->after = x->after, x->after->before = x->before;
  x->before = x->after = x;
}

// The piece that begins at `header`, in the ring.
void* taken(void* header, OsqpBlock* ring) {
  if (!header) throw std::bad_alloc();
  Header* h = new (header) Header;
  if (ring) link(ring, &h->block);
  return h + 1;
}

OsqpBlock* ring_of_thread() { return static_cast<OsqpBlock*>(pthread_getspecific(key())); }

std::size_t with_header(std::size_t size) {
  if (size > SIZE_MAX - sizeof(Header)) throw std::bad_alloc();
  return size + sizeof(Header);
}

}  // namespace

OsqpMemory::~OsqpMemory() {
  while (all_.after != &all_) {
    OsqpBlock* x = all_.after;
    unlink(x);
    std::free(x);
  }
}

OsqpMemory::Use::Use(OsqpMemory* memory) {
  if (pthread_setspecific(key(), &memory->all_) != 0) throw std::bad_alloc();
}

OsqpMemory::Use::~Use() { pthread_setspecific(key(), nullptr); }

}  // namespace ressin

extern "C" {

void* ressin_osqp_malloc(size_t size) {
  return ressin::taken(std::malloc(ressin::with_header(size)), ressin::ring_of_thread());
}

void* ressin_osqp_calloc(size_t count, size_t size) {
  if (size > 0 && count > SIZE_MAX / size) throw std::bad_alloc();
  return ressin::taken(std::calloc(1, ressin::with_header(count * size)), ressin::ring_of_thread());
}

void* ressin_osqp_realloc(void* memory, size_t size) {
  if (!memory) return ressin_osqp_malloc(size);
  ressin::Header* old = static_cast<ressin::Header*>(memory) - 1;
  ressin::unlink(&old->block);
  void* moved = std::realloc(static_cast<void*>(old), ressin::with_header(size));
  if (!moved) {
    if (ressin::OsqpBlock* ring = ressin::ring_of_thread()) ressin::link(ring, &old->block);
    throw std::bad_alloc();
  }
  return ressin::taken(moved, ressin::ring_of_thread());
}

void ressin_osqp_free(void* memory) {
  if (!memory) return;
  ressin::Header* old = static_cast<ressin::Header*>(memory) - 1;
  ressin::unlink(&old->block);
  std::free(old);
}
}

#endif

// What a thread keeps from one call to the next.
#pragma once

#include <memory>

#if defined(_WIN32)
#include <utility>
#else
#include <pthread.h>
#endif

namespace ressin {

// At most one object of a thread, deleted when the thread ends. For objects at namespace scope, which are never destroyed.
//
// Not `thread_local`: in a library that is loaded at run time, the C library gets the memory of such variables, and of the
// list of their destructors, when a thread first touches one, and ends the process where there is none.
#if defined(_WIN32)
template <class T>
class KeptByThread {  // one for each T: there are no two of the same
 public:
  std::unique_ptr<T> take() { return std::move(kept()); }
  T* get() const { return kept().get(); }
  void keep(std::unique_ptr<T> x) { kept() = std::move(x); }

 private:
  static std::unique_ptr<T>& kept() {
    static thread_local std::unique_ptr<T> x;
    return x;
  }
};
#else
template <class T>
class KeptByThread {
 public:
  KeptByThread() {
    is_made_ = pthread_key_create(&key_, [](void* x) { delete static_cast<T*>(x); }) == 0;
  }
  KeptByThread(const KeptByThread&) = delete;
  KeptByThread& operator=(const KeptByThread&) = delete;

  // The calling thread's object, which it then keeps no more; null where it keeps none.
  std::unique_ptr<T> take() {
    std::unique_ptr<T> x(get());
    if (x) pthread_setspecific(key_, nullptr);
    return x;
  }

  // Looked at, and kept on.
  T* get() const { return is_made_ ? static_cast<T*>(pthread_getspecific(key_)) : nullptr; }

  // Keep an object in place of the one kept; where there is no memory to note it, keep none.
  void keep(std::unique_ptr<T> x) {
    take();
    if (x && is_made_ && pthread_setspecific(key_, x.get()) == 0) x.release();
  }

 private:
  pthread_key_t key_{};
  bool is_made_ = false;
};
#endif

}  // namespace ressin

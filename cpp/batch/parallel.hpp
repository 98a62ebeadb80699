// A parallel-for whose calling thread works as well, polls the caller and can stop the run. A worker may share parts of its
// own work with those that have none left.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdlib>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "solvers/for_all.hpp"

namespace ressin {

// Number of workers: 0 requests one per hardware thread; at most one per hardware thread and per piece of work, at least one.
inline int worker_count(int requested, std::size_t work) {
  const auto hardware = static_cast<int>(std::thread::hardware_concurrency());
  const int machine = hardware > 0 ? hardware : 1;  // 0: not known
  const int wanted = requested > 0 ? std::min(requested, machine) : machine;
  return work < static_cast<std::size_t>(wanted) ? static_cast<int>(work > 0 ? work : 1) : wanted;
}

// Whether the calling thread has the memory that it needs to throw; then it keeps it. The C++ library allocates that when a
// thread first throws, and ends the process where it cannot, as when what is thrown says that there is no memory. So it is
// asked for beforehand, after blocks of all small sizes, of which the allocator keeps one each for the thread that frees them.
inline bool can_throw() {
  constexpr int sizes = 64;
  void* volatile blocks[sizes];
  int n = 0;
  while (n < sizes && (blocks[n] = std::malloc(static_cast<std::size_t>(16 * (n + 1)))) != nullptr) ++n;
  const bool has_memory = n == sizes;
  while (n > 0) std::free(blocks[--n]);
  return has_memory && std::uncaught_exceptions() >= 0;  // it is what asks, and its result must be used to be called
}

class Workers {
 public:
  // `poll` is called on the calling thread, at most every 50 ms; false stops the run.
  // `start` starts a thread, and throws where that cannot be done.
  using Start = std::function<std::thread(std::function<void()>)>;
  explicit Workers(
      std::function<bool()> poll, Start start = [](std::function<void()> body) { return std::thread(std::move(body)); })
      : poll_(std::move(poll)), start_(std::move(start)) {}

  // Run work(worker) on `count` workers, the calling thread being worker 0, or on fewer where no more threads can be
  // started. Rethrows the first exception.
  void run(int count, const std::function<void(int worker)>& work) {
    std::vector<std::thread> threads;
    threads.reserve(static_cast<std::size_t>(count));
    present_ = 1;
    count_ = count;
    can_throw();
    for (int k = 1; k < count; ++k) {
      enter();
      try {
        threads.push_back(start_([&work, k, this] { can_throw() ? guarded(work, k) : absent(), leave(); }));
      } catch (...) {  // those that run do the work
        absent();
        leave();
        break;
      }
    }
    guarded(work, 0);
    {
      std::unique_lock<std::mutex> lock(mutex_);
      while (running_ > 0) {
        left_.wait_for(lock, interval);
        lock.unlock();
        supervise();
        lock.lock();
      }
    }
    for (auto& t : threads) t.join();
    if (error_) std::rethrow_exception(error_);
  }

  // Called by every worker between pieces of work; on the calling thread it also polls.
  bool keep_going(int worker) {
    if (worker == 0) supervise();
    return !stop_.load(std::memory_order_relaxed);
  }

  // Do part(k, worker) for k = 0 .. count - 1, each once: on this worker, and on those that wait in help(). Returns when all
  // are done, and rethrows what a part threw.
  using Part = std::function<void(std::size_t k, int worker)>;
  void share(int worker, std::size_t count, const Part& part) {
    Shared shared{&part, count};
    std::unique_lock<std::mutex> lock(mutex_);
    shared_.push_back(&shared);
    shares_.notify_all();
    take_part(lock, shared, worker);
    shared_.erase(std::find(shared_.begin(), shared_.end(), &shared));
    shares_.wait(lock, [&] { return shared.at_work == 0; });
    if (shared.error) std::rethrow_exception(shared.error);
  }

  // share() for work that does not ask by whom it is done; null where nobody could help.
  ForAll for_all(int worker) {
    if (count_ < 2) return nullptr;
    return [this, worker](std::size_t count, const ressin::Part& part) {
      share(worker, count, [&](std::size_t k, int) { part(k); });
    };
  }

  // For a worker that has nothing left to do: take part in what others share, until nobody can share any more.
  void help(int worker) {
    std::unique_lock<std::mutex> lock(mutex_);
    ++waiting_;
    while (waiting_ < present_) {
      const auto open = std::find_if(shared_.begin(), shared_.end(), [](const Shared* s) { return s->next < s->count; });
      if (open != shared_.end()) {
        --waiting_;
        take_part(lock, **open, worker);
        ++waiting_;
      } else if (worker != 0) {
        shares_.wait(lock);
      } else {
        shares_.wait_for(lock, interval);
        lock.unlock();
        supervise();
        lock.lock();
      }
    }
    shares_.notify_all();
  }

 private:
  // What one worker shares; it lives on that worker's stack until nobody is at work on it.
  struct Shared {
    const Part* part;
    std::size_t count, next = 0;
    int at_work = 0;
    std::exception_ptr error = nullptr;
  };

  // With the lock held, which is left while a part is done.
  void take_part(std::unique_lock<std::mutex>& lock, Shared& shared, int worker) {
    ++shared.at_work;
    while (shared.next < shared.count) {
      const std::size_t k = shared.next++;
      lock.unlock();
      std::exception_ptr error;
      try {
        (*shared.part)(k, worker);
      } catch (...) {
        error = std::current_exception();
      }
      lock.lock();
      if (!error) continue;
      if (!shared.error) shared.error = error;
      shared.next = shared.count;
    }
    if (--shared.at_work == 0) shares_.notify_all();
  }

  static constexpr std::chrono::milliseconds interval{50};

  void supervise() {
    const auto now = std::chrono::steady_clock::now();
    if (now - last_poll_ < interval || stop_) return;
    last_poll_ = now;
    if (!poll_()) stop_ = true;
  }

  void guarded(const std::function<void(int)>& work, int worker) {
    try {
      work(worker);
    } catch (...) {
      std::lock_guard<std::mutex> lock(mutex_);
      if (!error_) error_ = std::current_exception();
      stop_ = true;
    }
    absent();
  }

  void enter() {
    std::lock_guard<std::mutex> lock(mutex_);
    ++running_;
    ++present_;
  }

  // Whoever waits in help() for the last that may share then leaves.
  void absent() {
    std::lock_guard<std::mutex> lock(mutex_);
    --present_;
    shares_.notify_all();
  }

  void leave() {
    std::lock_guard<std::mutex> lock(mutex_);
    --running_;
    left_.notify_one();
  }

  std::function<bool()> poll_;
  Start start_;
  std::atomic<bool> stop_{false};
  std::chrono::steady_clock::time_point last_poll_ = std::chrono::steady_clock::now();
  std::mutex mutex_;
  std::condition_variable left_, shares_;
  int count_ = 1;                // workers that were asked for
  int running_ = 0;              // threads that have been started and have not left
  int present_ = 0;              // workers whose work has not returned
  int waiting_ = 0;              // of them, those in help() without a part to do
  std::vector<Shared*> shared_;  // what is open to others
  std::exception_ptr error_;
};

}  // namespace ressin

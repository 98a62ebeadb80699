// A parallel-for whose calling thread works as well, polls the caller and can stop the run.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace ressin {

// Number of workers: 0 requests one per hardware thread; at most one per piece of work.
inline int worker_count(int requested, std::size_t work) {
  const auto machine = static_cast<int>(std::thread::hardware_concurrency());
  const int wanted = requested > 0 ? requested : (machine > 0 ? machine : 1);
  return work < static_cast<std::size_t>(wanted) ? static_cast<int>(work > 0 ? work : 1) : wanted;
}

class Workers {
 public:
  // `poll` is called on the calling thread, at most every 50 ms; false stops the run.
  explicit Workers(std::function<bool()> poll) : poll_(std::move(poll)) {}

  // Run work(worker) on `count` workers, the calling thread being worker 0. Rethrows the first exception.
  void run(int count, const std::function<void(int worker)>& work) {
    running_ = count - 1;
    std::vector<std::thread> threads;
    threads.reserve(static_cast<std::size_t>(count));
    try {
      for (int k = 1; k < count; ++k) threads.emplace_back([&, k] { guarded(work, k), leave(); });
    } catch (...) {  // no more threads can be started: those that run do the work
      std::lock_guard<std::mutex> lock(mutex_);
      running_ = static_cast<int>(threads.size());
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

 private:
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
  }

  void leave() {
    std::lock_guard<std::mutex> lock(mutex_);
    --running_;
    left_.notify_one();
  }

  std::function<bool()> poll_;
  std::atomic<bool> stop_{false};
  std::chrono::steady_clock::time_point last_poll_ = std::chrono::steady_clock::now();
  std::mutex mutex_;
  std::condition_variable left_;
  int running_ = 0;
  std::exception_ptr error_;
};

}  // namespace ressin

// A parallel-for whose calling thread works as well, polls the caller and can stop the run.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace ressin {

// Number of workers: 0 requests one per hardware thread; at most one per hardware thread and per piece of work, at least one.
inline int worker_count(int requested, std::size_t work) {
  const auto hardware = static_cast<int>(std::thread::hardware_concurrency());
  const int machine = hardware > 0 ? hardware : 1;  // 0: not known
  const int wanted = requested > 0 ? std::min(requested, machine) : machine;
  return work < static_cast<std::size_t>(wanted) ? static_cast<int>(work > 0 ? work : 1) : wanted;
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
    for (int k = 1; k < count; ++k) {
      enter();
      try {
        threads.push_back(start_([&work, k, this] { guarded(work, k), leave(); }));
      } catch (...) {  // those that run do the work
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

  void enter() {
    std::lock_guard<std::mutex> lock(mutex_);
    ++running_;
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
  std::condition_variable left_;
  int running_ = 0;  // threads that have been started and have not left
  std::exception_ptr error_;
};

}  // namespace ressin

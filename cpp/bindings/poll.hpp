// Keeps long calls into the core interruptible; shared by the bindings that decompose.
#pragma once

#include <pybind11/pybind11.h>

#include <cstddef>
#include <optional>

// The core's `poll`, called without the GIL: checks for Ctrl-C and calls progress(done, total). An exception from either stops
// the run and is kept until rethrow().
class Poll {
 public:
  Poll(const pybind11::object& progress, std::size_t total) : progress_(progress), total_(total) {}

  bool operator()(std::size_t done) {
    return keeps([&] {
      if (PyErr_CheckSignals() != 0) throw pybind11::error_already_set();
      if (!progress_.is_none()) progress_(done, total_);
    });
  }

  // Calls work(argument), without the GIL as the above.
  void call(const pybind11::object& work, const pybind11::object& argument) {
    keeps([&] { work(argument); });
  }

  // To be called with the GIL held.
  void rethrow() {
    if (!raised_) return;
    raised_->restore();
    throw pybind11::error_already_set();
  }

 private:
  // Whether nothing was raised, by `work` or before it.
  template <class Work>
  bool keeps(Work work) {
    const pybind11::gil_scoped_acquire acquire;
    if (raised_) return false;
    try {
      work();
    } catch (pybind11::error_already_set& e) {
      raised_.emplace(e);
    }
    return !raised_;
  }

  const pybind11::object& progress_;
  std::size_t total_;
  std::optional<pybind11::error_already_set> raised_;
};

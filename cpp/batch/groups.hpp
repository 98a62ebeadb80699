// Groups of signals of one shape: they share a model and are solved side by side in the lanes of one kernel.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <map>
#include <memory>
#include <tuple>
#include <vector>

#include "batch/decompose.hpp"
#include "kernel/kernel.hpp"

namespace ressin {

// Limit on what a thread keeps from one call to the next: the model of the last shape and a workspace for it. Without them, a
// caller's loop over short recordings would spend a third of its time on building the same tables again.
constexpr std::size_t most_bytes_kept = std::size_t{16} << 20;

// The model of a signal of n samples; the weights, null for ones, tell where the observed samples begin.
Model make_model(std::ptrdiff_t n, double dt, const DecomposeSettings& settings, const double* weights = nullptr);

// What signals must have in common to share a kernel; alpha and gamma may differ between lanes (with OSQP only alpha).
using Shape = std::tuple<std::ptrdiff_t, double, bool, std::ptrdiff_t, double, double, double, double, Revision, Baseline>;
Shape shape_of(const Signal& signal, const DecomposeSettings& settings);

// The model of a signal's shape; the calling thread keeps the last one that is small.
std::shared_ptr<const Model> shared_model(const Signal& signal, const DecomposeSettings& settings);

// The kernel with as many lanes as the signals of a shape fill, if their state fits the caches.
const Kernel& choose_kernel(const Model& model, std::size_t n_signals, int n_workers);

// Places that workers take from one by one, or in runs. Each worker begins in a part of its own and goes on in those of others:
// the results of neighbours lie in the same pages of memory, which two threads that need one at a time both make.
class Places {
 public:
  Places(std::size_t count, std::size_t run, int n_workers);

  // The worker's next places are [*begin, *end); false when there are none left.
  bool take(int worker, std::size_t* begin, std::size_t* end);
  bool are_left() const;

 private:
  struct alignas(64) Part {  // in a cache line of its own
    std::atomic<std::size_t> next{0};
    std::size_t end = 0;
  };

  std::size_t run_;
  std::vector<Part> parts_;
};

struct Group {
  std::shared_ptr<const Model> model;
  bool weighted;
  std::vector<std::size_t> members;
  std::unique_ptr<Places> places;  // in `members`, from hand_out() on

  Group(std::shared_ptr<const Model> m, bool w) : model(std::move(m)), weighted(w) {}
  void hand_out(std::size_t run, int n_workers) { places = std::make_unique<Places>(members.size(), run, n_workers); }
};

using Groups = std::vector<std::unique_ptr<Group>>;

// The groups of `count` signals, where signal_at(i) is signal i. The longest come first: a long one started last would leave
// the other threads idle.
template <class SignalAt>
Groups make_groups(std::size_t count, const SignalAt& signal_at, const DecomposeSettings& settings) {
  std::map<Shape, std::size_t> known;
  Groups groups;
  for (std::size_t i = 0; i < count; ++i) {
    const Signal& s = signal_at(i);
    const auto [it, is_new] = known.try_emplace(shape_of(s, settings), groups.size());
    if (is_new) groups.push_back(std::make_unique<Group>(shared_model(s, settings), s.weights != nullptr));
    groups[it->second]->members.push_back(i);
  }
  std::stable_sort(groups.begin(), groups.end(), [](const auto& a, const auto& b) { return a->model->n() > b->model->n(); });
  return groups;
}

}  // namespace ressin

// Signals of one shape share a model and are solved side by side in the lanes of one kernel; workers take them group by group.
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

// What a thread keeps from one call to the next is at most this large: the model of the last shape, and a workspace for it.
// Without them a caller's loop over short recordings would spend a third of its time on building the same tables again.
constexpr std::size_t most_bytes_kept = std::size_t{16} << 20;

// The model of a signal of n samples; the weights, null for ones, say where it begins to be observed.
Model make_model(std::ptrdiff_t n, double dt, const DecomposeSettings& settings, const double* weights = nullptr);

// What signals must share to stand in the lanes of one kernel; alpha and gamma are each lane's own (OSQP shares gamma).
using Shape = std::tuple<std::ptrdiff_t, double, bool, std::ptrdiff_t, double, double, double, double, Revision, Baseline>;
Shape shape_of(const Signal& signal, const DecomposeSettings& settings);

// Its model; the calling thread keeps the last small one.
std::shared_ptr<const Model> shared_model(const Signal& signal, const DecomposeSettings& settings);

// As many lanes as the signals of a shape fill, if they fit the caches.
const Kernel& choose_kernel(const Model& model, std::size_t n_signals, int n_workers);

struct Group {
  std::shared_ptr<const Model> model;
  bool weighted;
  std::vector<std::size_t> members;
  std::atomic<std::size_t> next{0};

  Group(std::shared_ptr<const Model> m, bool w) : model(std::move(m)), weighted(w) {}
  bool is_handed_out() const { return next.load() >= members.size(); }
};

using Groups = std::vector<std::unique_ptr<Group>>;

// The groups of `count` signals, signal_at(i) being signal i: the longest first, so that the last to finish are short ones.
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

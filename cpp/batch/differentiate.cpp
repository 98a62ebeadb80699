// The gradients of a batch: grouping by shape, lanes, threads, and the chain through the standardisation.
#include "batch/differentiate.hpp"

#include <algorithm>
#include <atomic>
#include <memory>

#include "batch/groups.hpp"
#include "batch/parallel.hpp"
#include "kernel/kernel.hpp"
#include "programme/kept.hpp"

namespace ressin {
namespace {

// The calling thread keeps a small workspace for the next batch of a training.
KeptByThread<Adjoint> kept;

// Chain rule through the standardisation: the programme is solved on y - m with alpha', and m is added to the tonic part,
//   alpha' = alpha s,  mean m = sum w y / sum w,  scale s = sqrt(sum w (y - m)^2 / sum w).
void through_standardisation(const SolvedSignal& x, double alpha, Gradient* gradient) {
  const Signal& s = x.signal;
  const double to_scale = alpha * gradient->alpha;
  gradient->alpha *= x.scale;
  double weight = 0.0, to_mean = 0.0;
  for (std::ptrdiff_t i = 0; i < s.n; ++i) {
    weight += s.weights ? s.weights[i] : 1.0;
    to_mean += (x.to_tonic ? x.to_tonic[i] : 0.0) - x.to_signal[i];
  }
  for (std::ptrdiff_t i = 0; i < s.n; ++i) {
    const double share = (s.weights ? s.weights[i] : 1.0) / weight;
    if (share > 0.0) x.to_signal[i] += share * (to_mean + to_scale * (s.y[i] - x.mean) / x.scale);
  }
}

class Batch {
 public:
  Batch(const std::vector<SolvedSignal>& signals, const DecomposeSettings& settings)
      : signals_(signals),
        settings_(settings),
        groups_(make_groups(
            signals.size(), [&](std::size_t i) -> const Signal& { return signals[i].signal; }, settings)),
        gradients_(signals.size()) {}

  void solve(int worker, int n_workers, Workers& workers) {
    for (const auto& group : groups_) {
      if (group->is_handed_out()) continue;
      const Kernel& kernel = choose_kernel(*group->model, group->members.size(), n_workers);
      std::unique_ptr<Adjoint> method = worker == 0 ? kept.take() : nullptr;
      if (!method || !method->serves(group->model.get(), kernel, group->weighted))
        method = std::make_unique<Adjoint>(group->model, kernel, group->weighted);
      while (workers.keep_going(worker) && take(*group, kernel.lanes, *method)) continue;
      const std::size_t bytes = Workspace::bytes_per_lane(*group->model) * static_cast<std::size_t>(kernel.lanes);
      if (worker == 0 && bytes <= most_bytes_kept) kept.keep(std::move(method));
    }
  }

  std::size_t n_done() const { return n_done_.load(); }
  std::vector<Gradient> take_gradients() { return std::move(gradients_); }

 private:
  // Differentiates the next few signals of a group, one a lane; false when none are left.
  bool take(Group& group, int lanes, Adjoint& method) {
    const std::size_t begin = group.next.fetch_add(static_cast<std::size_t>(lanes));
    if (begin >= group.members.size()) return false;
    const SolvedSignal* part[max_lanes];
    ProgramSettings programs[max_lanes];
    Gradient found[max_lanes];
    const int count = static_cast<int>(std::min(group.members.size() - begin, static_cast<std::size_t>(lanes)));
    for (int k = 0; k < count; ++k) {
      part[k] = &signals_[group.members[begin + static_cast<std::size_t>(k)]];
      programs[k] = program_of(part[k]->signal, settings_);
      if (settings_.standardize) programs[k].alpha *= part[k]->scale;
    }
    method.solve(part, programs, count, found);
    for (int k = 0; k < count; ++k) {
      if (settings_.standardize) through_standardisation(*part[k], program_of(part[k]->signal, settings_).alpha, &found[k]);
      gradients_[group.members[begin + static_cast<std::size_t>(k)]] = found[k];
    }
    n_done_.fetch_add(static_cast<std::size_t>(count));
    return true;
  }

  const std::vector<SolvedSignal>& signals_;
  const DecomposeSettings& settings_;
  Groups groups_;
  std::vector<Gradient> gradients_;
  std::atomic<std::size_t> n_done_{0};
};

}  // namespace

std::vector<Gradient> differentiate(const std::vector<SolvedSignal>& signals, const DecomposeSettings& settings,
                                    const std::function<bool(std::size_t done)>& poll) {
  Batch batch(signals, settings);
  Workers workers([&] { return poll(batch.n_done()); });
  const int count = worker_count(settings.n_threads, signals.size());
  workers.run(count, [&](int worker) { batch.solve(worker, count, workers); });
  return batch.take_gradients();
}

}  // namespace ressin

// The gradients of a batch: grouping by shape, lanes, threads, and the chain through the standardisation.
#include "batch/differentiate.hpp"

#include <algorithm>
#include <atomic>
#include <memory>

#include "batch/groups.hpp"
#include "batch/parallel.hpp"
#include "kernel/kernel.hpp"
#include "programme/kept.hpp"
#include "programme/sums.hpp"
#include "solvers/active_set/adjoint.hpp"

namespace ressin {
namespace {

// The calling thread keeps a small workspace of either kind for the next batch of a training.
KeptByThread<Adjoint> kept_in_lanes;
KeptByThread<active_set::EventAdjoint> kept_at_events;

// Chain rule through the standardisation: the programme is solved on y - m with alpha', and m is added to the tonic part,
//   alpha' = alpha s,  mean m = sum w y / sum w,  scale s = sqrt(sum w (y - m)^2 / sum w).
void through_standardisation(const SolvedSignal& x, double alpha, Gradient* gradient) {
  const Signal& s = x.signal;
  const auto weight_at = [&](std::ptrdiff_t i) { return s.weights ? s.weights[i] : 1.0; };
  const double per_weight = 1.0 / (s.weights ? sum_of(s.n, weight_at) : static_cast<double>(s.n));
  const double to_mean = sum_of(s.n, [&](std::ptrdiff_t i) { return (x.to_tonic ? x.to_tonic[i] : 0.0) - x.to_signal[i]; });
  const double to_scale = alpha * gradient->alpha;
  gradient->alpha *= x.scale;
  for (std::ptrdiff_t i = 0; i < s.n; ++i) {
    const double w = weight_at(i);
    if (w > 0.0) x.to_signal[i] += w * per_weight * (to_mean + to_scale * (s.y[i] - x.mean) / x.scale);
  }
}

// A support of more than one sample in so many is dense: its events cost more than a pass over all samples in lanes.
constexpr std::size_t dense_samples = 8;

bool is_dense(const std::vector<std::ptrdiff_t>& support, std::ptrdiff_t n) {
  return dense_samples * support.size() >= static_cast<std::size_t>(n);
}

// The methods of one worker in one group, made when a signal needs them.
class Methods {
 public:
  Methods(const Group& group, const Kernel& kernel, int worker) : group_(group), kernel_(kernel), worker_(worker) {}
  Methods(const Methods&) = delete;
  Methods& operator=(const Methods&) = delete;

  ~Methods() {
    if (worker_ != 0) return;
    const std::size_t bytes = Workspace::bytes_per_lane(*group_.model) * static_cast<std::size_t>(kernel_.lanes);
    if (in_lanes_ && bytes <= most_bytes_kept) kept_in_lanes.keep(std::move(in_lanes_));
    if (at_events_ && at_events_->bytes() <= most_bytes_kept) kept_at_events.keep(std::move(at_events_));
  }

  Adjoint& in_lanes() {
    if (!in_lanes_ && worker_ == 0) in_lanes_ = kept_in_lanes.take();
    if (!in_lanes_ || !in_lanes_->serves(group_.model.get(), kernel_, group_.weighted))
      in_lanes_ = std::make_unique<Adjoint>(group_.model, kernel_, group_.weighted);
    return *in_lanes_;
  }

  active_set::EventAdjoint& at_events() {
    if (!at_events_ && worker_ == 0) at_events_ = kept_at_events.take();
    if (!at_events_ || !at_events_->serves(group_.model.get(), group_.weighted))
      at_events_ = std::make_unique<active_set::EventAdjoint>(
          std::make_shared<const active_set::ShapeTables>(group_.model, group_.weighted));
    return *at_events_;
  }

  int lanes() const { return kernel_.lanes; }

 private:
  const Group& group_;
  const Kernel& kernel_;
  int worker_;
  std::unique_ptr<Adjoint> in_lanes_;
  std::unique_ptr<active_set::EventAdjoint> at_events_;
};

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
      if (!group->places->are_left()) continue;
      Methods methods(*group, choose_kernel(*group->model, group->members.size(), n_workers), worker);
      solve(*group, methods, worker, [&] { return workers.keep_going(worker); });
    }
  }

  void hand_out(int n_workers) {
    for (const auto& group : groups_) group->hand_out(1, n_workers);
  }
  std::size_t n_done() const { return n_done_.load(); }
  std::vector<Gradient> take_gradients() { return std::move(gradients_); }

 private:
  // A signal whose support is settled and sparse is differentiated at its events; the others wait until they fill the lanes.
  template <class KeepGoing>
  void solve(Group& group, Methods& methods, int worker, KeepGoing keep_going) {
    std::vector<std::size_t> waiting;
    std::vector<std::ptrdiff_t> support;
    while (keep_going()) {
      std::size_t k = 0, end = 0;
      if (!group.places->take(worker, &k, &end)) return solve_in_lanes(&waiting, methods);
      const std::size_t i = group.members[k];
      const Signal& s = signals_[i].signal;
      if (active_set::find_settled_support(s, group.model->first_row(), &support) && !is_dense(support, s.n)) {
        finish(i, methods.at_events().solve(signals_[i], support, solver_program(i)));
      } else {
        waiting.push_back(i);
      }
      if (waiting.size() == static_cast<std::size_t>(methods.lanes())) solve_in_lanes(&waiting, methods);
    }
  }

  void solve_in_lanes(std::vector<std::size_t>* waiting, Methods& methods) {
    if (waiting->empty()) return;
    const SolvedSignal* part[max_lanes];
    ProgramSettings programs[max_lanes];
    Gradient found[max_lanes];
    for (std::size_t k = 0; k < waiting->size(); ++k) {
      part[k] = &signals_[(*waiting)[k]];
      programs[k] = solver_program((*waiting)[k]);
    }
    methods.in_lanes().solve(part, programs, static_cast<int>(waiting->size()), found);
    for (std::size_t k = 0; k < waiting->size(); ++k) finish((*waiting)[k], found[k]);
    waiting->clear();
  }

  // The signal's, with alpha at the solver's scale.
  ProgramSettings solver_program(std::size_t i) const {
    ProgramSettings program = program_of(signals_[i].signal, settings_);
    if (settings_.standardize) program.alpha *= signals_[i].scale;
    return program;
  }

  void finish(std::size_t i, const Gradient& found) {
    const SolvedSignal& x = signals_[i];
    gradients_[i] = found;
    if (settings_.standardize) through_standardisation(x, program_of(x.signal, settings_).alpha, &gradients_[i]);
    n_done_.fetch_add(1);
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
  batch.hand_out(count);
  workers.run(count, [&](int worker) { batch.solve(worker, count, workers); });
  return batch.take_gradients();
}

}  // namespace ressin

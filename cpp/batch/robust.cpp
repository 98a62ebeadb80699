#include "batch/robust.hpp"

#include <algorithm>
#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <tuple>

#include "batch/parallel.hpp"

namespace ressin::robust {
namespace {

std::size_t index(std::ptrdiff_t i) { return static_cast<std::size_t>(i); }

// Signals whose programmes stand side by side.
struct Group {
  std::ptrdiff_t n;
  double dt;
  std::vector<std::size_t> members;
  std::atomic<std::size_t> next{0};
};

double middle_of(std::vector<double> x) {
  const auto middle = x.begin() + static_cast<std::ptrdiff_t>(x.size() / 2);
  std::nth_element(x.begin(), middle, x.end());
  return *middle;
}

void write_settings(const Procedure& procedure, Decomposed* out) {
  out->alpha = procedure.loads().alpha;
  out->delta = procedure.loads().delta;
  out->kappa = procedure.loads().kappa;
  out->alpha_before = procedure.loads().alpha_before;
  out->bounded = procedure.is_bounded();
  out->mean = procedure.mean();
  out->scale = procedure.scale();
  out->smallest_response = procedure.smallest_response();
  out->noise = procedure.noise();
  out->height = procedure.height();
  out->rounds = procedure.rounds();
  out->estimation_iterations = procedure.iterations();
}

// From the solver's scale to the signal's unit; the shifts' median is zero, and its constant goes to the spline.
void write_parts(const Model& model, const Signal& signal, const Procedure& procedure, Solution&& x, Decomposed* out) {
  const double scale = procedure.scale(), mean = procedure.mean();
  const auto before = static_cast<std::ptrdiff_t>(model.n_before());
  const std::size_t n = index(signal.n);
  const std::vector<double> shift(x.parts.shift.begin() + before, x.parts.shift.end());
  const double middle = middle_of(shift);
  for (auto* part : {&out->phasic, &out->tonic, &out->shifts, &out->outliers, &out->residual, &out->driver}) part->resize(n);
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t k = i + index(before);
    out->phasic[i] = x.parts.phasic[k] * scale;
    out->shifts[i] = (shift[i] - middle) * scale;
    out->tonic[i] = (x.parts.spline[k] + shift[i]) * scale + mean;
    out->driver[i] = x.point.driver[k] * scale;
    out->outliers[i] = x.parts.outliers[i] * scale;
    const bool seen = !signal.weights || signal.weights[i] > 0.0;
    out->residual[i] = seen ? x.parts.residual[i] * scale : signal.y[i] - out->phasic[i] - out->tonic[i];
  }
  out->before.assign(x.point.driver.begin(), x.point.driver.begin() + before);
  for (double& p : out->before) p *= scale;
  out->spline = std::move(x.point.spline);
  for (double& l : out->spline) l = (l + middle) * scale + mean;
  out->witness = std::move(x.witness);
  out->evidence = x.evidence;
  out->status = x.status;
  out->iterations = x.iterations;
}

Solution zero_solution(const Model& model) {
  Solution x;
  const std::size_t n = index(model.n());
  x.point.driver.assign(n, 0.0), x.point.steps.assign(n, 0.0);
  x.point.spline.assign(index(model.n_knots()), 0.0);
  x.parts.phasic.assign(n, 0.0), x.parts.spline.assign(n, 0.0), x.parts.shift.assign(n, 0.0);
  x.parts.outliers.assign(index(model.n_signal()), 0.0), x.parts.residual.assign(index(model.n_signal()), 0.0);
  x.witness = {std::vector<double>(index(model.n_signal()), 0.0), std::vector<double>(index(model.n_knots()), 0.0)};
  x.status = Status::optimal;
  return x;
}

class Batch {
 public:
  Batch(const std::vector<Signal>& signals, const BatchSettings& settings, Workers& workers)
      : signals_(signals), settings_(settings), workers_(workers), results_(signals.size()) {}

  // One worker's share of a group: some of its signals at a time, first all their estimates, then their solutions.
  void solve(Group& group, int worker) {
    const auto model = std::make_shared<const Model>(group.n, group.dt, settings_.programme);
    const std::ptrdiff_t block = Procedure::block_size(settings_.rules, group.dt);
    const auto blocks = std::make_shared<const Model>((group.n + block - 1) / block, group.dt * static_cast<double>(block),
                                                      settings_.programme);
    constexpr std::size_t share = 64;
    while (workers_.keep_going(worker)) {
      const std::size_t first = group.next.fetch_add(share);
      if (first >= group.members.size()) return;
      const std::size_t count = std::min(share, group.members.size() - first);
      const Kernel& kernel = count > 1 ? kernels().lanes : kernels().single;
      std::map<std::size_t, std::unique_ptr<Procedure>> procedures;
      estimate(&group.members[first], count, blocks, kernel, worker, &procedures);
      finish(model, kernel, worker, &procedures);
    }
  }

  std::size_t n_done() const { return n_done_.load(); }
  std::vector<Decomposed> take_results() { return std::move(results_); }

 private:
  using Procedures = std::map<std::size_t, std::unique_ptr<Procedure>>;

  void estimate(const std::size_t* members, std::size_t count, const std::shared_ptr<const Model>& blocks, const Kernel& kernel,
                int worker, Procedures* procedures) {
    InteriorPoint method(blocks, kernel);
    std::deque<std::size_t> ready;
    std::size_t taken = 0;
    const auto next = [&](std::size_t* tag) -> const Request* {
      while (ready.empty() && taken < count) {
        const std::size_t k = members[taken++];
        auto& p = (*procedures)[k];
        p = std::make_unique<Procedure>(signals_[k], settings_.programme, settings_.rules, settings_.tol,
                                        settings_.max_iterations);
        if (!p->is_estimated()) ready.push_back(k);
      }
      if (ready.empty()) return nullptr;
      *tag = ready.front();
      ready.pop_front();
      return &(*procedures)[*tag]->next_request();
    };
    const auto done = [&](std::size_t tag, Solution&& x) {
      Procedure& p = *(*procedures)[tag];
      p.take(*blocks, std::move(x));
      if (!p.is_estimated()) ready.push_back(tag);
    };
    method.run(next, done, [&] { return workers_.keep_going(worker); });
  }

  void finish(const std::shared_ptr<const Model>& model, const Kernel& kernel, int worker, Procedures* procedures) {
    InteriorPoint method(model, kernel);
    auto at = procedures->begin();
    const auto write = [&](std::size_t tag, Solution&& x) {
      Procedure& p = *(*procedures)[tag];
      write_settings(p, &results_[tag]);
      write_parts(*model, signals_[tag], p, std::move(x), &results_[tag]);
      results_[tag].done = true;
      n_done_.fetch_add(1);
    };
    method.run(
        [&](std::size_t* tag) -> const Request* {
          while (at != procedures->end()) {
            Procedure& p = *at->second;
            *tag = at->first;
            ++at;
            if (!p.is_estimated()) continue;  // the run was called off
            const Request& request = p.prepare_final();
            if (!p.is_constant()) return &request;
            write(*tag, zero_solution(*model));
          }
          return nullptr;
        },
        write, [&] { return workers_.keep_going(worker); });
  }

  const std::vector<Signal>& signals_;
  const BatchSettings& settings_;
  Workers& workers_;
  std::vector<Decomposed> results_;
  std::atomic<std::size_t> n_done_{0};
};

}  // namespace

std::vector<Decomposed> decompose(const std::vector<Signal>& signals, const BatchSettings& settings,
                                  const std::function<bool(std::size_t done)>& poll) {
  std::map<std::tuple<std::ptrdiff_t, double>, std::unique_ptr<Group>> by_shape;
  for (std::size_t i = 0; i < signals.size(); ++i) {
    auto& group = by_shape[{-signals[i].n, signals[i].dt}];  // the longest first
    if (!group) {
      group = std::make_unique<Group>();
      group->n = signals[i].n, group->dt = signals[i].dt;
    }
    group->members.push_back(i);
  }
  Batch* running = nullptr;
  Workers workers([&] { return poll(running ? running->n_done() : 0); });
  Batch batch(signals, settings, workers);
  running = &batch;
  workers.run(worker_count(settings.n_threads, signals.size()), [&](int worker) {
    for (auto& entry : by_shape) batch.solve(*entry.second, worker);
  });
  return batch.take_results();
}

Checked certify(const Signal& signal, const Settings& programme, const Decomposed& x) {
  const Model model(signal.n, signal.dt, programme);
  const std::size_t n = index(signal.n), before = index(model.n_before());
  std::vector<double> y(n), alpha = x.alpha, delta = x.delta, kappa = x.kappa;
  Point point;
  point.driver = x.before;
  point.driver.insert(point.driver.end(), x.driver.begin(), x.driver.end());
  point.steps.assign(n + before, 0.0);
  for (std::size_t i = 0; i + 1 < n; ++i) point.steps[before + i] = (x.shifts[i + 1] - x.shifts[i]) / x.scale;
  for (double& p : point.driver) p /= x.scale;
  for (double l : x.spline) point.spline.push_back((l + x.shifts[0] - x.mean) / x.scale);
  for (auto* loads : {&alpha, &delta, &kappa}) {
    for (double& v : *loads) v /= x.scale;
  }
  for (std::size_t i = 0; i < n; ++i) {
    const double w = signal.weights ? signal.weights[i] : 1.0;
    y[i] = w > 0.0 ? (signal.y[i] - x.mean) / x.scale : 0.0;
  }
  Problem problem{y.data(), signal.weights, alpha.data(), delta.data(), kappa.data(), x.alpha_before / x.scale};
  if (x.bounded) problem.floor = -x.mean / x.scale;
  const Parts parts = make_parts(model, problem, point);
  Checked checked{certify(model, problem, point, parts, x.witness), {}, {}};
  for (std::size_t i = 0; i < n; ++i) {
    checked.phasic.push_back(parts.phasic[before + i] * x.scale);
    checked.tonic.push_back((parts.spline[before + i] + parts.shift[before + i]) * x.scale + x.mean);
  }
  return checked;
}

}  // namespace ressin::robust

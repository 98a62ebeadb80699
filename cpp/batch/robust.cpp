#include "batch/robust.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <tuple>

#include "batch/parallel.hpp"
#include "programme/robust/contact.hpp"
#include "programme/sums.hpp"
#include "solvers/robust/active_set.hpp"
#include "solvers/robust/memory.hpp"
#include "solvers/robust/osqp.hpp"
#include "solvers/robust/screening.hpp"
#include "solvers/robust/stretches.hpp"

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
  if (std::all_of(x.begin(), x.end(), [&](double v) { return v == x.front(); })) return x.front();
  const auto middle = x.begin() + static_cast<std::ptrdiff_t>(x.size() / 2);
  std::nth_element(x.begin(), middle, x.end());
  return *middle;
}

void write_settings(const Procedure& procedure, Decomposed* out) {
  out->alpha = procedure.loads().alpha;
  out->delta = procedure.loads().delta;
  out->kappa = procedure.loads().kappa;
  out->stiffness = procedure.stiffness();
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

// Makes a shift of what the level lacks where contact is lost; it was an outlier or residual before.
void count_contact(const Signal& signal, Decomposed* out) {
  Contact contact = lost_contact(signal.y, signal.weights, out->tonic, out->outliers, out->noise, out->bounded);
  for (std::size_t i = 0; i < contact.change.size(); ++i) {
    out->tonic[i] += contact.change[i];
    out->shifts[i] += contact.change[i];
    out->outliers[i] -= contact.outlying[i];
    out->residual[i] -= contact.change[i] - contact.outlying[i];
  }
  out->contact = std::move(contact.change);
}

// From the solver's scale to the signal's unit; the shifts' median is zero, and its constant goes to the spline.
void write_parts(const Model& model, const Signal& signal, const Procedure& procedure, Solution&& x, Decomposed* out) {
  const double scale = procedure.scale(), mean = procedure.mean();
  const auto before = static_cast<std::ptrdiff_t>(model.n_before());
  const std::size_t n = index(signal.n);
  const double* shift = x.parts.shift.data() + before;
  const double middle = middle_of({shift, shift + n});
  for (auto* part : {&out->phasic, &out->tonic, &out->shifts, &out->driver}) part->resize(n);
  out->outliers = std::move(x.parts.outliers), out->residual = std::move(x.parts.residual);
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t k = i + index(before);
    out->phasic[i] = x.parts.phasic[k] * scale;
    out->shifts[i] = (shift[i] - middle) * scale;
    out->tonic[i] = (x.parts.spline[k] + shift[i]) * scale + mean;
    out->driver[i] = x.point.driver[k] * scale;
    out->outliers[i] *= scale;
    const bool seen = !signal.weights || signal.weights[i] > 0.0;
    out->residual[i] = seen ? out->residual[i] * scale : signal.y[i] - out->phasic[i] - out->tonic[i];
  }
  count_contact(signal, out);
  out->before.assign(x.point.driver.begin(), x.point.driver.begin() + before);
  for (double& p : out->before) p *= scale;
  out->centred = std::move(x.point.spline);
  for (double& l : out->centred) l = (l + middle) * scale;
  out->spline = out->centred;
  for (double& l : out->spline) l += mean;
  out->witness = std::move(x.witness);
  out->evidence = x.evidence;
  out->status = x.status;
  out->iterations = x.iterations;
  out->by_active_set = x.by_active_set;
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
      const KernelPair& all = kernels();
      const bool are_many = count > 1 || Stretches(*blocks).count() > 1;
      const BlockKernels for_blocks{are_many ? all.coarse_lanes : all.coarse_single, are_many ? all.lanes : all.single};
      Procedures procedures;
      estimate(&group.members[first], count, blocks, for_blocks, worker, &procedures);
      finish(model, blocks, kernel, worker, &procedures);
    }
  }

  std::size_t n_done() const { return n_done_.load(); }
  std::vector<Decomposed> take_results() { return std::move(results_); }

 private:
  // What the last plain programme of a part and its last weighted one have shown, empty before there is any: what they leave of
  // the signal, and where a shift is near. A plain programme leaves more at the responses' peaks, and its level is pushed
  // harder; a weighted one may have lower costs.
  struct Shown {
    std::vector<double> plain, weighted;
    Marks plain_shifts, weighted_shifts;

    void take(std::vector<double>&& rest, Marks&& shifts, bool is_weighted) {
      (is_weighted ? weighted : plain) = std::move(rest);
      (is_weighted ? weighted_shifts : plain_shifts) = std::move(shifts);
    }
    // Where outliers and shifts may be in the next one; empty where nothing says so.
    void mark(const Model& model, const Problem& problem, bool is_weighted, Marks* outliers, Marks* shifts) const {
      outliers->clear();
      *shifts = plain_shifts;
      if (plain.empty()) return;
      add_outliers(model, problem, plain, outliers);
      if (!is_weighted || weighted.empty()) return;
      add_outliers(model, problem, weighted, outliers);
      add_marks(weighted_shifts, shifts);
    }
  };
  struct Work {
    std::unique_ptr<Procedure> procedure;
    Request request;  // the whole signal's
    std::vector<Request> parts;
    std::vector<Solution> solved;
    std::vector<Marks> outliers, shifts;  // where those may be in each part
    std::vector<Shown> shown;             // by each part
    Marks all_outliers, all_shifts;       // in the whole signal at its own rate; the former empty for blocks
    std::ptrdiff_t n_solved = 0;
    Start start;               // what the last programme has left for the one at the signal's own rate
    std::vector<Found> found;  // events of each part of a round's second programme
    Coarse coarse;             // the whole's
    Guess guess;               // from them, for the one at the signal's own rate
  };
  using Procedures = std::map<std::size_t, Work>;
  using Solutions = std::map<std::size_t, Solution>;
  static constexpr int most_iterations = 60;         // in double; what is not proved by then has lost its digits
  static constexpr int most_coarse_iterations = 40;  // in float, as well
  struct BlockKernels {
    const CoarseKernel& coarse;
    const Kernel& precise;
  };

  void estimate(const std::size_t* members, std::size_t count, const std::shared_ptr<const Model>& blocks,
                const BlockKernels& kernels, int worker, Procedures* procedures) {
    const Stretches stretches(*blocks);
    const auto of_part = std::make_shared<const Model>(stretches.length(), blocks->dt(), settings_.programme);
    const auto n_parts = index(stretches.count());
    std::deque<std::size_t> ready, hard;  // tags: signal times n_parts + stretch; hard: too much so for a float's digits
    std::size_t taken = 0;
    const auto ask = [&](std::size_t k) {
      Work& work = (*procedures)[k];
      work.request = work.procedure->next_request();
      work.request.keep_start = work.procedure->is_last_on_blocks();
      work.parts.clear(), work.solved.clear(), work.solved.resize(n_parts), work.n_solved = 0;
      work.outliers.resize(n_parts), work.shifts.resize(n_parts), work.shown.resize(n_parts), work.found.resize(n_parts);
      for (std::ptrdiff_t j = 0; j < stretches.count(); ++j) {
        work.parts.push_back(stretches.part_of(work.request, j));
        Marks &outliers = work.outliers[index(j)], &shifts = work.shifts[index(j)];
        work.shown[index(j)].mark(*of_part, work.parts.back().problem, work.procedure->is_reweighted(), &outliers, &shifts);
        if (work.request.keep_start) outliers.clear();  // anywhere: it is where the last programme begins
        work.parts.back().outliers = &outliers;
        work.parts.back().shifts = &shifts;
        work.parts.back().max_iterations = std::min(settings_.max_iterations, most_coarse_iterations);
        ready.push_back(k * n_parts + index(j));
      }
    };
    const auto next = [&](std::size_t* tag) -> const Request* {
      while (ready.empty() && taken < count) {
        const std::size_t k = members[taken++];
        auto& p = (*procedures)[k].procedure;
        p = std::make_unique<Procedure>(signals_[k], settings_.programme, settings_.rules, settings_.tol,
                                        settings_.max_iterations);
        if (!p->is_estimated()) ask(k);
      }
      if (ready.empty()) return nullptr;
      *tag = ready.front();
      ready.pop_front();
      return &(*procedures)[*tag / n_parts].parts[*tag % n_parts];
    };
    const auto next_hard = [&](std::size_t* tag) -> const Request* {
      if (hard.empty()) return nullptr;
      *tag = hard.front();
      hard.pop_front();
      Request& part = (*procedures)[*tag / n_parts].parts[*tag % n_parts];
      part.max_iterations = settings_.max_iterations;
      return &part;
    };
    const auto take = [&](std::size_t tag, Solution&& x) {
      const std::size_t k = tag / n_parts;
      Work& work = (*procedures)[k];
      Marks &outliers = work.outliers[tag % n_parts], &shifts = work.shifts[tag % n_parts];
      const Problem& problem = work.parts[tag % n_parts].problem;
      const Forces forces = forces_of(*of_part, x.witness);
      std::vector<double> rest = rest_of(x.parts);
      Marks near = find_shifts(*of_part, problem, forces, near_shift);
      if (!are_enough(shifts, *of_part, problem, forces) || lack_outliers(outliers, *of_part, problem, rest)) {
        if (!shifts.empty()) add_marks(near, &shifts);
        if (!outliers.empty()) add_outliers(*of_part, problem, rest, &outliers);
        return ready.push_back(tag);
      }
      if (work.procedure->is_reweighted()) shifts = find_shifts(*of_part, problem, forces, far_shift);  // it may be the last
      work.shown[tag % n_parts].take(std::move(rest), std::move(near), work.procedure->is_reweighted());
      const bool wants_events = has_active_set(signals_[k].dt, *blocks) && work.procedure->is_reweighted();
      if (wants_events) work.found[tag % n_parts] = find_events(*of_part, problem, forces);
      work.solved[tag % n_parts] = std::move(x);
      if (++work.n_solved < stretches.count()) return;
      Solution whole = stretches.join(std::move(work.solved));
      work.start = std::move(whole.start);
      if (wants_events)
        work.coarse = {join(stretches, work.found), whole.point.driver, fit_of(work.request.problem, whole.parts)};
      if (work.procedure->is_last_on_blocks())
        add_outliers(*blocks, work.request.problem, rest_of(whole.parts), &work.all_outliers);
      work.procedure->take(*blocks, std::move(whole));
      if (!work.procedure->is_estimated()) return ask(k);
      work.all_shifts = stretches.join(work.shifts);
    };
    const auto going = [&] { return workers_.keep_going(worker); };
    CoarseInteriorPoint coarse(of_part, kernels.coarse);
    do {
      coarse.run(
          next,
          [&](std::size_t tag, Solution&& x) { x.status == Status::optimal ? take(tag, std::move(x)) : hard.push_back(tag); },
          going);
      if (!hard.empty()) InteriorPoint(of_part, kernels.precise).run(next_hard, take, going);
    } while (!ready.empty() && going());
  }

  static Found join(const Stretches& stretches, const std::vector<Found>& found) {
    std::vector<Marks> drivers, shifts;
    for (const Found& x : found) drivers.push_back(x.drivers), shifts.push_back(x.shifts);
    return {stretches.join(drivers), stretches.join(shifts)};
  }

  void finish(const std::shared_ptr<const Model>& model, const std::shared_ptr<const Model>& blocks, const Kernel& kernel,
              int worker, Procedures* procedures) {
    const auto write = [&](std::size_t tag, Solution&& x) {
      Procedure& p = *(*procedures)[tag].procedure;
      write_settings(p, &results_[tag]);
      write_parts(*model, signals_[tag], p, std::move(x), &results_[tag]);
      results_[tag].done = true;
      n_done_.fetch_add(1);
    };
    const auto conclude = [&](std::size_t tag, Solution&& x) {
      if (settings_.kind != SolverKind::osqp) return write(tag, std::move(x));
      solve_by_osqp(*model, (*procedures)[tag].request.problem, &x, tag, worker, write);
    };
    const auto going = [&] { return workers_.keep_going(worker); };
    auto at = procedures->begin();
    const auto next = [&](std::size_t* tag) -> const Request* {
      while (at != procedures->end()) {
        Work& work = at->second;
        *tag = (at++)->first;
        if (!work.procedure->is_estimated()) continue;  // the run was called off
        prepare(*model, *blocks, *tag, &work);
        const bool is_cold = settings_.kind == SolverKind::osqp && !settings_.warm_start;
        if (work.procedure->is_constant()) {
          write(*tag, zero_solution(*model));
        } else if (!is_cold) {
          return &work.request;
        } else if (going()) {
          solve_by_osqp(*model, work.request.problem, nullptr, *tag, worker, write);
        }
      }
      return nullptr;
    };
    std::deque<std::size_t> left;
    const bool begins_at_events = has_active_set(model->dt(), *blocks);
    if (begins_at_events) {
      ActiveSet(model, kernel)
          .run(
              next,
              [&](std::size_t tag, Solution&& x) {
                if (x.status != Status::optimal) return left.push_back(tag);
                conclude(tag, std::move(x));
                (*procedures)[tag] = {};  // its memory is the next one's
              },
              going);
    }
    const auto next_left = [&](std::size_t* tag) -> const Request* {
      if (!begins_at_events) return next(tag);
      if (left.empty()) return nullptr;
      *tag = left.front();
      left.pop_front();
      Work& work = (*procedures)[*tag];
      prepare_marks(*model, *blocks, *tag, &work);
      return &work.request;
    };
    if (begins_at_events && left.empty()) return;
    Solutions unproved;
    InteriorPoint(model, kernel)
        .run(
            next_left,
            [&](std::size_t tag, Solution&& x) {
              if (!(shortfall(x.evidence) <= settings_.tol)) return (void)unproved.emplace(tag, std::move(x));
              conclude(tag, std::move(x));
            },
            going);
    // Those from which an outlier or a shift was wrongly left out; then those whose digits double has lost, in numbers of twice
    // as many.
    for (const Kernel& next : {kernel, twofold_kernel()}) {
      if (!unproved.empty()) solve_again(InteriorPoint(model, next), worker, procedures, &unproved, conclude);
    }
    for (auto& entry : unproved) {
      if (workers_.keep_going(worker)) conclude(entry.first, std::move(entry.second));
    }
  }

  // At the blocks' own rate the interior point goes on from their solution, and is faster.
  bool has_active_set(double dt, const Model& blocks) const {
    return dt < blocks.dt() && settings_.kind != SolverKind::interior_point;
  }

  void prepare(const Model& model, const Model& blocks, std::size_t tag, Work* work) {
    work->request = work->procedure->prepare_final(model);
    work->request.start = &work->start;
    work->request.max_iterations = std::min(settings_.max_iterations, most_iterations);
    if (!has_active_set(model.dt(), blocks)) return prepare_marks(model, blocks, tag, work);
    work->guess = refine(work->coarse, blocks, model, block_of(tag));
    work->request.guess = &work->guess;
  }

  // The interior point's outliers and shifts.
  void prepare_marks(const Model& model, const Model& blocks, std::size_t tag, Work* work) {
    if (!work->procedure->is_constant()) work->all_shifts = refine(work->all_shifts, blocks, model, block_of(tag));
    work->request.outliers = &work->all_outliers;
    work->request.shifts = &work->all_shifts;
  }

  std::ptrdiff_t block_of(std::size_t tag) const { return Procedure::block_size(settings_.rules, signals_[tag].dt); }

  // From the beginning, and with all shifts; the better of both solutions counts.
  void solve_again(InteriorPoint&& method, int worker, Procedures* procedures, Solutions* unproved,
                   const std::function<void(std::size_t, Solution&&)>& conclude) {
    auto at = unproved->begin();
    method.run(
        [&](std::size_t* tag) -> const Request* {
          for (; at != unproved->end(); ++at) {
            Request& request = (*procedures)[at->first].request;
            const int left = settings_.max_iterations - at->second.iterations;
            if (left <= 0 || (!method.is_twofold() && request.outliers->empty() && request.shifts->empty())) continue;
            request.start = nullptr, request.outliers = request.shifts = nullptr;
            request.max_iterations = method.is_twofold() ? left : std::min(left, most_iterations);
            *tag = (at++)->first;
            return &request;
          }
          return nullptr;
        },
        [&](std::size_t tag, Solution&& x) {
          Solution& best = (*unproved)[tag];
          x.iterations += best.iterations;
          if (shortfall(x.evidence) < shortfall(best.evidence)) std::swap(x, best);
          best.iterations = std::max(x.iterations, best.iterations);
          if (shortfall(best.evidence) <= settings_.tol) conclude(tag, std::move(best)), unproved->erase(tag);
        },
        [&] { return workers_.keep_going(worker); });
  }

  void solve_by_osqp(const Model& model, const Problem& problem, const Solution* warm, std::size_t tag, int worker,
                     const std::function<void(std::size_t, Solution&&)>& write) {
    OsqpSettings options;
    options.eps = settings_.osqp_eps;
    Confirmed found = confirm(model, problem, warm, options, [&] { return workers_.keep_going(worker); });
    if (found.stopped) return;
    Decomposed& out = results_[tag];
    out.osqp_iterations = found.solution.iterations;
    out.osqp_primal_residual = found.primal_residual, out.osqp_dual_residual = found.dual_residual;
    write(tag, std::move(found.solution));
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
  let_heap_keep_pages();
  Batch* running = nullptr;
  Workers workers([&] { return poll(running ? running->n_done() : 0); });
  Batch batch(signals, settings, workers);
  running = &batch;
  workers.run(worker_count(settings.n_threads, signals.size()), [&](int worker) {
    for (auto& entry : by_shape) batch.solve(*entry.second, worker);
  });
  return batch.take_results();
}

}  // namespace ressin::robust

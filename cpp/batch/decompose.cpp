#include "batch/decompose.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <map>
#include <memory>
#include <utility>

#include "batch/active_set_run.hpp"
#include "batch/groups.hpp"
#include "batch/parallel.hpp"
#include "batch/task.hpp"
#include "batch/write.hpp"
#include "kernel/kernel.hpp"
#include "programme/kept.hpp"
#include "solvers/interior_point.hpp"
#include "solvers/osqp_solver.hpp"
#include "solvers/stretched.hpp"
#include "solvers/workspace.hpp"

namespace ressin {
namespace {

// The solution for a signal that is zero at the solver's scale, as a centred constant signal is.
Solution zero_solution(const Model& model) {
  Solution x;
  const auto n = static_cast<std::size_t>(model.n());
  x.point.driver.assign(n, 0.0);
  x.point.spline.assign(static_cast<std::size_t>(model.n_knots()), 0.0);
  x.point.drift.assign(static_cast<std::size_t>(model.n_drift()), 0.0);
  x.parts = make_parts(model, x.point);
  x.residual.assign(n, 0.0);
  x.curvature.assign(n, held_at_zero);
  x.status = Status::optimal;
  return x;
}

// The calling thread keeps a small workspace for its next batch.
KeptByThread<InteriorPoint> kept;

// Windows that follow each other closely are solved one after the other, each from the support of the one before, in runs of so
// many. Where a run begins depends on the windows before it alone, never on the threads or on what comes later.
constexpr std::size_t windows_in_a_run = 32;

class Batch {
 public:
  Batch(const std::vector<Signal>& signals, const DecomposeSettings& settings, Workers& workers)
      : signals_(signals), settings_(settings), workers_(workers), results_(signals.size()) {}

  // One worker's part in a group: it takes and solves signals until none are left.
  void solve(Group& group, int worker, int n_workers) {
    std::map<std::size_t, std::unique_ptr<Task>> tasks;
    std::unique_ptr<OsqpSolver> osqp;
    const auto close = [&](std::size_t tag, SolverKind solver) {
      results_[tag].solver = solver;
      if (has_lost_digits(*tasks[tag], results_[tag])) solve_below(worker, group, *tasks[tag], tag);
      results_[tag].knots = {group.model->knot(0), group.model->knot_spacing(), group.model->n_knots()};
      results_[tag].done = true;
      tasks.erase(tag);
      n_done_.fetch_add(1);
    };
    const auto finish = [&](std::size_t tag, Solution&& x, SolverKind solver) {
      write_parts(signals_[tag], settings_, tasks[tag]->scaled, std::move(x), &results_[tag]);
      close(tag, solver);
    };
    ActiveSetRun first(settings_, workers_, group, worker);
    std::size_t at = 0, end = 0;  // in the group: what this worker has taken
    const auto next_member = [&](std::size_t* tag) -> Task* {
      for (;;) {
        if (at == end) {
          if (!group.places->take(worker, &at, &end)) return end = at, nullptr;
          first.begin_run();
        }
        *tag = group.members[at++];
        Task* task = (tasks[*tag] = std::make_unique<Task>(signals_[*tag], settings_, workers_.for_all(worker))).get();
        if (!task->is_zero()) return task;
        finish(*tag, zero_solution(*group.model), uses_active_set() ? SolverKind::active_set : SolverKind::interior_point);
      }
    };
    if (settings_.kind == SolverKind::osqp && !settings_.warm_start) {
      std::size_t tag = 0;
      while (Task* task = workers_.keep_going(worker) ? next_member(&tag) : nullptr) {
        Solution x;
        if (confirm(worker, group, *task, tag, &osqp, nullptr, &x)) finish(tag, std::move(x), SolverKind::osqp);
      }
      return;
    }
    if (!group.places->are_left()) return;
    const auto confirm_from = [&](std::size_t tag, const Solution& warm) {
      Solution x;
      if (confirm(worker, group, *tasks[tag], tag, &osqp, &warm, &x)) finish(tag, std::move(x), SolverKind::osqp);
    };
    // Those that the active set leaves, or is not asked for: as many as make the interior point's lanes worth while wait for
    // each other, then it takes the rest as they come.
    std::vector<std::size_t> left;
    const auto next_left = [&](std::size_t* tag) -> const Problem* {
      while (Task* task = workers_.keep_going(worker) ? next_member(tag) : nullptr) {
        if (settings_.kind == SolverKind::osqp) {
          Solution warm;
          if (!first.finds(*task, &warm)) return &task->problem;
          confirm_from(*tag, warm);
        } else {
          if (!first.solves(*task, signals_[*tag], &results_[*tag])) return &task->problem;
          close(*tag, SolverKind::active_set);
        }
      }
      return nullptr;
    };
    const bool is_stretched = StretchedWorkspace::pays(*group.model);
    const auto kernel_of = [&](std::size_t count, int workers) -> const Kernel& {
      return is_stretched ? kernels().single : choose_kernel(*group.model, count, workers);
    };
    const auto in_lanes = static_cast<std::size_t>(kernel_of(group.members.size(), n_workers).lanes);
    for (std::size_t tag = 0; 2 * left.size() <= in_lanes && next_left(&tag);) left.push_back(tag);
    if (left.empty()) return;
    const Kernel& kernel = kernel_of(left.size(), 1);
    std::unique_ptr<InteriorPoint> method = kept.take();
    if (!method || !method->serves(group.model.get(), settings_.solver, kernel.lanes, group.weighted)) {
      method = std::make_unique<InteriorPoint>(iterates_of(group, kernel, is_stretched), settings_.solver);
    }
    method->run(
        [&](std::size_t* tag) -> const Problem* {
          if (left.empty()) return next_left(tag);
          *tag = left.back();
          left.pop_back();
          return &tasks[*tag]->problem;
        },
        [&](std::size_t tag, Solution&& x) {
          if (is_stretched && x.status != Status::optimal) solve_whole(worker, group, tasks[tag]->problem, &x);
          if (settings_.kind == SolverKind::osqp) {
            confirm_from(tag, x);
            return;
          }
          finish(tag, std::move(x), SolverKind::interior_point);
        },
        [&] { return workers_.keep_going(worker); });
    const std::size_t bytes = Workspace::bytes_per_lane(*group.model) * static_cast<std::size_t>(kernel.lanes);
    if (worker == 0 && bytes <= most_bytes_kept) kept.keep(std::move(method));
  }

  std::size_t n_done() const { return n_done_.load(); }
  std::vector<Decomposed> take_results() { return std::move(results_); }

 private:
  bool uses_active_set() const { return settings_.kind == SolverKind::active_set || settings_.kind == SolverKind::automatic; }

  static std::unique_ptr<Iterates> iterates_of(const Group& group, const Kernel& kernel, bool stretched) {
    if (stretched) return std::make_unique<StretchedWorkspace>(group.model, group.weighted);
    return std::make_unique<Workspace>(group.model, kernel, group.weighted);
  }

  // Solve in one lane what stretches have not proved; the better proof of the two is kept.
  void solve_whole(int worker, const Group& group, const Problem& problem, Solution* out) {
    solve_alone(worker, group, problem, [&](Solution&& x) {
      if (!(x.certificate.evidence.relative_gap < out->certificate.evidence.relative_gap)) return;
      x.iterations += out->iterations;
      *out = std::move(x);
    });
  }

  // One programme in one lane; `done` gets its solution, unless the run is called off.
  template <class Done>
  void solve_alone(int worker, const Group& group, const Problem& problem, Done done) {
    InteriorPoint method(iterates_of(group, kernels().single, false), settings_.solver);
    const Problem* next = &problem;
    method.run([&](std::size_t*) { return std::exchange(next, nullptr); },
               [&](std::size_t, Solution&& x) { done(std::move(x)); }, [&] { return workers_.keep_going(worker); });
  }

  // Whether roundings of the residual may be all that keeps a result from its proof.
  bool has_lost_digits(const Task& task, const Decomposed& x) const {
    constexpr double most = 1e-2;
    return settings_.kind != SolverKind::osqp && task.scaled.alpha < least_alpha_in_double && x.status != Status::optimal &&
           x.status != Status::failed && x.evidence.relative_gap < most;
  }

  // Beside weights of 1e6, roundings of the residual e alone put R'We above alpha by a share of it, for which the bound pays
  // with that share's square. Where alpha is a few such shares lower, R'We stays below the alpha that was asked for; the point
  // then pays with the shares of alpha 1'p, which is little where alpha is. The better proof of the two is kept.
  void solve_below(int worker, const Group& group, const Task& task, std::size_t tag) {
    constexpr double shares = 4.0;
    Decomposed& out = results_[tag];
    Problem lower = task.problem;
    lower.alpha *= 1.0 - shares * std::sqrt(out.evidence.relative_gap);
    const Signal& s = signals_[tag];
    const auto n = static_cast<std::size_t>(s.n);
    std::vector<double> parts(4 * n), curvature(s.curvature ? n : 0);
    Signal other = s;
    other.copy = nullptr;
    other.phasic = parts.data(), other.tonic = other.phasic + n, other.driver = other.tonic + n,
    other.residual = other.driver + n;
    if (s.curvature) other.curvature = curvature.data();
    Decomposed found = out;
    solve_alone(worker, group, lower, [&](Solution&& x) { write_parts(other, settings_, task.scaled, std::move(x), &found); });
    if (!(found.evidence.relative_gap < out.evidence.relative_gap)) return;
    std::copy_n(other.phasic, n, s.phasic);
    std::copy_n(other.tonic, n, s.tonic);
    std::copy_n(other.driver, n, s.driver);
    std::copy_n(other.residual, n, s.residual);
    std::copy(curvature.begin(), curvature.end(), s.curvature);
    found.iterations += out.iterations;
    found.solver = SolverKind::interior_point;
    found.is_plausible = false;
    out = std::move(found);
  }

  // Solve by OSQP, from the point `warm` or from zero. False when stopped.
  bool confirm(int worker, const Group& group, const Task& task, std::size_t tag, std::unique_ptr<OsqpSolver>* solver,
               const Solution* warm, Solution* x) {
    const Problem& problem = task.problem;
    if (*solver == nullptr) {
      OsqpSettings options;
      options.eps = settings_.osqp_eps;
      *solver = std::make_unique<OsqpSolver>(*group.model, problem.weights, options);
    }
    (*solver)->set_alpha(problem.alpha);
    (*solver)->set_weights(problem.weights);
    Eigen::VectorXd start;
    if (warm) {
      const Point& p = warm->point;
      start.resize(static_cast<Eigen::Index>(warm->parts.q.size() + p.drift.size() + p.spline.size()));
      double* to = std::copy(warm->parts.q.begin(), warm->parts.q.end(), start.data());
      to = std::copy(p.drift.begin(), p.drift.end(), to);
      std::copy(p.spline.begin(), p.spline.end(), to);
    }
    const OsqpResult r =
        (*solver)->solve(problem.y, warm ? start.data() : nullptr, warm ? warm->certificate.multiplier.data() : nullptr,
                         [&] { return workers_.keep_going(worker); });
    if (r.status == OsqpStatus::stopped) return false;
    x->point = point_of(*group.model, r.x);
    x->parts = make_parts(*group.model, x->point);
    x->residual = residual_of(problem, x->parts);
    x->certificate = Certifier(*group.model)(problem, x->point, x->parts, x->residual);
    x->status = status_of(r.status);
    x->iterations = r.iterations;
    Decomposed& out = results_[tag];
    out.osqp_iterations = r.iterations;
    out.osqp_primal_residual = r.primal_residual;
    out.osqp_dual_residual = r.dual_residual;
    return true;
  }

  // OSQP's A q may be below zero by its tolerance; the driver is A q with negative values set to zero.
  static Point point_of(const Model& model, const Eigen::VectorXd& x) {
    const std::ptrdiff_t n = model.n();
    const auto& ar = model.response().ar;
    Point p;
    p.driver.assign(static_cast<std::size_t>(n), 0.0);
    for (std::ptrdiff_t i = model.first_row(); i < n; ++i) {
      const double driver = ar[0] * x[i] + (i > 0 ? ar[1] * x[i - 1] : 0.0) + (i > 1 ? ar[2] * x[i - 2] : 0.0);
      p.driver[static_cast<std::size_t>(i)] = std::max(driver, 0.0);
    }
    const double* d = x.data() + n;
    p.drift.assign(d, d + model.n_drift());
    p.spline.assign(d + model.n_drift(), d + model.n_drift() + model.n_knots());
    if (model.first_row() > 0) std::copy_n(x.data() + model.first_row() - n_free_start, n_free_start, p.start);
    return p;
  }

  const std::vector<Signal>& signals_;
  const DecomposeSettings& settings_;
  Workers& workers_;
  std::vector<Decomposed> results_;
  std::atomic<std::size_t> n_done_{0};
};

// What can be worked on at one time: signals, and the stretches of long ones.
std::size_t pieces_of(const Groups& groups, const DecomposeSettings& settings) {
  std::size_t pieces = 0;
  for (const auto& group : groups) {
    const bool is_cut =
        settings.kind != SolverKind::interior_point && (settings.kind != SolverKind::osqp || settings.warm_start);
    pieces += group->members.size() * (is_cut ? std::max<std::size_t>(1, active_set::Stretches::count(*group->model)) : 1);
  }
  return pieces;
}

}  // namespace

std::vector<Decomposed> decompose(const std::vector<Signal>& signals, const DecomposeSettings& settings,
                                  const std::function<bool(std::size_t done)>& poll, const std::function<void()>& meanwhile) {
  const Groups groups = make_groups(signals.size(), [&](std::size_t i) -> const Signal& { return signals[i]; }, settings);
  Batch* running = nullptr;
  Workers workers([&] { return poll(running->n_done()); });
  Batch batch(signals, settings, workers);
  running = &batch;
  const int count = worker_count(settings.n_threads, pieces_of(groups, settings));
  const bool by_active_set = settings.kind == SolverKind::active_set || settings.kind == SolverKind::automatic;
  for (const auto& group : groups)
    group->hand_out(by_active_set && signals[group->members.front()].begin >= 0 ? windows_in_a_run : 1, count);
  workers.run(count, [&](int worker) {
    if (worker == 0 && meanwhile) meanwhile();
    for (const auto& group : groups) {
      if (!workers.keep_going(worker)) return;
      batch.solve(*group, worker, count);
    }
    workers.help(worker);
  });
  return batch.take_results();
}

}  // namespace ressin

#include "batch/decompose.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <map>
#include <memory>

#include "batch/groups.hpp"
#include "batch/parallel.hpp"
#include "batch/task.hpp"
#include "kernel/kernel.hpp"
#include "programme/kept.hpp"
#include "programme/sums.hpp"
#include "solvers/active_set/active_set.hpp"
#include "solvers/interior_point.hpp"
#include "solvers/osqp_solver.hpp"

namespace ressin {
namespace {

// The solution for a signal that is zero at the solver's scale, as a centred constant signal is.
Solution zero_solution(const Model& model) {
  constexpr double held_at_zero = 1e30;  // acts as infinite beside the response's curvature
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

// alpha at the solver's scale, below which the rounding of the written parts may exceed the gap that was proved.
constexpr double least_alpha_unrounded = 1e-9;

Evidence in_programme_unit(Evidence e, double unit) {
  e.objective *= unit;
  e.duality_gap *= unit;
  return e;
}

bool is_finite(const Signal& s, const Decomposed& x, bool has_finite_samples) {
  for (const double* part : {s.phasic, s.tonic, s.driver, s.residual}) {
    if (!has_finite_samples && !all_finite(part, s.n)) return false;
  }
  const Evidence& e = x.evidence;
  const std::vector<double> others = {x.start[0],    x.start[1],     x.mean,         x.scale,          e.objective,
                                      e.duality_gap, e.relative_gap, e.stationarity, e.complementarity};
  return all_finite(x.spline) && all_finite(x.drift) && all_finite(others);
}

// The evidence anew, for the parts as they have been written.
Evidence evidence_of_written(const Signal& signal, const DecomposeSettings& settings, const Decomposed& written) {
  std::vector<double> phasic(static_cast<std::size_t>(signal.n)), tonic(phasic.size());  // rebuilt there, and not kept
  Signal s = signal;
  s.phasic = phasic.data();
  s.tonic = tonic.data();
  return evidence_of(s, settings, written);
}

// What is not a sample of a result whose samples have been written, converted from the solver's scale to the signal's unit.
// Parts or evidence that overflow there make the result a failure.
void write_rest(const Signal& s, const DecomposeSettings& settings, const Scaled& scaled, bool has_finite_samples,
                Decomposed* out) {
  const double scale = scaled.scaling.scale;
  for (double& l : out->spline) l *= scale;
  for (double& d : out->drift) d *= scale;
  for (double& q : out->start) q *= scale;
  out->mean = scaled.scaling.mean;
  out->scale = scale;
  out->evidence = in_programme_unit(out->evidence, scaled.objective_unit);
  if (!is_finite(s, *out, has_finite_samples)) {
    out->status = Status::failed;
    out->evidence = nothing_proved(out->evidence.objective);
  }
  for (std::ptrdiff_t i = 0; s.weights && i < s.n; ++i) {
    if (s.weights[i] == 0.0) s.residual[i] = s.y[i] - s.phasic[i] - s.tonic[i];
  }
  // Where alpha is tiny against the signal, so are the objective and the gap, and the rounding of the parts in the signal's
  // unit decides what can be proved: that is certified which is returned.
  if (out->status != Status::failed && scaled.alpha < least_alpha_unrounded) {
    out->evidence = evidence_of_written(s, settings, *out);
    if (settings.kind != SolverKind::osqp)
      out->status = status_of(out->evidence.relative_gap, out->iterations, settings.solver);
  }
}

void write_parts(const Signal& s, const DecomposeSettings& settings, const Scaled& scaled, Solution&& x, Decomposed* out) {
  const double scale = scaled.scaling.scale, mean = scaled.scaling.mean;
  const auto write = [&](const std::vector<double>& from, double unit, double origin, double* to) {
    for (std::size_t i = 0; i < from.size(); ++i) to[i] = from[i] * unit + origin;
  };
  if (s.copy) std::copy(s.y, s.y + s.n, s.copy);
  write(x.parts.phasic, scale, 0.0, s.phasic);
  write(x.parts.tonic, scale, mean, s.tonic);
  write(x.point.driver, scale, 0.0, s.driver);
  write(x.residual, -scale, 0.0, s.residual);
  if (s.curvature) {
    for (std::size_t i = 0; i < x.curvature.size(); ++i) s.curvature[i] = x.curvature[i] * scaled.weight_unit;
  }
  out->spline = std::move(x.point.spline);
  out->drift = std::move(x.point.drift);
  std::copy_n(x.point.start, n_free_start, out->start);
  out->evidence = x.certificate.evidence;
  out->status = x.status;
  out->iterations = x.iterations;
  write_rest(s, settings, scaled, false, out);
}

// Whether the sums over the parts leave no doubt: the tonic part is not below zero where the signal never is, and does not
// mirror the phasic part. decomposition/quality.py decides of those that may.
bool is_plausible(const active_set::WrittenParts& x, std::ptrdiff_t count) {
  constexpr double least_correlation = -0.85, rounding = 1e-9, least_spread = 1e-6;
  const double margin = rounding * (std::abs(x.mean) + x.scale), n = static_cast<double>(count);
  if (x.scale * x.least_signal + x.mean >= -margin && x.scale * x.least_tonic + x.mean <= margin) return false;
  const double r = x.of_phasic / n, t = x.of_tonic / n, rr = x.of_phasic2 / n, tt = x.of_tonic2 / n;
  const double vr = rr - r * r, vt = tt - t * t;
  return vr > least_spread * rr && vt > least_spread * tt && x.both / n - r * t > least_correlation * std::sqrt(vr * vt);
}

// The calling thread keeps a small workspace for its next batch.
KeptByThread<InteriorPoint> kept;
KeptByThread<ActiveSet> kept_active_set;

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
      results_[tag].knots = {group.model->knot(0), group.model->knot_spacing(), group.model->n_knots()};
      results_[tag].done = true;
      tasks.erase(tag);
      n_done_.fetch_add(1);
    };
    const auto finish = [&](std::size_t tag, Solution&& x, SolverKind solver) {
      write_parts(signals_[tag], settings_, tasks[tag]->scaled, std::move(x), &results_[tag]);
      close(tag, solver);
    };
    const auto next_member = [&](std::size_t* tag) -> Task* {
      for (;;) {
        const std::size_t k = group.next.fetch_add(1);
        if (k >= group.members.size()) return nullptr;
        *tag = group.members[k];
        Task* task = (tasks[*tag] = std::make_unique<Task>(signals_[*tag], settings_)).get();
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
    if (group.is_handed_out()) return;
    const auto confirm_from = [&](std::size_t tag, const Solution& warm) {
      Solution x;
      if (confirm(worker, group, *tasks[tag], tag, &osqp, &warm, &x)) finish(tag, std::move(x), SolverKind::osqp);
    };
    ActiveSetRun first(*this, group, worker);
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
    const auto in_lanes = static_cast<std::size_t>(choose_kernel(*group.model, group.members.size(), n_workers).lanes);
    for (std::size_t tag = 0; 2 * left.size() <= in_lanes && next_left(&tag);) left.push_back(tag);
    if (left.empty()) return;
    const Kernel& kernel = choose_kernel(*group.model, left.size(), 1);
    std::unique_ptr<InteriorPoint> method = kept.take();
    if (!method || !method->serves(group.model.get(), settings_.solver, kernel, group.weighted)) {
      method = std::make_unique<InteriorPoint>(group.model, settings_.solver, kernel, group.weighted);
    }
    method->run(
        [&](std::size_t* tag) -> const Problem* {
          if (left.empty()) return next_left(tag);
          *tag = left.back();
          left.pop_back();
          return &tasks[*tag]->problem;
        },
        [&](std::size_t tag, Solution&& x) {
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

  // The active set on one worker, where the settings ask for it.
  class ActiveSetRun {
   public:
    ActiveSetRun(Batch& batch, const Group& group, int worker) : batch_(batch), group_(group), worker_(worker) {}
    ~ActiveSetRun() {
      if (method_ && worker_ == 0 && method_->bytes() <= most_bytes_kept) kept_active_set.keep(std::move(method_));
    }
    ActiveSetRun(const ActiveSetRun&) = delete;
    ActiveSetRun& operator=(const ActiveSetRun&) = delete;

    // Whether it has found and proved the signal's result, and written it.
    bool solves(const Task& task, const Signal& signal, Decomposed* out) {
      if (!batch_.uses_active_set()) return false;
      const ActiveSetLimits limits = active_set_limits(batch_.settings_.kind, *group_.model, task.problem);
      if (limits.densest <= 0.0) return false;
      if (!method_) method_ = make();
      const auto keep_going = [this] { return batch_.workers_.keep_going(worker_); };
      if (method_->is_plain()) return method_->find(task.problem, limits, keep_going) && write(task.scaled, signal, out);
      Solution x;
      if (!method_->run(task.problem, limits, keep_going, &x)) return false;
      write_parts(signal, batch_.settings_, task.scaled, std::move(x), out);
      return true;
    }

    // The point from which OSQP starts.
    bool finds(const Task& task, Solution* x) {
      const ActiveSetLimits limits = active_set_limits(SolverKind::automatic, *group_.model, task.problem);
      if (limits.densest <= 0.0) return false;
      if (!method_) method_ = make();
      return method_->run(task.problem, limits, [this] { return batch_.workers_.keep_going(worker_); }, x, true);
    }

   private:
    std::unique_ptr<ActiveSet> make() {
      const ActiveSet* before = kept_active_set.get();
      if (before && before->serves(group_.model.get(), group_.weighted, batch_.settings_.solver)) return kept_active_set.take();
      return std::make_unique<ActiveSet>(std::make_shared<const active_set::ShapeTables>(group_.model, group_.weighted),
                                         batch_.settings_.solver);
    }

    // The point that was found, if it is proved.
    bool write(const Scaled& scaled, const Signal& s, Decomposed* out) {
      const double scale = scaled.scaling.scale;
      active_set::WrittenParts parts{};
      parts.phasic = s.phasic, parts.tonic = s.tonic, parts.residual = s.residual;
      parts.scale = scale, parts.mean = scaled.scaling.mean, parts.residual_scale = -scale;
      const ActiveSet::Proved proved = method_->prove(&parts, s.driver, scale, s.curvature);
      if (!proved.is_optimal) return false;
      if (s.copy) std::copy(s.y, s.y + s.n, s.copy);
      out->spline = method_->spline();
      out->drift = method_->drift();
      out->evidence = proved.evidence;
      out->status = Status::optimal;
      out->iterations = method_->solves();
      out->is_plausible = is_plausible(parts, s.n);
      const double largest = method_->largest_phasic() + parts.largest_tonic + method_->largest_driver();
      const bool is_bounded = std::isfinite(scale * (largest + std::sqrt(method_->squared_residual())) + std::abs(parts.mean));
      write_rest(s, batch_.settings_, scaled, is_bounded, out);
      return true;
    }

    Batch& batch_;
    const Group& group_;
    int worker_;
    std::unique_ptr<ActiveSet> method_;
  };

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

}  // namespace

std::vector<Decomposed> decompose(const std::vector<Signal>& signals, const DecomposeSettings& settings,
                                  const std::function<bool(std::size_t done)>& poll) {
  const Groups groups = make_groups(signals.size(), [&](std::size_t i) -> const Signal& { return signals[i]; }, settings);
  Batch* running = nullptr;
  Workers workers([&] { return poll(running->n_done()); });
  Batch batch(signals, settings, workers);
  running = &batch;
  const int count = worker_count(settings.n_threads, signals.size());
  workers.run(count, [&](int worker) {
    for (const auto& group : groups) {
      if (!workers.keep_going(worker)) return;
      batch.solve(*group, worker, count);
    }
  });
  return batch.take_results();
}

Evidence evidence_of(const Signal& signal, const DecomposeSettings& settings, const Decomposed& parts) {
  const std::shared_ptr<const Model> model = shared_model(signal, settings);
  const Task task(signal, settings);
  const double scale = task.scaled.scaling.scale;
  Point point;
  point.driver.assign(signal.driver, signal.driver + signal.n);
  point.spline = parts.spline;
  point.drift = parts.drift;
  for (double& p : point.driver) p /= scale;
  for (double& l : point.spline) l /= scale;
  for (double& d : point.drift) d /= scale;
  for (std::ptrdiff_t k = 0; k < n_free_start; ++k) point.start[k] = parts.start[k] / scale;
  const Parts rebuilt = make_parts(*model, point);
  std::vector<double> residual(static_cast<std::size_t>(signal.n), 0.0);
  for (std::ptrdiff_t i = 0; i < signal.n; ++i) {
    const auto k = static_cast<std::size_t>(i);
    if (!signal.weights || signal.weights[i] != 0.0) residual[k] = -signal.residual[i] / scale;
    signal.phasic[i] = rebuilt.phasic[k] * scale;
    signal.tonic[i] = rebuilt.tonic[k] * scale + task.scaled.scaling.mean;
  }
  return in_programme_unit(Certifier(*model)(task.problem, point, rebuilt, residual).evidence, task.scaled.objective_unit);
}

}  // namespace ressin

#include "batch/active_set_run.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "batch/write.hpp"
#include "programme/kept.hpp"

namespace ressin {
namespace {

KeptByThread<ActiveSet> kept;

}  // namespace

ActiveSetRun::~ActiveSetRun() {
  if (!method_ || worker_ != 0 || method_->bytes() > most_bytes_kept) return;
  method_->share(nullptr);
  kept.keep(std::move(method_));
}

// What the shape's signals share. False where the limits say not to try.
bool ActiveSetRun::prepare(const ActiveSetLimits& limits) {
  if (limits.densest <= 0.0) return false;
  if (method_) return true;
  const ActiveSet* before = kept.get();
  if (before && before->serves(group_.model.get(), group_.weighted, settings_.solver)) {
    method_ = kept.take();
  } else {
    method_ = std::make_unique<ActiveSet>(std::make_shared<const active_set::ShapeTables>(group_.model, group_.weighted),
                                          settings_.solver);
  }
  method_->share(workers_.for_all(worker_));
  stretches_ = std::make_unique<active_set::Stretches>(*group_.model, group_.weighted);
  return true;
}

// Solve a long signal's stretches, with the help of the workers that have nothing else to do.
bool ActiveSetRun::find_start(const Problem& problem, const ActiveSetLimits& limits) {
  stretched_.reset();
  if (stretches_->count() == 0) return true;
  stretched_ = std::make_unique<active_set::StretchedStart>(*stretches_, problem, settings_.solver);
  workers_.share(worker_, stretches_->count(),
                 [&](std::size_t k, int worker) { stretched_->solve(k, limits, [&] { return workers_.keep_going(worker); }); });
  return limits.densest >= 1.0 || !stretched_->is_hopeless();
}

// The support counted from a later window's first sample; what lies before that leaves.
void ActiveSetRun::move_former_to(std::ptrdiff_t begin) {
  Support& s = former_.support;
  const std::ptrdiff_t shift = begin - former_.begin, first = group_.model->first_row();
  std::size_t kept = 0;
  for (std::size_t e = 0; e < s.samples.size(); ++e) {
    const std::ptrdiff_t i = s.samples[e] - shift;
    if (i < first || i >= group_.model->n()) continue;
    s.samples[kept] = i;
    s.values[kept++] = s.values[e];
  }
  s.samples.resize(kept);
  s.values.resize(kept);
  former_.begin = begin;
}

ActiveSet::Start ActiveSetRun::start_of(const Signal& signal) const {
  ActiveSet::Start start;
  const Support* known = signal.start ? signal.start : former_.begin >= 0 ? &former_.support : nullptr;
  if (known) {
    start.samples = &known->samples, start.values = &known->values;
  } else if (stretched_) {
    start = stretched_->start();
  }
  return start;
}

bool ActiveSetRun::solves(const Task& task, const Signal& signal, Decomposed* out) {
  if (settings_.kind != SolverKind::active_set && settings_.kind != SolverKind::automatic) return false;
  if (signal.begin >= 0) return solve_window(task, signal, out);
  return find(task, signal, active_set_limits(settings_.kind, *group_.model, task.problem), out);
}

// From the support of the window before, where that was solved. A window that the method leaves is costly: the rest of the run
// is then left as well.
bool ActiveSetRun::solve_window(const Task& task, const Signal& signal, Decomposed* out) {
  const ActiveSetLimits limits = window_active_set_limits(settings_.kind, *group_.model, task.problem);
  if (limits.densest <= 0.0 || (former_.was_left && settings_.kind == SolverKind::automatic)) return false;
  if (former_.begin >= 0) move_former_to(signal.begin);
  former_.was_left = !find(task, signal, limits, out);
  former_.begin = former_.was_left ? -1 : signal.begin;
  if (!former_.was_left) method_->support(&former_.support.samples, &former_.support.values);
  return !former_.was_left;
}

bool ActiveSetRun::find(const Task& task, const Signal& signal, const ActiveSetLimits& limits, Decomposed* out) {
  const bool is_warm = signal.start || former_.begin >= 0;
  if (!prepare(limits) || (!is_warm && !find_start(task.problem, limits))) return false;
  const ActiveSet::Start start = start_of(signal);
  if (method_->is_plain()) {  // from the window before, often enough no digit is missing
    const bool found = former_.begin >= 0 ? method_->find_support(task.problem, limits, keep_going(), start)
                                          : method_->find(task.problem, limits, keep_going(), start);
    return found && write(task.scaled, signal, out);
  }
  Solution x;
  if (!method_->run(task.problem, limits, keep_going(), &x, start)) return false;
  write_parts(signal, settings_, task.scaled, std::move(x), out);
  return true;
}

bool ActiveSetRun::finds(const Task& task, Solution* x) {
  const ActiveSetLimits limits = active_set_limits(SolverKind::automatic, *group_.model, task.problem);
  if (!prepare(limits) || !find_start(task.problem, limits)) return false;
  return method_->run(task.problem, limits, keep_going(), x, stretched_ ? stretched_->start() : ActiveSet::Start{}, true);
}

// The point that was found, if it is proved.
bool ActiveSetRun::write(const Scaled& scaled, const Signal& s, Decomposed* out) {
  const double scale = scaled.scaling.scale;
  active_set::WrittenParts parts{};
  parts.phasic = s.phasic, parts.tonic = s.tonic, parts.residual = s.residual;
  parts.scale = scale, parts.mean = scaled.scaling.mean, parts.residual_scale = -scale;
  const ActiveSet::Proved proved = method_->prove(&parts, s.driver, scale, s.curvature, keep_going());
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
  write_rest(s, settings_, scaled, is_bounded, out);
  return true;
}

}  // namespace ressin

#include "solvers/window.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <stdexcept>

#include "programme/sums.hpp"
#include "solvers/step_rules.hpp"

namespace ressin {
namespace {

// The gap is closed at this share of the tolerance: the error of the parts is about the square root of the gap.
constexpr double gap_share = 1e-4;

// Gaps are relative to the objective, or where that is smaller to this part of the zero solution's, or to this much per sample,
// which is next to nothing for a signal of unit size.
constexpr double least_unit = 1e-6, least_objective = 1e-12;

// Gradients are zero where they are within this of their size, whatever the tolerance: it is rounding.
constexpr double least_stationarity = 1e-8;

// That a window keeps of the active set's workspaces and their tables.
constexpr std::size_t most_bytes_of_methods = std::size_t{8} << 20;

std::size_t index(std::ptrdiff_t i) { return static_cast<std::size_t>(i); }

std::ptrdiff_t position(int j, int k) {  // of (j, k), j <= k, in an interval's upper triangle
  std::ptrdiff_t at = 0;
  for (int row = 0; row < j; ++row) at += n_local - row;
  return at + k - j;
}

// As many knots as a window of `capacity` samples can have: those of a window with a knot before its first sample.
std::shared_ptr<const Model> make_model(std::ptrdiff_t capacity, double dt, ProgramSettings program) {
  program.baseline = Baseline::none;
  const std::ptrdiff_t spacing = knot_spacing_of(program.delta_knot, dt);
  if (spacing < 1) throw std::invalid_argument("the knot spacing must be at least one sample");
  check_signal_shape(capacity, dt, program.tau0, program.tau1);
  const std::ptrdiff_t intervals = (capacity + spacing - 1) / spacing;
  return std::make_shared<const Model>(capacity, dt, program, -spacing, spacing, intervals + 3);
}

// The larger, or not a number where either is not.
double larger(double a, double b) { return std::isnan(a) || a >= b ? a : b; }

// What a window's evidence proves, as status_of() takes it: no gap below the rounding of the sums that it is made of.
double proved_by(const WindowSolution& x, double tol) {
  const bool finite = all_finite(x.phasic) && all_finite(x.tonic) && all_finite(x.driver) && all_finite(x.spline) &&
                      std::isfinite(x.later_state[0]) && std::isfinite(x.later_state[1]) && std::isfinite(x.stationarity);
  if (!finite) return std::numeric_limits<double>::infinity();
  const double gap = std::max(x.relative_gap, std::numeric_limits<double>::epsilon());
  return x.stationarity <= std::max(tol, least_stationarity) ? gap : std::max(gap, x.stationarity);
}

}  // namespace

Window::Window(std::ptrdiff_t capacity, double dt, const ProgramSettings& program, const SolverSettings& solver,
               SolverKind kind)
    : workspace_(make_model(capacity, dt, program), kernels().single, true),
      shape_(workspace_.shape()),
      state_(workspace_.state()),
      steps_(workspace_, solver, gap_share),
      kind_(kind) {}

// Intervals and knots of a window of problem.n samples.
void Window::shape_to(const WindowProblem& problem) {
  const std::ptrdiff_t n = problem.n, spacing = knot_spacing();
  const std::ptrdiff_t newest_knot = problem.is_start ? 2 : 3;
  std::ptrdiff_t n_knots = newest_knot + (n + spacing - 1) / spacing;
  if (problem.is_end) {  // the rule of Model, with the knot one spacing before the window where there is one
    const std::ptrdiff_t end = model().settings().revision == Revision::r2025 ? n + spacing / 2 : n;
    n_knots = std::min(n_knots, (end + spacing - 1) / spacing + (problem.is_start ? 0 : 1));
  }
  workspace_.cut_to(n, problem.is_start ? model().first_row() : 0, newest_knot, n_knots);
}

// The start must also be large against what a large phasic part before the window leaves in it.
double Window::largest_free_response(const WindowProblem& problem) const {
  if (problem.is_start) return 0.0;
  double a = problem.state[0], v = problem.state[1], largest = 0.0;
  for (std::ptrdiff_t i = 0; i < problem.n; ++i) {
    largest = std::max(largest, std::abs(a));
    a = shape_.z0 * a + v;
    v = shape_.z1 * v;
  }
  return largest;
}

void Window::load(const WindowProblem& problem) {
  KernelState& s = state_;
  const double unit = model().response().ar[0];  // the kernel's driver is p / ar[0]
  const double gain = 4.0 / ((1.0 - shape_.z0) * (1.0 - shape_.z1));
  s.alpha[0] = problem.alpha * unit;
  s.gamma[0] = model().settings().gamma;
  double zero_objective = 0.0;
  const double size = std::max(1.0, largest_free_response(problem));
  const double p = start_phasic * size / gain, lambda = std::max(s.alpha[0], start_multiplier * gain * size);
  double a = problem.is_start ? 0.0 : problem.state[0], v = problem.is_start ? 0.0 : problem.state[1];
  for (std::ptrdiff_t i = 0; i < shape_.n; ++i) {
    const double w = problem.weights[i], y = w > 0.0 ? problem.y[i] : 0.0;
    zero_objective += 0.5 * w * y * y;
    double r = 0.0;
    if (i >= shape_.first_row) {
      r = a + p;
      a = shape_.z0 * a + v + shape_.g_a * p;
      v = shape_.z1 * v + shape_.g_v * p;
    }
    s.w[i] = w;
    s.e[i] = r - y;
    s.p[i] = p;
    s.lambda[i] = lambda;
    s.inv[i] = 1.0 / (p * lambda);
  }
  s.sum_pl[0] = p * lambda * static_cast<double>(shape_.n - shape_.first_row);
  std::fill_n(s.spline, shape_.n_knots, 0.0);
  std::fill_n(s.spline_step, shape_.n_knots, 0.0);
  for (double* x : {s.drift, s.drift_step, s.start, s.start_step}) x[0] = x[1] = 0.0;
  steps_.start(0, std::max(least_unit * zero_objective, least_objective * static_cast<double>(shape_.n)));
  workspace_.fill_gram(0, problem.weights);
  workspace_.fill_measured(0, problem.weights, s.e);
  add_past_hessian(problem);
  add_past_gradient(problem);
}

// The past's J belongs to the first interval's sums of w phi phi'.
void Window::add_past_hessian(const WindowProblem& problem) {
  if (problem.is_start) return;
  for (std::size_t j = 0; j < n_past; ++j) {
    for (std::size_t k = j; k < n_past; ++k) {
      state_.gram[position(static_cast<int>(j), static_cast<int>(k))] += problem.past.J[j * n_past + k];
    }
  }
}

// And its gradient J c - h to that interval's sums of w e phi.
void Window::add_past_gradient(const WindowProblem& problem) {
  if (problem.is_start) return;
  for (std::size_t j = 0; j < n_past; ++j) {
    double g = -problem.past.h[j];
    for (std::size_t k = 0; k < n_past; ++k) g += problem.past.J[j * n_past + k] * state_.spline[k];
    state_.measured[j] += g;
  }
}

// The gradient in a coefficient of the spline.
double Window::spline_gradient(std::ptrdiff_t knot) const {
  double g = state_.gamma[0] * state_.spline[knot];
  for (std::ptrdiff_t m = 0; m < shape_.n_intervals; ++m) {
    const std::ptrdiff_t column = knot - (shape_.newest_knot + m) + 3;
    if (column >= 0 && column < 4) g += state_.measured[m * n_local + column];
  }
  return g;
}

// g = alpha + (the response's adjoint of W e) must be >= 0, and every coefficient's gradient zero.
double Window::stationarity(const WindowProblem& problem) const {
  const KernelState& s = state_;
  double a = 0.0, v = 0.0;  // the cost's gradient in the state
  double worst = 0.0, driver_unit = s.alpha[0];
  for (std::ptrdiff_t i = shape_.n - 1; i >= shape_.first_row; --i) {
    const double u = s.w[i] * s.e[i];
    worst = larger(worst, -(s.alpha[0] + u + shape_.g_a * a + shape_.g_v * v));
    v = shape_.z1 * v + a;
    a = u + shape_.z0 * a;
    driver_unit = larger(driver_unit, std::abs(u));
  }
  double gradient = 0.0, unit = 0.0;
  for (std::ptrdiff_t i = 0; i < shape_.n; ++i) unit += s.w[i] * (s.w[i] > 0.0 ? std::abs(problem.y[i]) : 0.0);
  for (std::ptrdiff_t k = 0; k < shape_.n_knots; ++k) gradient = larger(gradient, std::abs(spline_gradient(k)));
  for (double h : problem.past.h) unit = std::max(unit, std::abs(h));
  return larger(worst / driver_unit, unit > 0.0 ? gradient / unit : gradient);
}

WindowSolution Window::solution(const WindowProblem& problem, std::ptrdiff_t later) const {
  WindowSolution x;
  x.iterations = steps_.iterations(0);
  x.relative_gap = steps_.relative_gap(0);
  x.stationarity = stationarity(problem);
  x.spline.assign(state_.spline, state_.spline + shape_.n_knots);
  write_response(problem, later, &x);
  write_tonic(&x);
  return x;
}

void Window::write_response(const WindowProblem& problem, std::ptrdiff_t later, WindowSolution* out) const {
  const KernelState& s = state_;
  const std::ptrdiff_t n = shape_.n;
  out->phasic.resize(index(n));
  out->driver.resize(index(n));
  double a = 0.0, v = 0.0;
  if (!problem.is_start) {
    a = problem.state[0];
    v = problem.state[1];
  }
  for (std::ptrdiff_t i = 0; i <= n; ++i) {
    if (i == shape_.first_row && shape_.first_row > 0) {
      a = s.start[0];
      v = s.start[1];
    }
    if (i == later) {
      out->later_state[0] = a;
      out->later_state[1] = v;
    }
    if (i == n) break;
    const double p = i >= shape_.first_row ? s.p[i] : 0.0;
    out->driver[index(i)] = p * model().response().ar[0];
    out->phasic[index(i)] = i >= shape_.first_row ? a + p : 0.0;
    const double next = shape_.z0 * a + v + shape_.g_a * p;
    v = shape_.z1 * v + shape_.g_v * p;
    a = next;
  }
}

void Window::write_tonic(WindowSolution* out) const {
  out->tonic.resize(index(shape_.n));
  std::ptrdiff_t i = 0;
  for (std::ptrdiff_t m = 0; m < shape_.n_intervals; ++m) {
    const std::ptrdiff_t begin = i, oldest = shape_.newest_knot + m - 3;
    for (; i < shape_.interval_end[m]; ++i) {
      double t = 0.0;
      for (int k = 0; k < 4; ++k) {
        if (oldest + k >= 0 && oldest + k < shape_.n_knots) t += shape_.spline[4 * (i - begin) + k] * state_.spline[oldest + k];
      }
      out->tonic[index(i)] = t;
    }
  }
}

// With the knots of the window as it is now. A stream's windows grow by what is pushed and shrink by a knot spacing, so that
// few shapes follow each other again and again.
ActiveSet& Window::method_of(bool weighted) {
  const std::ptrdiff_t spacing = knot_spacing(), first_knot = (2 - shape_.newest_knot) * spacing;
  ProgramSettings program = model().settings();
  if (shape_.first_row == 0) program.revision = Revision::r2025;  // no free start within a recording
  for (const auto& known : methods_) {
    const Model& m = known->shape().model();
    if (m.n() == shape_.n && m.first_row() == shape_.first_row && m.knot(0) == first_knot && m.n_knots() == shape_.n_knots &&
        known->shape().is_weighted() == weighted)
      return *known;
  }
  const auto cut = std::make_shared<const Model>(shape_.n, model().dt(), program, first_knot, spacing, shape_.n_knots);
  methods_.push_back(
      std::make_unique<ActiveSet>(std::make_shared<const active_set::ShapeTables>(cut, weighted), steps_.settings()));
  const std::size_t bytes = methods_.back()->shape().bytes() + methods_.back()->bytes();
  while (methods_.size() > 1 && methods_.size() * bytes > most_bytes_of_methods) methods_.pop_front();
  return *methods_.back();
}

// The events to start from that are in this window, counted from its first sample.
Support Window::start_of(const WindowProblem& problem) const {
  Support start;
  for (std::size_t e = 0; e < kept_.samples.size(); ++e) {
    const std::ptrdiff_t i = kept_.samples[e] - problem.begin;
    if (i < shape_.first_row || i >= shape_.n) continue;
    start.samples.push_back(i);
    start.values.push_back(kept_.values[e]);
  }
  return start;
}

// Writes the parts of the active set's point, and what the data say of it.
void Window::prove(const WindowProblem& problem, std::ptrdiff_t later, ActiveSet* method, WindowSolution* out) const {
  const std::ptrdiff_t n = shape_.n;
  std::vector<double> residual(index(n));
  for (std::vector<double>* part : {&out->phasic, &out->tonic, &out->driver}) part->resize(index(n));
  active_set::WrittenParts parts{};
  parts.phasic = out->phasic.data(), parts.tonic = out->tonic.data(), parts.residual = residual.data();
  parts.scale = parts.residual_scale = 1.0;
  const ActiveSet::Measured m = method->measure(&parts);
  method->write_driver(out->driver.data(), 1.0);
  out->spline = method->spline();

  double start[2] = {0.0, 0.0};
  if (shape_.first_row > 0) {
    method->free_state(start);
  } else if (!problem.is_start) {
    std::copy_n(problem.state, 2, start);
  }
  double a = start[0], v = start[1];
  const double unit = model().response().ar[0];
  for (std::ptrdiff_t i = shape_.first_row; i < later; ++i) {
    const double p = out->driver[index(i)] / unit, next = shape_.z0 * a + v + shape_.g_a * p;
    v = shape_.z1 * v + shape_.g_v * p;
    a = next;
  }
  out->later_state[0] = a, out->later_state[1] = v;
  if (!problem.is_start) {
    for (std::ptrdiff_t i = 0; i < n; ++i) out->phasic[index(i)] += free_[index(i)];
  }

  double l2 = 0.0, largest_load = 0.0;
  for (double l : out->spline) l2 += l * l;
  const auto size = [&](std::ptrdiff_t i) {
    return problem.weights[i] > 0.0 ? problem.weights[i] * std::abs(problem.y[i]) : 0.0;
  };
  largest_load = sum_of(n, size);
  for (double h : problem.past.h) largest_load = std::max(largest_load, std::abs(h));
  const double zero_objective =
      0.5 * sum_of(n, [&](std::ptrdiff_t i) { return problem.weights[i] > 0.0 ? size(i) * std::abs(problem.y[i]) : 0.0; });
  const double objective = 0.5 * m.fit + problem.alpha * m.drivers + 0.5 * model().settings().gamma * l2;
  const double least = std::max(least_unit * zero_objective, least_objective * static_cast<double>(n));
  out->relative_gap = std::abs(m.product) / std::max(objective, least);
  out->stationarity = larger(m.worst, largest_load > 0.0 ? m.largest_knot_gradient / largest_load : m.largest_knot_gradient);
  out->iterations = method->solves();
  out->solver = SolverKind::active_set;
  out->status = status_of(proved_by(*out, steps_.settings().tol), out->iterations, steps_.settings());
}

bool Window::solve_by_active_set(const WindowProblem& problem, std::ptrdiff_t later, WindowSolution* out) {
  newest_ = {};
  if (kind_ != SolverKind::active_set && kind_ != SolverKind::automatic) return false;
  const std::ptrdiff_t n = shape_.n;
  double a = problem.is_start ? 0.0 : problem.state[0], v = problem.is_start ? 0.0 : problem.state[1];
  bool weighted = false;
  free_.resize(index(n));
  forced_.resize(index(n));
  for (std::ptrdiff_t i = 0; i < n; ++i) {
    weighted = weighted || problem.weights[i] != 1.0;
    free_[index(i)] = a;
    forced_[index(i)] = problem.weights[i] > 0.0 ? problem.y[i] - a : 0.0;
    a = shape_.z0 * a + v;
    v = shape_.z1 * v;
  }
  const Problem programme{forced_.data(), weighted ? problem.weights : nullptr, problem.alpha, model().settings().gamma};
  const ActiveSetLimits limits = warm_active_set_limits(kind_, model());
  newest_ = start_of(problem);
  if (limits.densest <= 0.0) return false;
  ActiveSet::Start start;
  start.samples = &newest_.samples, start.values = &newest_.values;
  if (!problem.is_start) start.past = &problem.past;
  ActiveSet& method = method_of(weighted);
  const bool found = method.find(programme, limits, [] { return true; }, start);
  method.support(&newest_.samples, &newest_.values);
  for (std::ptrdiff_t& i : newest_.samples) i += problem.begin;
  if (!found) return false;
  prove(problem, later, &method, out);
  return out->status == Status::optimal;
}

WindowSolution Window::solve(const WindowProblem& problem, std::ptrdiff_t later) {
  if (problem.n < 1 || problem.n > capacity()) throw std::invalid_argument("a window must hold 1 to capacity samples");
  if (problem.is_start && problem.n <= model().first_row()) throw std::invalid_argument("a window at the start needs a row");
  if (problem.begin < 0 || problem.begin > most_samples) throw std::invalid_argument("a window must begin at 0 to 2^53");
  if (later < 0 || later > problem.n) throw std::invalid_argument("later must lie within the window");
  shape_to(problem);
  WindowSolution exact;
  if (solve_by_active_set(problem, later, &exact)) return exact;
  load(problem);
  for (WindowSolution found, best;;) {
    steps_.step();
    add_past_gradient(problem);
    if (!steps_.wants_proof(0)) continue;
    found = solution(problem, later);
    if (steps_.settle(0, proved_by(found, steps_.settings().tol), &found, &best)) return found;
  }
}

}  // namespace ressin

#include "solvers/window.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <stdexcept>

#include "solvers/step_rules.hpp"

namespace ressin {
namespace {

// The method goes on until its own gap is this share of the tolerance: the parts are known to about the gap's square root.
constexpr double gap_share = 1e-4;

// A window whose objective is below this per sample is taken for one without anything to explain.
constexpr double least_objective = 1e-12;

std::size_t index(std::ptrdiff_t i) { return static_cast<std::size_t>(i); }

ProgramSettings without_drift(ProgramSettings program) {
  program.baseline = Baseline::none;
  return program;
}

std::ptrdiff_t position(int j, int k) {  // of (j, k), j <= k, in an interval's upper triangle
  std::ptrdiff_t at = 0;
  for (int row = 0; row < j; ++row) at += n_local - row;
  return at + k - j;
}

}  // namespace

Window::Window(std::ptrdiff_t capacity, double dt, const ProgramSettings& program, const SolverSettings& solver)
    : model_(capacity, dt, without_drift(program)), settings_(solver), passes_(kernels().single.weighted), shape_{}, state_{} {
  lay_out();
}

void Window::lay_out() {
  const Response& r = model_.response();
  const std::ptrdiff_t n = model_.n(), spacing = model_.knot_spacing(), intervals = (n + spacing - 1) / spacing;
  shape_.z0 = r.z0;
  shape_.z1 = r.z1;
  shape_.g_a = 2.0 + r.z0 + r.z1;
  shape_.g_v = (1.0 + r.z1) * (1.0 + r.z1);
  shape_.first_phase = 0;
  shape_.spline = model_.interval_bumps(0);
  shape_.n_drift = 0;
  shape_.drift = model_.drift_row(0);  // zeros
  interval_end_.resize(index(intervals));
  shape_.interval_end = interval_end_.data();

  const std::ptrdiff_t knots = intervals + 3, rows = intervals + n_start_rows;
  storage_.assign(
      index(n * (7 + n_gains) + intervals * (n_gram + n_local) + rows * n_row + 2 * knots + 8) + 8 * std::size_t{16}, 0.0);
  double* next = storage_.data();
  const auto take = [&](std::ptrdiff_t count) {
    while (reinterpret_cast<std::uintptr_t>(next) % 64 != 0) ++next;
    double* block = next;
    next += count;
    return block;
  };
  KernelState& s = state_;
  s.w = take(7 * n);
  s.e = s.w + n;
  s.p = s.e + n;
  s.lambda = s.p + n;
  s.inv = s.lambda + n;
  s.centre = s.inv + n;
  s.step = s.centre + n;
  s.gains = take(n * n_gains);
  s.gram = take(intervals * n_gram);
  s.measured = take(intervals * n_local);
  s.rows = take(rows * n_row);
  s.spline = take(knots);
  s.spline_step = take(knots);
  for (double** x : {&s.drift, &s.drift_step, &s.start, &s.start_step}) *x = take(2);
}

// Intervals and knots of a window of problem.n samples.
void Window::shape_to(const WindowProblem& problem) {
  const std::ptrdiff_t n = problem.n, spacing = model_.knot_spacing();
  shape_.n = n;
  shape_.first_row = problem.is_start ? model_.first_row() : 0;
  shape_.n_intervals = (n + spacing - 1) / spacing;
  for (std::ptrdiff_t m = 0; m < shape_.n_intervals; ++m) interval_end_[index(m)] = std::min(n, (m + 1) * spacing);
  shape_.newest_knot = problem.is_start ? 2 : 3;
  shape_.n_knots = shape_.newest_knot + shape_.n_intervals;
  if (problem.is_end) {  // the rule of Model, with the knot one spacing before the window where there is one
    const std::ptrdiff_t end = model_.settings().revision == Revision::r2025 ? n + spacing / 2 : n;
    shape_.n_knots = std::min(shape_.n_knots, (end + spacing - 1) / spacing + (problem.is_start ? 0 : 1));
  }
}

// What a large phasic part before the window leaves in it, the start must be large against too.
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
  const double unit = model_.response().ar[0];  // the kernel's driver is p / ar[0]
  const double gain = 4.0 / ((1.0 - shape_.z0) * (1.0 - shape_.z1));
  s.alpha[0] = problem.alpha * unit;
  s.gamma[0] = model_.settings().gamma;
  last_gap_ = 1.0;
  zero_objective_ = 0.0;
  const double size = std::max(1.0, largest_free_response(problem));
  const double p = start_phasic * size / gain, lambda = std::max(s.alpha[0], start_multiplier * gain * size);
  double a = problem.is_start ? 0.0 : problem.state[0], v = problem.is_start ? 0.0 : problem.state[1];
  for (std::ptrdiff_t i = 0; i < shape_.n; ++i) {
    const double w = problem.weights[i], y = w > 0.0 ? problem.y[i] : 0.0;
    zero_objective_ += 0.5 * w * y * y;
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
  fill_gram(problem);
  fill_measured();
  add_past(problem);
}

// Sum of w phi phi' over each interval, and J over the first.
void Window::fill_gram(const WindowProblem& problem) {
  std::ptrdiff_t i = 0;
  for (std::ptrdiff_t m = 0; m < shape_.n_intervals; ++m) {
    double gram[n_gram] = {};
    const std::ptrdiff_t begin = i;
    for (; i < interval_end_[index(m)]; ++i) {
      const double* phi = shape_.spline + 4 * (i - begin);
      for (int j = 0; j < 4; ++j) {
        const double w_phi = state_.w[i] * phi[j];
        for (int k = j; k < 4; ++k) gram[position(j, k)] += w_phi * phi[k];
      }
    }
    std::copy_n(gram, n_gram, state_.gram + m * n_gram);
  }
  if (problem.is_start) return;
  for (std::size_t j = 0; j < n_past; ++j) {
    for (std::size_t k = j; k < n_past; ++k) {
      state_.gram[position(static_cast<int>(j), static_cast<int>(k))] += problem.past.J[j * n_past + k];
    }
  }
}

// Sum of w e phi over each interval, as advance() leaves it.
void Window::fill_measured() {
  std::ptrdiff_t i = 0;
  for (std::ptrdiff_t m = 0; m < shape_.n_intervals; ++m) {
    double sum[n_local] = {};
    const std::ptrdiff_t begin = i;
    for (; i < interval_end_[index(m)]; ++i) {
      const double we = state_.w[i] * state_.e[i];
      for (int k = 0; k < 4; ++k) sum[k] += we * shape_.spline[4 * (i - begin) + k];
    }
    std::copy_n(sum, n_local, state_.measured + m * n_local);
  }
}

// The past's gradient J c - h belongs to the first interval's sums.
void Window::add_past(const WindowProblem& problem) {
  if (problem.is_start) return;
  for (std::size_t j = 0; j < n_past; ++j) {
    double g = -problem.past.h[j];
    for (std::size_t k = 0; k < n_past; ++k) g += problem.past.J[j * n_past + k] * state_.spline[k];
    state_.measured[j] += g;
  }
}

double Window::objective() const {
  double l2 = 0.0;
  for (std::ptrdiff_t k = 0; k < shape_.n_knots; ++k) l2 += state_.spline[k] * state_.spline[k];
  return 0.5 * state_.sum_we2[0] + state_.alpha[0] * state_.sum_p[0] + 0.5 * state_.gamma[0] * l2;
}

// g = alpha + (the response's adjoint of W e) must be >= 0, and every coefficient's gradient zero.
double Window::stationarity(const WindowProblem& problem) const {
  const KernelState& s = state_;
  double a = 0.0, v = 0.0;  // the cost's gradient in the state
  double worst = 0.0, driver_unit = s.alpha[0];
  for (std::ptrdiff_t i = shape_.n - 1; i >= shape_.first_row; --i) {
    const double u = s.w[i] * s.e[i];
    worst = std::max(worst, -(s.alpha[0] + u + shape_.g_a * a + shape_.g_v * v));
    v = shape_.z1 * v + a;
    a = u + shape_.z0 * a;
    driver_unit = std::max(driver_unit, std::abs(u));
  }
  double gradient = 0.0, unit = 0.0;
  for (std::ptrdiff_t i = 0; i < shape_.n; ++i) unit += s.w[i] * (s.w[i] > 0.0 ? std::abs(problem.y[i]) : 0.0);
  for (std::ptrdiff_t k = 0; k < shape_.n_knots; ++k) {
    double g = s.gamma[0] * s.spline[k];
    for (std::ptrdiff_t m = 0; m < shape_.n_intervals; ++m) {
      const std::ptrdiff_t column = k - (shape_.newest_knot + m) + 3;
      if (column >= 0 && column < 4) g += s.measured[m * n_local + column];
    }
    gradient = std::max(gradient, std::abs(g));
  }
  for (double h : problem.past.h) unit = std::max(unit, std::abs(h));
  return std::max(worst / driver_unit, unit > 0.0 ? gradient / unit : gradient);
}

void Window::write(const WindowProblem& problem, std::ptrdiff_t later, WindowSolution* out) const {
  const KernelState& s = state_;
  const std::ptrdiff_t n = shape_.n;
  out->phasic.resize(index(n));
  out->tonic.resize(index(n));
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
    out->driver[index(i)] = p * model_.response().ar[0];
    out->phasic[index(i)] = i >= shape_.first_row ? a + p : 0.0;
    const double next = shape_.z0 * a + v + shape_.g_a * p;
    v = shape_.z1 * v + shape_.g_v * p;
    a = next;
  }
  std::ptrdiff_t i = 0;
  for (std::ptrdiff_t m = 0; m < shape_.n_intervals; ++m) {
    const std::ptrdiff_t begin = i, oldest = shape_.newest_knot + m - 3;
    for (; i < interval_end_[index(m)]; ++i) {
      double t = 0.0;
      for (int k = 0; k < 4; ++k) {
        if (oldest + k >= 0 && oldest + k < shape_.n_knots) t += shape_.spline[4 * (i - begin) + k] * s.spline[oldest + k];
      }
      out->tonic[index(i)] = t;
    }
  }
  out->spline.assign(s.spline, s.spline + shape_.n_knots);
}

WindowSolution Window::solve(const WindowProblem& problem, std::ptrdiff_t later) {
  if (problem.n < 1 || problem.n > capacity()) throw std::invalid_argument("a window must hold 1 to capacity samples");
  if (problem.is_start && problem.n <= model_.first_row()) throw std::invalid_argument("a window at the start needs a row");
  if (later < 0 || later > problem.n) throw std::invalid_argument("later must lie within the window");
  shape_to(problem);
  load(problem);
  WindowSolution out;
  int stalled = 0;
  for (bool done = false; !done;) {
    passes_.factor(shape_, state_);
    passes_.predict(shape_, state_);
    choose_centre(state_, 0, shape_.n - shape_.first_row, out.iterations > 0 && state_.step_length[0] < short_step);
    passes_.recentre(shape_, state_);
    passes_.correct(shape_, state_);
    choose_step(state_, 0, last_gap_);
    passes_.advance(shape_, state_);
    add_past(problem);

    ++out.iterations;
    const double unit =
        std::max(objective(), std::max(1e-6 * zero_objective_, least_objective * static_cast<double>(shape_.n)));
    last_gap_ = state_.sum_pl[0] / unit;
    stalled = std::max(state_.step_length[0], state_.dual_step_length[0]) < 1e-3 ? stalled + 1 : 0;
    const bool broken = !std::isfinite(last_gap_);
    const bool last = broken || out.iterations >= settings_.max_iterations || stalled >= 5;
    if (!last && last_gap_ > gap_share * settings_.tol) continue;
    out.relative_gap = last_gap_;
    out.stationarity = stationarity(problem);
    const bool small = last_gap_ <= settings_.tol && out.stationarity <= std::max(settings_.tol, 1e-8);
    const bool exhausted = last || last_gap_ <= least_gap;
    done = small || exhausted;
    if (small) {
      out.status = Status::optimal;
    } else if (broken || !std::isfinite(out.stationarity)) {
      out.status = Status::failed;
    } else {
      out.status = last_gap_ <= 1e-6 && out.stationarity <= 1e-6 ? Status::inaccurate : Status::max_iterations;
    }
  }
  write(problem, later, &out);
  return out;
}

}  // namespace ressin

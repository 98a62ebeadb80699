#include "solvers/adjoint.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "programme/free_columns.hpp"

namespace ressin {
namespace {

// D is clamped to this range: the limits act as 0 and infinity, and their squares are finite.
constexpr double least_curvature = 1e-100, most_curvature = 1e100;

double value(const double* x, std::ptrdiff_t i) { return x ? x[i] : 0.0; }

// The response's two states and their derivative in both poles; see KernelShape for the filter.
struct Tangent {
  double z0, z1, g_a, g_v;
  double a = 0.0, v = 0.0, a_z0 = 0.0, a_z1 = 0.0, v_z1 = 0.0;

  void step(double p) {
    a_z0 = z0 * a_z0 + a + p;
    a_z1 = z0 * a_z1 + v_z1 + p;
    v_z1 = z1 * v_z1 + v + 2.0 * (1.0 + z1) * p;
    a = z0 * a + v + g_a * p;
    v = z1 * v + g_v * p;
  }
};

}  // namespace

Adjoint::Adjoint(std::shared_ptr<const Model> model, const Kernel& kernel, bool weighted)
    : workspace_(std::move(model), kernel, weighted),
      model_(workspace_.model()),
      shape_(workspace_.shape()),
      state_(workspace_.state()) {
  if (shape_.first_row == 0) return;
  start_response_ = free_columns(model_);
  start_response_.resize(n_free_start);
}

void Adjoint::solve(const SolvedSignal* const* signals, const ProgramSettings* programs, int count, Gradient* gradient) {
  for (int k = 0; k < workspace_.lanes(); ++k) {
    state_.step_length[k] = 1.0;
    state_.dual_step_length[k] = 0.0;
    if (k < count) load(k, *signals[k], programs[k].gamma);
  }
  workspace_.factor_given();
  workspace_.predict();
  workspace_.advance();
  for (int k = 0; k < count; ++k) gradient[k] = finish(k, *signals[k], programs[k].alpha);
}

// Sets the kernel's state so that its Newton step minimises 1/2 v'Kv - c'v: a driver of 1 with multiplier D, all else zero.
void Adjoint::load(int lane, const SolvedSignal& x, double gamma) {
  const Signal& signal = x.signal;
  const double unit = model_.response().ar[0];
  for (std::ptrdiff_t i = 0; i < shape_.n; ++i) {
    const double d = std::clamp(signal.curvature[i], least_curvature, most_curvature);
    if (workspace_.weighted()) element(state_.w, i, lane) = signal.weights[i];
    element(state_.p, i, lane) = 1.0;
    element(state_.lambda, i, lane) = d;
    element(state_.inv, i, lane) = 1.0 / d;
    element(state_.e, i, lane) = -value(x.to_phasic, i);
    element(state_.centre, i, lane) = -unit * value(x.to_driver, i);
  }
  state_.gamma[lane] = gamma;
  for (std::ptrdiff_t k = 0; k < shape_.n_knots; ++k) element(state_.spline, k, lane) = 0.0;
  for (double* y : {state_.drift, state_.start}) element(y, 0, lane) = element(y, 1, lane) = 0.0;
  if (workspace_.weighted()) workspace_.fill_gram(lane, signal.weights);
  load_columns(lane, x);
}

// The gradient in the columns: B'c_t for the spline, and that for the drift in the kernel's coordinates. Where those
// coordinates mix the drift with the free start, the gradient in the phasic part contributes.
void Adjoint::load_columns(int lane, const SolvedSignal& x) {
  Eigen::Vector2d to_drift = Eigen::Vector2d::Zero(), to_start = Eigen::Vector2d::Zero();
  std::ptrdiff_t i = 0;
  for (std::ptrdiff_t m = 0; m < shape_.n_intervals; ++m) {
    double sum[n_local] = {};
    const std::ptrdiff_t phase = (m > 0 ? 0 : shape_.first_phase) - i;
    for (; i < shape_.interval_end[m]; ++i) {
      const double c = value(x.to_tonic, i);
      for (int k = 0; k < 4; ++k) sum[k] -= c * shape_.spline[4 * (i + phase) + k];
      for (int k = 0; k < 2; ++k) to_drift[k] += c * model_.drift_row(i)[k];
    }
    for (int k = 0; k < n_local; ++k) element(state_.measured, m * n_local + k, lane) = sum[k];
  }
  for (std::size_t k = 0; k < start_response_.size(); ++k) {
    for (i = shape_.first_row; i < shape_.n; ++i)
      to_start[static_cast<int>(k)] += value(x.to_phasic, i) * start_response_[k][static_cast<std::size_t>(i)];
  }
  const Eigen::Vector2d to_kernel =
      workspace_.layout().drift_from.transpose() * (to_drift - workspace_.layout().start_from.transpose() * to_start);
  for (int k = 0; k < shape_.n_drift; ++k) element(state_.measured, 4 + k, lane) = -to_kernel[k];
}

Gradient Adjoint::finish(int lane, const SolvedSignal& x, double alpha) const {
  Gradient gradient;
  double driver = 0.0, scale = 0.0;  // 1'v_p; the gradient in ar0
  for (std::ptrdiff_t i = 0; i < shape_.n; ++i) {
    const double w = x.signal.weights ? x.signal.weights[i] : 1.0;
    x.to_signal[i] = w * (element(state_.e, i, lane) + value(x.to_phasic, i));
    if (i < shape_.first_row) continue;
    driver += element(state_.step, i, lane);
    scale += value(x.to_driver, i) * x.signal.driver[i];
  }
  const double unit = model_.response().ar[0];
  gradient.alpha = -unit * driver;
  for (std::ptrdiff_t k = 0; k < shape_.n_knots; ++k) gradient.gamma -= x.spline[k] * element(state_.spline_step, k, lane);
  response_gradient(lane, x, scale / unit - alpha * driver, &gradient);
  gradient.done = true;
  return gradient;
}

// F_p = G'We + alpha ar0 - multiplier and the driver's output ar0 p depend on the poles z0, z1 of G and on ar0:
//   dL = (c_r - WJv)' dG p  -  (We)' dG v_p  +  (c_p'p - alpha 1'v_p) dar0,   with a free start counted in p and v_p.
void Adjoint::response_gradient(int lane, const SolvedSignal& x, double to_scale, Gradient* gradient) const {
  const double unit = model_.response().ar[0];
  Tangent of_p{shape_.z0, shape_.z1, shape_.g_a, shape_.g_v}, of_v = of_p;
  if (shape_.first_row > 0) {
    double start[2];
    state_of_free_start(model_.response(), x.start, start);
    of_p.a = start[0];
    of_p.v = start[1];
    const Eigen::Vector2d drift(element(state_.drift_step, 0, lane), element(state_.drift_step, 1, lane));
    const Eigen::Vector2d step = Eigen::Vector2d(element(state_.start_step, 0, lane), element(state_.start_step, 1, lane)) -
                                 workspace_.layout().start_from * (workspace_.layout().drift_from * drift);
    of_v.a = step[0];
    of_v.v = step[1];
  }
  double to_z0 = 0.0, to_z1 = 0.0;
  for (std::ptrdiff_t i = shape_.first_row; i < shape_.n; ++i) {
    const double w = x.signal.weights ? x.signal.weights[i] : 1.0;
    const double c = value(x.to_phasic, i) - x.to_signal[i], we = w > 0.0 ? -w * x.signal.residual[i] : 0.0;
    to_z0 += c * of_p.a_z0 - we * of_v.a_z0;
    to_z1 += c * of_p.a_z1 - we * of_v.a_z1;
    of_p.step(x.signal.driver[i] / unit);
    of_v.step(element(state_.step, i, lane));
  }
  to_time_constants(model_, to_z0, to_z1, to_scale, gradient);
}

void to_time_constants(const Model& model, double to_z0, double to_z1, double to_scale, Gradient* gradient) {
  const ProgramSettings& program = model.settings();
  if (program.tau0 == program.tau1) {
    gradient->tau0 = gradient->tau1 = std::numeric_limits<double>::quiet_NaN();
    return;
  }
  const double unit = model.response().ar[0], dt = model.dt();
  // z = (2 tau - dt)/(2 tau + dt),  ar0 = (2 slow + dt)(2 fast + dt)/((slow - fast) dt^2)
  const double slow = std::max(program.tau0, program.tau1), fast = std::min(program.tau0, program.tau1);
  const double s = 2.0 * slow + dt, f = 2.0 * fast + dt;
  const double to_slow = to_z0 * 4.0 * dt / (s * s) + to_scale * unit * (2.0 / s - 1.0 / (slow - fast));
  const double to_fast = to_z1 * 4.0 * dt / (f * f) + to_scale * unit * (2.0 / f + 1.0 / (slow - fast));
  gradient->tau0 = program.tau0 > program.tau1 ? to_slow : to_fast;
  gradient->tau1 = program.tau0 > program.tau1 ? to_fast : to_slow;
}

}  // namespace ressin

#include "solvers/active_set/adjoint.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace ressin::active_set {
namespace {

constexpr double never = std::numeric_limits<double>::infinity();

double value(const double* x, std::ptrdiff_t i) { return x ? x[i] : 0.0; }

}  // namespace

bool find_settled_support(const Signal& x, std::ptrdiff_t first_row, std::vector<std::ptrdiff_t>* support) {
  constexpr std::ptrdiff_t block = 16;
  support->clear();
  for (std::ptrdiff_t begin = 0; begin < x.n; begin += block) {
    const std::ptrdiff_t end = std::min(begin + block, x.n);
    int free = 0, held = 0;
    for (std::ptrdiff_t i = begin; i < end; ++i) {
      free += x.curvature[i] == 0.0;
      held += x.curvature[i] == held_at_zero;
    }
    if (free + held != end - begin) return false;
    for (std::ptrdiff_t i = begin; free > 0 && i < end; ++i)
      if (x.curvature[i] == 0.0) support->push_back(i);
  }
  return support->empty() || support->front() >= first_row;
}

EventAdjoint::EventAdjoint(std::shared_ptr<const ShapeTables> shape, const Passes& passes)
    : EventSystem(std::move(shape), passes), zeros_(static_cast<std::size_t>(tables_.n), 0.0) {
  lay_out_derivatives();
}

void EventAdjoint::lay_out_derivatives() {
  const Model& m = shape_->model();
  const std::ptrdiff_t longest = std::min(m.knot_spacing(), m.n()) + 8;
  double *psi0 = psi0_.take(longest), *psi1_z0 = psi1_z0_.take(longest), *psi1_z1 = psi1_z1_.take(longest);
  for (std::ptrdiff_t j = 1; j < longest; ++j) {
    psi0[j] = tables_.psi0[j - 1] + tables_.z0 * psi0[j - 1];
    psi1_z0[j] = psi0[j - 1] + tables_.z1 * psi1_z0[j - 1];
    psi1_z1[j] = tables_.psi1[j - 1] + tables_.z1 * psi1_z1[j - 1];
  }
  derivatives_ = {psi0, psi1_z0, psi1_z1};
}

Gradient EventAdjoint::solve(const SolvedSignal& x, const std::vector<std::ptrdiff_t>& support,
                             const ProgramSettings& program) {
  const double* weights = x.signal.weights;
  load(x, support, program.gamma);
  take_support(x, support);
  EventSystem::solve();
  evaluate(weights);
  correct();
  measure_data(zeros_.data(), weights, nullptr);
  std::copy_n(evaluation_.dual, tables_.n, x.to_signal);

  Gradient gradient;
  double driver = 0.0, scale = 0.0;  // 1'v_p; the gradient in ar0
  for (std::size_t e = 0; e < pivoting_.size(); ++e) {
    driver += p_[e];
    scale += value(x.to_driver, pivoting_.sample(e)) * x.signal.driver[pivoting_.sample(e)];
  }
  const double unit = shape_->model().response().ar[0];
  gradient.alpha = -unit * driver;
  for (std::size_t k = 0; k < spline_.size(); ++k) gradient.gamma -= x.spline[k] * spline_[k];
  response_gradient(x, scale / unit - program.alpha * driver, &gradient);
  gradient.done = true;
  return gradient;
}

void EventAdjoint::load(const SolvedSignal& x, const std::vector<std::ptrdiff_t>& support, double gamma) {
  const double* zeros = zeros_.data();
  loads_.gamma = gamma;
  if (tables_.varying) {
    signal_rows_.fill(*shape_, passes_, {zeros, x.signal.weights, 0.0, gamma}, 0.0, &tables_, &loads_, &support);
  } else {
    loads_.start = shape_->start();
  }
  load_signals(x.to_phasic ? x.to_phasic : zeros, x.to_tonic ? x.to_tonic : zeros);
}

void EventAdjoint::take_support(const SolvedSignal& x, const std::vector<std::ptrdiff_t>& support) {
  const double unit = shape_->model().response().ar[0];
  driver_.clear();
  for (const std::ptrdiff_t i : support) driver_.push_back(x.signal.driver[i] / unit);
  pivoting_.clear();
  pivoting_.start(support, driver_, sections_.for_all(), [&](std::ptrdiff_t i) {
    EventRow row = row_at(i);
    row.column[load_column] -= unit * value(x.to_driver, i);
    return row;
  });
}

// The system's gradients at v; the data are zeros, so that those of the loads are yet to be added.
void EventAdjoint::evaluate(const double* weights) {
  measure_data(zeros_.data(), weights, nullptr);
  find_gradient(never);
  for (std::size_t e = 0; e < pivoting_.size(); ++e) at_events_[e] += pivoting_.row(e).column[load_column];
  for (std::size_t k = 0; k < at_knots_.size(); ++k) at_knots_[k] += loads_.knot[k];
  for (int k = 0; k < 2; ++k) evaluation_.at_drift[k] += loads_.drift[k];
  evaluation_.at_start[0] += loads_.start.a[load_column];
  evaluation_.at_start[1] += loads_.start.v[load_column];
}

// See Adjoint::response_gradient.
void EventAdjoint::response_gradient(const SolvedSignal& x, double to_scale, Gradient* gradient) {
  const Signal& s = x.signal;
  double *c = to_response_.take(tables_.n), *we = dual_residual_.take(tables_.n);
  for (std::ptrdiff_t i = 0; i < tables_.n; ++i) {
    const double w = s.weights ? s.weights[i] : 1.0;
    c[i] = value(x.to_phasic, i) - x.to_signal[i];
    we[i] = w > 0.0 ? -w * s.residual[i] : 0.0;
  }
  const Model& model = shape_->model();
  double start[2] = {}, of_p[2], of_v[2];
  if (tables_.first_row > 0) state_of_free_start(model.response(), x.start, start);
  passes_.poles(tables_, derivatives_, support_, driver_.data(), start, c, of_p);
  passes_.poles(tables_, derivatives_, support_, p_.data(), point_.start, we, of_v);
  to_time_constants(model, of_p[0] - of_v[0], of_p[1] - of_v[1], to_scale, gradient);
}

}  // namespace ressin::active_set

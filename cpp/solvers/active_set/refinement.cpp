// The last digits: the point corrected by the gradients of the data's own residual, and its proof.
#include <algorithm>
#include <cmath>
#include <limits>

#include "programme/sums.hpp"
#include "solvers/active_set/active_set.hpp"

namespace ressin {

using namespace active_set;

namespace {

constexpr double gradient_share = 1e-10;  // of alpha, as while pivoting
constexpr int most_corrections = 8;
// A gap above this is mostly rounding, which one more correction takes off; few programmes have one.
constexpr double refined_gap = 1e-12;
constexpr int most_refinements = 2;
constexpr int most_solves = 60;  // in one of them
constexpr int most_steps = 40;   // before all that are not positive leave at once

std::size_t index(std::ptrdiff_t i) { return static_cast<std::size_t>(i); }

}  // namespace

void ActiveSet::evaluate(WrittenParts* parts) {
  measure_data(problem_->y, problem_->weights, parts);
  if (parts) project();
  find_gradient(gradient_share * loads_.alpha);
  found_ = sections_.found();
  if (past_) add_past_gradient();
}

// For weights of one, the residual less what is left of it along the drift, the constant and the slope.
void ActiveSet::project() {
  const double n = static_cast<double>(tables_.n);
  const bool has_proof = !problem_->weights && !tables_.varying;
  const double level = has_proof && tables_.n_drift > 0 ? evaluation_.ones / n : 0.0;
  const double slope = has_proof && tables_.n_drift > 1 && tables_.n > 1 ? evaluation_.ramp / (n * (n * n - 1.0) / 12.0) : 0.0;
  sections_.in_any_order([&](Section& s) { passes_.project(tables_, level, slope, &s); });
  sections_.join_projected(&evaluation_);
}

// Correct until signs and gradients, those of the data, are right. False where the numbers broke down.
bool ActiveSet::settle(const KeepGoing& keep_going) {
  for (int round = 0;; ++round) {
    evaluate(nullptr);
    correct();
    if (!std::isfinite(evaluation_.fit) || !std::isfinite(evaluation_.gp) || !keep_going()) return false;
    const bool has_negative = pivoting_.any_not_positive(point_.p);
    if (round == most_corrections || (!has_negative && found_.count == 0)) break;
    if (!has_negative) {
      pivoting_.accept(point_.p);
      insert_found();
    }
    for (int k = 0;; ++k) {
      solve();
      if (!pivoting_.any_not_positive(point_.p)) break;
      if (k == most_solves) return false;
      if (k < most_steps) {
        pivoting_.step_by_neighbours(point_.p);
      } else {
        pivoting_.drop_not_positive(point_.p);
      }
    }
    pivoting_.accept(point_.p);
  }
  leave_out_negative();
  is_settled_ = true;
  return true;
}

void ActiveSet::leave_out_negative() {
  for (std::size_t e = 0; e < pivoting_.size(); ++e) p_[e] = std::max(p_[e], 0.0);
}

// As the Certifier has it, from one pass over the data; for the plain programme.
Evidence ActiveSet::evidence() const {
  const Evaluation& e = evaluation_;
  const double alpha = loads_.alpha, gamma = problem_->gamma, n = static_cast<double>(tables_.n);
  double l1 = 0.0, l2 = 0.0, bl = 0.0, bb = 0.0, spline_gap = 0.0, gradient = 0.0;
  for (std::size_t k = 0; k < pivoting_.size(); ++k) l1 += p_[k];
  for (std::size_t j = 0; j < spline_.size(); ++j) {
    const double l = spline_[j], b = at_knots_[j], rho = b + gamma * l;
    gradient = std::max(gradient, std::abs(rho));
    l2 += l * l;
    bl += b * l;
    spline_gap += gamma > 0.0 ? rho * rho / (2.0 * gamma) : std::abs(rho * l);
    if (gamma > 0.0) bb += b * b / gamma;
  }
  const double worst = -e.worst, theta = alpha / (alpha + worst);
  const double rounding = 0.5 * std::numeric_limits<double>::epsilon() * e.largest_phasic;
  const double unsure = 2.0 * rounding * std::sqrt(e.fit) + 0.5 * rounding * rounding * n;
  const double minus_uy = e.ue + alpha * l1 - e.gp - bl, quadratic = 0.5 * (e.uu + bb);
  const double gap = std::abs(e.gp) + spline_gap + e.mismatch + (1.0 - theta) * (minus_uy - (1.0 + theta) * quadratic) + unsure;

  Evidence result;
  result.objective = 0.5 * e.fit + alpha * l1 + 0.5 * gamma * l2;
  const double unit = std::max(result.objective, 0.5e-6 * e.signal);
  result.duality_gap = std::max(gap, 0.0);
  result.relative_gap = unit > 0.0 ? result.duality_gap / unit : 0.0;
  result.complementarity = unit > 0.0 ? std::abs(e.gp) / unit : 0.0;
  const double driver_unit = worst > 1e-9 * alpha ? largest_load() : alpha;
  result.stationarity = std::max(worst / driver_unit, e.size > 0.0 ? gradient / e.size : 0.0);
  if (!std::isfinite(gap) || !std::isfinite(unit)) return nothing_proved(result.objective);  // as the Certifier
  return result;
}

// Of alpha and the driver's gradients at zero, less alpha.
double ActiveSet::largest_load() const {
  return max_of(tables_.n, loads_.alpha, [&](std::ptrdiff_t i) { return std::abs(loads_.c[i] - loads_.alpha); });
}

ActiveSet::Measured ActiveSet::measure(WrittenParts* parts) {
  evaluate(parts);
  Measured m{evaluation_.fit, 0.0, -evaluation_.worst / loads_.alpha, evaluation_.gp, 0.0};
  for (std::size_t e = 0; e < pivoting_.size(); ++e) m.drivers += p_[e];
  m.drivers *= shape_->model().response().ar[0];
  for (std::size_t j = 0; j < spline_.size(); ++j)
    m.largest_knot_gradient = std::max(m.largest_knot_gradient, std::abs(at_knots_[j] + problem_->gamma * spline_[j]));
  return m;
}

double ActiveSet::largest_driver() const {
  double largest = 0.0;
  for (std::size_t e = 0; e < pivoting_.size(); ++e) largest = std::max(largest, p_[e]);
  return largest * shape_->model().response().ar[0];
}

void ActiveSet::write_driver(double* driver, double unit) {
  const double scale = shape_->model().response().ar[0];
  sections_.in_any_order(
      [&](const Section& s) { std::fill(driver + tables_.begin[s.begin], driver + tables_.begin[s.end], 0.0); });
  for (std::size_t e = 0; e < pivoting_.size(); ++e) driver[pivoting_.sample(e)] = p_[e] * scale * unit;
}

void ActiveSet::write_curvature(double* curvature) const {
  std::fill_n(curvature, tables_.n, held_at_zero);
  for (std::size_t e = 0; e < pivoting_.size(); ++e) curvature[pivoting_.sample(e)] = 0.0;
}

// Whether the gap shows that digits are missing.
bool ActiveSet::is_rough() const { return is_plain() && evidence().relative_gap > refined_gap; }

void ActiveSet::refine(WrittenParts* parts) {
  evaluate(parts);
  for (int k = 0; k < most_refinements && is_rough(); ++k) {
    correct();
    leave_out_negative();
    evaluate(parts);
  }
}

// What find_support() left may be right to the last digit, and one look at the data says so.
ActiveSet::Proved ActiveSet::prove(WrittenParts* parts, double* driver, double driver_unit, double* curvature,
                                   const KeepGoing& keep_going) {
  if (!is_settled_) leave_out_negative();
  refine(parts);
  if (!is_settled_ && (found_.count > 0 || is_rough())) {
    if (!settle(keep_going)) return {evidence(), false};
    refine(parts);
  }
  write_driver(driver, driver_unit);
  if (curvature) write_curvature(curvature);
  Proved proved{evidence(), false};
  proved.is_optimal = proved.evidence.relative_gap <= settings_.tol;
  return proved;
}

bool ActiveSet::run(const Problem& problem, const ActiveSetLimits& limits, const KeepGoing& keep_going, Solution* solution,
                    const Start& start, bool wants_multiplier) {
  if (!find(problem, limits, keep_going, start)) return false;
  Solution& s = *solution;
  const std::size_t n = index(tables_.n);
  for (std::vector<double>* x : {&s.parts.phasic, &s.parts.tonic, &s.residual, &s.point.driver}) x->resize(n);
  if (settings_.keep_curvature) s.curvature.resize(n);
  WrittenParts parts{};
  parts.phasic = s.parts.phasic.data(), parts.tonic = s.parts.tonic.data(), parts.residual = s.residual.data();
  parts.scale = parts.residual_scale = 1.0;
  const Proved proved =
      prove(&parts, s.point.driver.data(), 1.0, settings_.keep_curvature ? s.curvature.data() : nullptr, keep_going);
  s.point.spline = spline_;
  s.point.drift = drift();
  if (tables_.first_row > 0) free_start_of(shape_->model().response(), point_.start, s.point.start);
  s.certificate.evidence = proved.evidence;
  if (!is_plain() || wants_multiplier) certify(solution);
  s.iterations = solves_;
  if (!(s.certificate.evidence.relative_gap <= settings_.tol)) return false;
  s.status = Status::optimal;
  return true;
}

void ActiveSet::certify(Solution* s) {
  if (!certifier_) certifier_ = std::make_unique<Certifier>(shape_->model());
  s->parts = make_parts(shape_->model(), s->point);
  s->certificate = (*certifier_)(*problem_, s->point, s->parts, s->residual);
}

}  // namespace ressin

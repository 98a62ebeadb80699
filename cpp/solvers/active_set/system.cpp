#include "solvers/active_set/system.hpp"

#include <algorithm>
#include <utility>

namespace ressin::active_set {
namespace {

std::size_t index(std::ptrdiff_t i) { return static_cast<std::size_t>(i); }

}  // namespace

EventSystem::EventSystem(std::shared_ptr<const ShapeTables> shape, const Passes& passes)
    : shape_(std::move(shape)), passes_(passes), tables_(shape_->tables()), sections_(tables_) {
  const Tables& t = tables_;
  per_sample_ = 1.0 / static_cast<double>(shape_->model().knot_spacing());
  knot_load_.resize(index(t.n_knots));
  spline_.resize(index(t.n_knots));
  states_.resize(index(2 * t.n_intervals + 2));
  columns_.resize(index(n_columns * t.n_intervals));
  knot_gains_.resize(index(t.n_intervals));
  at_knots_.resize(index(t.n_knots));
}

void EventSystem::load_signals(const double* of_phasic, const double* of_tonic) {
  const Tables& t = tables_;
  double* c = c_.take(t.n);
  Evaluation zero{};
  zero.at_knots = knot_load_.data();
  sections_.point_to(zero, nullptr);
  sections_.forwards([&](Section& s) { passes_.load_columns(t, of_phasic, of_tonic, &s); });
  sections_.join_columns(t, &zero);
  sections_.in_any_order([&](Section& s) { passes_.load_rows(t, of_phasic, loads_.alpha, c, &s); });
  loads_.c = c;
  loads_.knot = knot_load_.data();
  std::copy_n(zero.at_drift, 2, loads_.drift);
  loads_.start.a[load_column] = -sections_[0].adjoint_before[0];
  loads_.start.v[load_column] = -sections_[0].adjoint_before[1];
}

// What is left of a time after the last knot: a division of numbers below 2^53, mended where its rounding counts.
std::ptrdiff_t EventSystem::phase_of(std::ptrdiff_t time) const {
  const std::ptrdiff_t spacing = shape_->model().knot_spacing();
  const std::ptrdiff_t phase = time - spacing * static_cast<std::ptrdiff_t>(static_cast<double>(time) * per_sample_);
  return phase < 0 ? phase + spacing : phase >= spacing ? phase - spacing : phase;
}

EventRow EventSystem::row_at(std::ptrdiff_t i) const {
  const Tables& t = tables_;
  EventRow row{};
  row.ga = t.ga;
  row.gv = t.gv;
  row.column[load_column] = loads_.c[i];
  if (t.varying) {
    for (int k = 0; k < load_column; ++k) row.column[k] = t.row_at[k][i];
    row.G = t.G_at[i], row.Xa = t.Xa_at[i], row.Xv = t.Xv_at[i];
    return row;
  }
  const std::ptrdiff_t phase = phase_of(i + t.first_phase);
  for (int k = 0; k < 4; ++k) row.column[k] = t.phase_row[k][phase];
  for (int k = 0; k < 2; ++k) row.column[first_drift + k] = t.row_base[k] + t.row_slope[k] * static_cast<double>(i);
  row.G = t.G, row.Xa = t.Xa, row.Xv = t.Xv;
  return row;
}

void EventSystem::solve() {
  support_ = pivoting_.lay_out(tables_);
  const std::size_t k = pivoting_.size();
  if (event_gains_.size() < k) event_gains_.resize(k + k / 2);
  if (p_.size() < k) p_.resize(k + k / 2);
  gains_ = {event_gains_.data(), knot_gains_.data()};
  point_.p = p_.data();
  point_.spline = spline_.data();
  point_.states = states_.data();
  point_.columns = columns_.data();
  passes_.solve(tables_, loads_, support_, gains_, &point_);
  ++solves_;
  effort_ += static_cast<double>(k) + static_cast<double>(tables_.n_intervals);
}

void EventSystem::measure_data(const double* y, const double* weights, WrittenParts* parts) {
  Evaluation& e = evaluation_;
  e.dual = dual_.take(tables_.n);
  at_events_.resize(std::max(at_events_.size(), pivoting_.size()));
  e.at_events = at_events_.data();
  e.at_knots = at_knots_.data();
  sections_.point_to(e, parts);
  if (sections_.are_shared())
    passes_.place_response(tables_, support_, point_, sections_.data(), static_cast<std::ptrdiff_t>(sections_.count()));
  sections_.forwards([&](Section& s) { passes_.measure(tables_, y, weights, support_, point_, parts != nullptr, &s); });
  sections_.join_measured(&e, parts);
}

void EventSystem::find_gradient(double threshold) {
  sections_.join_columns(tables_, &evaluation_);
  sections_.in_any_order([&](Section& s) { passes_.find(tables_, loads_.alpha, threshold, support_, point_, &s); });
  sections_.join_gradient(&evaluation_);
}

void EventSystem::correct() {
  const std::size_t k = pivoting_.size();
  const double fall = point_.fall;
  const auto swap_loads = [&] {
    for (std::size_t e = 0; e < k; ++e) std::swap(pivoting_.row(e).column[load_column], at_events_[e]);
  };
  Loads gradients = loads_;
  for (std::size_t j = 0; j < at_knots_.size(); ++j) at_knots_[j] += loads_.gamma * spline_[j];
  gradients.knot = at_knots_.data();
  std::copy_n(evaluation_.at_drift, 2, gradients.drift);
  gradients.start.a[load_column] = evaluation_.at_start[0];
  gradients.start.v[load_column] = evaluation_.at_start[1];

  step_p_.resize(std::max(step_p_.size(), k));
  step_spline_.resize(spline_.size());
  step_columns_.resize(columns_.size());
  Values step = point_;
  step.p = step_p_.data();
  step.spline = step_spline_.data();
  step.columns = step_columns_.data();
  swap_loads();
  passes_.solve(tables_, gradients, support_, gains_, &step);
  swap_loads();
  ++solves_;

  for (std::size_t e = 0; e < k; ++e) p_[e] += step_p_[e];
  for (std::size_t j = 0; j < spline_.size(); ++j) spline_[j] += step_spline_[j];
  for (std::size_t m = 0; m < columns_.size(); m += n_columns)
    for (std::size_t c = 0; c < load_column; ++c) columns_[m + c] += step_columns_[m + c];
  for (int c = 0; c < 2; ++c) {
    point_.drift[c] += step.drift[c];
    point_.start[c] += step.start[c];
  }
  point_.fall = fall;
}

std::size_t EventSystem::bytes() const {
  const std::size_t per_sample = shape_->tables().varying ? 3 + n_columns + 1 : 2, n = index(tables_.n);
  return sizeof(double) * (per_sample * n + columns_.size()) + sizeof(Gain) * event_gains_.size() + pivoting_.bytes() +
         sections_.bytes();
}

}  // namespace ressin::active_set

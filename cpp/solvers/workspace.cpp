#include "solvers/workspace.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "programme/free_columns.hpp"

namespace ressin {
namespace {

constexpr std::ptrdiff_t arrays_per_sample = 7 + n_gains;
constexpr std::ptrdiff_t arrays_per_interval = n_gram + n_local + n_row;
constexpr std::ptrdiff_t fixed_arrays = n_start_rows * n_row + 8;

std::size_t doubles_per_lane(const Model& model) {
  return static_cast<std::size_t>(arrays_per_sample * model.n() + arrays_per_interval * model.n_intervals() + fixed_arrays +
                                  2 * model.n_knots());
}

}  // namespace

std::size_t Workspace::bytes_per_lane(const Model& model) { return doubles_per_lane(model) * sizeof(double); }

Workspace::Workspace(std::shared_ptr<const Model> model, const Kernel& kernel, bool weighted)
    : shared_model_(std::move(model)),
      model_(*shared_model_),
      kernel_(kernel),
      passes_(weighted ? kernel.weighted : kernel.unweighted),
      weighted_(weighted),
      shape_{},
      state_{} {
  lay_out_shape();
  lay_out_state();
}

void Workspace::lay_out_shape() {
  const Response& r = model_.response();
  const std::ptrdiff_t first = model_.first_interval();
  shape_.n = model_.n();
  shape_.first_row = model_.first_row();
  shape_.z0 = r.z0;
  shape_.z1 = r.z1;
  shape_.g_a = 2.0 + r.z0 + r.z1;
  shape_.g_v = (1.0 + r.z1) * (1.0 + r.z1);
  shape_.n_intervals = model_.n_intervals();
  shape_.n_knots = model_.n_knots();
  shape_.newest_knot = first + 2;
  shape_.n_drift = model_.n_drift();
  for (std::ptrdiff_t m = first; m < first + shape_.n_intervals; ++m) interval_end_.push_back(model_.interval_end(m));
  shape_.interval_end = interval_end_.data();
  shape_.first_phase = -model_.knot(first);
  shape_.spline = model_.interval_bumps(0);
  shape_.drift = model_.drift_row(0);
  if (shape_.first_row > 0 && shape_.n_drift > 0) separate_drift();
}

// Where the start is free, the kernel's drift is C made orthogonal to the free responses S: with [S C] = Q R in blocks,
// S s + C d = S s' + Q_c d' for d = R_cc^-1 d' and s = s' - R_ss^-1 R_sc d.
void Workspace::separate_drift() {
  const OrthonormalBasis q = orthonormalise(free_columns(model_).column, nullptr);
  const int columns = shape_.n_drift;
  const double size = std::sqrt(static_cast<double>(shape_.n));  // entries of order one
  drift_table_.assign(static_cast<std::size_t>(2 * shape_.n), 0.0);
  for (std::size_t i = 0; i < static_cast<std::size_t>(shape_.n); ++i) {
    for (std::size_t k = 0; k < static_cast<std::size_t>(columns); ++k) drift_table_[2 * i + k] = size * q.basis[2 + k][i];
  }
  shape_.drift = drift_table_.data();
  const auto block = [&](std::size_t row, std::size_t column) {
    Eigen::Matrix2d m = Eigen::Matrix2d::Identity();
    for (std::size_t j = 0; j < 2; ++j) {
      for (std::size_t k = 0; k < 2; ++k) {
        if (row + j < q.r.size() && column + k < q.r.size())
          m(static_cast<int>(j), static_cast<int>(k)) = q.r[row + j][column + k];
      }
      if (row == column && m(static_cast<int>(j), static_cast<int>(j)) == 0.0)
        m(static_cast<int>(j), static_cast<int>(j)) = 1.0;
    }
    return m;
  };
  drift_from_ = size * block(2, 2).triangularView<Eigen::Upper>().solve(Eigen::Matrix2d::Identity());
  start_from_ = block(0, 0).triangularView<Eigen::Upper>().solve(block(0, 2));
}

void Workspace::lay_out_state() {
  constexpr std::size_t cache_line = 64 / sizeof(double);
  storage_.assign(doubles_per_lane(model_) * static_cast<std::size_t>(kernel_.lanes) + cache_line, 0.0);
  double* next = storage_.data();
  while (reinterpret_cast<std::uintptr_t>(next) % 64 != 0) ++next;
  const auto take = [&](std::ptrdiff_t count) {
    double* block = next;
    next += count * kernel_.lanes;
    return block;
  };
  const std::ptrdiff_t n = shape_.n;
  KernelState& s = state_;
  for (double** x : {&s.w, &s.e, &s.p, &s.lambda, &s.inv, &s.centre, &s.step}) *x = take(n);
  s.gains = take(n * n_gains);
  s.gram = take(shape_.n_intervals * n_gram);
  s.measured = take(shape_.n_intervals * n_local);
  s.rows = take((shape_.n_intervals + n_start_rows) * n_row);
  s.spline = take(shape_.n_knots);
  s.spline_step = take(shape_.n_knots);
  for (double** x : {&s.drift, &s.drift_step, &s.start, &s.start_step}) *x = take(2);
  // a lane without a signal computes on these
  for (double* x : {s.p, s.lambda, s.inv, s.w}) std::fill_n(x, n * kernel_.lanes, 1.0);
  std::fill_n(s.sum_pl, kernel_.lanes, static_cast<double>(n - shape_.first_row));
  if (!weighted_) {
    for (int k = 0; k < kernel_.lanes; ++k) fill_gram(k, nullptr);
  }
}

// Sum of w phi phi' over each interval, phi = (four bumps, two drifts): it stays the same from iteration to iteration.
void Workspace::fill_gram(int lane, const double* weights) {
  std::ptrdiff_t i = 0;
  for (std::ptrdiff_t m = 0; m < shape_.n_intervals; ++m) {
    double gram[n_gram] = {};
    const std::ptrdiff_t phase = (m > 0 ? 0 : shape_.first_phase) - i;
    for (; i < interval_end_[static_cast<std::size_t>(m)]; ++i) {
      const double w = weights ? weights[i] : 1.0;
      double phi[n_local];
      std::copy_n(shape_.spline + 4 * (i + phase), 4, phi);
      std::copy_n(shape_.drift + 2 * i, 2, phi + 4);
      double* g = gram;
      for (int j = 0; j < n_local; ++j) {
        for (int k = j; k < n_local; ++k) *g++ += w * phi[j] * phi[k];
      }
    }
    for (int k = 0; k < n_gram; ++k) element(state_.gram, m * n_gram + k, lane) = gram[k];
  }
}

}  // namespace ressin

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
    : passes(weighted ? kernel.weighted : kernel.unweighted),
      model_(std::move(model)),
      lanes_(kernel.lanes),
      weighted_(weighted) {
  lay_out_shape();
  lay_out_state();
}

void Workspace::lay_out_shape() {
  const Model& model = *model_;
  const Response& r = model.response();
  const std::ptrdiff_t first = model.first_interval();
  shape.n = model.n();
  shape.first_row = model.first_row();
  shape.z0 = r.z0;
  shape.z1 = r.z1;
  shape.g_a = 2.0 + r.z0 + r.z1;
  shape.g_v = (1.0 + r.z1) * (1.0 + r.z1);
  shape.n_intervals = model.n_intervals();
  shape.n_knots = model.n_knots();
  shape.newest_knot = first + 2;
  shape.n_drift = model.n_drift();
  for (std::ptrdiff_t m = first; m < first + shape.n_intervals; ++m) interval_end_.push_back(model.interval_end(m));
  shape.interval_end = interval_end_.data();
  shape.first_phase = -model.knot(first);
  shape.spline = model.interval_bumps(0);
  shape.drift = model.drift_row(0);
  if (shape.first_row > 0 && shape.n_drift > 0) separate_drift();
}

// Where the start is free, the kernel's drift is C made orthogonal to the free responses S: with [S C] = Q R in blocks,
// S s + C d = S s' + Q_c d' for d = R_cc^-1 d' and s = s' - R_ss^-1 R_sc d.
void Workspace::separate_drift() {
  const OrthonormalBasis q = orthonormalise(free_columns(*model_), nullptr);
  const int columns = shape.n_drift;
  const double size = std::sqrt(static_cast<double>(shape.n));  // entries of order one
  drift_table_.assign(static_cast<std::size_t>(2 * shape.n), 0.0);
  for (std::size_t i = 0; i < static_cast<std::size_t>(shape.n); ++i) {
    for (std::size_t k = 0; k < static_cast<std::size_t>(columns); ++k)
      drift_table_[2 * i + k] = size * q.basis[n_free_start + k][i];
  }
  shape.drift = drift_table_.data();
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
  drift_from = size * block(n_free_start, n_free_start).triangularView<Eigen::Upper>().solve(Eigen::Matrix2d::Identity());
  start_from = block(0, 0).triangularView<Eigen::Upper>().solve(block(0, n_free_start));
}

void Workspace::lay_out_state() {
  constexpr std::size_t cache_line = 64 / sizeof(double);
  storage_.assign(doubles_per_lane(*model_) * static_cast<std::size_t>(lanes_) + cache_line, 0.0);
  double* next = storage_.data();
  while (reinterpret_cast<std::uintptr_t>(next) % 64 != 0) ++next;
  const auto take = [&](std::ptrdiff_t count) {
    double* block = next;
    next += count * lanes_;
    return block;
  };
  const std::ptrdiff_t n = shape.n;
  KernelState& s = state;
  for (double** x : {&s.w, &s.e, &s.p, &s.lambda, &s.inv, &s.centre, &s.step}) *x = take(n);
  s.gains = take(n * n_gains);
  s.gram = take(shape.n_intervals * n_gram);
  s.measured = take(shape.n_intervals * n_local);
  s.rows = take((shape.n_intervals + n_start_rows) * n_row);
  s.spline = take(shape.n_knots);
  s.spline_step = take(shape.n_knots);
  for (double** x : {&s.drift, &s.drift_step, &s.start, &s.start_step}) *x = take(2);
  // a lane without a signal computes on these
  for (double* x : {s.p, s.lambda, s.inv, s.w}) std::fill_n(x, n * lanes_, 1.0);
  std::fill_n(s.sum_pl, lanes_, static_cast<double>(n - shape.first_row));
  if (!weighted_) {
    for (int k = 0; k < lanes_; ++k) fill_gram(k, nullptr);
  }
}

void Workspace::cut_to(std::ptrdiff_t n, std::ptrdiff_t first_row, std::ptrdiff_t newest_knot, std::ptrdiff_t n_knots) {
  const std::ptrdiff_t spacing = model_->knot_spacing();
  shape.n = n;
  shape.first_row = first_row;
  shape.n_intervals = (n + spacing - 1) / spacing;
  shape.newest_knot = newest_knot;
  shape.n_knots = n_knots;
  for (std::ptrdiff_t m = 0; m < shape.n_intervals; ++m)
    interval_end_[static_cast<std::size_t>(m)] = std::min(n, (m + 1) * spacing);
}

// It stays the same from iteration to iteration.
void Workspace::fill_gram(int lane, const double* weights) {
  std::ptrdiff_t i = 0;
  for (std::ptrdiff_t m = 0; m < shape.n_intervals; ++m) {
    double gram[n_gram] = {};
    const std::ptrdiff_t phase = (m > 0 ? 0 : shape.first_phase) - i;
    for (; i < interval_end_[static_cast<std::size_t>(m)]; ++i) {
      const double w = weights ? weights[i] : 1.0;
      double phi[n_local];
      std::copy_n(shape.spline + 4 * (i + phase), 4, phi);
      std::copy_n(shape.drift + 2 * i, 2, phi + 4);
      double* g = gram;
      for (int j = 0; j < n_local; ++j) {
        for (int k = j; k < n_local; ++k) *g++ += w * phi[j] * phi[k];
      }
    }
    for (int k = 0; k < n_gram; ++k) element(state.gram, m * n_gram + k, lane) = gram[k];
  }
}

void Workspace::fill_measured(int lane, const double* weights, const double* residual) {
  std::ptrdiff_t i = 0;
  for (std::ptrdiff_t m = 0; m < shape.n_intervals; ++m) {
    double sum[n_local] = {};
    const std::ptrdiff_t phase = (m > 0 ? 0 : shape.first_phase) - i;
    for (; i < interval_end_[static_cast<std::size_t>(m)]; ++i) {
      const double we = (weights ? weights[i] : 1.0) * residual[i];
      for (int k = 0; k < 4; ++k) sum[k] += we * shape.spline[4 * (i + phase) + k];
      for (int k = 0; k < 2; ++k) sum[4 + k] += we * shape.drift[2 * i + k];
    }
    for (int k = 0; k < n_local; ++k) element(state.measured, m * n_local + k, lane) = sum[k];
  }
}

double Workspace::objective(int lane) const {
  double l2 = 0.0;
  for (std::ptrdiff_t k = 0; k < shape.n_knots; ++k) {
    const double l = element(state.spline, k, lane);
    l2 += l * l;
  }
  return 0.5 * state.sum_we2[lane] + state.alpha[lane] * state.sum_p[lane] + 0.5 * state.gamma[lane] * l2;
}

}  // namespace ressin

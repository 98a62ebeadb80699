#include "solvers/iterates.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "programme/free_columns.hpp"

namespace ressin {
namespace {

constexpr std::ptrdiff_t arrays_per_sample = 7 + n_gains;
constexpr std::ptrdiff_t arrays_per_interval = n_gram + n_local + n_row;
constexpr std::ptrdiff_t fixed_arrays = n_start_rows * n_row + 8;

}  // namespace

KernelLayout::KernelLayout(const Model& model) {
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
  for (std::ptrdiff_t m = first; m < first + shape.n_intervals; ++m) interval_end.push_back(model.interval_end(m));
  shape.interval_end = interval_end.data();
  shape.first_phase = -model.knot(first);
  shape.spline = model.interval_bumps(0);
  shape.drift = model.drift_row(0);
  if (shape.first_row > 0 && shape.n_drift > 0) separate_drift(model);
}

void KernelLayout::separate_drift(const Model& model) {
  const OrthonormalBasis q = orthonormalise(free_columns(model), nullptr);
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

std::size_t doubles_per_lane(std::ptrdiff_t n, std::ptrdiff_t n_intervals, std::ptrdiff_t n_knots) {
  return static_cast<std::size_t>(arrays_per_sample * n + arrays_per_interval * n_intervals + fixed_arrays + 2 * n_knots);
}

void lay_out(const KernelShape& shape, int lanes, std::vector<double>* storage, KernelState* state) {
  constexpr std::size_t cache_line = 64 / sizeof(double);
  const std::size_t count = doubles_per_lane(shape.n, shape.n_intervals, shape.n_knots);
  storage->assign(count * static_cast<std::size_t>(lanes) + cache_line, 0.0);
  double* next = storage->data();
  while (reinterpret_cast<std::uintptr_t>(next) % 64 != 0) ++next;
  const auto take = [&](std::ptrdiff_t numbers) {
    double* block = next;
    next += numbers * lanes;
    return block;
  };
  const std::ptrdiff_t n = shape.n;
  KernelState& s = *state;
  for (double** x : {&s.w, &s.e, &s.p, &s.lambda, &s.inv, &s.centre, &s.step}) *x = take(n);
  s.gains = take(n * n_gains);
  s.gram = take(shape.n_intervals * n_gram);
  s.measured = take(shape.n_intervals * n_local);
  s.rows = take((shape.n_intervals + n_start_rows) * n_row);
  s.spline = take(shape.n_knots);
  s.spline_step = take(shape.n_knots);
  for (double** x : {&s.drift, &s.drift_step, &s.start, &s.start_step}) *x = take(2);
  // a lane without a signal computes on these
  for (double* x : {s.p, s.lambda, s.inv, s.w}) std::fill_n(x, n * lanes, 1.0);
  std::fill_n(s.sum_pl, lanes, static_cast<double>(n - std::max<std::ptrdiff_t>(shape.first_row, 0)));
}

// It stays the same from iteration to iteration.
void LaneRun::fill_gram(const double* weights) const {
  std::ptrdiff_t i = 0;
  for (std::ptrdiff_t m = 0; m < shape->n_intervals; ++m) {
    double gram[n_gram] = {};
    const std::ptrdiff_t phase = (m > 0 ? 0 : shape->first_phase) - i;
    for (; i < shape->interval_end[m]; ++i) {
      const double w = weights ? weights[i] : 1.0;
      double phi[n_local];
      std::copy_n(shape->spline + 4 * (i + phase), 4, phi);
      std::copy_n(drift + 2 * i, 2, phi + 4);
      double* g = gram;
      for (int j = 0; j < n_local; ++j) {
        for (int k = j; k < n_local; ++k) *g++ += w * phi[j] * phi[k];
      }
    }
    const std::ptrdiff_t first = m * n_gram;
    for (int k = 0; k < n_gram; ++k) (*this)(state->gram, first + k) = gram[k];
  }
}

void LaneRun::fill_measured(const double* weights, const double* residual) const {
  std::ptrdiff_t i = 0;
  for (std::ptrdiff_t m = 0; m < shape->n_intervals; ++m) {
    double sum[n_local] = {};
    const std::ptrdiff_t phase = (m > 0 ? 0 : shape->first_phase) - i;
    for (; i < shape->interval_end[m]; ++i) {
      const double we = (weights ? weights[i] : 1.0) * residual[i];
      for (int k = 0; k < 4; ++k) sum[k] += we * shape->spline[4 * (i + phase) + k];
      for (int k = 0; k < 2; ++k) sum[4 + k] += we * drift[2 * i + k];
    }
    const std::ptrdiff_t first = m * n_local;
    for (int k = 0; k < n_local; ++k) (*this)(state->measured, first + k) = sum[k];
  }
}

double LaneRun::objective() const {
  double l2 = 0.0;
  for (std::ptrdiff_t k = knots_begin; k < shape->n_knots; ++k) {
    const double l = (*this)(state->spline, k);
    l2 += l * l;
  }
  return 0.5 * state->sum_we2[lane] + state->alpha[lane] * state->sum_p[lane] + 0.5 * state->gamma[lane] * l2;
}

}  // namespace ressin

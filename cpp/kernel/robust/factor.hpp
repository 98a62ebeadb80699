// Elimination, backwards in time; with the predictor's right-hand side.
#pragma once

#include "kernel/robust/front.hpp"

namespace ressin::robust {
namespace {

template <class L>
class Factor {
 public:
  Factor(const Shape& shape, StateFor<L>& state) : shape_(shape), st_(state) {}

  void run() {
    front_.clear();
    const std::ptrdiff_t last = shape_.n_intervals - 1;
    for (int k = 2; k < 4; ++k) add_level(last + k, k);  // knots at and after the end take the last sample's shift
    front_.add_penalty(st_, last + 1, 1);
    for (std::ptrdiff_t m = last; m >= 0; --m) {
      front_.add_penalty(st_, m, 0);
      for (std::ptrdiff_t i = interval_end(shape_, m) - 1; i >= m * shape_.spacing; --i) {
        if (may_shift(st_, i)) eliminate_shift(shift_after<L>(st_, i));
        step_back(i, shape_.bumps + 4 * (i - m * shape_.spacing));
      }
      add_level(m + 1, 1);
      if (m == 0) break;
      front_.eliminate_knot(st_, 3, m + 3);
      front_.move_knots();
    }
    add_level(0, 0);
    front_.eliminate_first_knots(st_);
  }

 private:
  // The level of knot j, in column k, above the floor.
  void add_level(std::ptrdiff_t j, int k) {
    const Entry<L> r = knot<L>(st_, j);
    const L curvature = r.get(level_multiplier) * (r.get(level_multiplier) * r.get(level_inverse));
    const int u = of_knot + k;
    front_.m[u][u] = front_.m[u][u] + curvature;
  }

  void eliminate_shift(Entry<L> r) {
    const L up = ratio(r, up_pair), down = ratio(r, down_pair), slope = up + down;
    const L load = r.get(shift_cost) * (down - up);
    L line[n_unknowns + 1];
    for (int k = 0; k <= n_unknowns; ++k) line[k] = sum_levels([&](int j) { return front_.get(j, k); });
    const L own = sum_levels([&](int j) { return line[j]; });
    const L inverse = L(1.0) / fma(slope, own, L(1.0));
    const L weight = slope * inverse, offset = fnma(slope, line[of_rhs], load) * inverse;
    for (int k = 0; k < n_unknowns; ++k) r.set(row + k, line[k]);
    r.set(row_rhs, line[of_rhs]);
    r.set(row_inverse, inverse);
    for (int j = 0; j < n_unknowns; ++j) {
      const L w = weight * line[j];
      for (int k = j; k < n_unknowns; ++k) front_.m[j][k] = fnma(w, line[k], front_.m[j][k]);
      front_.m[j][of_rhs] = fma(line[j], offset, front_.m[j][of_rhs]);
    }
  }

  void step_back(std::ptrdiff_t i, const double* bumps) {
    const Entry<L> r = sample<L>(st_, i);
    const L z0 = all<L>(shape_.z0), z1 = all<L>(shape_.z1), g_a = all<L>(shape_.g_a), g_v = all<L>(shape_.g_v);
    L(&m)[n_unknowns][n_unknowns + 1] = front_.m;
    // the driver's row over the next state
    L rho[n_unknowns + 1];
    rho[of_a] = fma(g_v, m[of_a][of_v], g_a * m[of_a][of_a]);
    rho[of_v] = fma(g_v, m[of_v][of_v], g_a * m[of_a][of_v]);
    for (int k = of_knot; k <= of_rhs; ++k) rho[k] = fma(g_v, m[of_v][k], g_a * m[of_a][k]);
    L pivot = fma(g_v, rho[of_v], g_a * rho[of_a]);
    // the state before it: a' = z0 a + v, v' = z1 v
    const L aa = m[of_a][of_a], av = m[of_a][of_v], vv = m[of_v][of_v];
    const L through = fma(z1, av, aa);
    m[of_a][of_a] = (z0 * z0) * aa;
    m[of_a][of_v] = z0 * through;
    m[of_v][of_v] = fma(z1, fma(z1, vv, av), through);
    for (int k = of_knot; k <= of_rhs; ++k) {
      m[of_v][k] = fma(z1, m[of_v][k], m[of_a][k]);
      m[of_a][k] = z0 * m[of_a][k];
    }
    rho[of_v] = fma(z1, rho[of_v], rho[of_a]);
    rho[of_a] = z0 * rho[of_a];
    // the sample itself
    L w = r.get(weight), g = -(w * r.get(residual));
    if (may_be_outlier(st_, i)) {
      const Entry<L> q = outlier_at<L>(st_, i);
      const auto o = Outlier<L>::template make<false>(r, q);
      const L shrunk = o.find_shrink();
      w = o.w * shrunk;
      q.set(shrink, shrunk);
      g = fnma(w, o.load_up - o.load_down, g);
    }
    const L b[4] = {all<L>(bumps[0]), all<L>(bumps[1]), all<L>(bumps[2]), all<L>(bumps[3])};
    L wb[4];
    for (int k = 0; k < 4; ++k) wb[k] = w * b[k];
    const L lambda = r.get(multiplier + driver);
    pivot = pivot + w + lambda * (lambda * r.get(inverse + driver));
    rho[of_a] = rho[of_a] + w;
    for (int k = 0; k < 4; ++k) rho[of_knot + k] = rho[of_knot + k] + wb[k];
    rho[of_rhs] = rho[of_rhs] + (g + r.get(driver_cost));
    m[of_a][of_a] = m[of_a][of_a] + w;
    m[of_a][of_rhs] = m[of_a][of_rhs] + g;
    for (int k = 0; k < 4; ++k) m[of_a][of_knot + k] = m[of_a][of_knot + k] + wb[k];
    for (int j = 0; j < 4; ++j) {
      for (int k = j; k < 4; ++k) m[of_knot + j][of_knot + k] = fma(wb[j], b[k], m[of_knot + j][of_knot + k]);
      m[of_knot + j][of_rhs] = fma(g, b[j], m[of_knot + j][of_rhs]);
    }
    // the driver leaves
    const L inverse = L(1.0) / pivot;
    L gains[n_unknowns];  // stored at the end: the front need not wait for memory that might be its own
    for (int j = 0; j < n_unknowns; ++j) {
      gains[j] = inverse * rho[j];
      for (int k = j; k <= n_unknowns; ++k) m[j][k] = fnma(gains[j], rho[k], m[j][k]);
    }
    for (int j = 0; j < n_unknowns; ++j) r.set(gain + j, gains[j]);
    r.set(gain_offset, inverse * rho[of_rhs]);
    r.set(gain_inverse, inverse);
  }

  const Shape& shape_;
  StateFor<L>& st_;
  Front<L> front_;
};

}  // namespace
}  // namespace ressin::robust

// Elimination, backwards in time; with the predictor's right-hand side.
#pragma once

#include <type_traits>

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
        step_back(i, st_.bumps + 4 * (i - m * shape_.spacing));
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

  void step_back(std::ptrdiff_t i, const Real<L>* bumps) {
    const Entry<L> r = sample<L>(st_, i);
    const L z0 = all<L>(shape_.z0), z1 = all<L>(shape_.z1), g_a = all<L>(shape_.g_a), g_v = all<L>(shape_.g_v);
    L(&m)[n_unknowns][n_unknowns + 1] = front_.m;
    L *const of_state_a = m[of_a] + of_knot, *const of_state_v = m[of_v] + of_knot;
    // the driver's row over the next state
    Knots<L> a_knots = Knots<L>::load_from(of_state_a), v_knots = Knots<L>::load_from(of_state_v);
    L rho_a = fma(g_v, m[of_a][of_v], g_a * m[of_a][of_a]), rho_v = fma(g_v, m[of_v][of_v], g_a * m[of_a][of_v]);
    L rho_rhs = fma(g_v, m[of_v][of_rhs], g_a * m[of_a][of_rhs]), pivot = fma(g_v, rho_v, g_a * rho_a);
    Knots<L> rho = fma(g_v, v_knots, g_a * a_knots);
    // the state before it: a' = z0 a + v, v' = z1 v
    const L through = fma(z1, m[of_a][of_v], m[of_a][of_a]);
    L vv = fma(z1, fma(z1, m[of_v][of_v], m[of_a][of_v]), through), av = z0 * through, aa = (z0 * z0) * m[of_a][of_a];
    L v_rhs = fma(z1, m[of_v][of_rhs], m[of_a][of_rhs]), a_rhs = z0 * m[of_a][of_rhs];
    v_knots = fma(z1, v_knots, a_knots);
    a_knots = z0 * a_knots;
    rho_v = fma(z1, rho_v, rho_a);
    rho_a = z0 * rho_a;
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
    const Knots<L> b = Knots<L>::all_from(bumps), wb = w * b;
    const L lambda = r.get(multiplier);
    pivot = pivot + fma(lambda, lambda * r.get(inverse), w);
    rho_a = rho_a + w;
    rho = rho + wb;
    rho_rhs = rho_rhs + (g + r.get(driver_cost));
    aa = aa + w;
    a_rhs = a_rhs + g;
    a_knots = a_knots + wb;
    // the driver leaves
    const L inverse_pivot = L(1.0) / pivot, gain_a = inverse_pivot * rho_a, gain_v = inverse_pivot * rho_v;
    const Knots<L> gains = inverse_pivot * rho;
    m[of_a][of_a] = fnma(gain_a, rho_a, aa);
    m[of_a][of_v] = fnma(gain_a, rho_v, av);
    m[of_v][of_v] = fnma(gain_v, rho_v, vv);
    m[of_a][of_rhs] = fnma(gain_a, rho_rhs, a_rhs);
    m[of_v][of_rhs] = fnma(gain_v, rho_rhs, v_rhs);
    fnma(gain_a, rho, a_knots).store_to(of_state_a);
    fnma(gain_v, rho, v_knots).store_to(of_state_v);
    for (int j = 0; j < 4; ++j) add_to_knot(m[of_knot + j], j, wb.get(j), b, gains.get(j), rho);
    for (int j = 0; j < 4; ++j) {
      L& rhs = m[of_knot + j][of_rhs];
      rhs = fnma(gains.get(j), rho_rhs, fma(g, b.get(j), rhs));
    }
    // stored at the end: the front need not wait for memory that might be its own
    r.set(gain + of_a, gain_a);
    r.set(gain + of_v, gain_v);
    for (int k = 0; k < 4; ++k) r.set(gain + of_knot + k, gains.get(k));
    r.set(gain_offset, inverse_pivot * rho_rhs);
    r.set(gain_inverse, inverse_pivot);
  }

  // The sample and its driver in the row of knot j: its entries from the diagonal on, or all, of which those before it are
  // never read.
  static void add_to_knot(L* row, int j, L weighted, const Knots<L>& b, L gain_j, const Knots<L>& rho) {
#if defined(RESSIN_WIDE_COLUMNS)
    if constexpr (std::is_same_v<L, double>) {
      fnma(gain_j, rho, fma(weighted, b, Knots<L>::load_from(row + of_knot))).store_to(row + of_knot);
      return;
    }
#endif
    for (int k = j; k < 4; ++k) {
      L& x = row[of_knot + k];
      x = fnma(gain_j, rho.get(k), fma(weighted, b.get(k), x));
    }
  }

  const Shape& shape_;
  StateFor<L>& st_;
  Front<L> front_;
};

}  // namespace
}  // namespace ressin::robust

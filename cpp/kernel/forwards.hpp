// predict() and correct(): substitution forwards in time, the step by the optimal feedback.
#pragma once

#include "kernel/pass.hpp"

namespace ressin {
namespace {

template <class L, bool weighted, bool corrected, bool apart = false>
class Rollout : Pass<L, weighted, apart> {
  using Base = Pass<L, weighted, apart>;
  using Hot = typename Base::Hot;
  using Base::begin, Base::newest, Base::has_knot, Base::holds_first_row, Base::row, Base::start_row;
  using Base::shape_, Base::st_;

 public:
  using Base::Base;

  void run() {
    L u[n_front];  // the step of (a, v, spline 4, drift 2)
    run(u);
  }

  // The same; u is left at the end.
  void run(L* u) {
    for (int k = 0; k < n_front; ++k) u[k] = L(0.0);
    for (int k = 1; k >= 0; --k) u[unknown_drift + 1 - k] = substitute(start_row(start_drift + k), u);
    for (int k = 2; k >= 0; --k) {
      u[unknown_spline + 2 - k] = substitute(start_row(start_spline + k), u);
      if (has_knot(newest(0) - 1 - k)) put(st_.spline_step, newest(0) - 1 - k, u[unknown_spline + 2 - k]);
    }
    for (int k = 0; k < 2; ++k) put(st_.drift_step, k, u[unknown_drift + k]);
    Totals t;
    go_through<true>(0, u, t);
    go_on<true>(1, shape_.n_intervals, u, t);
    write(t);
  }

  // From u before the first interval, with the newest three knots before it in the last columns.
  void run_on(L* u) {
    Totals t;
    go_on<true>(0, shape_.n_intervals, u, t);
    write(t);
  }
  // Intervals [from, to), for u at their end alone.
  void look(std::ptrdiff_t from, std::ptrdiff_t to, L* u) const {
    Totals t;
    go_on<false>(from, to, u, t);
  }

 private:
  struct Totals {
    L min_step{0.0}, min_dual_step{0.0}, pl_step{0.0}, pl_step2{0.0};
  };

  template <bool keep>
  void go_on(std::ptrdiff_t from, std::ptrdiff_t to, L* u, Totals& t) const {
    for (std::ptrdiff_t m = from; m < to; ++m) {
      for (int k = unknown_spline; k < unknown_drift - 1; ++k) u[k] = u[k + 1];
      u[unknown_drift - 1] = L(0.0);
      go_through<keep>(m, u, t);
    }
  }

  template <bool keep>
  void go_through(std::ptrdiff_t m, L* u, Totals& t) const {
    u[unknown_drift - 1] = substitute(row(m), u);
    if (keep && has_knot(newest(m))) put(st_.spline_step, newest(m), u[unknown_drift - 1]);
    if (holds_first_row(m)) {
      u[unknown_v] = substitute(start_row(start_state + 1), u);
      u[unknown_a] = substitute(start_row(start_state), u);
      for (int k = 0; k < 2; ++k) put(st_.start_step, k, u[k]);
    }
    rollout_samples<keep>(m, begin(m) > shape_.first_row ? begin(m) : shape_.first_row, u, t);
  }

  void write(const Totals& t) {
    store(st_.min_step, t.min_step);
    store(st_.min_dual_step, t.min_dual_step);
    if constexpr (!corrected) {
      store(st_.sum_pl_step, t.pl_step);
      store(st_.sum_pl_step2, t.pl_step2);
    }
  }

  L substitute(const double* r, const L* u) const {
    L x = at<L>(r, row_offset);
    for (int k = 0; k < n_front; ++k) x = fma(at<L>(r, k), u[k], x);
    return -x;
  }

  template <bool keep>
  void rollout_samples(std::ptrdiff_t m, std::ptrdiff_t first, L* u, Totals& totals) const {
    const Hot h(*this, m);
    const L z0(shape_.z0), z1(shape_.z1), g_a(shape_.g_a), g_v(shape_.g_v);
    L a = u[unknown_a], v = u[unknown_v];
    Totals t = totals;
    for (std::ptrdiff_t i = first; i < h.end; ++i) {
      const double* gain = h.gains_at(i);
      L x = at<L>(gain, gain_offset);
      for (int k = 0; k < n_local; ++k) x = fma(at<L>(gain, k), u[2 + k], x);
      const L dp = -fma(at<L>(gain, gain_v), v, fma(at<L>(gain, gain_a), a, x));
      const L next = fma(g_a, dp, fma(z0, a, v));
      v = fma(g_v, dp, z1 * v);
      a = next;
      if constexpr (!keep) continue;

      const L lambda = at<L>(h.lambda, i);
      const L step = dp * (lambda * at<L>(h.inv, i));
      put(h.step, i, step);
      t.min_step = min(t.min_step, step);
      if constexpr (corrected) {
        t.min_dual_step = min(t.min_dual_step, at<L>(h.centre, i) - L(1.0) - step);
      } else {
        const L pl_step = lambda * dp;
        t.min_dual_step = min(t.min_dual_step, L(-1.0) - step);
        t.pl_step = t.pl_step + pl_step;
        t.pl_step2 = fma(pl_step, step, t.pl_step2);
      }
    }
    u[unknown_a] = a;
    u[unknown_v] = v;
    totals = t;
  }
};

}  // namespace
}  // namespace ressin

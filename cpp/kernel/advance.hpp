// advance(): takes the step and updates the residual.
#pragma once

#include "kernel/pass.hpp"

namespace ressin {
namespace {

template <class L, bool weighted, bool apart = false>
class Advance : Pass<L, weighted, apart> {
  using Base = Pass<L, weighted, apart>;
  using Hot = typename Base::Hot;
  using Base::newest, Base::has_knot;
  using Base::shape_, Base::st_;

 public:
  using Base::Base;

  void run() {
    const L length = load(st_.step_length, L{}), dual_length = load(st_.dual_step_length, L{});
    const L z0(shape_.z0), z1(shape_.z1), g_a(shape_.g_a), g_v(shape_.g_v);
    const std::ptrdiff_t first_row = shape_.first_row;
    L a = length * at<L>(st_.start_step, 0), v = length * at<L>(st_.start_step, 1);
    L sum_pl(0.0), sum_we2(0.0), sum_p(0.0);
    for (std::ptrdiff_t m = 0; m < shape_.n_intervals; ++m) {
      const Hot h(*this, m);
      L ds[n_local];
      for (int k = 0; k < 4; ++k) {
        const std::ptrdiff_t knot = newest(m) - 3 + k;
        ds[k] = has_knot(knot) ? length * at<L>(st_.spline_step, knot) : L(0.0);
      }
      for (int k = 0; k < 2; ++k) ds[4 + k] = length * at<L>(st_.drift_step, k);
      L measured[n_local];
      for (auto& x : measured) x = L(0.0);
      for (std::ptrdiff_t i = h.begin; i < h.end; ++i) {
        const double* b = h.spline_at(i);
        const L c[2] = {h.drift_at(i, 0), h.drift_at(i, 1)};
        L de = fma(c[0], ds[4], c[1] * ds[5]);
        for (int k = 0; k < 4; ++k) de = fma(L(b[k]), ds[k], de);
        if (i >= first_row) {
          const L step = at<L>(h.step, i);
          const L dual_step = at<L>(h.centre, i) - L(1.0) - step;
          const L dp = at<L>(h.p, i) * (length * step);
          const L p = at<L>(h.p, i) + dp;
          const L lambda = at<L>(h.lambda, i) * fma(dual_length, dual_step, L(1.0));
          const L pl = p * lambda;
          put(h.p, i, p);
          put(h.lambda, i, lambda);
          put(h.inv, i, L(1.0) / pl);
          sum_pl = sum_pl + pl;
          sum_p = sum_p + p;
          de = de + (a + dp);
          const L next = fma(g_a, dp, fma(z0, a, v));
          v = fma(g_v, dp, z1 * v);
          a = next;
        }
        const L e = at<L>(h.e, i) + de;
        const L we = h.weight(i) * e;
        put(h.e, i, e);
        sum_we2 = fma(we, e, sum_we2);
        for (int k = 0; k < 4; ++k) measured[k] = fma(we, L(b[k]), measured[k]);
        for (int k = 0; k < 2; ++k) measured[4 + k] = fma(we, c[k], measured[4 + k]);
      }
      for (int k = 0; k < n_local; ++k) put(st_.measured, m * n_local + k, measured[k]);
    }
    for (std::ptrdiff_t k = 0; k < shape_.n_knots; ++k) take(st_.spline, st_.spline_step, k, length);
    for (int k = 0; k < 2; ++k) take(st_.drift, st_.drift_step, k, length);
    for (int k = 0; k < 2; ++k) take(st_.start, st_.start_step, k, length);
    store(st_.sum_pl, sum_pl);
    store(st_.sum_we2, sum_we2);
    store(st_.sum_p, sum_p);
  }

 private:
  void take(double* x, const double* step, std::ptrdiff_t k, L length) const {
    put(x, k, fma(length, at<L>(step, k), at<L>(x, k)));
  }
};

}  // namespace
}  // namespace ressin

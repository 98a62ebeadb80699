// recentre(): the corrector's right-hand side, substituted backwards through the existing factor.
#pragma once

#include "kernel/pass.hpp"

namespace ressin {
namespace {

template <class L, bool weighted>
class Recentre : Pass<L, weighted> {
  using Base = Pass<L, weighted>;
  using Hot = typename Base::Hot;
  using Base::begin, Base::holds_first_row, Base::row, Base::start_row;
  using Base::shape_, Base::st_;

 public:
  using Base::Base;

  void run() {
    L ga(0.0), gv(0.0);
    Columns<L> g = Columns<L>::zero();
    for (std::ptrdiff_t m = shape_.n_intervals - 1; m >= 0; --m) {
      const std::ptrdiff_t first = begin(m) > shape_.first_row ? begin(m) : shape_.first_row;
      recentre_samples(m, first, ga, gv, g);
      L u[n_front] = {ga, gv};
      for (int k = 0; k < n_local; ++k) u[2 + k] = g.get(k);
      if (holds_first_row(m)) {
        update_row(start_row(start_state), unknown_a, u);
        update_row(start_row(start_state + 1), unknown_v, u);
      }
      update_row(row(m), unknown_spline + 3, u);
      if (m > 0) {
        for (int k = unknown_drift - 1; k > unknown_spline; --k) u[k] = u[k - 1];
        u[unknown_spline] = L(0.0);
      } else {
        for (int k = 0; k < 3; ++k) update_row(start_row(start_spline + k), unknown_spline + 2 - k, u);
        for (int k = 0; k < 2; ++k) update_row(start_row(start_drift + k), unknown_drift + 1 - k, u);
      }
      ga = u[unknown_a];
      gv = u[unknown_v];
      for (int k = 0; k < n_local; ++k) g.set(k, u[2 + k]);
    }
  }

 private:
  // The corrector changes only the driver's gradient, so a recursion with the stored gains suffices.
  void recentre_samples(std::ptrdiff_t m, std::ptrdiff_t first, L& ga_out, L& gv_out, Columns<L>& g_out) const {
    const Hot h(*this, m);
    const L z0(shape_.z0), z1(shape_.z1), g_a(shape_.g_a), g_v(shape_.g_v);
    const L sigma_mu = load(st_.sigma_mu, L{});
    L ga = ga_out, gv = gv_out;
    Columns<L> g = g_out;
    for (std::ptrdiff_t i = h.end - 1; i >= first; --i) {
      const L step = at<L>(h.step, i);
      const L centre = fma(sigma_mu, at<L>(h.inv, i), fma(step, step, step));
      put(h.centre, i, centre);
      double* gain = h.gains_at(i);
      const L gp = fma(g_v, gv, fma(g_a, ga, -(at<L>(h.lambda, i) * centre)));
      g.spline = fnma(gp, Part<L, 4>::load_from(gain), g.spline);
      g.drift = fnma(gp, Part<L, 3>::load_from(gain + 4 * width<L>), g.drift);
      put(gain, gain_offset, fma(gp, at<L>(gain, gain_pivot), at<L>(gain, gain_offset)));
      const L next = fnma(gp, at<L>(gain, gain_a), z0 * ga);
      gv = fnma(gp, at<L>(gain, gain_v), fma(z1, gv, ga));
      ga = next;
    }
    ga_out = ga;
    gv_out = gv;
    g_out = g;
  }

  void update_row(double* r, int unknown, L* u) const {
    const L g = u[unknown];
    put(r, row_offset, fma(g, at<L>(r, row_pivot), at<L>(r, row_offset)));
    for (int k = 0; k < n_front; ++k) u[k] = fnma(g, at<L>(r, k), u[k]);
    u[unknown] = L(0.0);
  }
};

}  // namespace
}  // namespace ressin

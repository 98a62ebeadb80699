// recentre(): the corrector's right-hand side, substituted backwards through the existing factor.
#pragma once

#include "kernel/pass.hpp"

namespace ressin {
namespace {

// The gradient of the cost-to-go in the front's unknowns.
template <class L>
struct FrontGradient {
  L a{0.0}, v{0.0};
  Columns<L> columns = Columns<L>::zero();
};

template <class L, bool weighted, bool apart = false>
class Recentre : Pass<L, weighted, apart> {
  using Base = Pass<L, weighted, apart>;
  using Hot = typename Base::Hot;
  using Base::begin, Base::holds_first_row, Base::row, Base::start_row;
  using Base::shape_, Base::st_;

 public:
  using Base::Base;

  void run() {
    FrontGradient<L> g;
    run(g);
  }

  // The same from a gradient at the end.
  void run(FrontGradient<L>& g) {
    eliminate<true>(1, shape_.n_intervals, g);
    L u[n_front];
    eliminate_samples<true>(0, g, u);
    update_row<true>(row(0), unknown_spline + 3, u);
    for (int k = 0; k < 3; ++k) update_row<true>(start_row(start_spline + k), unknown_spline + 2 - k, u);
    for (int k = 0; k < 2; ++k) update_row<true>(start_row(start_drift + k), unknown_drift + 1 - k, u);
  }

  // Intervals [from, to), the last first. `keep`: in the gains and rows, for the substitution.
  template <bool keep>
  void eliminate(std::ptrdiff_t from, std::ptrdiff_t to, FrontGradient<L>& g) const {
    for (std::ptrdiff_t m = to - 1; m >= from; --m) {
      L u[n_front];
      eliminate_samples<keep>(m, g, u);
      update_row<keep>(row(m), unknown_spline + 3, u);
      for (int k = unknown_drift - 1; k > unknown_spline; --k) u[k] = u[k - 1];
      u[unknown_spline] = L(0.0);
      g.a = u[unknown_a];
      g.v = u[unknown_v];
      for (int k = 0; k < n_local; ++k) g.columns.set(k, u[2 + k]);
    }
  }

 private:
  template <bool keep>
  void eliminate_samples(std::ptrdiff_t m, FrontGradient<L>& g, L* u) const {
    recentre_samples<keep>(m, begin(m) > shape_.first_row ? begin(m) : shape_.first_row, g);
    u[unknown_a] = g.a;
    u[unknown_v] = g.v;
    for (int k = 0; k < n_local; ++k) u[2 + k] = g.columns.get(k);
    if (!holds_first_row(m)) return;
    update_row<keep>(start_row(start_state), unknown_a, u);
    update_row<keep>(start_row(start_state + 1), unknown_v, u);
  }

  // The corrector changes only the driver's gradient, so a recursion with the stored gains suffices.
  template <bool keep>
  void recentre_samples(std::ptrdiff_t m, std::ptrdiff_t first, FrontGradient<L>& front) const {
    const Hot h(*this, m);
    const L z0(shape_.z0), z1(shape_.z1), g_a(shape_.g_a), g_v(shape_.g_v);
    const L sigma_mu = load(st_.sigma_mu, L{});
    L ga = front.a, gv = front.v;
    Columns<L> g = front.columns;
    for (std::ptrdiff_t i = h.end - 1; i >= first; --i) {
      const L step = at<L>(h.step, i);
      const L centre = fma(sigma_mu, at<L>(h.inv, i), fma(step, step, step));
      if constexpr (keep) put(h.centre, i, centre);
      double* gain = h.gains_at(i);
      const L gp = fma(g_v, gv, fma(g_a, ga, -(at<L>(h.lambda, i) * centre)));
      g.spline = fnma(gp, Part<L, 4>::load_from(gain), g.spline);
      g.drift = fnma(gp, Part<L, 3>::load_from(gain + 4 * width<L>), g.drift);
      if constexpr (keep) put(gain, gain_offset, fma(gp, at<L>(gain, gain_pivot), at<L>(gain, gain_offset)));
      const L next = fnma(gp, at<L>(gain, gain_a), z0 * ga);
      gv = fnma(gp, at<L>(gain, gain_v), fma(z1, gv, ga));
      ga = next;
    }
    front = {ga, gv, g};
  }

  template <bool keep>
  void update_row(double* r, int unknown, L* u) const {
    const L g = u[unknown];
    if constexpr (keep) put(r, row_offset, fma(g, at<L>(r, row_pivot), at<L>(r, row_offset)));
    for (int k = 0; k < n_front; ++k) u[k] = fnma(g, at<L>(r, k), u[k]);
    u[unknown] = L(0.0);
  }
};

}  // namespace
}  // namespace ressin

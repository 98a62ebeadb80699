// The second right-hand side of an iteration.
#pragma once

#include "kernel/robust/pass.hpp"

namespace ressin::robust {
namespace {

// The corrector's right-hand side: what the centres add to the predictor's, through the stored factor.
template <class L>
class Recentre {
 public:
  Recentre(const Shape& shape, StateFor<L>& state) : shape_(shape), st_(state), sigma_mu_(load(state.sigma_mu, L{})) {}

  void run() {
    for (auto& x : h_) x = L(0.0);
    const std::ptrdiff_t last = shape_.n_intervals - 1;
    for (int k = 2; k < 4; ++k) add_level(last + k, k);
    for (std::ptrdiff_t m = last; m >= 0; --m) {
      for (std::ptrdiff_t i = interval_end(shape_, m) - 1; i >= m * shape_.spacing; --i) {
        if (may_shift(st_, i)) eliminate_shift(shift_after<L>(st_, i));
        step_back(i, st_.bumps + 4 * (i - m * shape_.spacing));
      }
      add_level(m + 1, 1);
      if (m == 0) break;
      eliminate_knot(3, m + 3);
      for (int k = 3; k > 0; --k) h_[of_knot + k] = h_[of_knot + k - 1];
      h_[of_knot] = L(0.0);
    }
    add_level(0, 0);
    for (int u = 0; u < of_knot; ++u) h_[u] = L(0.0);
    for (int k = 3; k >= 0; --k) eliminate_knot(k, k);
  }

 private:
  void centre_pair(Entry<L> r, int pair) const {
    const L x = r.get(step + pair);
    r.set(centre + pair, fma(sigma_mu_, r.get(inverse + pair), fma(x, x, x)));
  }

  void add_level(std::ptrdiff_t j, int k) {
    const Entry<L> r = knot<L>(st_, j);
    const L x = r.get(level_relative_step);
    const L c = fma(sigma_mu_, r.get(level_inverse), fma(x, x, x));
    r.set(level_centre, c);
    const L g = r.get(level_multiplier) * c;
    h_[of_knot + k] = h_[of_knot + k] - g;
  }

  void eliminate_shift(Entry<L> r) {
    centre_pair(r, up_pair);
    centre_pair(r, down_pair);
    const L up = ratio(r, up_pair), down = ratio(r, down_pair), slope = up + down;
    const L load = aimed(r, up_pair, up) - aimed(r, down_pair, down);
    const L own = sum_levels([&](int k) { return h_[k]; });
    const L offset = fnma(slope, own, load) * r.get(row_inverse);
    r.set(row_rhs, r.get(row_rhs) + own);
    for (int k = 0; k < n_unknowns; ++k) h_[k] = fma(r.get(row + k), offset, h_[k]);
  }

  void step_back(std::ptrdiff_t i, const Real<L>* bumps) {
    const Entry<L> r = sample<L>(st_, i);
    const L z0 = all<L>(shape_.z0), z1 = all<L>(shape_.z1), g_a = all<L>(shape_.g_a), g_v = all<L>(shape_.g_v);
    centre_pair(r, driver);
    L hp = fma(g_v, h_[of_v], g_a * h_[of_a]);
    hp = hp - r.get(multiplier + driver) * r.get(centre + driver);
    h_[of_v] = fma(z1, h_[of_v], h_[of_a]);
    h_[of_a] = z0 * h_[of_a];
    if (may_be_outlier(st_, i)) {
      const Entry<L> q = outlier_at<L>(st_, i);
      centre_pair(q, up_pair);
      centre_pair(q, down_pair);
      const L up = ratio(q, up_pair), down = ratio(q, down_pair);
      const L g = (r.get(weight) * q.get(shrink)) * (aimed(q, up_pair, up) - aimed(q, down_pair, down));
      hp = hp + g;
      h_[of_a] = h_[of_a] + g;
      for (int k = 0; k < 4; ++k) h_[of_knot + k] = fma(g, L(bumps[k]), h_[of_knot + k]);
    }
    for (int k = 0; k < n_unknowns; ++k) h_[k] = fnma(r.get(gain + k), hp, h_[k]);
    r.set(gain_offset, fma(r.get(gain_inverse), hp, r.get(gain_offset)));
  }

  void eliminate_knot(int k, std::ptrdiff_t j) {
    const int u = of_knot + k;
    const Entry<L> r = knot<L>(st_, j);
    const L h = h_[u];
    r.set(knot_offset, fma(r.get(knot_inverse), h, r.get(knot_offset)));
    for (int c = 0; c < n_unknowns; ++c) h_[c] = fnma(r.get(knot_row + c), h, h_[c]);
    h_[u] = L(0.0);
  }

  const Shape& shape_;
  StateFor<L>& st_;
  const L sigma_mu_;
  L h_[n_unknowns];
};

}  // namespace
}  // namespace ressin::robust

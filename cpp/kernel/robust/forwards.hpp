// Substitution, forwards in time: the step, and how far it may go.
#pragma once

#include "kernel/robust/pass.hpp"

namespace ressin::robust {
namespace {

// The step, forwards; `corrected`: with the corrector's centres.
template <class L, bool corrected>
class Rollout {
 public:
  Rollout(const Shape& shape, StateFor<L>& state) : shape_(shape), st_(state) {}

  void run() {
    L x[n_unknowns];  // the front's, as they change
    for (auto& v : x) v = L(0.0);
    L s(0.0);
    for (int k = 0; k < 4; ++k) x[of_knot + k] = level_step_of(k, x, s);
    move_level(0, x[of_knot]);
    for (std::ptrdiff_t m = 0; m < shape_.n_intervals; ++m) {
      if (m > 0) {
        for (int k = of_knot; k < of_knot + 3; ++k) x[k] = x[k + 1];
        x[of_knot + 3] = L(0.0);
        x[of_knot + 3] = level_step_of(m + 3, x, s);
      }
      move_level(m + 1, x[of_knot + 1]);
      for (std::ptrdiff_t i = m * shape_.spacing; i < interval_end(shape_, m); ++i) {
        const Entry<L> r = sample<L>(st_, i);
        const Real<L>* b = st_.bumps + 4 * (i - m * shape_.spacing);
        const L dp = -along(r, gain, r.get(gain_offset), x);
        L dx = L(b[0]) * x[of_knot];
        for (int k = 1; k < 4; ++k) dx = fma(L(b[k]), x[of_knot + k], dx);
        dx = dx + (x[of_a] + dp);
        take<false>(r, driver, dp);
        if (may_be_outlier(st_, i)) {
          take_outlier(r, outlier_at<L>(st_, i), dx);
        } else {
          r.set(residual_step, -dx);
        }
        const L next = fma(all<L>(shape_.g_a), dp, fma(all<L>(shape_.z0), x[of_a], x[of_v]));
        x[of_v] = fma(all<L>(shape_.g_v), dp, all<L>(shape_.z1) * x[of_v]);
        x[of_a] = next;
        if (!may_shift(st_, i)) continue;
        const L ds = take_shift(shift_after<L>(st_, i), x);
        s = s + ds;
        for (int k = of_knot; k < n_unknowns; ++k) x[k] = x[k] + ds;
      }
    }
    for (int k = 2; k < 4; ++k) move_level(shape_.n_intervals - 1 + k, x[of_knot + k]);
    store(st_.min_step, min_step_);
    store(st_.min_dual_step, min_dual_step_);
    if (corrected) return;
    store(st_.sum_steps, sum_steps_);
    store(st_.sum_squares, sum_squares_);
  }

 private:
  // sum plus the unknowns times a row of the record. The state comes last: the knots need not wait for the sample before.
  static L along(Entry<L> r, int first, L sum, const L (&x)[n_unknowns]) {
    for (int k = n_unknowns - 1; k >= 0; --k) sum = fma(r.get(first + k), x[k], sum);
    return sum;
  }

  // The level at a knot that comes in, whose coefficient is what the shift is not.
  L level_step_of(std::ptrdiff_t j, const L (&x)[n_unknowns], L s) const {
    const Entry<L> r = knot<L>(st_, j);
    const L change = -along(r, knot_row, r.get(knot_offset), x);
    r.set(knot_step, change - s);
    return change;
  }

  // What a pair's relative step means for the step length and the gap.
  void account(L x, L dual, L product) {
    min_step_ = min(min_step_, x);
    min_dual_step_ = min(min_dual_step_, dual);
    if (corrected) return;
    const L px = product * x;
    sum_steps_ = sum_steps_ + px;
    sum_squares_ = fma(px, x, sum_squares_);
  }

  static L dual_step(L x, L c) { return (corrected ? c : L(0.0)) - L(1.0) - x; }

  template <bool may_be_idle>
  void take(Entry<L> r, int pair, L change) {
    const L lambda = r.get(multiplier + pair), x = change * (lambda * r.get(inverse + pair));
    r.set(step + pair, x);
    const L dual = dual_step(x, r.get(centre + pair));
    // a pair that is not in this lane has a multiplier of zero, and no step
    account(x, may_be_idle ? pick(lambda, L(0.0), dual, L(0.0)) : dual, r.get(value + pair) * lambda);
  }

  // Two pairs, up and down, whose values' changes differ by `change`. Each has its own formula, value over multiplier times a
  // difference; where that ratio is large the difference is all rounding, so the larger one takes what the smaller leaves.
  void take_both(Entry<L> r, L ratio_up, L ratio_down, L up, L down, L change) {
    take<true>(r, up_pair, pick(ratio_up, ratio_down, down + change, up));
    take<true>(r, down_pair, pick(ratio_up, ratio_down, down, up - change));
  }

  void take_outlier(Entry<L> sample, Entry<L> r, L dx) {
    const auto o = Outlier<L>::template make<corrected>(sample, r);
    const L de = ((o.load_up - o.load_down) - dx) * r.get(shrink);
    const L du = o.w * de;
    take_both(r, o.up, o.down, fma(o.up, du, -o.load_up), fma(o.down, -du, -o.load_down), -(dx + de));
    sample.set(residual_step, de);
  }

  L take_shift(Entry<L> r, const L (&x)[n_unknowns]) {
    const L up = ratio(r, up_pair), down = ratio(r, down_pair), slope = up + down, cost = r.get(shift_cost);
    L load_up = -(up * cost), load_down = -(down * cost);
    if (corrected) {
      load_up = load_up + aimed(r, up_pair, up);
      load_down = load_down + aimed(r, down_pair, down);
    }
    L eta = along(r, row, r.get(row_rhs), x);
    const L ds = fnma(slope, eta, load_up - load_down) * r.get(row_inverse);
    eta = fma(sum_levels([&](int k) { return r.get(row + k); }), ds, eta);
    take_both(r, up, down, fnma(up, eta, load_up), fma(down, eta, load_down), ds);
    return ds;
  }

  void move_level(std::ptrdiff_t j, L change) {
    const Entry<L> r = knot<L>(st_, j);
    const L lambda = r.get(level_multiplier), x = change * (lambda * r.get(level_inverse));
    r.set(level_relative_step, x);
    account(x, dual_step(x, r.get(level_centre)), r.get(level) * lambda);
  }

  const Shape& shape_;
  StateFor<L>& st_;
  L min_step_ = L(0.0), min_dual_step_ = L(0.0), sum_steps_ = L(0.0), sum_squares_ = L(0.0);
};

}  // namespace
}  // namespace ressin::robust

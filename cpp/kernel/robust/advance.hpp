// The step taken.
#pragma once

#include "kernel/robust/pass.hpp"

namespace ressin::robust {
namespace {

// Set the inverses of some pairs' products, and add the products up. Each has its own division: the product of all, which would
// save the others, leaves the range of double where the products are small.
template <bool may_be_idle, int count, class L>
inline void invert(Entry<L> r, const L (&product)[count], L* sum) {
  L here = product[0];
  for (int k = 0; k < count; ++k) {
    const L inverted = L(1.0) / product[k];
    r.set(k * n_pair_record + inverse, may_be_idle ? pick(product[k], L(0.0), inverted, L(0.0)) : inverted);
    if (k > 0) here = here + product[k];
  }
  *sum = *sum + here;
}

// Take the step.
template <class L>
void advance(const Shape& shape, StateFor<L>& st) {
  const L length = load(st.step_length, L{}), dual_length = load(st.dual_step_length, L{});
  L sum_products(0.0), sum_fit(0.0), sum_cost(0.0);
  struct Moved {
    L value, product;
  };
  const auto move = [&](L x, L c, Entry<L> r, int at_value, int at_multiplier) {
    const L new_value = r.get(at_value) * fma(length, x, L(1.0));
    const L new_multiplier = r.get(at_multiplier) * fma(dual_length, c - L(1.0) - x, L(1.0));
    r.set(at_value, new_value);
    r.set(at_multiplier, new_multiplier);
    return Moved{new_value, new_value * new_multiplier};
  };
  const auto move_pair = [&](Entry<L> r, int pair) {
    return move(r.get(step + pair), r.get(centre + pair), r, value + pair, multiplier + pair);
  };
  for (std::ptrdiff_t i = 0; i < shape.n; ++i) {
    const Entry<L> r = sample<L>(st, i);
    const Moved p = move_pair(r, driver);
    sum_cost = fma(r.get(driver_cost), p.value, sum_cost);
    invert<false, 1>(r, {p.product}, &sum_products);
    if (may_be_outlier(st, i)) {
      const Entry<L> q = outlier_at<L>(st, i);
      const Moved up = move_pair(q, up_pair), down = move_pair(q, down_pair);
      sum_cost = fma(q.get(box), up.value + down.value, sum_cost);
      invert<true, 2>(q, {up.product, down.product}, &sum_products);
    }
    if (may_shift(st, i)) {
      const Entry<L> q = shift_after<L>(st, i);
      const Moved rise = move_pair(q, up_pair), fall = move_pair(q, down_pair);
      sum_cost = fma(q.get(shift_cost), rise.value + fall.value, sum_cost);
      invert<true, 2>(q, {rise.product, fall.product}, &sum_products);
    }
    const L e = fma(length, r.get(residual_step), r.get(residual));
    r.set(residual, e);
    sum_fit = fma(r.get(weight) * e, e, sum_fit);
  }
  for (std::ptrdiff_t j = 0; j < shape.n_intervals + 3; ++j) {
    const Entry<L> r = knot<L>(st, j);
    r.set(knot_value, fma(length, r.get(knot_step), r.get(knot_value)));
    const Moved l = move(r.get(level_relative_step), r.get(level_centre), r, level, level_multiplier);
    r.set(level_inverse, L(1.0) / l.product);
    sum_products = sum_products + l.product;
  }
  store(st.sum_products, sum_products);
  store(st.sum_fit, sum_fit);
  store(st.sum_cost, sum_cost);
}

}  // namespace
}  // namespace ressin::robust

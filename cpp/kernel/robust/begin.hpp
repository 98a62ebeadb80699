// The first point: every product the same, a flat level, and no other part but what the drivers make of it.
#pragma once

#include "kernel/robust/pass.hpp"

namespace ressin::robust {
namespace {

// Only of the lanes that are new; the others stay as they are.
template <class L>
class Begin {
 public:
  Begin(const Shape& shape, StateFor<L>& state)
      : shape_(shape),
        st_(state),
        is_new_(load(state.is_new, L{})),
        product_(load(state.start_product, L{})),
        inverted_(L(1.0) / product_) {}

  void run() {
    const L z0 = all<L>(shape_.z0), z1 = all<L>(shape_.z1), g_a = all<L>(shape_.g_a), g_v = all<L>(shape_.g_v),
            level = knot<L>(st_, 0).get(knot_value);  // the same at all
    L a(0.0), v(0.0);
    for (std::ptrdiff_t i = 0; i < shape_.n; ++i) {
      const Entry<L> r = sample<L>(st_, i);
      const L cost = r.get(driver_cost), p = product_ / cost;
      set(r, value, p);
      set(r, multiplier, cost);
      set(r, inverse, inverted_);
      set(r, residual, r.get(residual) - level - (a + p));
      a = fma(g_a, p, fma(z0, a, v));
      v = fma(g_v, p, z1 * v);
      if (may_be_outlier(st_, i)) set_both(outlier_at<L>(st_, i), box);
      if (may_shift(st_, i)) set_both(shift_after<L>(st_, i), shift_cost);
    }
  }

 private:
  void set(Entry<L> r, int entry, L x) const { r.set(entry, pick(is_new_, L(0.0), x, r.get(entry))); }

  // Two pairs whose cost is that entry; a cost of zero leaves them idle, see Among.
  void set_both(Entry<L> r, int at_cost) const {
    const L cost = r.get(at_cost), x = pick(cost, L(0.0), product_ / cost, L(1.0)),
            inverted = pick(cost, L(0.0), inverted_, L(0.0));
    for (int pair = up_pair; pair <= down_pair; pair += down_pair) {
      set(r, pair + value, x);
      set(r, pair + multiplier, cost);
      set(r, pair + inverse, inverted);
    }
  }

  const Shape& shape_;
  StateFor<L>& st_;
  const L is_new_, product_, inverted_;
};

}  // namespace
}  // namespace ressin::robust

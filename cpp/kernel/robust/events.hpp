// The passes of the active set: Newton's step where it is given which bounds hold.
//
// A regulator as in passes.hpp, whose controls are there at the events alone; everywhere else the state only decays. An outlier
// leaves its sample no weight and pulls with its cost. Where a pass finds `base`, the signal or what a point leaves of it, the
// steps lead from zero, or from that point, to the optimum.
#pragma once

#include "kernel/robust/front.hpp"

namespace ressin::robust {
namespace {

template <class L>
inline Entry<L> event(double* events, std::ptrdiff_t e) {
  return {events + e * n_event_record * width<L>};
}
template <class L>
inline L at_sample(const double* x, std::ptrdiff_t i) {
  return load(x + i * width<L>, L{});
}
template <class L>
inline void set_sample(double* x, std::ptrdiff_t i, L v) {
  store(x + i * width<L>, v);
}

template <class L>
class Elimination {
 public:
  Elimination(const Shape& shape, EventState& state)
      : shape_(shape), st_(state), driver_(state.n_drivers), shift_(state.n_shifts) {}

  void run() {
    front_.clear();
    const std::ptrdiff_t last = shape_.n_intervals - 1;
    front_.add_penalty(st_, last + 1, 1);
    for (std::ptrdiff_t m = last; m >= 0; --m) {
      front_.add_penalty(st_, m, 0);
      for (std::ptrdiff_t i = interval_end(shape_, m) - 1; i >= m * shape_.spacing; --i) {
        const unsigned char happening = st_.happening[i];
        if (happening & has_shift) eliminate_shift(event<L>(st_.shifts, --shift_));
        const double* bumps = shape_.bumps + 4 * (i - m * shape_.spacing);
        happening& has_driver ? step_back<true>(i, bumps) : step_back<false>(i, bumps);
      }
      if (m == 0) break;
      front_.eliminate_knot(st_, 3, m + 3);
      front_.move_knots();
    }
    front_.eliminate_first_knots(st_);
  }

 private:
  // The event's unknown leaves: its row over the unknowns and the right-hand side.
  void eliminate(Entry<L> r, const L (&row)[n_unknowns + 1], L pivot) {
    const L inverse = pick(r.get(is_free), L(0.0), invert(pivot), L(0.0));
    const L load = row[of_rhs] + r.get(event_cost);
    for (int j = 0; j < n_unknowns; ++j) {
      const L gain_j = inverse * row[j];
      r.set(event_gain + j, gain_j);
      for (int k = j; k < n_unknowns; ++k) front_.m[j][k] = fnma(gain_j, row[k], front_.m[j][k]);
      front_.m[j][of_rhs] = fnma(gain_j, load, front_.m[j][of_rhs]);
    }
    r.set(event_offset, inverse * load);
  }

  void eliminate_shift(Entry<L> r) {
    L line[n_unknowns + 1];
    for (int k = 0; k <= n_unknowns; ++k) line[k] = sum_levels([&](int j) { return front_.get(j, k); });
    eliminate(r, line, sum_levels([&](int j) { return line[j]; }));
  }

  template <bool driven>
  void step_back(std::ptrdiff_t i, const double* bumps) {
    const L z0(shape_.z0), z1(shape_.z1), g_a(shape_.g_a), g_v(shape_.g_v);
    L(&m)[n_unknowns][n_unknowns + 1] = front_.m;
    const L w = at_sample<L>(st_.fit, i);
    const L g = -fma(w, at_sample<L>(st_.base, i), at_sample<L>(st_.held, i));
    const L b[4] = {L(bumps[0]), L(bumps[1]), L(bumps[2]), L(bumps[3])};
    L wb[4];
    for (int k = 0; k < 4; ++k) wb[k] = w * b[k];
    // the driver's row over the state before, as it is added to the next state
    L rho[n_unknowns + 1], pivot(0.0);
    if (driven) {
      for (int k = of_knot; k <= of_rhs; ++k) rho[k] = fma(g_v, m[of_v][k], g_a * m[of_a][k]);
      const L next_a = fma(g_v, m[of_a][of_v], g_a * m[of_a][of_a]), next_v = fma(g_v, m[of_v][of_v], g_a * m[of_a][of_v]);
      pivot = fma(g_v, next_v, g_a * next_a) + w;
      rho[of_v] = fma(z1, next_v, next_a);
      rho[of_a] = fma(z0, next_a, w);
      for (int k = 0; k < 4; ++k) rho[of_knot + k] = rho[of_knot + k] + wb[k];
      rho[of_rhs] = rho[of_rhs] + g;
    }
    // the state before it: a' = z0 a + v, v' = z1 v; and the sample itself
    const L aa = m[of_a][of_a], av = m[of_a][of_v], vv = m[of_v][of_v], through = fma(z1, av, aa);
    m[of_a][of_a] = fma(L(shape_.z0 * shape_.z0), aa, w);
    m[of_a][of_v] = z0 * through;
    m[of_v][of_v] = fma(z1, fma(z1, vv, av), through);
    for (int k = 0; k < 4; ++k) {
      m[of_v][of_knot + k] = fma(z1, m[of_v][of_knot + k], m[of_a][of_knot + k]);
      m[of_a][of_knot + k] = fma(z0, m[of_a][of_knot + k], wb[k]);
    }
    m[of_v][of_rhs] = fma(z1, m[of_v][of_rhs], m[of_a][of_rhs]);
    m[of_a][of_rhs] = fma(z0, m[of_a][of_rhs], g);
    for (int j = 0; j < 4; ++j) {
      for (int k = j; k < 4; ++k) m[of_knot + j][of_knot + k] = fma(wb[j], b[k], m[of_knot + j][of_knot + k]);
      m[of_knot + j][of_rhs] = fma(g, b[j], m[of_knot + j][of_rhs]);
    }
    if (driven) eliminate(event<L>(st_.drivers, --driver_), rho, pivot);
  }

  const Shape& shape_;
  EventState& st_;
  std::ptrdiff_t driver_, shift_;  // the next of those eliminated
  Front<L> front_;
};

template <class L>
class Substitution {
 public:
  Substitution(const Shape& shape, EventState& state) : shape_(shape), st_(state) {}

  void run() {
    for (auto& v : x_) v = L(0.0);
    for (int k = 0; k < 4; ++k) x_[of_knot + k] = level_of(k);
    for (std::ptrdiff_t m = 0; m < shape_.n_intervals; ++m) {
      if (m > 0) {
        for (int k = of_knot; k < of_knot + 3; ++k) x_[k] = x_[k + 1];
        x_[of_knot + 3] = L(0.0);
        x_[of_knot + 3] = level_of(m + 3);
      }
      for (std::ptrdiff_t i = m * shape_.spacing; i < interval_end(shape_, m); ++i) {
        take(i, shape_.bumps + 4 * (i - m * shape_.spacing));
      }
    }
    store(st_.loss, loss_);
  }

 private:
  L along(Entry<L> r, int first, L sum) const {
    for (int k = n_unknowns - 1; k >= 0; --k) sum = fma(r.get(first + k), x_[k], sum);
    return sum;
  }

  L level_of(std::ptrdiff_t j) {
    const Entry<L> r = knot<L>(st_, j);
    const L change = -along(r, knot_row, r.get(knot_offset));
    r.set(knot_step, change - shift_);
    return change;
  }

  L step_of(Entry<L> r) const {
    const L change = -along(r, event_gain, r.get(event_offset));
    r.set(event_step, change);
    return change;
  }

  void take(std::ptrdiff_t i, const double* bumps) {
    const unsigned char happening = st_.happening[i];
    const L p = happening & has_driver ? step_of(event<L>(st_.drivers, driver_++)) : L(0.0);
    L sum = L(bumps[0]) * x_[of_knot];
    for (int k = 1; k < 4; ++k) sum = fma(L(bumps[k]), x_[of_knot + k], sum);
    const L rest = at_sample<L>(st_.base, i) - (sum + (x_[of_a] + p));
    set_sample<L>(st_.rest, i, rest);
    count(rest, i);
    L next = fma(L(shape_.z0), x_[of_a], x_[of_v]);
    x_[of_v] = L(shape_.z1) * x_[of_v];
    if (happening & has_driver) {
      next = fma(L(shape_.g_a), p, next);
      x_[of_v] = fma(L(shape_.g_v), p, x_[of_v]);
    }
    x_[of_a] = next;
    if (!(happening & has_shift)) return;
    const L s = step_of(event<L>(st_.shifts, shift_event_++));
    shift_ = shift_ + s;
    for (int k = of_knot; k < n_unknowns; ++k) x_[k] = x_[k] + s;
  }

  void count(L rest, std::ptrdiff_t i) {
    const L size = max(rest, -rest), within = min(size, at_sample<L>(st_.delta, i));
    loss_ = fma(at_sample<L>(st_.weight, i) * within, fnma(L(0.5), within, size), loss_);
  }

  const Shape& shape_;
  EventState& st_;
  std::ptrdiff_t driver_ = 0, shift_event_ = 0;
  L x_[n_unknowns];
  L shift_ = L(0.0), loss_ = L(0.0);
};

// The outliers among what is left, in a lane whose share is not zero, and the forces on driver and shift against their costs,
// as in forces_of().
template <class L>
void examine(const Shape& shape, EventState& st) {
  constexpr double margin = 1e-9;  // share of a cost, or of an outlier's, that makes no difference
  const L z0(shape.z0), z1(shape.z1), share = load(st.share, L{});
  L outer(0.0), inner(0.0), u1(0.0), u2(0.0), after(0.0), least(0.0), changed(0.0);
  const auto settle = [&](double* x, std::ptrdiff_t i, L settled) {
    const L now = pick(share, L(0.0), settled, at_sample<L>(x, i));
    set_sample<L>(x, i, now);
    return now;
  };
  for (std::ptrdiff_t i = shape.n - 1; i >= 0; --i) {
    const L kept = at_sample<L>(st.kept, i), full = at_sample<L>(st.rest, i);
    const L rest = pick(L(1.0), share, fma(share, full - kept, kept), full);
    settle(st.kept, i, rest);
    // an outlier is what exceeds its cost, or where it was one, nearly does
    const L w = at_sample<L>(st.weight, i), delta = at_sample<L>(st.delta, i), size = max(rest, -rest);
    const L was = pick(w, at_sample<L>(st.fit, i), L(1.0), L(0.0));
    const L is = pick(size, delta * fma(L(-2.0 * margin), was, L(1.0 + margin)), L(1.0), L(0.0)), force = w * (is * delta);
    const L fit = settle(st.fit, i, fnma(is, w, w)), held = settle(st.held, i, pick(rest, L(0.0), force, -force));
    changed = changed + (is - was) * (is - was) * pick(w, L(0.0), L(1.0), L(0.0));
    const L u = fma(fit, rest, held);
    outer = fma(z0, outer, u + fma(L(2.0), u1, u2));
    inner = fma(z1, inner, outer);
    u2 = u1, u1 = u;
    const L cost = at_sample<L>(st.driver_cost, i), shift_cost = at_sample<L>(st.shift_cost, i);
    set_sample<L>(st.slack, i, cost - inner);
    set_sample<L>(st.push, i, after);
    least = min(least, fma(L(margin), cost, cost - inner));
    least = min(least, fma(L(margin), shift_cost, shift_cost - max(after, -after)));
    after = after + u;
  }
  store(st.least_slack, least);
  store(st.changed, changed);
}

}  // namespace
}  // namespace ressin::robust

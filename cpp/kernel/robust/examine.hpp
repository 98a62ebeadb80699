// The active set's passes over all samples of one signal: how the base meets the unknowns, and what a point's forces say.
#pragma once

#include "kernel/robust/events.hpp"
#include "kernel/robust/pass.hpp"

namespace ressin::robust {
namespace {

// g = -w base of an interval's samples, from each on: A'...A' e g summed, as the right-hand side of N in events.hpp is without.
inline void meet(const EventTables& t, EventState& st) {
  const Shape& s = t.shape;
  for (std::ptrdiff_t m = s.n_intervals - 1; m >= 0; --m) {
    const std::ptrdiff_t begin = m * s.spacing, end = begin + s.spacing < s.n ? begin + s.spacing : s.n;
    double a = 0.0, v = 0.0, after = 0.0;
    Four knots(0.0);
    for (std::ptrdiff_t i = end - 1; i >= begin; --i) {
      const double g = -(st.weight[i] * st.base[i]);
      st.of_driver[i] = g + (s.g_a * a + s.g_v * v);
      st.of_shift[i] = after;
      v = a + s.z1 * v;
      a = g + s.z0 * a;
      after += g;
      knots = fma(Four(g), bumps_at(s, i - begin), knots);
    }
    double* x = st.of_begin + 6 * m;
    x[0] = a, x[1] = v;
    store(x + 2, knots);
  }
}

// In the order of time backwards: the least of every stretch of negative values.
class Minima {
 public:
  explicit Minima(Missed& missed) : missed_(missed) { missed_.count = 0; }

  void add(std::ptrdiff_t i, double x, double force) {
    if (!(x < 0.0)) return;
    const bool goes_on = last_ == i + 1;
    last_ = i;
    if (goes_on && !(x <= least_)) return;
    least_ = x;
    const std::ptrdiff_t at = goes_on ? missed_.count - 1 : missed_.count++;
    missed_.sample[at] = i, missed_.force[at] = force;
  }

 private:
  Missed& missed_;
  std::ptrdiff_t last_ = -2;
  double least_ = 0.0;
};

inline double least_of(Four x) { return min(min(x[0], x[1]), min(x[2], x[3])); }

constexpr double margin = 1e-9;  // share of a cost, or of an outlier's, that makes no difference

// An outlier is what exceeds its cost, or where it was one, nearly does.
template <bool whole>
inline void find_outliers(const EventTables& t, EventState& st) {
  const Four share(st.share);
  Four changed(0.0);
  st.n_outliers = 0;
  for (std::ptrdiff_t i = 0; i < t.shape.n; i += in_block) {
    Four rest = four(st.rest + i);
    if (!whole) {
      const Four kept = four(st.kept + i);
      rest = fma(share, rest - kept, kept);
      store(st.rest + i, rest);
    }
    const Four w = four(st.weight + i), delta = four(st.delta + i), was = four(st.side + i), size = max(rest, -rest);
    const Four most = delta * fma(Four(-2.0 * margin), max(was, -was), Four(1.0 + margin));
    const Four is = pick(size, most, pick(w, Four(0.0), Four(1.0), Four(0.0)), Four(0.0));
    const Four side = pick(rest, Four(0.0), is, -is);
    store(st.side + i, side);
    store(st.force + i, w * pick(is, Four(0.0), side * delta, rest));
    changed = fma(side - was, side - was, changed);
    if (!(sum(is) > 0.0)) continue;
    for (int k = 0; k < in_block; ++k) {
      if (is[k] > 0.0) st.outliers[st.n_outliers++] = i + k;
    }
  }
  st.changed = sum(changed) > 0.0;
  double* const rest = st.rest;  // what is left is kept
  st.rest = st.kept, st.kept = rest;
}

// The forces on driver and shift against their costs, as in forces_of(), a block at a time.
inline void find_missed(const EventTables& t, EventState& st) {
  Minima drivers(st.missed_drivers), shifts(st.missed_shifts);
  const Four to_a = four(t.to_a), to_v = four(t.to_v), into_a = four(t.into_a), into_v = four(t.into_v);
  constexpr double ones[in_block][in_block] = {{0, 0, 0, 0}, {1, 0, 0, 0}, {1, 1, 0, 0}, {1, 1, 1, 0}};
  Four pulse[in_block], later[in_block];
  for (int k = 0; k < in_block; ++k) pulse[k] = four(t.pulse[k]), later[k] = four(ones[k]);
  const double a_to_a = t.psi0[in_block], a_to_v = t.psi1[in_block], v_to_v = t.psi2[in_block];
  double a = 0.0, v = 0.0, after = 0.0;
  for (std::ptrdiff_t i = (t.shape.n - 1) / in_block * in_block; i >= 0; i -= in_block) {
    const Four u = four(st.force + i);
    // two chains, as they wait for one another
    Four inner = fma(Four(u[0]), pulse[0], Four(u[1]) * pulse[1]), more = fma(Four(u[2]), pulse[2], Four(u[3]) * pulse[3]);
    inner = fma(Four(a), to_a, fma(Four(v), to_v, inner + more));
    const Four push = Four(after) + fma(Four(u[1]), later[1], fma(Four(u[2]), later[2], Four(u[3]) * later[3]));
    v = fma(v_to_v, v, fma(a_to_v, a, dot(u, into_v)));
    a = fma(a_to_a, a, dot(u, into_a));
    after += sum(u);
    const Four cost = four(st.driver_cost + i), shift_cost = four(st.shift_cost + i);
    const Four of_driver = fma(Four(1.0 + margin), cost, -inner);
    const Four of_shift = fma(Four(1.0 + margin), shift_cost, -max(push, -push));
    if (!(least_of(min(of_driver, of_shift)) < 0.0)) continue;
    for (int k = in_block - 1; k >= 0; --k) {
      drivers.add(i + k, of_driver[k], inner[k]), shifts.add(i + k, of_shift[k], push[k]);
    }
  }
}

inline void examine(const EventTables& t, EventState& st) {
  st.share == 1.0 ? find_outliers<true>(t, st) : find_outliers<false>(t, st);
  find_missed(t, st);
}

}  // namespace
}  // namespace ressin::robust

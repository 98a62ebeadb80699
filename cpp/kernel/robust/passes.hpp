// The passes of an interior point iteration on the robust programme, for any number type of lanes.hpp.
//
// One Newton step is a linear-quadratic regulator: state (a, v) with the levels at the four living knots, controls the
// driver and the shift, which moves the four levels alike. An outlier's pair touches only its own sample, so it is eliminated
// there and leaves an effective weight w / (1 + w (o/z + o/z)). What every pair contributes is its value over its multiplier
// and its centre; the multipliers themselves drop out of the right-hand side, which holds the gradients at the present point.
#pragma once

#include <type_traits>

#include "kernel/lanes.hpp"
#include "kernel/robust/kernel.hpp"
#include "kernel/robust/twofold.hpp"

namespace ressin::robust {
namespace {

template <class L>
inline constexpr std::ptrdiff_t width = sizeof(L) / sizeof(double);

template <class L>
struct Entry {
  double* x;
  L get(int k) const { return load(x + k * width<L>, L{}); }
  void set(int k, L v) const { store(x + k * width<L>, v); }
};

template <class L>
inline Entry<L> sample(const State& s, std::ptrdiff_t i) {
  return {s.samples + i * n_record * width<L>};
}
template <class L>
inline Entry<L> shift_after(const State& s, std::ptrdiff_t i) {
  return {s.shifts + i * n_shift_record * width<L>};
}
template <class L>
inline Entry<L> knot(const State& s, std::ptrdiff_t j) {
  return {s.knots + j * n_knot_record * width<L>};
}

inline bool may_shift(const State& s, std::ptrdiff_t i) { return s.shifting[i] != in_no_lane; }
inline std::ptrdiff_t interval_end(const Shape& shape, std::ptrdiff_t m) {
  return (m + 1) * shape.spacing < shape.n ? (m + 1) * shape.spacing : shape.n;
}

// value / multiplier, but no more than `most_ratio`. An outlier or shift that is there lets go of its sample altogether as its
// multiplier vanishes; where several do, nothing but rounding would be left of what determines the level between them.
template <class L>
inline constexpr double most_ratio = 1e10;
template <>
inline constexpr double most_ratio<Twofold> = 1e25;
template <class L>
inline L ratio(Entry<L> r, int pair) {
  const L x = r.get(value + pair);
  return min(x * (x * r.get(inverse + pair)), L(most_ratio<L>));
}
// x > y ? a : b
inline double pick(double x, double y, double a, double b) { return x > y ? a : b; }
inline Twofold pick(Twofold x, Twofold y, Twofold a, Twofold b) { return y < x ? a : b; }
template <int N>
inline Lanes<N> pick(Lanes<N> x, Lanes<N> y, Lanes<N> a, Lanes<N> b) {
#if defined(__GNUC__) || defined(__clang__)
  return typename Lanes<N>::Vector(x.v > y.v ? a.v : b.v);
#else
  return Lanes<N>::map([&](int k) { return x.v[k] > y.v[k] ? a.v[k] : b.v[k]; });
#endif
}

// the same times multiplier times centre
template <class L>
inline L aimed(Entry<L> r, int pair, L ratio_of_pair) {
  return ratio_of_pair * (r.get(multiplier + pair) * r.get(centre + pair));
}

// An outlier's pair, eliminated: de = (load - dx) / (1 + w (up + down)).
template <class L>
struct Outlier {
  L w, up, down, load_up, load_down;  // ratios; what either pair asks for

  template <bool corrected>
  static Outlier make(Entry<L> r) {
    Outlier o;
    o.w = r.get(weight);
    o.up = ratio(r, outlier_up);
    o.down = ratio(r, outlier_down);
    const L u = o.w * r.get(residual), bound = r.get(box);
    o.load_up = o.up * (bound - u);
    o.load_down = o.down * (bound + u);
    if (corrected) {
      o.load_up = o.load_up - aimed(r, outlier_up, o.up);
      o.load_down = o.load_down - aimed(r, outlier_down, o.down);
    }
    return o;
  }
  // 1 / (1 + w (up + down))
  L find_shrink() const { return L(1.0) / fma(w, up + down, L(1.0)); }
};

// Of what the levels have, given by their place.
template <class Get>
inline auto sum_levels(Get&& get) {
  return (get(of_knot) + get(of_knot + 1)) + (get(of_knot + 2) + get(of_knot + 3));
}

// The cost-to-go: upper triangle of a symmetric matrix over the unknowns, and the right-hand side as the last column.
template <class L>
struct Front {
  L m[n_unknowns][n_unknowns + 1];

  void clear() {
    for (auto& r : m) {
      for (auto& x : r) x = L(0.0);
    }
  }
  L get(int j, int k) const { return j <= k ? m[j][k] : m[k][j]; }
  L& at(int j, int k) { return j <= k ? m[j][k] : m[k][j]; }
};

template <class L>
class Factor {
 public:
  Factor(const Shape& shape, State& state) : shape_(shape), st_(state) {}

  void run() {
    front_.clear();
    const std::ptrdiff_t last = shape_.n_intervals - 1;
    for (int k = 2; k < 4; ++k) add_level(last + k, k);  // knots at and after the end take the last sample's shift
    add_penalty(last + 1, 1);
    for (std::ptrdiff_t m = last; m >= 0; --m) {
      add_penalty(m, 0);
      for (std::ptrdiff_t i = interval_end(shape_, m) - 1; i >= m * shape_.spacing; --i) {
        if (may_shift(st_, i)) eliminate_shift(shift_after<L>(st_, i));
        step_back(sample<L>(st_, i), shape_.bumps + 4 * (i - m * shape_.spacing));
      }
      add_level(m + 1, 1);
      if (m == 0) break;
      eliminate_knot(3, m + 3);
      move_knots();
    }
    add_level(0, 0);
    for (int u = 0; u < of_knot; ++u) drop(u);
    for (int k = 3; k >= 0; --k) eliminate_knot(k, k);
  }

 private:
  // The level of knot j, in column k, above the floor.
  void add_level(std::ptrdiff_t j, int k) {
    const Entry<L> r = knot<L>(st_, j);
    const L curvature = r.get(level_multiplier) * (r.get(level_multiplier) * r.get(level_inverse));
    const int u = of_knot + k;
    front_.m[u][u] = front_.m[u][u] + curvature;
  }

  // penalty / 2 (l_j - 2 l_j+1 + l_j+2)^2, knot j in column k.
  void add_penalty(std::ptrdiff_t j, int k) {
    const L q(shape_.penalty);
    const L bend = (knot<L>(st_, j).get(knot_value) - knot<L>(st_, j + 1).get(knot_value)) +
                   (knot<L>(st_, j + 2).get(knot_value) - knot<L>(st_, j + 1).get(knot_value));
    constexpr double difference[3] = {1.0, -2.0, 1.0};
    for (int a = 0; a < 3; ++a) {
      for (int b = a; b < 3; ++b) {
        L& x = front_.m[of_knot + k + a][of_knot + k + b];
        x = fma(q, L(difference[a] * difference[b]), x);
      }
      L& x = front_.m[of_knot + k + a][of_rhs];
      x = fma(q * L(difference[a]), bend, x);
    }
  }

  void eliminate_shift(Entry<L> r) {
    const L up = ratio(r, shift_up), down = ratio(r, shift_down), slope = up + down;
    const L load = r.get(shift_cost) * (down - up);
    L line[n_unknowns + 1];
    for (int k = 0; k <= n_unknowns; ++k) line[k] = sum_levels([&](int j) { return front_.get(j, k); });
    const L own = sum_levels([&](int j) { return line[j]; });
    const L inverse = L(1.0) / fma(slope, own, L(1.0));
    const L weight = slope * inverse, offset = fnma(slope, line[of_rhs], load) * inverse;
    for (int k = 0; k < n_unknowns; ++k) r.set(row + k, line[k]);
    r.set(row_rhs, line[of_rhs]);
    r.set(row_inverse, inverse);
    for (int j = 0; j < n_unknowns; ++j) {
      const L w = weight * line[j];
      for (int k = j; k < n_unknowns; ++k) front_.m[j][k] = fnma(w, line[k], front_.m[j][k]);
      front_.m[j][of_rhs] = fma(line[j], offset, front_.m[j][of_rhs]);
    }
  }

  void step_back(Entry<L> r, const double* bumps) {
    const L z0(shape_.z0), z1(shape_.z1), g_a(shape_.g_a), g_v(shape_.g_v);
    L(&m)[n_unknowns][n_unknowns + 1] = front_.m;
    // the driver's row over the next state
    L rho[n_unknowns + 1];
    rho[of_a] = fma(g_v, m[of_a][of_v], g_a * m[of_a][of_a]);
    rho[of_v] = fma(g_v, m[of_v][of_v], g_a * m[of_a][of_v]);
    for (int k = of_knot; k <= of_rhs; ++k) rho[k] = fma(g_v, m[of_v][k], g_a * m[of_a][k]);
    L pivot = fma(g_v, rho[of_v], g_a * rho[of_a]);
    // the state before it: a' = z0 a + v, v' = z1 v
    const L aa = m[of_a][of_a], av = m[of_a][of_v], vv = m[of_v][of_v];
    const L through = fma(z1, av, aa);
    m[of_a][of_a] = (z0 * z0) * aa;
    m[of_a][of_v] = z0 * through;
    m[of_v][of_v] = fma(z1, fma(z1, vv, av), through);
    for (int k = of_knot; k <= of_rhs; ++k) {
      m[of_v][k] = fma(z1, m[of_v][k], m[of_a][k]);
      m[of_a][k] = z0 * m[of_a][k];
    }
    rho[of_v] = fma(z1, rho[of_v], rho[of_a]);
    rho[of_a] = z0 * rho[of_a];
    // the sample itself
    const auto o = Outlier<L>::template make<false>(r);
    const L shrunk = o.find_shrink(), w = o.w * shrunk;
    r.set(shrink, shrunk);
    const L g = fnma(o.w, r.get(residual), -(w * (o.load_up - o.load_down)));
    const L b[4] = {L(bumps[0]), L(bumps[1]), L(bumps[2]), L(bumps[3])};
    L wb[4];
    for (int k = 0; k < 4; ++k) wb[k] = w * b[k];
    const L lambda = r.get(multiplier + driver);
    pivot = pivot + w + lambda * (lambda * r.get(inverse + driver));
    rho[of_a] = rho[of_a] + w;
    for (int k = 0; k < 4; ++k) rho[of_knot + k] = rho[of_knot + k] + wb[k];
    rho[of_rhs] = rho[of_rhs] + (g + r.get(driver_cost));
    m[of_a][of_a] = m[of_a][of_a] + w;
    m[of_a][of_rhs] = m[of_a][of_rhs] + g;
    for (int k = 0; k < 4; ++k) m[of_a][of_knot + k] = m[of_a][of_knot + k] + wb[k];
    for (int j = 0; j < 4; ++j) {
      for (int k = j; k < 4; ++k) m[of_knot + j][of_knot + k] = fma(wb[j], b[k], m[of_knot + j][of_knot + k]);
      m[of_knot + j][of_rhs] = fma(g, b[j], m[of_knot + j][of_rhs]);
    }
    // the driver leaves
    const L inverse = L(1.0) / pivot;
    for (int j = 0; j < n_unknowns; ++j) {
      const L gain_j = inverse * rho[j];
      r.set(gain + j, gain_j);
      for (int k = j; k <= n_unknowns; ++k) m[j][k] = fnma(gain_j, rho[k], m[j][k]);
    }
    r.set(gain_offset, inverse * rho[of_rhs]);
    r.set(gain_inverse, inverse);
  }

  static double invert(double pivot) { return pivot > 0.0 ? 1.0 / pivot : 0.0; }
  static Twofold invert(Twofold pivot) { return pivot.high > 0.0 ? Twofold(1.0) / pivot : Twofold(0.0); }
  template <int N>
  static Lanes<N> invert(Lanes<N> pivot) {
    Lanes<N> r;
    for (int k = 0; k < N; ++k) r.v[k] = invert(pivot.v[k]);
    return r;
  }

  // Minimise over knot j, in column k.
  void eliminate_knot(int k, std::ptrdiff_t j) {
    const int u = of_knot + k;
    const Entry<L> r = knot<L>(st_, j);
    L line[n_unknowns + 1];
    for (int c = 0; c <= n_unknowns; ++c) line[c] = front_.get(u, c);
    const L inverse = invert(line[u]);
    for (int c = 0; c < n_unknowns; ++c) r.set(knot_row + c, c == u ? L(0.0) : inverse * line[c]);
    r.set(knot_offset, inverse * line[of_rhs]);
    r.set(knot_inverse, inverse);
    for (int a = 0; a < n_unknowns; ++a) {
      if (a == u) continue;
      const L w = inverse * line[a];
      for (int c = a; c <= n_unknowns; ++c) {
        if (c != u) front_.m[a][c] = fnma(w, line[c], front_.m[a][c]);
      }
    }
    drop(u);
  }

  void drop(int u) {
    for (int k = 0; k < n_unknowns; ++k) front_.at(u, k) = L(0.0);
    front_.m[u][of_rhs] = L(0.0);
  }

  // Going back over a knot: the newest column has left, an older one comes in.
  void move_knots() {
    L(&m)[n_unknowns][n_unknowns + 1] = front_.m;
    for (int j = 0; j < of_knot; ++j) {
      for (int k = 3; k > 0; --k) m[j][of_knot + k] = m[j][of_knot + k - 1];
    }
    for (int j = 3; j > 0; --j) {
      for (int k = 3; k >= j; --k) m[of_knot + j][of_knot + k] = m[of_knot + j - 1][of_knot + k - 1];
      m[of_knot + j][of_rhs] = m[of_knot + j - 1][of_rhs];
    }
    drop(of_knot);
  }

  const Shape& shape_;
  State& st_;
  Front<L> front_;
};

// The step, forwards; `corrected`: with the corrector's centres.
template <class L, bool corrected>
class Rollout {
 public:
  Rollout(const Shape& shape, State& state) : shape_(shape), st_(state) {}

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
        const double* b = shape_.bumps + 4 * (i - m * shape_.spacing);
        const L dp = -along(r, gain, r.get(gain_offset), x);
        L dx = L(b[0]) * x[of_knot];
        for (int k = 1; k < 4; ++k) dx = fma(L(b[k]), x[of_knot + k], dx);
        dx = dx + (x[of_a] + dp);
        take<false>(r, driver, dp);
        take_outlier(r, dx);
        const L next = fma(L(shape_.g_a), dp, fma(L(shape_.z0), x[of_a], x[of_v]));
        x[of_v] = fma(L(shape_.g_v), dp, L(shape_.z1) * x[of_v]);
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

  template <bool of_shift>
  void take(Entry<L> r, int pair, L change) {
    const L lambda = r.get(multiplier + pair), x = change * (lambda * r.get(inverse + pair));
    r.set(step + pair, x);
    const L dual = dual_step(x, r.get(centre + pair));
    // a pair that is not in this lane has a multiplier of zero, and no step
    account(x, of_shift ? pick(lambda, L(0.0), dual, L(0.0)) : dual, r.get(value + pair) * lambda);
  }

  // A pair and the next, whose values' changes differ by `change`. Each has its own formula, value over multiplier times a
  // difference; where that ratio is large the difference is all rounding, so the larger one takes what the smaller leaves.
  template <bool of_shift>
  void take_both(Entry<L> r, int pair, L ratio_up, L ratio_down, L up, L down, L change) {
    take<of_shift>(r, pair, pick(ratio_up, ratio_down, down + change, up));
    take<of_shift>(r, pair + 1, pick(ratio_up, ratio_down, down, up - change));
  }

  void take_outlier(Entry<L> r, L dx) {
    const auto o = Outlier<L>::template make<corrected>(r);
    const L de = ((o.load_up - o.load_down) - dx) * r.get(shrink);
    const L du = o.w * de;
    take_both<false>(r, outlier_up, o.up, o.down, fma(o.up, du, -o.load_up), fma(o.down, -du, -o.load_down), -(dx + de));
    r.set(residual_step, de);
  }

  L take_shift(Entry<L> r, const L (&x)[n_unknowns]) {
    const L up = ratio(r, shift_up), down = ratio(r, shift_down), slope = up + down, cost = r.get(shift_cost);
    L load_up = -(up * cost), load_down = -(down * cost);
    if (corrected) {
      load_up = load_up + aimed(r, shift_up, up);
      load_down = load_down + aimed(r, shift_down, down);
    }
    L eta = along(r, row, r.get(row_rhs), x);
    const L ds = fnma(slope, eta, load_up - load_down) * r.get(row_inverse);
    eta = fma(sum_levels([&](int k) { return r.get(row + k); }), ds, eta);
    take_both<true>(r, shift_up, up, down, fnma(up, eta, load_up), fma(down, eta, load_down), ds);
    return ds;
  }

  void move_level(std::ptrdiff_t j, L change) {
    const Entry<L> r = knot<L>(st_, j);
    const L lambda = r.get(level_multiplier), x = change * (lambda * r.get(level_inverse));
    r.set(level_relative_step, x);
    account(x, dual_step(x, r.get(level_centre)), r.get(level) * lambda);
  }

  const Shape& shape_;
  State& st_;
  L min_step_ = L(0.0), min_dual_step_ = L(0.0), sum_steps_ = L(0.0), sum_squares_ = L(0.0);
};

// The corrector's right-hand side: what the centres add to the predictor's, through the stored factor.
template <class L>
class Recentre {
 public:
  Recentre(const Shape& shape, State& state) : shape_(shape), st_(state), sigma_mu_(load(state.sigma_mu, L{})) {}

  void run() {
    for (auto& x : h_) x = L(0.0);
    const std::ptrdiff_t last = shape_.n_intervals - 1;
    for (int k = 2; k < 4; ++k) add_level(last + k, k);
    for (std::ptrdiff_t m = last; m >= 0; --m) {
      for (std::ptrdiff_t i = interval_end(shape_, m) - 1; i >= m * shape_.spacing; --i) {
        const Entry<L> r = sample<L>(st_, i);
        if (may_shift(st_, i)) eliminate_shift(shift_after<L>(st_, i));
        step_back(r, shape_.bumps + 4 * (i - m * shape_.spacing));
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
    centre_pair(r, shift_up);
    centre_pair(r, shift_down);
    const L up = ratio(r, shift_up), down = ratio(r, shift_down), slope = up + down;
    const L load = aimed(r, shift_up, up) - aimed(r, shift_down, down);
    const L own = sum_levels([&](int k) { return h_[k]; });
    const L offset = fnma(slope, own, load) * r.get(row_inverse);
    r.set(row_rhs, r.get(row_rhs) + own);
    for (int k = 0; k < n_unknowns; ++k) h_[k] = fma(r.get(row + k), offset, h_[k]);
  }

  void step_back(Entry<L> r, const double* bumps) {
    const L z0(shape_.z0), z1(shape_.z1), g_a(shape_.g_a), g_v(shape_.g_v);
    for (int pair = driver; pair <= outlier_down; ++pair) centre_pair(r, pair);
    const L w = r.get(weight), up = ratio(r, outlier_up), down = ratio(r, outlier_down);
    const L effective = w * r.get(shrink);
    const L g = effective * (aimed(r, outlier_up, up) - aimed(r, outlier_down, down));
    L hp = fma(g_v, h_[of_v], g_a * h_[of_a]);
    hp = hp + (g - r.get(multiplier + driver) * r.get(centre + driver));
    h_[of_v] = fma(z1, h_[of_v], h_[of_a]);
    h_[of_a] = z0 * h_[of_a];
    h_[of_a] = h_[of_a] + g;
    for (int k = 0; k < 4; ++k) h_[of_knot + k] = fma(g, L(bumps[k]), h_[of_knot + k]);
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
  State& st_;
  const L sigma_mu_;
  L h_[n_unknowns];
};

// Set the inverses of a sample's products, and add the products up. Each has its own division: the product of all, which would
// save the others, leaves the range of double where the products are small.
template <bool of_shift, int count, class L>
inline void invert(Entry<L> r, const L (&product)[count], L* sum) {
  L here = product[0];
  for (int k = 0; k < count; ++k) {
    const L inverted = L(1.0) / product[k];
    r.set(inverse + k, of_shift ? pick(product[k], L(0.0), inverted, L(0.0)) : inverted);
    if (k > 0) here = here + product[k];
  }
  *sum = *sum + here;
}

// Take the step.
template <class L>
void advance(const Shape& shape, State& st) {
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
    const Moved p = move_pair(r, driver), up = move_pair(r, outlier_up), down = move_pair(r, outlier_down);
    sum_cost = fma(r.get(driver_cost), p.value, sum_cost);
    sum_cost = fma(r.get(box), up.value + down.value, sum_cost);
    invert<false, n_sample_pairs>(r, {p.product, up.product, down.product}, &sum_products);
    if (may_shift(st, i)) {
      const Entry<L> q = shift_after<L>(st, i);
      const Moved rise = move_pair(q, shift_up), fall = move_pair(q, shift_down);
      sum_cost = fma(q.get(shift_cost), rise.value + fall.value, sum_cost);
      invert<true, n_shift_pairs>(q, {rise.product, fall.product}, &sum_products);
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

template <class L>
Kernel make_kernel() {
  constexpr int numbers = std::is_same_v<L, Twofold> ? 2 : 1;
  return {static_cast<int>(width<L>) / numbers,
          numbers,
          {[](const Shape& shape, State& state) { Factor<L>(shape, state).run(); },
           [](const Shape& shape, State& state) { Rollout<L, false>(shape, state).run(); },
           [](const Shape& shape, State& state) { Recentre<L>(shape, state).run(); },
           [](const Shape& shape, State& state) { Rollout<L, true>(shape, state).run(); },
           [](const Shape& shape, State& state) { advance<L>(shape, state); }}};
}

}  // namespace
}  // namespace ressin::robust

// The four passes of an interior point iteration, for any number type of lanes.hpp.
//
// One Newton step minimises, over dp, the spline and drift steps (ds) and, in the 2015 revision, the start of the response,
//   sum_i  w_i/2 (e_i + dr_i + phi_i' ds)^2 + lambda_i/(2 p_i) dp_i^2 + g_i dp_i   +   gamma/2 ||l + dl||^2
// with g_i = alpha - centre_i lambda_i: a linear-quadratic regulator whose state is the response filter's. factor() runs
// the Riccati recursion backwards with the coefficients as extra columns; a knot's coefficient leaves the front where its
// bump begins. rollout() replays the optimal feedback forwards, so dr is the response to dp exactly.
#pragma once

#include "front.hpp"

namespace ressin {
namespace {

template <class L>
inline L at(const double* x, std::ptrdiff_t i) {
  return load(x + i * width<L>, L{});
}
template <class L>
inline void put(double* x, std::ptrdiff_t i, L v) {
  store(x + i * width<L>, v);
}

enum Gain { gain_offset = n_local, gain_pivot, gain_a, gain_v };
enum Unknown { unknown_a, unknown_v, unknown_spline, unknown_drift = unknown_spline + 4 };
enum RowEntry { row_offset = n_front, row_pivot };

// Rows of the start, after those of the intervals: knots in columns 2, 1, 0; drifts 1, 0; states v, a.
enum StartRow { start_spline, start_drift = 3, start_state = 5 };

// 1 / pivot, or 0 (no step) where elimination has left nothing of the diagonal: the coefficient is not determined.
inline double invert_pivot(double pivot, double diagonal) { return pivot > 1e-14 * diagonal ? 1.0 / pivot : 0.0; }
template <int N>
inline Lanes<N> invert_pivot(Lanes<N> pivot, Lanes<N> diagonal) {
  Lanes<N> r;
  for (int k = 0; k < N; ++k) r.v[k] = invert_pivot(pivot.v[k], diagonal.v[k]);
  return r;
}

// The front as a plain matrix over (a, v, spline 4, drift 2) and the offset, for the few eliminations between intervals.
template <class L>
struct DenseFront {
  L m[n_front][n_front + 1];

  explicit DenseFront(const Front<L>& f) {
    m[0][0] = f.aa;
    m[0][1] = m[1][0] = f.av;
    m[1][1] = f.vv;
    for (int k = 0; k <= n_local; ++k) {
      m[0][2 + k] = f.a.get(k);
      m[1][2 + k] = f.v.get(k);
      for (int j = 0; j < n_local && j <= k; ++j) m[2 + j][2 + k] = f.s.row[j].get(k);
    }
    for (int j = 2; j < n_front; ++j) {
      for (int k = 0; k < j; ++k) m[j][k] = m[k][j];
    }
  }

  void copy_to(Front<L>& f) const {
    f.aa = m[0][0];
    f.av = m[0][1];
    f.vv = m[1][1];
    for (int k = 0; k <= n_local; ++k) {
      f.a.set(k, m[0][2 + k]);
      f.v.set(k, m[1][2 + k]);
      for (int j = 0; j < n_local && j <= k; ++j) f.s.row[j].set(k, m[2 + j][2 + k]);
    }
  }

  // Minimise over unknown u; its row (couplings and offset over the pivot) is kept for the rollout.
  void eliminate(int u, L diagonal, double* row) {
    const L inverse = invert_pivot(m[u][u], diagonal);
    L r[n_front + 1];
    for (int k = 0; k <= n_front; ++k) r[k] = k == u ? L(0.0) : inverse * m[u][k];
    for (int j = 0; j < n_front; ++j) {
      if (j == u) continue;
      for (int k = 0; k <= n_front; ++k) m[j][k] = fnma(m[j][u], r[k], m[j][k]);
    }
    for (int k = 0; k <= n_front; ++k) put(row, k, r[k]);
    put(row, row_pivot, inverse);
    clear(u);
  }

  // Hold unknown u at its present value: its step is zero.
  void hold(int u, double* row) {
    for (int k = 0; k < n_row; ++k) put(row, k, L(0.0));
    clear(u);
  }

  // Going back over a knot: the newest column has left, the oldest comes in.
  void shift_spline() {
    for (int j = 0; j < n_front; ++j) {
      for (int k = unknown_drift - 1; k > unknown_spline; --k) m[j][k] = m[j][k - 1];
    }
    for (int k = 0; k <= n_front; ++k) {
      for (int j = unknown_drift - 1; j > unknown_spline; --j) m[j][k] = m[j - 1][k];
    }
    clear(unknown_spline);
  }

 private:
  void clear(int u) {
    for (int k = 0; k <= n_front; ++k) m[u][k] = L(0.0);
    for (int j = 0; j < n_front; ++j) m[j][u] = L(0.0);
  }
};

template <class L, bool weighted>
class Sweep {
  static constexpr int block_size = 16;

 public:
  Sweep(const KernelShape& shape, KernelState& state) : shape_(shape), st_(state) {}

  void factor() {
    Front<L> f = Front<L>::zero();
    for (std::ptrdiff_t m = shape_.n_intervals - 1; m >= 0; --m) {
      add_gram(m, f);
      const std::ptrdiff_t first = begin(m) > shape_.first_row ? begin(m) : shape_.first_row;
      factor_samples(m, first, f);
      add_measured(m, f);
      DenseFront<L> dense(f);
      if (holds_first_row(m)) eliminate_state(dense);
      if (m > 0) {
        eliminate_knot(dense, f, 3, newest(m), row(m));
        dense.shift_spline();
        for (int k = 3; k > 0; --k) f.scale[k] = f.scale[k - 1];
        f.scale[0] = L(0.0);
      } else {
        eliminate_start(dense, f);
      }
      dense.copy_to(f);
    }
  }

  void recentre() {
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

  void rollout() {
    Totals t;
    L u[n_front];  // the step of (a, v, spline 4, drift 2)
    for (auto& x : u) x = L(0.0);
    for (int k = 1; k >= 0; --k) u[unknown_drift + 1 - k] = substitute(start_row(start_drift + k), u);
    for (int k = 2; k >= 0; --k) {
      u[unknown_spline + 2 - k] = substitute(start_row(start_spline + k), u);
      if (has_knot(newest(0) - 1 - k)) put(st_.spline_step, newest(0) - 1 - k, u[unknown_spline + 2 - k]);
    }
    for (int k = 0; k < 2; ++k) put(st_.drift_step, k, u[unknown_drift + k]);
    for (std::ptrdiff_t m = 0; m < shape_.n_intervals; ++m) {
      if (m > 0) {
        for (int k = unknown_spline; k < unknown_drift - 1; ++k) u[k] = u[k + 1];
        u[unknown_drift - 1] = L(0.0);
      }
      u[unknown_drift - 1] = substitute(row(m), u);
      if (has_knot(newest(m))) put(st_.spline_step, newest(m), u[unknown_drift - 1]);
      if (holds_first_row(m)) {
        u[unknown_v] = substitute(start_row(start_state + 1), u);
        u[unknown_a] = substitute(start_row(start_state), u);
        for (int k = 0; k < 2; ++k) put(st_.start_step, k, u[k]);
      }
      const std::ptrdiff_t first = begin(m) > shape_.first_row ? begin(m) : shape_.first_row;
      rollout_samples(m, first, u, t);
    }
    store(st_.min_step, t.min_step);
    store(st_.min_dual_step, t.min_dual_step);
    store(st_.sum_pl, t.pl);
    store(st_.sum_pl_step, t.pl_step);
    store(st_.sum_pl_step2, t.pl_step2);
  }

  void advance() {
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
        const double* c = h.drift_at(i);
        L de = fma(L(c[0]), ds[4], L(c[1]) * ds[5]);
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
          put(h.centre, i, L(0.0));
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
        for (int k = 0; k < 2; ++k) measured[4 + k] = fma(we, L(c[k]), measured[4 + k]);
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
  // What the loop over an interval's samples touches, copied so that its stores cannot alias the pointers themselves.
  struct Hot {
    double *w, *e, *p, *lambda, *inv, *centre, *step, *gains;
    const double *spline, *drift;
    std::ptrdiff_t begin, end, phase;

    Hot(const Sweep& s, std::ptrdiff_t m)
        : w(s.st_.w),
          e(s.st_.e),
          p(s.st_.p),
          lambda(s.st_.lambda),
          inv(s.st_.inv),
          centre(s.st_.centre),
          step(s.st_.step),
          gains(s.st_.gains),
          spline(s.shape_.spline),
          drift(s.shape_.drift),
          begin(s.begin(m)),
          end(s.shape_.interval_end[m]),
          phase((m > 0 ? 0 : s.shape_.first_phase) - begin) {}

    L weight(std::ptrdiff_t i) const {
      if constexpr (weighted) {
        return at<L>(w, i);
      } else {
        return L(1.0);
      }
    }
    double* gains_at(std::ptrdiff_t i) const { return gains + i * n_gains * width<L>; }
    const double* spline_at(std::ptrdiff_t i) const { return spline + 4 * (i + phase); }
    const double* drift_at(std::ptrdiff_t i) const { return drift + 2 * i; }
  };

  struct Totals {
    L min_step{0.0}, min_dual_step{0.0}, pl{0.0}, pl_step{0.0}, pl_step2{0.0};
  };

  std::ptrdiff_t begin(std::ptrdiff_t m) const { return m > 0 ? shape_.interval_end[m - 1] : 0; }
  std::ptrdiff_t newest(std::ptrdiff_t m) const { return shape_.newest_knot + m; }
  bool has_knot(std::ptrdiff_t k) const { return k >= 0 && k < shape_.n_knots; }
  bool holds_first_row(std::ptrdiff_t m) const {
    return begin(m) <= shape_.first_row && shape_.first_row < shape_.interval_end[m];
  }
  double* row(std::ptrdiff_t m) const { return st_.rows + m * n_row * width<L>; }
  double* start_row(int k) const { return row(shape_.n_intervals + k); }

  void add_gram(std::ptrdiff_t m, Front<L>& f) const {
    const double* g = st_.gram + m * n_gram * width<L>;
    for (int j = 0; j < n_local; ++j) {
      for (int k = j; k < n_local; ++k, g += width<L>) {
        const L x = load(g, L{});
        f.s.row[j].set(k, f.s.row[j].get(k) + x);
        if (k == j) f.scale[j] = f.scale[j] + x;
      }
    }
  }

  // The columns' gradient over interval m, as advance() left it.
  void add_measured(std::ptrdiff_t m, Front<L>& f) const {
    for (int k = 0; k < n_local; ++k) {
      f.s.row[k].set(offset_column, f.s.row[k].get(offset_column) + at<L>(st_.measured, m * n_local + k));
    }
  }

  // The Riccati recursion over the samples of interval m, from its last down to `first`.
  void factor_samples(std::ptrdiff_t m, std::ptrdiff_t first, Front<L>& front) const {
    const Hot h(*this, m);
    const L z0(shape_.z0), z1(shape_.z1), g_a(shape_.g_a), g_v(shape_.g_v);
    const L z01 = z0 * z1, g_aa = g_a * g_a, g_av = L(2.0) * g_a * g_v, g_vv = g_v * g_v;
    const L alpha = load(st_.alpha, L{});
    L aa = front.aa, av = front.av, vv = front.vv;
    auto fa = front.a.drift, fv = front.v.drift;
    alignas(64) double block[block_size * block_stride * width<L>];
    for (std::ptrdiff_t end = h.end; end > first;) {
      const std::ptrdiff_t begin = end - first > block_size ? end - block_size : first;
      for (std::ptrdiff_t i = end - 1; i >= begin; --i) {
        const L w = h.weight(i), lambda = at<L>(h.lambda, i);
        const auto phi = weighted_drift(w, h.drift_at(i), w * at<L>(h.e, i));

        // the cost of (a, v, p) with the next state put in: a' = z0 a + v + g_a p, v' = z1 v + g_v p
        const L pa = fma(g_v, av, g_a * aa);
        const L pv = fma(g_v, vv, g_a * av);
        const L wpp = fma(g_aa, aa, fma(lambda * lambda, at<L>(h.inv, i), w)) + fma(g_vv, vv, g_av * av);
        const L wpa = fma(z0, pa, w);
        const L wpv = fma(z1, pv, pa);
        const L z_aa = z0 * aa;
        const L waa = fma(z0, z_aa, w);
        const L wav = fma(z01, av, z_aa);
        const L wvv = fma(z1, fma(z1, vv, av + av), aa);
        auto cp = fma(g_v, fv, fma(g_a, fa, phi));
        cp.set(2, cp.get(2) + alpha);

        // minimise over p:  p = -(gain' (a, v, columns) + offset)
        const L inverse = L(1.0) / wpp;
        const L gain_of_a = inverse * wpa, gain_of_v = inverse * wpv;
        aa = fnma(wpa, gain_of_a, waa);
        av = fnma(wpa, gain_of_v, wav);
        vv = fnma(wpv, gain_of_v, wvv);
        const auto ca = fma(z0, fa, phi);
        fv = fnma(gain_of_v, cp, fma(z1, fv, fa));
        fa = fnma(gain_of_a, cp, ca);
        cp.store_to(block + ((i - begin) * block_stride + 4) * width<L>);

        double* g = h.gains_at(i);
        (inverse * cp).store_to(g + 4 * width<L>);
        put(g, gain_pivot, inverse);
        put(g, gain_a, gain_of_a);
        put(g, gain_v, gain_of_v);
      }
      factor_spline(m, begin, end, front, block);
      front.s.subtract_block(block, h.gains_at(begin), end - begin);
      end = begin;
    }
    front.aa = aa;
    front.av = av;
    front.vv = vv;
    front.a.drift = fa;
    front.v.drift = fv;
  }

  // The spline's columns through the gains of a block that is already factored.
  void factor_spline(std::ptrdiff_t m, std::ptrdiff_t begin, std::ptrdiff_t end, Front<L>& front, double* block) const {
    const Hot h(*this, m);
    const L z0(shape_.z0), z1(shape_.z1), g_a(shape_.g_a), g_v(shape_.g_v);
    auto fa = front.a.spline, fv = front.v.spline;
    for (std::ptrdiff_t i = end - 1; i >= begin; --i) {
      double* g = h.gains_at(i);
      const auto phi = weighted_spline(h.weight(i), h.spline_at(i));
      const auto cp = fma(g_v, fv, fma(g_a, fa, phi));
      const auto ca = fma(z0, fa, phi);
      fv = fnma(at<L>(g, gain_v), cp, fma(z1, fv, fa));
      fa = fnma(at<L>(g, gain_a), cp, ca);
      cp.store_to(block + (i - begin) * block_stride * width<L>);
      (at<L>(g, gain_pivot) * cp).store_to(g);
    }
    front.a.spline = fa;
    front.v.spline = fv;
  }

  void eliminate_state(DenseFront<L>& dense) const {
    for (int k = 0; k < 2; ++k) {
      double* r = start_row(start_state + k);
      if (shape_.first_row > 0) {
        dense.eliminate(k, dense.m[k][k], r);
      } else {
        dense.hold(k, r);
      }
    }
  }

  void eliminate_knot(DenseFront<L>& dense, const Front<L>& f, int column, std::ptrdiff_t knot, double* r) const {
    const int u = unknown_spline + column;
    if (!has_knot(knot)) {
      dense.hold(u, r);
      return;
    }
    const L gamma = load(st_.gamma, L{});
    dense.m[u][u] = dense.m[u][u] + gamma;
    dense.m[u][n_front] = fma(gamma, at<L>(st_.spline, knot), dense.m[u][n_front]);
    dense.eliminate(u, f.scale[column] + gamma, r);
  }

  void eliminate_start(DenseFront<L>& dense, const Front<L>& f) const {
    eliminate_knot(dense, f, 3, newest(0), row(0));
    for (int k = 0; k < 3; ++k) eliminate_knot(dense, f, 2 - k, newest(0) - 1 - k, start_row(start_spline + k));
    for (int k = 0; k < 2; ++k) {
      const int u = unknown_drift + 1 - k;
      if (1 - k < shape_.n_drift) {
        dense.eliminate(u, f.scale[4 + 1 - k], start_row(start_drift + k));
      } else {
        dense.hold(u, start_row(start_drift + k));
      }
    }
  }

  // The corrector changes only the driver's gradient: its recursion through the stored gains.
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

  L substitute(const double* r, const L* u) const {
    L x = at<L>(r, row_offset);
    for (int k = 0; k < n_front; ++k) x = fma(at<L>(r, k), u[k], x);
    return -x;
  }

  void rollout_samples(std::ptrdiff_t m, std::ptrdiff_t first, L* u, Totals& totals) const {
    const Hot h(*this, m);
    const L z0(shape_.z0), z1(shape_.z1), g_a(shape_.g_a), g_v(shape_.g_v);
    L a = u[unknown_a], v = u[unknown_v];
    Totals t = totals;
    for (std::ptrdiff_t i = first; i < h.end; ++i) {
      const double* gain = h.gains_at(i);
      L x = at<L>(gain, gain_offset);
      for (int k = 0; k < n_local; ++k) x = fma(at<L>(gain, k), u[2 + k], x);
      const L dp = -fma(at<L>(gain, gain_v), v, fma(at<L>(gain, gain_a), a, x));
      const L next = fma(g_a, dp, fma(z0, a, v));
      v = fma(g_v, dp, z1 * v);
      a = next;

      const L lambda = at<L>(h.lambda, i);
      const L pl = at<L>(h.p, i) * lambda;
      const L step = dp * (lambda * at<L>(h.inv, i));
      put(h.step, i, step);
      t.min_step = min(t.min_step, step);
      t.min_dual_step = min(t.min_dual_step, at<L>(h.centre, i) - L(1.0) - step);
      const L pl_step = pl * step;
      t.pl = t.pl + pl;
      t.pl_step = t.pl_step + pl_step;
      t.pl_step2 = fma(pl_step, step, t.pl_step2);
    }
    u[unknown_a] = a;
    u[unknown_v] = v;
    totals = t;
  }

  void take(double* x, const double* step, std::ptrdiff_t k, L length) const {
    put(x, k, fma(length, at<L>(step, k), at<L>(x, k)));
  }

  const KernelShape& shape_;
  KernelState& st_;
};

template <class L, bool weighted>
Passes make_passes() {
  using S = Sweep<L, weighted>;
  return {[](const KernelShape& shape, KernelState& state) { S(shape, state).factor(); },
          [](const KernelShape& shape, KernelState& state) { S(shape, state).recentre(); },
          [](const KernelShape& shape, KernelState& state) { S(shape, state).rollout(); },
          [](const KernelShape& shape, KernelState& state) { S(shape, state).advance(); }};
}

template <class L>
Kernel make_kernel(const char* instruction_set) {
  return {width<L>, make_passes<L, false>(), make_passes<L, true>(), instruction_set};
}

}  // namespace
}  // namespace ressin

// factor(): the Riccati recursion, backwards in time.
#pragma once

#include "kernel/pass.hpp"

namespace ressin {
namespace {

// `given`: the right-hand side is the caller's instead of a Newton step's. Then e is the gradient in the response, centre that
// in the driver (the multiplier and alpha do not enter), and measured that in the columns.
template <class L, bool weighted, bool given = false, bool apart = false>
class Factor : Pass<L, weighted, apart> {
  using Base = Pass<L, weighted, apart>;
  using Hot = typename Base::Hot;
  using Base::begin, Base::newest, Base::has_knot, Base::holds_first_row, Base::row, Base::start_row;
  using Base::shape_, Base::st_;
  static constexpr int block_size = 16;

 public:
  using Base::Base;

  void run() {
    Front<L> f = Front<L>::zero();
    run(f);
  }

  // The same from a front at the end, of what comes after.
  void run(Front<L>& f) {
    eliminate(1, shape_.n_intervals, f);
    DenseFront<L> dense = eliminate_samples(0, f);
    eliminate_start(dense, f);
  }

  // Intervals [from, to), the last first: f moves from the end of the last to before the first, where the newest three knots
  // of the interval before are in its last columns.
  void eliminate(std::ptrdiff_t from, std::ptrdiff_t to, Front<L>& f) const {
    for (std::ptrdiff_t m = to - 1; m >= from; --m) {
      DenseFront<L> dense = eliminate_samples(m, f);
      eliminate_knot(dense, f, 3, newest(m), row(m));
      dense.shift_spline();
      for (int k = 3; k > 0; --k) f.scale[k] = f.scale[k - 1];
      f.scale[0] = L(0.0);
      dense.copy_to(f);
    }
  }

 private:
  DenseFront<L> eliminate_samples(std::ptrdiff_t m, Front<L>& f) const {
    add_gram(m, f);
    factor_samples(m, begin(m) > shape_.first_row ? begin(m) : shape_.first_row, f);
    add_measured(m, f);
    DenseFront<L> dense(f);
    if (holds_first_row(m)) eliminate_state(dense);
    return dense;
  }

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

  // Adds the columns' gradient over interval m, which advance() computed.
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
        const L e = at<L>(h.e, i);
        const auto phi = weighted_drift(w, h.drift_at(i, 0), h.drift_at(i, 1), given ? e : w * e);

        // the cost of (a, v, p) after substituting the next state: a' = z0 a + v + g_a p, v' = z1 v + g_v p
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
        cp.set(2, cp.get(2) + (given ? at<L>(h.centre, i) : alpha));

        // minimise over p:  p = -(gain' (a, v, columns) + offset)
        const L inverse = L(1.0) / wpp;
        const L gain_of_a = inverse * wpa, gain_of_v = inverse * wpv;
        aa = fnma(wpa, gain_of_a, waa);
        av = fnma(wpa, gain_of_v, wav);
        vv = fnma(wpv, gain_of_v, wvv);
        const auto ca = fma(z0, fa, phi);
        fv = fnma(gain_of_v, cp, fma(z1, fv, fa));
        fa = fnma(gain_of_a, cp, ca);

        double* g = h.gains_at(i);
        const auto gain = inverse * cp;
        gain.store_to(g + 4 * width<L>);
        double* kept = block + (i - begin) * block_stride * width<L>;
        keep_products(kept + 4 * width<L>, wpp, gain);
        put(kept, block_pivot, wpp);
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

  // The spline's columns, with the gains of a block whose states are already eliminated.
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
      const auto gain = at<L>(g, gain_pivot) * cp;
      gain.store_to(g);
      double* kept = block + (i - begin) * block_stride * width<L>;
      keep_products(kept, at<L>(kept, block_pivot), gain);
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
};

}  // namespace
}  // namespace ressin

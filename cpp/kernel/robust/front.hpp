// The front of an elimination backwards in time.
#pragma once

#include "kernel/robust/pass.hpp"

namespace ressin::robust {
namespace {

// 1 / pivot; zero for an unknown that nothing determines.
inline float invert(float pivot) { return pivot > 0.0f ? 1.0f / pivot : 0.0f; }
inline double invert(double pivot) { return pivot > 0.0 ? 1.0 / pivot : 0.0; }
inline Twofold invert(Twofold pivot) { return pivot.high > 0.0 ? Twofold(1.0) / pivot : Twofold(0.0); }
template <int N, class Real>
inline Lanes<N, Real> invert(Lanes<N, Real> pivot) {
  Lanes<N, Real> r;
  for (int k = 0; k < N; ++k) r.v[k] = invert(pivot.v[k]);
  return r;
}

// What the four knots of an interval have, oldest first, which goes through every operation together.
template <class L>
struct Knots {
  L c[4];

  L get(int k) const { return c[k]; }
  static Knots load_from(const L* x) { return {{x[0], x[1], x[2], x[3]}}; }
  static Knots all_from(const Real<L>* x) { return {{L(x[0]), L(x[1]), L(x[2]), L(x[3])}}; }
  void store_to(L* x) const {
    for (int k = 0; k < 4; ++k) x[k] = c[k];
  }
  friend Knots operator*(L a, const Knots& x) { return {{a * x.c[0], a * x.c[1], a * x.c[2], a * x.c[3]}}; }
  friend Knots operator+(const Knots& x, const Knots& y) {
    return {{x.c[0] + y.c[0], x.c[1] + y.c[1], x.c[2] + y.c[2], x.c[3] + y.c[3]}};
  }
  friend Knots fma(L a, const Knots& x, const Knots& y) {
    return {{fma(a, x.c[0], y.c[0]), fma(a, x.c[1], y.c[1]), fma(a, x.c[2], y.c[2]), fma(a, x.c[3], y.c[3])}};
  }
  friend Knots fnma(L a, const Knots& x, const Knots& y) {
    return {{fnma(a, x.c[0], y.c[0]), fnma(a, x.c[1], y.c[1]), fnma(a, x.c[2], y.c[2]), fnma(a, x.c[3], y.c[3])}};
  }
};

#if defined(RESSIN_WIDE_COLUMNS)
// With one signal, the numbers themselves are the lanes of a vector.
template <>
struct Knots<double> {
  Lanes<4> c;

  double get(int k) const { return c.v[k]; }
  static Knots load_from(const double* x) { return {load(x, Lanes<4>{})}; }
  static Knots all_from(const double* x) { return load_from(x); }
  void store_to(double* x) const { store(x, c); }
  friend Knots operator*(double a, const Knots& x) { return {Lanes<4>(a) * x.c}; }
  friend Knots operator+(const Knots& x, const Knots& y) { return {x.c + y.c}; }
  friend Knots fma(double a, const Knots& x, const Knots& y) { return {fma(Lanes<4>(a), x.c, y.c)}; }
  friend Knots fnma(double a, const Knots& x, const Knots& y) { return {fnma(Lanes<4>(a), x.c, y.c)}; }
};
#endif

// The cost-to-go: upper triangle of a symmetric matrix over the unknowns, and the right-hand side as the last column. The
// knots' records are those of a state `S`.
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

  // A bend's penalty / 2 (l_j - 2 l_j+1 + l_j+2)^2, knot j in column k.
  template <class S>
  void add_penalty(const S& state, std::ptrdiff_t j, int k) {
    const L q = knot<L>(state, j).get(bend_penalty);
    const L bend = (knot<L>(state, j).get(knot_value) - knot<L>(state, j + 1).get(knot_value)) +
                   (knot<L>(state, j + 2).get(knot_value) - knot<L>(state, j + 1).get(knot_value));
    constexpr double difference[3] = {1.0, -2.0, 1.0};
    for (int a = 0; a < 3; ++a) {
      for (int b = a; b < 3; ++b) {
        L& x = m[of_knot + k + a][of_knot + k + b];
        x = fma(q, all<L>(difference[a] * difference[b]), x);
      }
      L& x = m[of_knot + k + a][of_rhs];
      x = fma(q * all<L>(difference[a]), bend, x);
    }
  }

  // Minimise over knot j, in column k.
  template <class S>
  void eliminate_knot(const S& state, int k, std::ptrdiff_t j) {
    const int u = of_knot + k;
    const Entry<L> r = knot<L>(state, j);
    L line[n_unknowns + 1];
    for (int c = 0; c <= n_unknowns; ++c) line[c] = get(u, c);
    const L inverse = invert(line[u]);
    for (int c = 0; c < n_unknowns; ++c) r.set(knot_row + c, c == u ? L(0.0) : inverse * line[c]);
    r.set(knot_offset, inverse * line[of_rhs]);
    r.set(knot_inverse, inverse);
    for (int a = 0; a < n_unknowns; ++a) {
      if (a == u) continue;
      const L w = inverse * line[a];
      for (int c = a; c <= n_unknowns; ++c) {
        if (c != u) m[a][c] = fnma(w, line[c], m[a][c]);
      }
    }
    drop(u);
  }

  // Those of the first interval; nothing comes before.
  template <class S>
  void eliminate_first_knots(const S& state) {
    for (int u = 0; u < of_knot; ++u) drop(u);
    for (int k = 3; k >= 0; --k) eliminate_knot(state, k, k);
  }

  void drop(int u) {
    for (int k = 0; k < n_unknowns; ++k) at(u, k) = L(0.0);
    m[u][of_rhs] = L(0.0);
  }

  // Going back over a knot: the newest column has left, an older one comes in.
  void move_knots() {
    for (int j = 0; j < of_knot; ++j) {
      for (int k = 3; k > 0; --k) m[j][of_knot + k] = m[j][of_knot + k - 1];
    }
    for (int j = 3; j > 0; --j) {
      for (int k = 3; k >= j; --k) m[of_knot + j][of_knot + k] = m[of_knot + j - 1][of_knot + k - 1];
      m[of_knot + j][of_rhs] = m[of_knot + j - 1][of_rhs];
    }
    drop(of_knot);
  }
};

}  // namespace
}  // namespace ressin::robust

// The front of the elimination: the quadratic cost-to-go in the few unknowns that are coupled at one sample.
//
// Written for any number type L of lanes.hpp. The columns (four spline coefficients, two drift coefficients and the
// right-hand side) go through every operation together, so they form one type, Columns<L>.
#pragma once

#include "kernel/kernel.hpp"
#include "kernel/lanes.hpp"

namespace ressin {
namespace {

inline constexpr int offset_column = n_local;  // the right-hand side
// Layout of a sample in a block: its seven gains times its pivot (stored only in the one-signal kernel), and the pivot.
inline constexpr int block_stride = 8, block_pivot = 7;

template <class L>
inline constexpr int width = sizeof(L) / sizeof(double);

// N numbers of type L that are processed together.
template <class L, int N>
struct Part {
  L c[N];

  L get(int k) const { return c[k]; }
  void set(int k, L x) { c[k] = x; }
  static Part zero() {
    Part r;
    for (auto& x : r.c) x = L(0.0);
    return r;
  }
  static Part load_from(const double* x) {
    Part r;
    for (int k = 0; k < N; ++k) r.c[k] = load(x + k * width<L>, L{});
    return r;
  }
  void store_to(double* x) const {
    for (int k = 0; k < N; ++k) store(x + k * width<L>, c[k]);
  }
  friend Part operator*(L a, const Part& x) {
    Part r;
    for (int k = 0; k < N; ++k) r.c[k] = a * x.c[k];
    return r;
  }
};
template <class L, int N>
inline Part<L, N> fma(L a, const Part<L, N>& x, const Part<L, N>& y) {
  Part<L, N> r;
  for (int k = 0; k < N; ++k) r.c[k] = fma(a, x.c[k], y.c[k]);
  return r;
}
template <class L, int N>
inline Part<L, N> fnma(L a, const Part<L, N>& x, const Part<L, N>& y) {
  Part<L, N> r;
  for (int k = 0; k < N; ++k) r.c[k] = fnma(a, x.c[k], y.c[k]);
  return r;
}

#if defined(RESSIN_WIDE_COLUMNS)
// With one signal, the numbers themselves are the lanes of a vector.
template <int N>
struct Part<double, N> {
  Lanes<4> c;

  double get(int k) const { return c.v[k]; }
  void set(int k, double x) { c.v[k] = x; }
  static Part zero() { return {Lanes<4>(0.0)}; }
  static Part load_from(const double* x) { return {load(x, Lanes<4>{})}; }
  void store_to(double* x) const { store(x, c); }
  friend Part operator*(double a, const Part& x) { return {Lanes<4>(a) * x.c}; }
};
template <int N>
inline Part<double, N> fma(double a, const Part<double, N>& x, const Part<double, N>& y) {
  return {fma(Lanes<4>(a), x.c, y.c)};
}
template <int N>
inline Part<double, N> fnma(double a, const Part<double, N>& x, const Part<double, N>& y) {
  return {fnma(Lanes<4>(a), x.c, y.c)};
}
#endif

// Stores a sample's gains times its pivot in the block. With several lanes, multiplying again is faster than storing and
// loading.
template <class L, int N>
inline void keep_products(double*, L, const Part<L, N>&) {}
#if defined(RESSIN_WIDE_COLUMNS)
template <int N>
inline void keep_products(double* x, double pivot, const Part<double, N>& gain) {
  (pivot * gain).store_to(x);
}
#endif

// [w s0 .. w s3] of a sample's four bumps
template <class L>
inline Part<L, 4> weighted_spline(L w, const double* s) {
  Part<L, 4> r;
  for (int k = 0; k < 4; ++k) r.set(k, w * L(s[k]));
  return r;
}
// [w d0, w d1, we] of its drift and its weighted residual
template <class L>
inline Part<L, 3> weighted_drift(L w, L d0, L d1, L we) {
  Part<L, 3> r = Part<L, 3>::zero();
  r.set(0, w * d0);
  r.set(1, w * d1);
  r.set(2, we);
  return r;
}
#if defined(RESSIN_WIDE_COLUMNS)
template <>
inline Part<double, 4> weighted_spline(double w, const double* s) {
  return w * Part<double, 4>::load_from(s);
}
template <>
inline Part<double, 3> weighted_drift(double w, double d0, double d1, double we) {
  return {Lanes<4>(Lanes<4>::Vector{w * d0, w * d1, we, 0.0})};
}
#endif

// All seven columns: spline 4, drift 2, offset.
template <class L>
struct Columns {
  Part<L, 4> spline;
  Part<L, 3> drift;

  L get(int k) const { return k < 4 ? spline.get(k) : drift.get(k - 4); }
  void set(int k, L x) { k < 4 ? spline.set(k, x) : drift.set(k - 4, x); }
  static Columns zero() { return {Part<L, 4>::zero(), Part<L, 3>::zero()}; }
};

// The upper triangle of a symmetric matrix over the columns, the right-hand side included.
template <class L>
struct Square {
  Columns<L> row[n_local];

  static Square zero() {
    Square r;
    for (auto& x : r.row) x = Columns<L>::zero();
    return r;
  }
  // -= sum_i pivot_i y_i y_i' over a block of samples (x: the block, y_i: the gains), row by row so that the sums stay in
  // registers.
  void subtract_block(const double* x, const double* y, std::ptrdiff_t count) {
    subtract_rows<0, 1>(x, y, count);
    subtract_rows<1, 3>(x, y, count);
    subtract_rows<3, n_local>(x, y, count);
  }

 private:
  template <int first, int last>
  void subtract_rows(const double* x, const double* y, std::ptrdiff_t count) {
    L sum[last - first][n_local + 1];
    for (int j = first; j < last; ++j) {
      for (int k = j; k <= n_local; ++k) sum[j - first][k] = row[j].get(k);
    }
    for (std::ptrdiff_t i = 0; i < count; ++i, x += block_stride * width<L>, y += n_gains * width<L>) {
      const L pivot = load(x + block_pivot * width<L>, L{});
      for (int j = first; j < last; ++j) {
        const L product = pivot * load(y + j * width<L>, L{});
        for (int k = j; k <= n_local; ++k) sum[j - first][k] = fnma(product, load(y + k * width<L>, L{}), sum[j - first][k]);
      }
    }
    for (int j = first; j < last; ++j) {
      for (int k = j; k <= n_local; ++k) row[j].set(k, sum[j - first][k]);
    }
  }
};
#if defined(RESSIN_WIDE_COLUMNS)
template <>
inline void Square<double>::subtract_block(const double* x, const double* y, std::ptrdiff_t count) {
  Square sum = *this;
  for (std::ptrdiff_t i = 0; i < count; ++i, x += block_stride, y += n_gains) {
    const auto spline = Part<double, 4>::load_from(y);
    const auto drift = Part<double, 3>::load_from(y + 4);
    for (int j = 0; j < 4; ++j) {
      sum.row[j].spline = fnma(x[j], spline, sum.row[j].spline);
      sum.row[j].drift = fnma(x[j], drift, sum.row[j].drift);
    }
    for (int j = 0; j < 2; ++j) sum.row[4 + j].drift = fnma(x[4 + j], drift, sum.row[4 + j].drift);
  }
  *this = sum;
}
#endif

// The cost-to-go  1/2 u' V u + g' u  of u = (a, v, spline 4, drift 2).
template <class L>
struct Front {
  L aa, av, vv;
  Columns<L> a, v;   // couplings of the state with the columns; their gradient
  Square<L> s;       // couplings of the columns; their gradient
  L scale[n_local];  // the columns' diagonals before elimination; pivots are compared with them

  static Front zero() {
    Front f{L(0.0), L(0.0), L(0.0), Columns<L>::zero(), Columns<L>::zero(), Square<L>::zero(), {}};
    for (auto& x : f.scale) x = L(0.0);
    return f;
  }
};

}  // namespace
}  // namespace ressin

// Elimination of single unknowns from the front between intervals, and the rows that are kept for the forward substitution.
#pragma once

#include "kernel/front.hpp"

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

// Rows of the unknowns eliminated at the start, stored after those of the intervals: knots in columns 2, 1, 0; drifts 1, 0;
// states v, a.
enum StartRow { start_spline, start_drift = 3, start_state = 5 };

// 1 / pivot, the pivot being at least what rounding leaves of the diagonal before elimination: a coefficient with a smaller
// pivot is not determined by the data and takes damped steps along its gradient. 0 (no step) where no data involve it.
inline double invert_pivot(double pivot, double diagonal) {
  const double least = 1e-15 * diagonal;
  return diagonal > 0.0 ? 1.0 / (pivot > least ? pivot : least) : 0.0;
}
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

  // Minimise over unknown u; its row (couplings and offset over the pivot) is kept for the forward substitution.
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

  // Keep unknown u at its current value: its step is zero.
  void hold(int u, double* row) {
    for (int k = 0; k < n_row; ++k) put(row, k, L(0.0));
    clear(u);
  }

  // Passing a knot backwards in time: the newest spline column has been eliminated, an older one enters.
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

}  // namespace
}  // namespace ressin

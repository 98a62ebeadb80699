// A signal's loads, and the rows of every sample where they are not the same everywhere. Included only by kernel sources.
#pragma once

#include "solvers/active_set/eight.hpp"
#include "solvers/active_set/kernel.hpp"

namespace ressin::active_set {
namespace {

// R'u from a section's last sample down to its first, or the first row, in blocks of eight: a block's outputs are a triangular
// Toeplitz product and the response to the two states before it. put(i, value) gets eight samples from i on, or one.
template <class Put>
void filter_backwards(const Tables& t, const double* u, Section& section, Put put) {
  double a = section.adjoint[0], v = section.adjoint[1];
  const std::ptrdiff_t end = t.begin[section.end], first = section.begin > 0 ? t.begin[section.begin] : t.first_row;
  std::ptrdiff_t i = end - 1;
  const std::ptrdiff_t top = first + (end - first) / 8 * 8;
  for (; i >= top; --i) {
    put(i, fma(t.ga, a, fma(t.gv, v, u[i])));
    v = a + t.z1 * v;
    a = u[i] + t.z0 * a;
  }
  const Eight block_a = eight(t.block_a), block_v = eight(t.block_v), into_a = eight(t.into_a), into_v = eight(t.into_v);
  Eight column[8];
  for (int k = 0; k < 8; ++k) column[k] = eight(t.block[k]);
  for (i = top - 8; i >= first; i -= 8) {
    const Eight x = eight(u + i);
    Eight s = Eight(a) * block_a, s2 = Eight(v) * block_v;
    for (int k = 0; k < 8; k += 2) {
      s = fma(Eight(u[i + k]), column[k], s);
      s2 = fma(Eight(u[i + k + 1]), column[k + 1], s2);
    }
    put(i, s + s2);
    v = fma(t.a_to_v, a, fma(t.v_to_v, v, sum(x * into_v)));
    a = fma(t.a_to_a, a, sum(x * into_a));
  }
  section.adjoint_before[0] = a, section.adjoint_before[1] = v;
}

// Sums over an interval's samples, eight at a time and then one by one: each(i, phase, number) with a vector's or a double's
// zero.
template <class Each>
void over_interval(const Tables& t, std::ptrdiff_t m, Each each) {
  std::ptrdiff_t i = t.begin[m];
  const std::ptrdiff_t end = t.begin[m + 1], phase = m > 0 ? -i : t.first_phase;
  for (; i + 8 <= end; i += 8) each(i, i + phase, Eight(0.0));
  for (; i < end; ++i) each(i, i + phase, 0.0);
}

// A sum that takes vectors and single numbers.
struct Sum {
  Eight many{0.0};
  double one = 0.0;
  void add(Eight x) { many = many + x; }
  void add(double x) { one += x; }
  void add(Eight x, Eight y) { many = fma(x, y, many); }
  void add(double x, double y) { one = fma(x, y, one); }
  double total() const { return sum(many) + one; }
};

// Drift column k at sample i (eight samples from i on).
template <class V>
V drift_at(const Tables& t, int k, std::ptrdiff_t i, V) {
  return t.drift[k] ? load(t.drift[k] + i, V{}) : fma(V(t.drift_slope[k]), samples(i, V{}), V(t.drift_base[k]));
}

// The section's knots, and those before it that reach into it.
inline void clear_knots(const Tables& t, Section& section) {
  const std::ptrdiff_t first = section.begin > 0 ? t.newest_knot + section.begin : 0;
  const std::ptrdiff_t last = section.end < t.n_intervals ? t.newest_knot + section.end : t.n_knots;
  for (std::ptrdiff_t j = first > 0 ? first : 0; j < last && j < t.n_knots; ++j) section.sums.at_knots[j] = 0.0;
  for (double& older : section.older) older = 0.0;
}

// The sums of u along the columns of an interval.
struct ColumnSums {
  Sum bump[4];

  template <class V>
  void add(const Tables& t, V u, std::ptrdiff_t i, std::ptrdiff_t o, Sum* drift) {
    for (int k = 0; k < 4; ++k) bump[k].add(u, load(t.bump[k] + o, V{}));
    for (int k = 0; k < t.n_drift; ++k) drift[k].add(u, drift_at(t, k, i, V{}));
  }

  void add_to_knots(const Tables& t, std::ptrdiff_t m, Section& section) const {
    const std::ptrdiff_t oldest = t.newest_knot + m - 3, before = t.newest_knot + section.begin;
    for (int k = 0; k < 4; ++k) {
      const std::ptrdiff_t j = oldest + k;
      if (j < 0 || j >= t.n_knots) continue;
      double& to = section.begin > 0 && j < before ? section.older[j - before + 3] : section.sums.at_knots[j];
      to += bump[k].total();
    }
  }
};

// What the interval's samples of u add to the state of R'u at its begin.
void add_own(const Tables& t, const double* u, std::ptrdiff_t m, Section& section) {
  if (!section.own) return;
  Sum a, v;
  const double *psi0 = t.psi0 - t.begin[m], *psi1 = t.psi1 - t.begin[m];
  over_interval(t, m, [&](std::ptrdiff_t i, std::ptrdiff_t, auto zero) {
    const auto x = load(u + i, zero);
    a.add(x, load(psi0 + i, zero));
    v.add(x, load(psi1 + i, zero));
  });
  section.own[2 * m] = a.total(), section.own[2 * m + 1] = v.total();
}

void load_columns(const Tables& t, const double* of_phasic, const double* of_tonic, Section* section) {
  clear_knots(t, *section);
  Sum of_drift[2];
  for (std::ptrdiff_t m = section->begin; m < section->end; ++m) {
    ColumnSums sums;
    over_interval(t, m, [&](std::ptrdiff_t i, std::ptrdiff_t o, auto zero) {
      sums.add(t, decltype(zero)(0.0) - load(of_tonic + i, zero), i, o, of_drift);
    });
    sums.add_to_knots(t, m, *section);
    add_own(t, of_phasic, m, *section);
  }
  for (int k = 0; k < 2; ++k) section->sums.at_drift[k] = of_drift[k].total();
}

void load_rows(const Tables& t, const double* of_phasic, double alpha, double* c, Section* section) {
  for (std::ptrdiff_t i = 0; section->begin == 0 && i < t.first_row; ++i) c[i] = alpha;
  filter_backwards(t, of_phasic, *section, [&](std::ptrdiff_t i, auto x) { store(c + i, decltype(x)(alpha) - x); });
}

// The products of an interval's columns with each other and with the signal, weighted.
class ColumnProducts {
 public:
  void add(const Tables& t, const double* y, const double* w, std::ptrdiff_t m) {
    over_interval(t, m, [&](std::ptrdiff_t i, std::ptrdiff_t o, auto zero) {
      using V = decltype(zero);
      const V weight = w ? load(w + i, zero) : V(1.0);
      V bump[4], weighted[4];
      for (int j = 0; j < 4; ++j) {
        bump[j] = load(t.bump[j] + o, zero);
        weighted[j] = weight * bump[j];
        for (int k = 0; k <= j; ++k) of_bumps[j][k].add(weighted[j], bump[k]);
      }
      const V signal = load(y + i, zero);
      for (int j = 0; j < 4; ++j) of_signal[j].add(weighted[j], signal);
      for (int k = 0; k < t.n_drift; ++k) {
        const V drift = drift_at(t, k, i, zero);
        for (int j = 0; j < 4; ++j) of_drift[k][j].add(weighted[j], drift);
      }
    });
  }

  Sum of_bumps[4][4], of_drift[2][4], of_signal[4];
};

// The same of the drifts alone.
void add_drift_products(const Tables& t, const double* y, const double* w, std::ptrdiff_t m, Sum* of_drifts, Sum* of_signal) {
  over_interval(t, m, [&](std::ptrdiff_t i, std::ptrdiff_t, auto zero) {
    using V = decltype(zero);
    const V weight = w ? load(w + i, zero) : V(1.0), signal = load(y + i, zero);
    for (int k = 0; k < t.n_drift; ++k) {
      const V weighted = weight * drift_at(t, k, i, zero);
      for (int j = 0; j <= k; ++j) of_drifts[j + k].add(weighted, drift_at(t, j, i, zero));
      of_signal[k].add(weighted, signal);
    }
  });
}

void weigh_columns(const Tables& t, const double* y, const double* w, double* gram, double* drift_gram, double* knot,
                   double* drift) {
  Sum of_drifts[3], of_signal[2];
  for (std::ptrdiff_t m = 0; m < t.n_intervals; ++m) {
    ColumnProducts products;
    products.add(t, y, w, m);
    add_drift_products(t, y, w, m, of_drifts, of_signal);
    const std::ptrdiff_t oldest = t.newest_knot + m - 3;
    for (int j = 0; j < 4; ++j) {
      if (oldest + j < 0 || oldest + j >= t.n_knots) continue;
      double* row = gram + n_columns * (oldest + j);
      for (int k = 0; k <= j; ++k)
        if (oldest + k >= 0) row[3 - (j - k)] += products.of_bumps[j][k].total();
      for (int k = 0; k < t.n_drift; ++k) row[first_drift + k] += products.of_drift[k][j].total();
      knot[oldest + j] -= products.of_signal[j].total();
    }
  }
  for (int k = 0; k < 3; ++k) drift_gram[k] = of_drifts[k].total();
  for (int k = 0; k < 2; ++k) drift[k] = -of_signal[k].total();
}

// Backwards from the end, Q the Gram matrix of what a state and the columns make later:
//   G = w + g'Q_xx g,  X = (w, 0) + g'Q_xx F,  row = w phi + g'Q_xc;  then Q_xx <- w e1 e1' + F'Q_xx F,  Q_xc <- w e1 phi' +
//   F'Q_xc
// phi = (four bumps, two drifts, -y, 0). rows: G, Xa, Xv, the six columns, c.
void vary_rows(const Tables& t, const double* y, const double* w, double alpha, const std::ptrdiff_t* samples,
               std::ptrdiff_t count, double* const* rows, double* knot_state, FreeStart* start) {
  double aa = 0.0, av = 0.0, vv = 0.0;
  Eight qa(0.0), qv(0.0);
  const double ga = t.ga, gv = t.gv, z0 = t.z0, z1 = t.z1;
  alignas(64) double phi[n_columns] = {}, row[n_columns];
  for (std::ptrdiff_t m = t.n_intervals - 1; m >= t.start_interval; --m) {
    const std::ptrdiff_t phase = m > 0 ? -t.begin[m] : t.first_phase;
    const std::ptrdiff_t first = t.begin[m] > t.first_row ? t.begin[m] : t.first_row;
    for (std::ptrdiff_t i = t.begin[m + 1] - 1; i >= first; --i) {
      const double weight = w ? w[i] : 1.0;
      for (int k = 0; k < 4; ++k) phi[k] = weight * t.bump[k][i + phase];
      for (int k = 0; k < t.n_drift; ++k) phi[first_drift + k] = weight * drift_at(t, k, i, 0.0);
      phi[load_column] = -weight * y[i];
      const Eight own = eight(phi);
      if (!samples || (count > 0 && samples[count - 1] == i)) {
        store(row, fma(Eight(ga), qa, fma(Eight(gv), qv, own)));
        const double pa = ga * aa + gv * av, pv = ga * av + gv * vv;
        rows[0][i] = weight + ga * pa + gv * pv;
        rows[1][i] = weight + z0 * pa;
        rows[2][i] = pa + z1 * pv;
        for (int k = 0; k < load_column; ++k) rows[3 + k][i] = row[k];
        rows[3 + load_column][i] = alpha + row[load_column];
        --count;
      }
      qv = fma(Eight(z1), qv, qa);
      qa = fma(Eight(z0), qa, own);
      vv = aa + 2.0 * z1 * av + z1 * z1 * vv;
      av = z0 * (aa + z1 * av);
      aa = weight + z0 * z0 * aa;
    }
    if (m == t.start_interval) break;
    store(row, qa);
    knot_state[2 * m] = row[3];
    store(row, qv);
    knot_state[2 * m + 1] = row[3];
    qa = earlier(qa), qv = earlier(qv);
  }
  store(start->a, qa);
  store(start->v, qv);
  start->aa = aa, start->av = av, start->vv = vv;
}

}  // namespace
}  // namespace ressin::active_set

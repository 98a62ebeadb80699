// What the data say of a point: its parts, its residual, and the gradients that the residual implies. Nothing of the solve but
// the point itself is used, so that the gradients can correct it and prove it. Included only by kernel sources.
#pragma once

#include "solvers/active_set/eight.hpp"
#include "solvers/active_set/kernel.hpp"
#include "solvers/active_set/loads.hpp"

namespace ressin::active_set {
namespace {

// r_i = a_i + p_i: between events eight samples of psi0 a + psi1 v at a time.
inline void write_phasic(const Tables& t, const Support& s, const Values& x, double* phasic) {
  double a = t.first_row > 0 ? x.start[0] : 0.0, v = t.first_row > 0 ? x.start[1] : 0.0;
  std::ptrdiff_t e = 0, b = t.first_row;
  for (std::ptrdiff_t i = 0; i < b; ++i) phasic[i] = 0.0;
  for (std::ptrdiff_t m = t.start_interval; m < t.n_intervals; ++m) {
    while (b < t.begin[m + 1]) {
      const bool ends_at_event = e < s.interval_event[m + 1];
      const std::ptrdiff_t end = ends_at_event ? s.sample[e] : t.begin[m + 1];
      const Eight A(a), V(v);
      for (std::ptrdiff_t i = b; i < end; i += 8)
        store(phasic + i, fma(A, eight(t.psi0 + (i - b)), V * eight(t.psi1 + (i - b))));
      const double p0 = t.psi0[end - b], p1 = t.psi1[end - b];
      a = p0 * a + p1 * v;
      v = (p0 - t.d * p1) * v;
      b = end;
      if (!ends_at_event) continue;
      const EventRow& event = s.rows[s.slot[e]];
      const double p = x.p[e++], next = t.z0 * a + v + event.ga * p;
      phasic[b++] = a + p;
      v = t.z1 * v + event.gv * p;
      a = next;
    }
  }
}

template <bool weighted>
class Evaluate {
 public:
  Evaluate(const Tables& t, const double* y, const double* w, const Support& s, const Values& x, Evaluation& result)
      : t_(t), y_(y), w_(w), support_(s), x_(x), r_(result) {}

  void run(double alpha, bool project, double threshold, Found& found) {
    write_phasic(t_, support_, x_, r_.phasic);
    measure();
    lay_out_dual(project);
    find_gradient(alpha, threshold, found);
  }

 private:
  template <class V>
  V weight(std::ptrdiff_t i, V) const {
    if constexpr (weighted) return load(w_ + i, V{});
    return V(1.0);
  }

  // Tonic part, residual, and their sums.
  void measure() {
    Sum fit, signal;
    Eight largest(0.0);
    double largest_one = 0.0;
    for (std::ptrdiff_t m = 0; m < t_.n_intervals; ++m) {
      const double* c = x_.columns + n_columns * m;
      const double d0 = c[first_drift], d1 = c[first_drift + 1];
      over_interval(t_, m, [&](std::ptrdiff_t i, std::ptrdiff_t o, auto zero) {
        using V = decltype(zero);
        V tonic = zero, more = zero;
        if (t_.n_drift > 0) tonic = V(d0) * drift_at(t_, 0, i, zero);
        if (t_.n_drift > 1) more = V(d1) * drift_at(t_, 1, i, zero);
        tonic = fma(V(c[0]), load(t_.bump[0] + o, zero), fma(V(c[1]), load(t_.bump[1] + o, zero), tonic));
        more = fma(V(c[2]), load(t_.bump[2] + o, zero), fma(V(c[3]), load(t_.bump[3] + o, zero), more));
        tonic = tonic + more;
        const V phasic = load(r_.phasic + i, zero), y = load(y_ + i, zero), e = phasic + tonic - y;
        store(r_.tonic + i, tonic);
        store(r_.residual + i, e);
        const V we = weight(i, zero) * e;
        if constexpr (weighted) store(r_.weighted + i, we);
        fit.add(we, e);
        signal.add(weight(i, zero) * y, y);
        const V size = max(phasic, V(0.0) - phasic);
        if constexpr (Size<V>::value == 1) {
          largest_one = max(largest_one, size);
        } else {
          largest = max(largest, size);
        }
      });
    }
    r_.fit = fit.total();
    r_.signal = signal.total();
    r_.largest_phasic = max(largest_one, -least(Eight(0.0) - largest));
  }

  // u = W e, and less what is left of it along the drift, which the weights being one is the constant and the slope.
  void lay_out_dual(bool project) {
    double base = 0.0, slope = 0.0;
    const double middle = 0.5 * static_cast<double>(t_.n - 1), n = static_cast<double>(t_.n);
    if (project) {
      Sum ones, ramp;
      for (std::ptrdiff_t m = 0; m < t_.n_intervals; ++m) {
        over_interval(t_, m, [&](std::ptrdiff_t i, std::ptrdiff_t, auto zero) {
          const auto e = load(r_.residual + i, zero);
          ones.add(e);
          ramp.add(e, samples(i, zero) - decltype(zero)(middle));
        });
      }
      if (t_.n_drift > 0) base = ones.total() / n;
      if (t_.n_drift > 1 && t_.n > 1) slope = ramp.total() / (n * (n * n - 1.0) / 12.0);
    }
    Sum uu, ue, mismatch, of_drift[2];
    for (std::ptrdiff_t j = 0; j < t_.n_knots; ++j) r_.at_knots[j] = 0.0;
    for (std::ptrdiff_t m = 0; m < t_.n_intervals; ++m) {
      Sum of_bump[4];
      over_interval(t_, m, [&](std::ptrdiff_t i, std::ptrdiff_t o, auto zero) {
        using V = decltype(zero);
        V u;
        if constexpr (weighted) {
          u = load(r_.weighted + i, zero);
        } else {
          const V e = load(r_.residual + i, zero);
          u = e - fma(V(slope), samples(i, zero) - V(middle), V(base));
          store(r_.weighted + i, u);
          const V off = e - u;
          uu.add(u, u);
          ue.add(u, e);
          mismatch.add(off, off);
        }
        for (int k = 0; k < 4; ++k) of_bump[k].add(u, load(t_.bump[k] + o, zero));
        for (int k = 0; k < t_.n_drift; ++k) of_drift[k].add(u, drift_at(t_, k, i, zero));
      });
      for (int k = 0; k < 4; ++k) {
        const std::ptrdiff_t j = t_.newest_knot + m - 3 + k;
        if (0 <= j && j < t_.n_knots) r_.at_knots[j] += of_bump[k].total();
      }
    }
    for (int k = 0; k < 2; ++k) r_.at_drift[k] = of_drift[k].total();
    r_.uu = uu.total(), r_.ue = ue.total(), r_.mismatch = 0.5 * mismatch.total();
  }

  void find_gradient(double alpha, double threshold, Found& found) {
    found.count = 0;
    std::ptrdiff_t e = support_.count - 1;
    double worst = 0.0, gp = 0.0;
    std::ptrdiff_t last = t_.n + 1;  // below the threshold, of the run that is open
    double lowest = 0.0;
    double g[8];
    filter_backwards(t_, r_.weighted, r_.at_start, [&](std::ptrdiff_t i, auto filtered) {
      using V = decltype(filtered);
      const V x = V(alpha) + filtered;
      const double low = least(x);
      worst = min(worst, low);
      const bool has_event = e >= 0 && support_.sample[e] >= i;
      if (!has_event && !(low < -threshold)) return;
      store(g, x);
      for (; e >= 0 && support_.sample[e] >= i; --e) {
        const double at = g[support_.sample[e] - i];
        r_.at_events[e] = at;
        gp = fma(at, x_.p[e], gp);
        g[support_.sample[e] - i] = 0.0;  // no new event where one is
      }
      for (int k = Size<V>::value - 1; k >= 0; --k) {
        if (!(g[k] < -threshold)) continue;
        const bool goes_on = last == i + k + 1;
        last = i + k;
        if (goes_on && !(g[k] < lowest)) continue;
        lowest = g[k];
        if (goes_on && found.count > 0) {
          found.sample[found.count - 1] = i + k;
        } else if (found.count < found.capacity) {
          found.sample[found.count++] = i + k;
        }
      }
    });
    r_.worst = worst;
    r_.gp = gp;
  }

  const Tables& t_;
  const double *y_, *w_;
  const Support& support_;
  const Values& x_;
  Evaluation& r_;
};

inline void evaluate(const Tables& t, const double* y, const double* w, double alpha, const Support& s, const Values& x,
                     bool project, double threshold, Found* found, Evaluation* result) {
  if (w) {
    Evaluate<true>(t, y, w, s, x, *result).run(alpha, project, threshold, *found);
  } else {
    Evaluate<false>(t, y, w, s, x, *result).run(alpha, project, threshold, *found);
  }
}

}  // namespace
}  // namespace ressin::active_set

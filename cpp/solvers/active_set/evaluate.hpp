// What the data say of a point: its parts, its residual, and the gradients that the residual implies. Nothing of the solve but
// the point itself is used, so that the gradients can correct it and prove it. Included only by kernel sources.
#pragma once

#include "solvers/active_set/eight.hpp"
#include "solvers/active_set/kernel.hpp"
#include "solvers/active_set/loads.hpp"

namespace ressin::active_set {
namespace {

constexpr double least_number = -1.7976931348623157e308;

// r_i = a_i + p_i, interval by interval: between events eight samples of psi0 a + psi1 v at a time.
class Phasic {
 public:
  Phasic(const Tables& t, const Support& s, const Values& x)
      : t_(t),
        support_(s),
        x_(x),
        a_(t.first_row > 0 ? x.start[0] : 0.0),
        v_(t.first_row > 0 ? x.start[1] : 0.0),
        at_(t.first_row) {}

  // The samples of interval m; up to seven numbers after them are overwritten.
  void write(std::ptrdiff_t m, double* phasic) {
    for (std::ptrdiff_t i = t_.begin[m]; i < t_.begin[m + 1] && i < t_.first_row; ++i) phasic[i] = 0.0;
    while (at_ < t_.begin[m + 1]) {
      const bool ends_at_event = event_ < support_.interval_event[m + 1];
      const std::ptrdiff_t begin = at_, end = ends_at_event ? support_.sample[event_] : t_.begin[m + 1];
      const Eight A(a_), V(v_);
      for (std::ptrdiff_t i = begin; i < end; i += 8)
        store(phasic + i, fma(A, eight(t_.psi0 + (i - begin)), V * eight(t_.psi1 + (i - begin))));
      const double p0 = t_.psi0[end - begin], p1 = t_.psi1[end - begin];
      a_ = p0 * a_ + p1 * v_;
      v_ = (p0 - t_.d * p1) * v_;
      at_ = end;
      if (!ends_at_event) continue;
      const EventRow& event = support_.rows[support_.slot[event_]];
      const double p = x_.p[event_++], next = t_.z0 * a_ + v_ + event.ga * p;
      phasic[at_++] = a_ + p;
      v_ = t_.z1 * v_ + event.gv * p;
      a_ = next;
    }
  }

 private:
  const Tables& t_;
  const Support& support_;
  const Values& x_;
  double a_, v_;
  std::ptrdiff_t event_ = 0, at_;
};

// The largest of what is added, vectors and single numbers, and of the start.
struct Largest {
  Eight many;
  double one;
  explicit Largest(double start) : many(start), one(start) {}
  void add(Eight x) { many = max(many, x); }
  void add(double x) { one = max(one, x); }
  double total() const { return max(one, -least(Eight(0.0) - many)); }
};

template <bool weighted>
class Evaluate {
 public:
  Evaluate(const Tables& t, const double* y, const double* w, const Support& s, const Values& x, Evaluation& result)
      : t_(t), y_(y), w_(w), support_(s), x_(x), r_(result) {}

  void run(double alpha, double threshold, Found& found, WrittenParts* parts) {
    for (std::ptrdiff_t j = 0; j < t_.n_knots; ++j) r_.at_knots[j] = 0.0;
    if (parts) {
      measure<true>(parts);
      project();
    } else {
      measure<false>(nullptr);
    }
    find_gradient(alpha, threshold, found);
  }

  // u where the data are zeros, and nothing else.
  void run_for_zeros() {
    Phasic response(t_, support_, x_);
    double* dual = r_.dual;
    for (std::ptrdiff_t m = 0; m < t_.n_intervals; ++m) {
      response.write(m, dual);
      over_interval(t_, m, [&](std::ptrdiff_t i, std::ptrdiff_t o, auto zero) {
        store(dual + i, weight(i, zero) * (load(dual + i, zero) + tonic_at(x_.columns + n_columns * m, i, o, zero)));
      });
    }
  }

 private:
  template <class V>
  V weight(std::ptrdiff_t i, V) const {
    if constexpr (weighted) return load(w_ + i, V{});
    return V(1.0);
  }

  template <class V>
  V tonic_at(const double* c, std::ptrdiff_t i, std::ptrdiff_t o, V zero) const {
    V tonic = zero, more = zero;
    if (t_.n_drift > 0) tonic = V(c[first_drift]) * drift_at(t_, 0, i, zero);
    if (t_.n_drift > 1) more = V(c[first_drift + 1]) * drift_at(t_, 1, i, zero);
    tonic = fma(V(c[0]), load(t_.bump[0] + o, zero), fma(V(c[1]), load(t_.bump[1] + o, zero), tonic));
    more = fma(V(c[2]), load(t_.bump[2] + o, zero), fma(V(c[3]), load(t_.bump[3] + o, zero), more));
    return tonic + more;
  }

  // The sums of u along the columns of an interval.
  struct ColumnSums {
    Sum bump[4];
    template <class V>
    void add(const Tables& t, V u, std::ptrdiff_t i, std::ptrdiff_t o, Sum* drift) {
      for (int k = 0; k < 4; ++k) bump[k].add(u, load(t.bump[k] + o, V{}));
      for (int k = 0; k < t.n_drift; ++k) drift[k].add(u, drift_at(t, k, i, V{}));
    }
  };
  void add_to_knots(std::ptrdiff_t m, const ColumnSums& sums) {
    for (int k = 0; k < 4; ++k) {
      const std::ptrdiff_t j = t_.newest_knot + m - 3 + k;
      if (0 <= j && j < t_.n_knots) r_.at_knots[j] += sums.bump[k].total();
    }
  }

  // The residual, its sums, and the parts where they are wanted.
  template <bool written>
  void measure(WrittenParts* parts) {
    Sum fit, signal, size, drift[2], ones, ramp, of_phasic, of_tonic, of_phasic2, of_tonic2, both;
    Largest largest(0.0), lowest_signal(least_number), lowest_tonic(least_number), largest_tonic(0.0);
    const double middle = 0.5 * static_cast<double>(t_.n - 1);
    double scale = 1.0, mean = 0.0, residual_scale = 1.0, *to_phasic = nullptr, *to_tonic = nullptr, *to_residual = nullptr;
    if constexpr (written) {
      scale = parts->scale, mean = parts->mean, residual_scale = parts->residual_scale;
      to_phasic = parts->phasic, to_tonic = parts->tonic, to_residual = parts->residual;
    }
    Phasic response(t_, support_, x_);
    double* dual = r_.dual;
    for (std::ptrdiff_t m = 0; m < t_.n_intervals; ++m) {
      response.write(m, dual);
      const double* c = x_.columns + n_columns * m;
      ColumnSums sums;
      over_interval(t_, m, [&](std::ptrdiff_t i, std::ptrdiff_t o, auto zero) {
        using V = decltype(zero);
        const V tonic = tonic_at(c, i, o, zero), phasic = load(dual + i, zero), y = load(y_ + i, zero), e = phasic + tonic - y;
        const V we = weight(i, zero) * e;
        store(dual + i, we);
        fit.add(we, e);
        largest.add(max(phasic, V(0.0) - phasic));
        if constexpr (written) {
          store(to_phasic + i, V(scale) * phasic);
          store(to_tonic + i, fma(V(scale), tonic, V(mean)));
          store(to_residual + i, V(residual_scale) * e);
          signal.add(weight(i, zero) * y, y);
          size.add(max(y, V(0.0) - y));
          ones.add(e);
          ramp.add(e, samples(i, zero) - V(middle));
          of_phasic.add(phasic);
          of_tonic.add(tonic);
          of_phasic2.add(phasic, phasic);
          of_tonic2.add(tonic, tonic);
          both.add(phasic, tonic);
          lowest_signal.add(V(0.0) - y);
          lowest_tonic.add(V(0.0) - tonic);
          largest_tonic.add(tonic);
        } else {
          sums.add(t_, we, i, o, drift);
        }
      });
      if constexpr (!written) add_to_knots(m, sums);
    }
    r_.fit = fit.total();
    r_.largest_phasic = largest.total();
    if constexpr (written) {
      r_.signal = signal.total();
      r_.size = size.total();
      ones_ = ones.total(), ramp_ = ramp.total();
      parts->least_signal = -lowest_signal.total();
      parts->least_tonic = -lowest_tonic.total();
      parts->largest_tonic = max(largest_tonic.total(), -parts->least_tonic);
      parts->of_phasic = of_phasic.total(), parts->of_tonic = of_tonic.total();
      parts->of_phasic2 = of_phasic2.total(), parts->of_tonic2 = of_tonic2.total(), parts->both = both.total();
    } else {
      for (int k = 0; k < 2; ++k) r_.at_drift[k] = drift[k].total();
    }
  }

  // For weights of one: u = e less what is left of it along the drift, the constant and the slope.
  void project() {
    const double middle = 0.5 * static_cast<double>(t_.n - 1), n = static_cast<double>(t_.n);
    const bool has_proof = !weighted && !t_.varying;
    const double base = has_proof && t_.n_drift > 0 ? ones_ / n : 0.0;
    const double slope = has_proof && t_.n_drift > 1 && t_.n > 1 ? ramp_ / (n * (n * n - 1.0) / 12.0) : 0.0;
    Sum uu, ue, mismatch, drift[2];
    for (std::ptrdiff_t m = 0; m < t_.n_intervals; ++m) {
      ColumnSums sums;
      over_interval(t_, m, [&](std::ptrdiff_t i, std::ptrdiff_t o, auto zero) {
        using V = decltype(zero);
        const V e = load(r_.dual + i, zero), off = fma(V(slope), samples(i, zero) - V(middle), V(base)), u = e - off;
        store(r_.dual + i, u);
        uu.add(u, u);
        ue.add(u, e);
        mismatch.add(off, off);
        sums.add(t_, u, i, o, drift);
      });
      add_to_knots(m, sums);
    }
    for (int k = 0; k < 2; ++k) r_.at_drift[k] = drift[k].total();
    r_.uu = uu.total(), r_.ue = ue.total(), r_.mismatch = 0.5 * mismatch.total();
  }

  void find_gradient(double alpha, double threshold, Found& found) {
    found.count = 0;
    std::ptrdiff_t e = support_.count - 1;
    double worst = 0.0, gp = 0.0;
    std::ptrdiff_t last = t_.n + 1;  // below the threshold, of the run that is open
    double lowest = 0.0;
    double g[8];
    filter_backwards(t_, r_.dual, r_.at_start, [&](std::ptrdiff_t i, auto filtered) {
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
  double ones_ = 0.0, ramp_ = 0.0;  // sums of e, and of e times the sample's distance from the middle
};

inline void evaluate(const Tables& t, const double* y, const double* w, double alpha, const Support& s, const Values& x,
                     double threshold, Found* found, WrittenParts* parts, Evaluation* result) {
  if (w) {
    Evaluate<true>(t, y, w, s, x, *result).run(alpha, threshold, *found, parts);
  } else {
    Evaluate<false>(t, y, w, s, x, *result).run(alpha, threshold, *found, parts);
  }
}

inline void weigh_parts(const Tables& t, const double* w, const Support& s, const Values& x, double* dual) {
  Evaluation result{};
  result.dual = dual;
  if (w) {
    Evaluate<true>(t, nullptr, w, s, x, result).run_for_zeros();
  } else {
    Evaluate<false>(t, nullptr, w, s, x, result).run_for_zeros();
  }
}

}  // namespace
}  // namespace ressin::active_set

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
  Phasic(const Tables& t, const Support& s, const Values& x, const Section& section)
      : t_(t),
        support_(s),
        x_(x),
        a_(section.begin > 0 ? section.response[0]
           : t.first_row > 0 ? x.start[0]
                             : 0.0),
        v_(section.begin > 0 ? section.response[1]
           : t.first_row > 0 ? x.start[1]
                             : 0.0),
        event_(s.interval_event[section.begin]),
        at_(section.begin > 0 ? t.begin[section.begin] : t.first_row) {}

  // The samples of interval m; up to seven numbers after them are overwritten, unless it is the section's last.
  void write(std::ptrdiff_t m, bool is_last, double* phasic) {
    for (std::ptrdiff_t i = t_.begin[m]; i < t_.begin[m + 1] && i < t_.first_row; ++i) phasic[i] = 0.0;
    pass(m, phasic, [&](std::ptrdiff_t begin, std::ptrdiff_t end) {
      const double a = a_, v = v_;
      const Eight A(a), V(v);
      const std::ptrdiff_t top = is_last ? end - 7 : end;
      std::ptrdiff_t i = begin;
      for (; i < top; i += 8) store(phasic + i, fma(A, eight(t_.psi0 + (i - begin)), V * eight(t_.psi1 + (i - begin))));
      for (; i < end; ++i) phasic[i] = fma(a, t_.psi0[i - begin], v * t_.psi1[i - begin]);
    });
  }
  // The same without the samples.
  void skip(std::ptrdiff_t m) {
    pass(m, nullptr, [](std::ptrdiff_t, std::ptrdiff_t) {});
  }

  void state(double* x) const { x[0] = a_, x[1] = v_; }

 private:
  template <class Between>
  void pass(std::ptrdiff_t m, double* phasic, Between between) {
    while (at_ < t_.begin[m + 1]) {
      const bool ends_at_event = event_ < support_.interval_event[m + 1];
      const std::ptrdiff_t begin = at_, end = ends_at_event ? support_.sample[event_] : t_.begin[m + 1];
      between(begin, end);
      const double p0 = t_.psi0[end - begin], p1 = t_.psi1[end - begin];
      a_ = p0 * a_ + p1 * v_;
      v_ = (p0 - t_.d * p1) * v_;
      at_ = end;
      if (!ends_at_event) continue;
      const EventRow& event = support_.rows[support_.slot[event_]];
      const double p = x_.p[event_++], next = t_.z0 * a_ + v_ + event.ga * p;
      if (phasic) phasic[at_] = a_ + p;
      ++at_;
      v_ = t_.z1 * v_ + event.gv * p;
      a_ = next;
    }
  }

  const Tables& t_;
  const Support& support_;
  const Values& x_;
  double a_, v_;
  std::ptrdiff_t event_, at_;
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
  Evaluate(const Tables& t, const double* y, const double* w, const Support& s, const Values& x, Section& section)
      : t_(t), y_(y), w_(w), support_(s), x_(x), section_(section), r_(section.sums) {}

  // The residual, its sums, and the parts where they are wanted.
  template <bool written>
  void measure() {
    clear_knots(t_, section_);
    WrittenParts* parts = &section_.parts;
    Sum fit, signal, size, drift[2], ones, ramp, of_phasic, of_tonic, of_phasic2, of_tonic2, both;
    Largest largest(0.0), lowest_signal(least_number), lowest_tonic(least_number), largest_tonic(0.0);
    const double middle = 0.5 * static_cast<double>(t_.n - 1);
    double scale = 1.0, mean = 0.0, residual_scale = 1.0, *to_phasic = nullptr, *to_tonic = nullptr, *to_residual = nullptr;
    if constexpr (written) {
      scale = parts->scale, mean = parts->mean, residual_scale = parts->residual_scale;
      to_phasic = parts->phasic, to_tonic = parts->tonic, to_residual = parts->residual;
    }
    Phasic response(t_, support_, x_, section_);
    double* dual = r_.dual;
    for (std::ptrdiff_t m = section_.begin; m < section_.end; ++m) {
      response.write(m, m + 1 == section_.end && section_.end < t_.n_intervals, dual);
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
      if constexpr (!written) sums.add_to_knots(t_, m, section_), add_own(t_, dual, m, section_);
    }
    response.state(section_.response_after);
    r_.fit = fit.total();
    r_.largest_phasic = largest.total();
    if constexpr (written) {
      r_.signal = signal.total();
      r_.size = size.total();
      r_.ones = ones.total(), r_.ramp = ramp.total();
      parts->least_signal = -lowest_signal.total();
      parts->least_tonic = -lowest_tonic.total();
      parts->largest_tonic = max(largest_tonic.total(), -parts->least_tonic);
      parts->of_phasic = of_phasic.total(), parts->of_tonic = of_tonic.total();
      parts->of_phasic2 = of_phasic2.total(), parts->of_tonic2 = of_tonic2.total(), parts->both = both.total();
    } else {
      for (int k = 0; k < 2; ++k) r_.at_drift[k] = drift[k].total();
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

  const Tables& t_;
  const double *y_, *w_;
  const Support& support_;
  const Values& x_;
  Section& section_;
  Evaluation& r_;
};

void measure(const Tables& t, const double* y, const double* w, const Support& s, const Values& x, bool is_written,
             Section* section) {
  const auto in = [&](auto evaluate) { is_written ? evaluate.template measure<true>() : evaluate.template measure<false>(); };
  w ? in(Evaluate<true>(t, y, w, s, x, *section)) : in(Evaluate<false>(t, y, w, s, x, *section));
}

void place_response(const Tables& t, const Support& s, const Values& x, Section* sections, std::ptrdiff_t count) {
  for (std::ptrdiff_t k = 0; k + 1 < count; ++k) {
    Phasic response(t, s, x, sections[k]);
    for (std::ptrdiff_t m = sections[k].begin; m < sections[k].end; ++m) response.skip(m);
    response.state(sections[k + 1].response);
  }
}

// u = e less level + slope (i - middle), what is left of it along the drift.
void project(const Tables& t, double level, double slope, Section* section) {
  clear_knots(t, *section);
  Evaluation& r = section->sums;
  const double middle = 0.5 * static_cast<double>(t.n - 1);
  Sum uu, ue, mismatch, drift[2];
  for (std::ptrdiff_t m = section->begin; m < section->end; ++m) {
    ColumnSums sums;
    over_interval(t, m, [&](std::ptrdiff_t i, std::ptrdiff_t o, auto zero) {
      using V = decltype(zero);
      const V e = load(r.dual + i, zero), off = fma(V(slope), samples(i, zero) - V(middle), V(level)), u = e - off;
      store(r.dual + i, u);
      uu.add(u, u);
      ue.add(u, e);
      mismatch.add(off, off);
      sums.add(t, u, i, o, drift);
    });
    sums.add_to_knots(t, m, *section);
    add_own(t, r.dual, m, *section);
  }
  for (int k = 0; k < 2; ++k) r.at_drift[k] = drift[k].total();
  r.uu = uu.total(), r.ue = ue.total(), r.mismatch = 0.5 * mismatch.total();
}

// The driver's gradient alpha + R'u.
void find(const Tables& t, double alpha, double threshold, const Support& support, const Values& point, Section* section) {
  Evaluation& r = section->sums;
  Found& found = section->found;
  found.count = 0;
  const std::ptrdiff_t first_event = support.interval_event[section->begin];
  std::ptrdiff_t e = support.interval_event[section->end] - 1;
  double worst = 0.0, gp = 0.0;
  std::ptrdiff_t last = t.n + 1;  // below the threshold, of the run that is open
  double lowest = 0.0;
  double g[8];
  filter_backwards(t, r.dual, *section, [&](std::ptrdiff_t i, auto filtered) {
    using V = decltype(filtered);
    const V x = V(alpha) + filtered;
    const double low = least(x);
    worst = min(worst, low);
    const bool has_event = e >= first_event && support.sample[e] >= i;
    if (!has_event && !(low < -threshold)) return;
    store(g, x);
    for (; e >= first_event && support.sample[e] >= i; --e) {
      const double at = g[support.sample[e] - i];
      r.at_events[e] = at;
      gp = fma(at, point.p[e], gp);
      g[support.sample[e] - i] = 0.0;  // no new event where one is
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
  for (int k = 0; k < 2; ++k) r.at_start[k] = section->adjoint_before[k];
  r.worst = worst;
  r.gp = gp;
}

}  // namespace
}  // namespace ressin::active_set

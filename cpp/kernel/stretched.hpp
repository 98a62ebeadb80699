// The passes over one long recording whose middle is cut into stretches, one in each lane.
//
// The head and the tail are done by the one-lane passes; between them every lane has as many intervals. What comes after a lane
// enters as the front at its end, and what came before as the state at its start. Both forget: over a run-in of a few minutes
// the front that begins with nothing becomes the front of the whole recording, to rounding or nearly so. A pass therefore first
// runs over the first (forwards: the last) intervals of every lane for what the lane beside it needs, and then over all. Only
// the drift does not forget: what it adds up is added up lane by lane, and then over the lanes.
//
// What the run-in leaves over is an error of the step alone: the states from which advance() takes the step are those at which
// the lane before has ended. How much it is, is seen where the lanes meet, and told in StretchedState::mismatch.
#pragma once

#include "kernel/advance.hpp"
#include "kernel/correct.hpp"
#include "kernel/factor.hpp"
#include "kernel/forwards.hpp"

namespace ressin {
namespace {

// One step to the front: lane k takes what lane k + 1 has, and the last takes `rear`.
template <int N>
inline Lanes<N> taken_from_next(Lanes<N> x, double rear) {
  Lanes<N> r;
  for (int k = 0; k + 1 < N; ++k) r.v[k] = x.v[k + 1];
  r.v[N - 1] = rear;
  return r;
}
// And to the rear: lane k takes what lane k - 1 has, and the first takes `head`.
template <int N>
inline Lanes<N> taken_from_last(Lanes<N> x, double head) {
  Lanes<N> r;
  for (int k = N - 1; k > 0; --k) r.v[k] = x.v[k - 1];
  r.v[0] = head;
  return r;
}
template <int N>
inline double sum_of_lanes(Lanes<N> x) {
  double sum = 0.0;
  for (int k = 0; k < N; ++k) sum += x.v[k];
  return sum;
}
template <int N>
inline Lanes<N> only_in_last(double x) {
  return taken_from_next(Lanes<N>(0.0), x);
}

template <int N>
inline double largest_of_lanes(Lanes<N> x) {  // but the first
  double largest = 0.0;
  for (int k = 1; k < N; ++k) largest = x.v[k] > largest ? x.v[k] : -x.v[k] > largest ? -x.v[k] : largest;
  return largest;
}

template <int N, bool weighted>
class Stretched {
  using L = Lanes<N>;

 public:
  Stretched(const StretchedShape& shape, StretchedState& state) : shape_(shape), st_(state) {}

  void factor() {
    st_.mismatch = 0.0;
    Front<double> rear = Front<double>::zero();
    Factor<double, weighted>(shape_.tail, st_.tail).eliminate(0, shape_.tail.n_intervals, rear);
    Factor<L, weighted, false, true> middle(shape_.middle, st_.middle);
    Front<L> f = Front<L>::zero();
    middle.eliminate(0, shape_.run_in, f);
    pass_on(f, rear);
    middle.eliminate(0, shape_.middle.n_intervals, f);
    Front<double> front = first_of(f);
    Factor<double, weighted>(shape_.head, st_.head).run(front);
  }

  void recentre() {
    FrontGradient<double> rear;
    Recentre<double, weighted>(shape_.tail, st_.tail).template eliminate<true>(0, shape_.tail.n_intervals, rear);
    Recentre<L, weighted, true> middle(shape_.middle, st_.middle);
    FrontGradient<L> g;
    middle.template eliminate<false>(0, shape_.run_in, g);
    const FrontGradient<L> expected = g;
    pass_on(g, rear);
    middle.template eliminate<true>(0, shape_.middle.n_intervals, g);
    compare(expected.a, g.a);
    compare(expected.v, g.v);
    for (int k = 0; k < 4; ++k) compare(expected.columns.get(k), g.columns.get(k));
    FrontGradient<double> front = first_of(g);
    Recentre<double, weighted>(shape_.head, st_.head).run(front);
  }

  template <bool corrected>
  void substitute() {
    double u[n_front];
    Rollout<double, weighted, corrected>(shape_.head, st_.head).run(u);
    L x[n_front];
    for (int k = 0; k < n_front; ++k) x[k] = k < unknown_drift ? L(0.0) : L(u[k]);
    Rollout<L, weighted, corrected, true> middle(shape_.middle, st_.middle);
    const std::ptrdiff_t end = shape_.middle.n_intervals;
    middle.look(end - shape_.run_in, end, x);
    L expected[n_front];
    for (int k = 0; k < n_front; ++k) expected[k] = x[k] = taken_from_last(x[k], u[k]);
    middle.run_on(x);
    for (int k = 0; k < n_front; ++k) {
      const double last = x[k].v[N - 1];
      const L from = taken_from_last(x[k], u[k]);
      if (k != unknown_spline) compare(expected[k], from);
      begin(st_.middle, k, from);
      u[k] = last;
    }
    for (int k = 0; k < n_front; ++k) begin(st_.tail, k, u[k]);
    Rollout<double, weighted, corrected>(shape_.tail, st_.tail).run_on(u);
  }

  void advance() {
    Advance<double, weighted>(shape_.head, st_.head).run();
    Advance<L, weighted, true>(shape_.middle, st_.middle).run();
    Advance<double, weighted>(shape_.tail, st_.tail).run();
  }

 private:
  // What the run-in has led to against what was there in the end.
  void compare(L expected, L found) {
    const double size = largest_of_lanes(found), error = largest_of_lanes(expected - found);
    if (error > st_.mismatch * size) st_.mismatch = error / size;
  }

  // The front at the end of each lane, from those at the starts. Of the drift's own, each lane begins anew.
  static void pass_on(Front<L>& f, const Front<double>& rear) {
    f.aa = taken_from_next(f.aa, rear.aa);
    f.av = taken_from_next(f.av, rear.av);
    f.vv = taken_from_next(f.vv, rear.vv);
    for (int k = 0; k <= n_local; ++k) {
      f.a.set(k, taken_from_next(f.a.get(k), rear.a.get(k)));
      f.v.set(k, taken_from_next(f.v.get(k), rear.v.get(k)));
      for (int j = 0; j < n_local && j <= k; ++j) {
        const double x = rear.s.row[j].get(k);
        f.s.row[j].set(k, j < 4 ? taken_from_next(f.s.row[j].get(k), x) : only_in_last<N>(x));
      }
    }
    for (int k = 0; k < n_local; ++k) {
      f.scale[k] = k < 4 ? taken_from_next(f.scale[k], rear.scale[k]) : only_in_last<N>(rear.scale[k]);
    }
  }
  static Front<double> first_of(const Front<L>& f) {
    Front<double> r = Front<double>::zero();
    r.aa = f.aa.v[0];
    r.av = f.av.v[0];
    r.vv = f.vv.v[0];
    for (int k = 0; k <= n_local; ++k) {
      r.a.set(k, f.a.get(k).v[0]);
      r.v.set(k, f.v.get(k).v[0]);
      for (int j = 0; j < n_local && j <= k; ++j) {
        const L x = f.s.row[j].get(k);
        r.s.row[j].set(k, j < 4 ? x.v[0] : sum_of_lanes(x));
      }
    }
    for (int k = 0; k < n_local; ++k) r.scale[k] = k < 4 ? f.scale[k].v[0] : sum_of_lanes(f.scale[k]);
    return r;
  }
  static void pass_on(FrontGradient<L>& g, const FrontGradient<double>& rear) {
    g.a = taken_from_next(g.a, rear.a);
    g.v = taken_from_next(g.v, rear.v);
    for (int k = 0; k < n_local; ++k) {
      const double x = rear.columns.get(k);
      g.columns.set(k, k < 4 ? taken_from_next(g.columns.get(k), x) : only_in_last<N>(x));
    }
  }
  static FrontGradient<double> first_of(const FrontGradient<L>& g) {
    FrontGradient<double> r;
    r.a = g.a.v[0];
    r.v = g.v.v[0];
    for (int k = 0; k < n_local; ++k) {
      const L x = g.columns.get(k);
      r.columns.set(k, k < 4 ? x.v[0] : sum_of_lanes(x));
    }
    return r;
  }

  // Step of unknown k where the lanes, or the tail, begin; the knots before it are 0 to 2 there.
  template <class T>
  static void begin(KernelState& s, int k, T x) {
    if (k < unknown_spline) return put(s.start_step, k, x);
    if (k >= unknown_drift) return put(s.drift_step, k - unknown_drift, x);
    if (k > unknown_spline) put(s.spline_step, k - unknown_spline - 1, x);
  }

  const StretchedShape& shape_;
  StretchedState& st_;
};

template <bool weighted>
StretchedPasses make_stretched_passes() {
  using S = Stretched<n_stretches, weighted>;
  using Shape = StretchedShape;
  using State = StretchedState;
  return {[](const Shape& shape, State& state) { S(shape, state).factor(); },
          [](const Shape& shape, State& state) { S(shape, state).template substitute<false>(); },
          [](const Shape& shape, State& state) { S(shape, state).recentre(); },
          [](const Shape& shape, State& state) { S(shape, state).template substitute<true>(); },
          [](const Shape& shape, State& state) { S(shape, state).advance(); }};
}

}  // namespace
}  // namespace ressin

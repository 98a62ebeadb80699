// What the passes share: records, ratios of the bound pairs, and an outlier's pair where it is eliminated.
#pragma once

#include "kernel/lanes.hpp"
#include "kernel/robust/kernel.hpp"
#include "kernel/robust/twofold.hpp"

namespace ressin::robust {
namespace {

// What the lanes' numbers are stored as.
template <class L>
struct StoredAs {
  using type = double;
};
template <>
struct StoredAs<float> {
  using type = float;
};
template <int N>
struct StoredAs<Lanes<N, float>> {
  using type = float;
};
template <class L>
using Real = typename StoredAs<L>::type;
template <class L>
using StateFor = StateOf<Real<L>>;

// The same number in every lane, rounded to what they are stored as.
template <class L>
inline L all(double x) {
  return L(static_cast<Real<L>>(x));
}

template <class L>
inline constexpr std::ptrdiff_t width = sizeof(L) / sizeof(Real<L>);

template <class L>
struct Entry {
  Real<L>* x;
  L get(int k) const { return load(x + k * width<L>, L{}); }
  void set(int k, L v) const { store(x + k * width<L>, v); }
};

template <class L>
inline Entry<L> sample(const StateFor<L>& s, std::ptrdiff_t i) {
  return {s.samples + i * n_record * width<L>};
}
template <class L>
inline Entry<L> outlier_at(const StateFor<L>& s, std::ptrdiff_t i) {
  return {s.outliers + i * n_outlier_record * width<L>};
}
template <class L>
inline Entry<L> shift_after(const StateFor<L>& s, std::ptrdiff_t i) {
  return {s.shifts + i * n_shift_record * width<L>};
}
template <class L, class S>
inline Entry<L> knot(const S& s, std::ptrdiff_t j) {
  return {s.knots + j * n_knot_record * width<L>};
}

template <class State>
inline bool may_be_outlier(const State& s, std::ptrdiff_t i) {
  return s.outlying[i] != in_no_lane;
}
template <class State>
inline bool may_shift(const State& s, std::ptrdiff_t i) {
  return s.shifting[i] != in_no_lane;
}
inline std::ptrdiff_t interval_end(const Shape& shape, std::ptrdiff_t m) {
  return (m + 1) * shape.spacing < shape.n ? (m + 1) * shape.spacing : shape.n;
}

// value / multiplier, but no more than `most_ratio`. An outlier or shift that is there lets go of its sample altogether as its
// multiplier vanishes; where several do, nothing but rounding would be left of what determines the level between them.
template <class L>
inline constexpr double most_ratio = sizeof(Real<L>) < sizeof(double) ? 1e5 : 1e10;
template <>
inline constexpr double most_ratio<Twofold> = 1e25;
template <class L>
inline L ratio(Entry<L> r, int pair) {
  const L x = r.get(pair + value);
  return min(x * (x * r.get(pair + inverse)), all<L>(most_ratio<L>));
}
// x > y ? a : b
inline float pick(float x, float y, float a, float b) { return x > y ? a : b; }
inline double pick(double x, double y, double a, double b) { return x > y ? a : b; }
inline Twofold pick(Twofold x, Twofold y, Twofold a, Twofold b) { return y < x ? a : b; }
template <int N, class Real>
inline Lanes<N, Real> pick(Lanes<N, Real> x, Lanes<N, Real> y, Lanes<N, Real> a, Lanes<N, Real> b) {
#if defined(__GNUC__) || defined(__clang__)
  return typename Lanes<N, Real>::Vector(x.v > y.v ? a.v : b.v);
#else
  return Lanes<N, Real>::map([&](int k) { return x.v[k] > y.v[k] ? a.v[k] : b.v[k]; });
#endif
}

// the same times multiplier times centre
template <class L>
inline L aimed(Entry<L> r, int pair, L ratio_of_pair) {
  return ratio_of_pair * (r.get(multiplier + pair) * r.get(centre + pair));
}

// An outlier's pair, eliminated: de = (load - dx) / (1 + w (up + down)).
template <class L>
struct Outlier {
  L w, up, down, load_up, load_down;  // ratios; what either pair asks for

  template <bool corrected>
  static Outlier make(Entry<L> sample, Entry<L> r) {
    Outlier o;
    o.w = sample.get(weight);
    o.up = ratio(r, up_pair);
    o.down = ratio(r, down_pair);
    const L u = o.w * sample.get(residual), bound = r.get(box);
    o.load_up = o.up * (bound - u);
    o.load_down = o.down * (bound + u);
    if (corrected) {
      o.load_up = o.load_up - aimed(r, up_pair, o.up);
      o.load_down = o.load_down - aimed(r, down_pair, o.down);
    }
    return o;
  }
  // 1 / (1 + w (up + down))
  L find_shrink() const { return L(1.0) / fma(w, up + down, L(1.0)); }
};

// Of what the levels have, given by their place.
template <class Get>
inline auto sum_levels(Get&& get) {
  return (get(of_knot) + get(of_knot + 1)) + (get(of_knot + 2) + get(of_knot + 3));
}

}  // namespace
}  // namespace ressin::robust

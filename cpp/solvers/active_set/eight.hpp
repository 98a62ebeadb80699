// Eight numbers side by side: eight samples, or an unknown's couplings to eight columns, in the machine's own vectors.
//
// Included only by kernel sources, as lanes.hpp is.
#pragma once

#include "kernel/lanes.hpp"

namespace ressin {
namespace {

// Two halves that are worked on alike.
template <class Half>
struct Pair {
  Half l, h;

  Pair() = default;
  Pair(double x) : l(x), h(x) {}
  Pair(Half low, Half high) : l(low), h(high) {}
  friend Pair operator+(Pair a, Pair b) { return {a.l + b.l, a.h + b.h}; }
  friend Pair operator-(Pair a, Pair b) { return {a.l - b.l, a.h - b.h}; }
  friend Pair operator*(Pair a, Pair b) { return {a.l * b.l, a.h * b.h}; }
};
template <class Half>
inline Pair<Half> fma(Pair<Half> a, Pair<Half> b, Pair<Half> c) {
  return {fma(a.l, b.l, c.l), fma(a.h, b.h, c.h)};
}
template <class Half>
inline Pair<Half> fnma(Pair<Half> a, Pair<Half> b, Pair<Half> c) {
  return {fnma(a.l, b.l, c.l), fnma(a.h, b.h, c.h)};
}
template <class Half>
inline Pair<Half> min(Pair<Half> a, Pair<Half> b) {
  return {min(a.l, b.l), min(a.h, b.h)};
}
template <class Half>
inline Pair<Half> max(Pair<Half> a, Pair<Half> b) {
  return {max(a.l, b.l), max(a.h, b.h)};
}

template <class V>
struct Size;
template <>
struct Size<double> {
  static constexpr int value = 1;
};
template <int N>
struct Size<Lanes<N>> {
  static constexpr int value = N;
};
template <class Half>
struct Size<Pair<Half>> {
  static constexpr int value = 2 * Size<Half>::value;
};

template <class Half>
inline Pair<Half> load(const double* x, Pair<Half>) {
  return {load(x, Half{}), load(x + Size<Half>::value, Half{})};
}
template <class Half>
inline void store(double* x, Pair<Half> v) {
  store(x, v.l);
  store(x + Size<Half>::value, v.h);
}

#if defined(__AVX512F__) && defined(RESSIN_WIDE_COLUMNS)
using Eight = Lanes<8>;
#elif defined(RESSIN_WIDE_COLUMNS)
using Eight = Pair<Lanes<4>>;
#else
using Eight = Pair<Pair<Lanes<2>>>;
#endif

inline Eight eight(const double* x) { return load(x, Eight{}); }

// The sum of all; the order is the same for every instruction set.
inline double sum(double x) { return x; }
inline double sum(Lanes<2> x) { return x[0] + x[1]; }
template <class Half>
inline double sum(Pair<Half> x) {
  return sum(x.l + x.h);
}
#if defined(RESSIN_WIDE_COLUMNS)
inline double sum(Lanes<4> x) {
  const __m128d two = _mm_add_pd(_mm256_castpd256_pd128((__m256d)x.v), _mm256_extractf128_pd((__m256d)x.v, 1));
  return _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)));
}
#if defined(__AVX512F__)
inline double sum(Lanes<8> x) {
  // with every lane in the mask: the plain forms pass an undefined vector along, which g++ warns of
  const __m256d low = _mm512_maskz_extractf64x4_pd(0xff, (__m512d)x.v, 0);
  const __m256d high = _mm512_maskz_extractf64x4_pd(0xff, (__m512d)x.v, 1);
  return sum(Lanes<4>((Lanes<4>::Vector)_mm256_add_pd(low, high)));
}
#endif
#endif

inline double least(double x) { return x; }
template <class V>
inline double least(V v) {
  double x[8];
  store(x, v);
  return min(min(min(x[0], x[4]), min(x[2], x[6])), min(min(x[1], x[5]), min(x[3], x[7])));
}

// 0 .. 7, and the samples i .. i + 7 (or sample i) as numbers.
inline Eight samples(std::ptrdiff_t i, Eight) {
  constexpr double steps[8] = {0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0};
  return eight(steps) + Eight(static_cast<double>(i));
}
inline double samples(std::ptrdiff_t i, double) { return static_cast<double>(i); }

// The four columns of the spline one knot earlier (0, x0, x1, x2) or later (x1, x2, x3, 0); the other four stay.
inline Eight earlier(Eight v) {
#if defined(__AVX512F__) && defined(RESSIN_WIDE_COLUMNS)
  return (Eight::Vector)_mm512_maskz_permutexvar_pd(0xfe, _mm512_set_epi64(7, 6, 5, 4, 2, 1, 0, 0), (__m512d)v.v);
#elif defined(RESSIN_WIDE_COLUMNS)
  const __m256d moved = _mm256_permute4x64_pd((__m256d)v.l.v, 0x90);
  return {(Lanes<4>::Vector)_mm256_blend_pd(moved, _mm256_setzero_pd(), 1), v.h};
#else
  double x[8];
  store(x, v);
  const double y[8] = {0.0, x[0], x[1], x[2], x[4], x[5], x[6], x[7]};
  return eight(y);
#endif
}
inline Eight later(Eight v) {
#if defined(__AVX512F__) && defined(RESSIN_WIDE_COLUMNS)
  return (Eight::Vector)_mm512_maskz_permutexvar_pd(0xf7, _mm512_set_epi64(7, 6, 5, 4, 3, 3, 2, 1), (__m512d)v.v);
#elif defined(RESSIN_WIDE_COLUMNS)
  const __m256d moved = _mm256_permute4x64_pd((__m256d)v.l.v, 0xf9);
  return {(Lanes<4>::Vector)_mm256_blend_pd(moved, _mm256_setzero_pd(), 8), v.h};
#else
  double x[8];
  store(x, v);
  const double y[8] = {x[1], x[2], x[3], 0.0, x[4], x[5], x[6], x[7]};
  return eight(y);
#endif
}

// Numbers that are read one by one next: from memory each is one load, from a vector a shuffle.
inline void keep_in_memory([[maybe_unused]] double (&x)[8]) {
#if defined(__GNUC__) || defined(__clang__)
  __asm__ volatile("" : "+m"(x));
#endif
}

}  // namespace
}  // namespace ressin

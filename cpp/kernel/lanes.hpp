// The number type of the kernels: one double, or a vector of doubles with one signal in each lane. Where few digits will do,
// the same of floats.
//
// Every operation works lane by lane and fused multiply-adds are explicit, so a signal's result is the same bit for bit in
// every lane, beside any other signals, and in the one-lane kernel. Included only by kernel sources: each is
// compiled for one instruction set and keeps its own copy in an unnamed namespace, so that the linker never mixes them.
#pragma once

#include <cstddef>
#include <cstring>
#include <type_traits>

#if defined(__AVX2__) || defined(__AVX512F__)
#include <immintrin.h>
#endif

#if defined(__FMA__) || defined(__AVX2__) || defined(__aarch64__) || defined(_M_ARM64)
#define RESSIN_HAS_FMA 1
#endif
#if defined(__AVX2__) && (defined(__GNUC__) || defined(__clang__))
#define RESSIN_WIDE_COLUMNS 1  // a four-wide vector is one register
#endif

namespace ressin {
namespace {

inline double fma(double a, double b, double c) {  // a b + c
#if defined(RESSIN_HAS_FMA) && (defined(__GNUC__) || defined(__clang__))
  return __builtin_fma(a, b, c);
#else
  return a * b + c;
#endif
}
inline double fnma(double a, double b, double c) { return fma(-a, b, c); }  // c - a b
inline double min(double a, double b) { return a < b ? a : b; }
inline double max(double a, double b) { return a > b ? a : b; }

inline float fma(float a, float b, float c) {
#if defined(RESSIN_HAS_FMA) && (defined(__GNUC__) || defined(__clang__))
  return __builtin_fmaf(a, b, c);
#else
  return a * b + c;
#endif
}
inline float fnma(float a, float b, float c) { return fma(-a, b, c); }
inline float min(float a, float b) { return a < b ? a : b; }
inline float max(float a, float b) { return a > b ? a : b; }

#if defined(__GNUC__) || defined(__clang__)
template <int N, class Real>
struct VectorOf;  // not computed from N: g++ drops the attribute where its argument is dependent
template <>
struct VectorOf<2, double> {
  typedef double type __attribute__((vector_size(16)));
};
template <>
struct VectorOf<4, double> {
  typedef double type __attribute__((vector_size(32)));
};
template <>
struct VectorOf<8, double> {
  typedef double type __attribute__((vector_size(64)));
};
template <>
struct VectorOf<8, float> {
  typedef float type __attribute__((vector_size(32)));
};

template <int N, class Real = double>
struct Lanes {
  using Vector = typename VectorOf<N, Real>::type;
  Vector v;

  Lanes() = default;
  Lanes(Vector x) : v(x) {}
  Lanes(double x) : v(static_cast<Real>(x) - Vector{}) {}
  friend Lanes operator+(Lanes a, Lanes b) { return a.v + b.v; }
  friend Lanes operator-(Lanes a, Lanes b) { return a.v - b.v; }
  friend Lanes operator*(Lanes a, Lanes b) { return a.v * b.v; }
  friend Lanes operator/(Lanes a, Lanes b) { return a.v / b.v; }
  friend Lanes operator-(Lanes a) { return -a.v; }
  Real operator[](int k) const { return v[k]; }
};

template <class Wanted, int wanted, int N, class Real>
inline constexpr bool is_of = N == wanted && std::is_same_v<Real, Wanted>;

template <int N, class Real>
inline Lanes<N, Real> fma(Lanes<N, Real> a, Lanes<N, Real> b, Lanes<N, Real> c) {
  using Vector [[maybe_unused]] = typename Lanes<N, Real>::Vector;
#if defined(__AVX512F__)
  if constexpr (is_of<double, 8, N, Real>) return (Vector)_mm512_fmadd_pd((__m512d)a.v, (__m512d)b.v, (__m512d)c.v);
#endif
#if defined(__AVX2__)
  if constexpr (is_of<double, 4, N, Real>) return (Vector)_mm256_fmadd_pd((__m256d)a.v, (__m256d)b.v, (__m256d)c.v);
  if constexpr (is_of<float, 8, N, Real>) return (Vector)_mm256_fmadd_ps((__m256)a.v, (__m256)b.v, (__m256)c.v);
#endif
#if defined(RESSIN_HAS_FMA)
  Lanes<N, Real> r;
  for (int k = 0; k < N; ++k) r.v[k] = fma(a.v[k], b.v[k], c.v[k]);
  return r;
#else
  return a.v * b.v + c.v;
#endif
}
template <int N, class Real>
inline Lanes<N, Real> fnma(Lanes<N, Real> a, Lanes<N, Real> b, Lanes<N, Real> c) {
  using Vector [[maybe_unused]] = typename Lanes<N, Real>::Vector;
#if defined(__AVX512F__)
  if constexpr (is_of<double, 8, N, Real>) return (Vector)_mm512_fnmadd_pd((__m512d)a.v, (__m512d)b.v, (__m512d)c.v);
#endif
#if defined(__AVX2__)
  if constexpr (is_of<double, 4, N, Real>) return (Vector)_mm256_fnmadd_pd((__m256d)a.v, (__m256d)b.v, (__m256d)c.v);
  if constexpr (is_of<float, 8, N, Real>) return (Vector)_mm256_fnmadd_ps((__m256)a.v, (__m256)b.v, (__m256)c.v);
#endif
#if defined(RESSIN_HAS_FMA)
  Lanes<N, Real> r;
  for (int k = 0; k < N; ++k) r.v[k] = fnma(a.v[k], b.v[k], c.v[k]);
  return r;
#else
  return c.v - a.v * b.v;
#endif
}
template <int N, class Real>
inline Lanes<N, Real> min(Lanes<N, Real> a, Lanes<N, Real> b) {
  return typename Lanes<N, Real>::Vector(a.v < b.v ? a.v : b.v);
}
template <int N, class Real>
inline Lanes<N, Real> max(Lanes<N, Real> a, Lanes<N, Real> b) {
  return typename Lanes<N, Real>::Vector(a.v > b.v ? a.v : b.v);
}
#else
template <int N, class Real = double>
struct Lanes {
  Real v[N];

  Lanes() = default;
  Lanes(double x) {
    for (int k = 0; k < N; ++k) v[k] = static_cast<Real>(x);
  }
  template <class F>
  static Lanes map(F f) {
    Lanes r;
    for (int k = 0; k < N; ++k) r.v[k] = f(k);
    return r;
  }
  friend Lanes operator+(Lanes a, Lanes b) {
    return map([&](int k) { return a.v[k] + b.v[k]; });
  }
  friend Lanes operator-(Lanes a, Lanes b) {
    return map([&](int k) { return a.v[k] - b.v[k]; });
  }
  friend Lanes operator*(Lanes a, Lanes b) {
    return map([&](int k) { return a.v[k] * b.v[k]; });
  }
  friend Lanes operator/(Lanes a, Lanes b) {
    return map([&](int k) { return a.v[k] / b.v[k]; });
  }
  friend Lanes operator-(Lanes a) {
    return map([&](int k) { return -a.v[k]; });
  }
  Real operator[](int k) const { return v[k]; }
};
template <int N, class Real>
inline Lanes<N, Real> fma(Lanes<N, Real> a, Lanes<N, Real> b, Lanes<N, Real> c) {
  return a * b + c;
}
template <int N, class Real>
inline Lanes<N, Real> fnma(Lanes<N, Real> a, Lanes<N, Real> b, Lanes<N, Real> c) {
  return c - a * b;
}
template <int N, class Real>
inline Lanes<N, Real> min(Lanes<N, Real> a, Lanes<N, Real> b) {
  return Lanes<N, Real>::map([&](int k) { return a.v[k] < b.v[k] ? a.v[k] : b.v[k]; });
}
template <int N, class Real>
inline Lanes<N, Real> max(Lanes<N, Real> a, Lanes<N, Real> b) {
  return Lanes<N, Real>::map([&](int k) { return a.v[k] > b.v[k] ? a.v[k] : b.v[k]; });
}
#endif

// Element access, loads and stores.
inline double load(const double* x, double) { return *x; }
inline void store(double* x, double v) { *x = v; }
inline float load(const float* x, float) { return *x; }
inline void store(float* x, float v) { *x = v; }
template <int N, class Real>
inline Lanes<N, Real> load(const Real* x, Lanes<N, Real>) {
  Lanes<N, Real> r;
  std::memcpy(&r.v, x, sizeof r.v);
  return r;
}
template <int N, class Real>
inline void store(Real* x, Lanes<N, Real> v) {
  std::memcpy(x, &v.v, sizeof v.v);
}

}  // namespace
}  // namespace ressin

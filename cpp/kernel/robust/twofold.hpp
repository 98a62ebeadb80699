// A number type of about 32 digits for the kernels: the unevaluated sum of two doubles.
//
// For the few programmes whose last digits double loses. Products and sums as by Dekker, A floating-point technique for
// extending the available precision, Numer. Math. 18 (1971), and Knuth's sum of two; relative errors of about 1e-31. It needs
// the compiler to round each operation as it is written, as the kernels' flags say. Included only by kernel sources.
#pragma once

#include <cmath>

namespace ressin {
namespace {

struct Twofold {
  double high, low;  // low is what rounding to high has left over

  Twofold() = default;
  Twofold(double x) : high(x), low(0.0) {}
  Twofold(double x, double rest) : high(x), low(rest) {}
};

// a + b, where |a| >= |b|
inline Twofold sum_in_order(double a, double b) {
  const double sum = a + b;
  return {sum, b - (sum - a)};
}
inline Twofold sum_of(double a, double b) {
  const double sum = a + b, from_b = sum - a;
  return {sum, (a - (sum - from_b)) + (b - from_b)};
}
inline Twofold product_of(double a, double b) {
  const double product = a * b;
  return {product, std::fma(a, b, -product)};
}

inline Twofold operator-(Twofold a) { return {-a.high, -a.low}; }
inline Twofold operator+(Twofold a, Twofold b) {
  const Twofold high = sum_of(a.high, b.high), low = sum_of(a.low, b.low);
  const Twofold first = sum_in_order(high.high, high.low + low.high);
  return sum_in_order(first.high, first.low + low.low);
}
inline Twofold operator-(Twofold a, Twofold b) { return a + -b; }
inline Twofold operator*(Twofold a, Twofold b) {
  const Twofold high = product_of(a.high, b.high);
  return sum_in_order(high.high, high.low + (a.high * b.low + a.low * b.high));
}
inline Twofold operator/(Twofold a, Twofold b) {
  const double first = a.high / b.high;
  const Twofold left = a - b * Twofold(first);
  const double second = left.high / b.high;
  const double third = (left - b * Twofold(second)).high / b.high;
  return sum_in_order(first, second) + Twofold(third);
}

inline bool operator<(Twofold a, Twofold b) { return a.high < b.high || (a.high == b.high && a.low < b.low); }
inline Twofold fma(Twofold a, Twofold b, Twofold c) { return a * b + c; }
inline Twofold fnma(Twofold a, Twofold b, Twofold c) { return c - a * b; }
inline Twofold min(Twofold a, Twofold b) { return a < b ? a : b; }
inline Twofold max(Twofold a, Twofold b) { return b < a ? a : b; }

inline Twofold load(const double* x, Twofold) { return {x[0], x[1]}; }
inline void store(double* x, Twofold v) { x[0] = v.high, x[1] = v.low; }

}  // namespace
}  // namespace ressin

// Base of every pass over the intervals: the shape, the state, and the addresses in them.
//
// `apart`: the lanes are stretches of one recording (stretched.hpp), so each has rows of the drift of its own.
#pragma once

#include "kernel/dense_front.hpp"

namespace ressin {
namespace {

template <class L, bool weighted, bool apart = false>
class Pass {
 public:
  Pass(const KernelShape& shape, KernelState& state) : shape_(shape), st_(state) {}

 protected:
  // Copies of the pointers that the loop over an interval's samples uses, so that its stores cannot alias the pointers.
  struct Hot {
    double *w, *e, *p, *lambda, *inv, *centre, *step, *gains;
    const double *spline, *drift;
    std::ptrdiff_t begin, end, phase;

    Hot(const Pass& s, std::ptrdiff_t m)
        : w(s.st_.w),
          e(s.st_.e),
          p(s.st_.p),
          lambda(s.st_.lambda),
          inv(s.st_.inv),
          centre(s.st_.centre),
          step(s.st_.step),
          gains(s.st_.gains),
          spline(s.shape_.spline),
          drift(s.shape_.drift),
          begin(s.begin(m)),
          end(s.shape_.interval_end[m]),
          phase((m > 0 ? 0 : s.shape_.first_phase) - begin) {}

    L weight(std::ptrdiff_t i) const {
      if constexpr (weighted) {
        return at<L>(w, i);
      } else {
        return L(1.0);
      }
    }
    double* gains_at(std::ptrdiff_t i) const { return gains + i * n_gains * width<L>; }
    const double* spline_at(std::ptrdiff_t i) const { return spline + 4 * (i + phase); }
    L drift_at(std::ptrdiff_t i, int k) const {
      if constexpr (apart) {
        return at<L>(drift, 2 * i + k);
      } else {
        return L(drift[2 * i + k]);
      }
    }
  };

  std::ptrdiff_t begin(std::ptrdiff_t m) const { return m > 0 ? shape_.interval_end[m - 1] : 0; }
  std::ptrdiff_t newest(std::ptrdiff_t m) const { return shape_.newest_knot + m; }
  bool has_knot(std::ptrdiff_t k) const { return k >= 0 && k < shape_.n_knots; }
  bool holds_first_row(std::ptrdiff_t m) const {
    return begin(m) <= shape_.first_row && shape_.first_row < shape_.interval_end[m];
  }
  double* row(std::ptrdiff_t m) const { return st_.rows + m * n_row * width<L>; }
  double* start_row(int k) const { return row(shape_.n_intervals + k); }

  const KernelShape& shape_;
  KernelState& st_;
};

}  // namespace
}  // namespace ressin

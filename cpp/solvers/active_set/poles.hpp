// How a weighted sum of the response's samples changes with the response's poles, its driver held.
//
// With j samples after a state (a, v), the derivatives of r_j = psi0 a + psi1 v are
//   in z0   psi0 a_z0 + psi0_z0 a + psi1_z0 v,      in z1   psi0 a_z1 + psi1 v_z1 + psi1_z1 v,
// so that they, too, jump from event to event. Included only by kernel sources.
#pragma once

#include "solvers/active_set/eight.hpp"
#include "solvers/active_set/kernel.hpp"

namespace ressin::active_set {
namespace {

// Times eight numbers from 8 - count on, it leaves the first `count`.
alignas(64) constexpr double within[16] = {1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0};

class Poles {
 public:
  Poles(const Tables& t, const PoleTables& derivatives, const Support& s, const double* p, const double* start)
      : t_(t), derivatives_(derivatives), support_(s), p_(p), at_(t.first_row) {
    if (t.first_row > 0) a_ = start[0], v_ = start[1];
  }

  void run(const double* c, double* to_poles) {
    for (std::ptrdiff_t m = t_.start_interval; m < t_.n_intervals; ++m) {
      for (std::ptrdiff_t e = support_.interval_event[m]; e < support_.interval_event[m + 1]; ++e) {
        add(c, support_.sample[e] + 1);
        jump(support_.sample[e]);
        step(p_[e]);
      }
      add(c, t_.begin[m + 1]);
      jump(t_.begin[m + 1]);
    }
    to_poles[0] = sum(to_z0_), to_poles[1] = sum(to_z1_);
  }

 private:
  // The samples from the state's to the end.
  void add(const double* c, std::ptrdiff_t end) {
    const Eight a(a_), v(v_), a_z0(a_z0_), a_z1(a_z1_), v_z1(v_z1_);
    const std::ptrdiff_t count = end - at_;
    for (std::ptrdiff_t j = 0; j < count; j += 8) {
      const Eight x = eight(c + at_ + j) * eight(within + (count - j < 8 ? 8 - (count - j) : 0));
      const Eight p0 = eight(t_.psi0 + j);
      const Eight r_z0 = fma(p0, a_z0, fma(eight(derivatives_.psi0 + j), a, eight(derivatives_.psi1_z0 + j) * v));
      const Eight r_z1 = fma(p0, a_z1, fma(eight(t_.psi1 + j), v_z1, eight(derivatives_.psi1_z1 + j) * v));
      to_z0_ = fma(x, r_z0, to_z0_);
      to_z1_ = fma(x, r_z1, to_z1_);
    }
  }

  void jump(std::ptrdiff_t to) {
    const std::ptrdiff_t j = to - at_;
    const double p0 = t_.psi0[j], p1 = t_.psi1[j], p1_z1 = derivatives_.psi1_z1[j], power = p0 - t_.d * p1;  // z1^j
    a_z0_ = p0 * a_z0_ + derivatives_.psi0[j] * a_ + derivatives_.psi1_z0[j] * v_;
    a_z1_ = p0 * a_z1_ + p1 * v_z1_ + p1_z1 * v_;
    v_z1_ = power * v_z1_ + (p1 - t_.d * p1_z1) * v_;
    a_ = p0 * a_ + p1 * v_;
    v_ = power * v_;
    at_ = to;
  }

  void step(double p) {
    a_z0_ = t_.z0 * a_z0_ + a_ + p;
    a_z1_ = t_.z0 * a_z1_ + v_z1_ + p;
    v_z1_ = t_.z1 * v_z1_ + v_ + 2.0 * (1.0 + t_.z1) * p;
    a_ = t_.z0 * a_ + v_ + t_.ga * p;
    v_ = t_.z1 * v_ + t_.gv * p;
    ++at_;
  }

  const Tables& t_;
  const PoleTables& derivatives_;
  const Support& support_;
  const double* p_;
  std::ptrdiff_t at_;
  double a_ = 0.0, v_ = 0.0, a_z0_ = 0.0, a_z1_ = 0.0, v_z1_ = 0.0;
  Eight to_z0_{0.0}, to_z1_{0.0};
};

}  // namespace
}  // namespace ressin::active_set

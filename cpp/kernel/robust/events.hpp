// The active set's Newton step: where it is given which bounds hold, one sweep over the events backwards, one forwards.
//
// A regulator as in passes.hpp, whose controls are there at the events alone; everywhere else the state only decays, and what a
// run of samples makes of the cost-to-go M is known beforehand. With U(i) what the samples from i to the end of the interval
// make of it without events, N = M - U follows between events
//   N(i) = A' N(j) A,   A the decay of the states from i to j, the levels as they are,
// so that U is needed at events and at the interval's begin alone:
//   a driver   rho = U's row + A' N g,   pivot = U's own + g' N g,   N -= rho rho' / pivot
//   a shift    the same with the sum of the levels in place of g
//   an outlier leaves its sample no weight and pulls with its cost: N -= w e e', e = (1, 0, bumps)
// The right-hand side is a column of N. Where a pass finds `base`, the signal or what a point leaves of it, the steps lead from
// zero, or from that point, to the optimum.
#pragma once

#include "kernel/lanes.hpp"
#include "kernel/robust/kernel.hpp"

namespace ressin::robust {
namespace {

using Four = Lanes<4>;

inline Four four(const double* x) { return load(x, Four{}); }
inline double sum(Four x) { return (x[0] + x[2]) + (x[1] + x[3]); }
inline double dot(Four x, Four y) { return sum(x * y); }
inline Four bumps_at(const Shape& s, std::ptrdiff_t phase) { return four(s.bumps + 4 * phase); }

class Elimination {
 public:
  Elimination(const EventTables& tables, EventState& state)
      : t_(tables),
        st_(state),
        at_(tables.shape.n),
        driver_(state.drivers.count - 1),
        shift_(state.shifts.count - 1),
        outlier_(state.n_outliers - 1) {}

  void run() {
    const std::ptrdiff_t last = t_.shape.n_intervals - 1;
    add_penalty(last + 1, 1);
    for (std::ptrdiff_t m = last; m >= 0; --m) {
      begin_ = m * t_.shape.spacing;
      add_penalty(m, 0);
      for (std::ptrdiff_t i = latest(); i >= begin_; i = latest()) eliminate_at(i);
      join(begin_);
      jump_back(begin_);
      if (t_.begin[m]) add(1.0, *t_.begin[m]);
      meet_begin(st_.of_begin + 6 * m);
      if (m == 0) break;
      eliminate_knot(3, m + 3);
      move_knots();
    }
    aa_ = av_ = vv_ = a_rhs_ = v_rhs_ = 0.0;
    a_ = v_ = Four(0.0);
    for (int k = 3; k >= 0; --k) eliminate_knot(k, k);
  }

 private:
  std::ptrdiff_t latest() const {
    std::ptrdiff_t i = driver_ >= 0 ? st_.drivers.sample[driver_] : -1;
    if (shift_ >= 0 && st_.shifts.sample[shift_] > i) i = st_.shifts.sample[shift_];
    if (outlier_ >= 0 && st_.outliers[outlier_] > i) i = st_.outliers[outlier_];
    return i;
  }

  void eliminate_at(std::ptrdiff_t i) {
    join(i);
    if (shift_ >= 0 && st_.shifts.sample[shift_] == i) eliminate_shift(i);
    const bool outlying = outlier_ >= 0 && st_.outliers[outlier_] == i;
    const double w = outlying ? st_.weight[i] : 0.0;
    const double pull = outlying ? w * (st_.base[i] - st_.side[i] * st_.delta[i]) : 0.0;
    if (driver_ >= 0 && st_.drivers.sample[driver_] == i) {
      eliminate_driver(i, w, pull);
    } else {
      jump_back(i);
    }
    if (!outlying) return;
    --outlier_;
    const Four b = bumps_at(t_.shape, i - begin_);
    aa_ -= w, a_rhs_ += pull;
    a_ = fnma(Four(w), b, a_);
    const Four wb = Four(w) * b;
    for (int k = 0; k < 4; ++k) knots_[k] = fnma(Four(wb[k]), b, knots_[k]);
    rhs_ = fma(Four(pull), b, rhs_);
  }

  // The joints after a sample.
  void join(std::ptrdiff_t i) {
    for (; joint_ < t_.n_joints && t_.joints[joint_].sample > i; ++joint_) {
      const Joint& x = t_.joints[joint_];
      jump_back(x.sample);
      add(x.sign, *x.block);
    }
  }

  void jump_back(std::ptrdiff_t to) {
    if (to == at_) return;
    const std::ptrdiff_t j = at_ - to;
    const double f0 = t_.psi0[j], f1 = t_.psi1[j], f2 = t_.psi2[j];
    const double u = aa_ * f1 + av_ * f2;
    vv_ = f1 * u + f2 * (av_ * f1 + vv_ * f2);
    av_ = f0 * u;
    aa_ = f0 * f0 * aa_;
    v_ = fma(Four(f1), a_, Four(f2) * v_);
    a_ = Four(f0) * a_;
    v_rhs_ = f1 * a_rhs_ + f2 * v_rhs_;
    a_rhs_ = f0 * a_rhs_;
    at_ = to;
  }

  // The jump to the driver and its elimination in one; `w` and `pull` are what an outlier there takes away.
  void eliminate_driver(std::ptrdiff_t i, double w, double pull) {
    const EventRow& row = row_at(i).driver;
    const std::ptrdiff_t j = at_ - 1 - i;
    const double g_a = t_.shape.g_a, g_v = t_.shape.g_v;
    const double ha = t_.psi0[j] * g_a + t_.psi1[j] * g_v, hv = t_.psi2[j] * g_v;  // F^j g
    const double k0 = t_.psi0[j + 1], k1 = t_.psi1[j + 1], k2 = t_.psi2[j + 1];
    const double qa = ha * aa_ + hv * av_, qv = ha * av_ + hv * vv_;
    const double own = row.own - w, pivot = own + (ha * qa + hv * qv);
    const double rho_a = (row.a - w) + k0 * qa, rho_v = row.v + (k1 * qa + k2 * qv);
    Four rho = fma(Four(ha), a_, fma(Four(hv), v_, four(row.knot)));
    if (w > 0.0) rho = fnma(Four(w), bumps_at(t_.shape, i - begin_), rho);
    const double rho_rhs = (st_.of_driver[i] + pull) + (ha * a_rhs_ + hv * v_rhs_);
    const double u = aa_ * k1 + av_ * k2;
    vv_ = k1 * u + k2 * (av_ * k1 + vv_ * k2), av_ = k0 * u, aa_ = k0 * k0 * aa_;
    v_ = fma(Four(k1), a_, Four(k2) * v_), a_ = Four(k0) * a_;
    v_rhs_ = k1 * a_rhs_ + k2 * v_rhs_, a_rhs_ = k0 * a_rhs_;
    at_ = i;
    eliminate(st_.drivers, driver_--, rho, rho_a, rho_v, rho_rhs, pivot, row.own);
  }

  void eliminate_shift(std::ptrdiff_t i) {
    jump_back(i + 1);
    const EventRow& row = row_at(i).shift;
    Four rho = four(row.knot);
    for (const Four& k : knots_) rho = rho + k;
    eliminate(st_.shifts, shift_--, rho, row.a + sum(a_), row.v + sum(v_), st_.of_shift[i] + sum(rhs_), sum(rho), row.own);
  }

  // The event's unknown leaves: its row over the unknowns and the right-hand side. One that those after it have made hardly
  // distinct leaves no pivot, and stays at zero.
  void eliminate(const EventList& events, std::ptrdiff_t e, Four rho, double rho_a, double rho_v, double rho_rhs, double pivot,
                 double own) {
    const double least = least_pivot * max(own, t_.mean_own), inverse = pivot > least ? 1.0 / pivot : 0.0;
    const double load = rho_rhs + events.cost[e];
    const Four gain = rho * Four(inverse);
    const double gain_a = rho_a * inverse, gain_v = rho_v * inverse;
    EventGain& g = events.gain[e];
    store(g.knot, gain);
    g.a = gain_a, g.v = gain_v, g.offset = load * inverse;
    take_away(rho, gain, rho_a, gain_a, rho_v, gain_v, load);
  }

  void take_away(Four rho, Four gain, double rho_a, double gain_a, double rho_v, double gain_v, double load) {
    aa_ -= rho_a * gain_a, av_ -= rho_a * gain_v, vv_ -= rho_v * gain_v;
    a_ = fnma(Four(rho_a), gain, a_);
    v_ = fnma(Four(rho_v), gain, v_);
    for (int k = 0; k < 4; ++k) knots_[k] = fnma(Four(rho[k]), gain, knots_[k]);
    a_rhs_ -= gain_a * load, v_rhs_ -= gain_v * load;
    rhs_ = fnma(Four(load), gain, rhs_);
  }

  // Minimise over knot j, in column k.
  void eliminate_knot(int k, std::ptrdiff_t j) {
    const double pivot = knots_[k][k], inverse = pivot > 0.0 ? 1.0 / pivot : 0.0;
    const double rho_a = a_[k], rho_v = v_[k], load = rhs_[k];
    const Four rho = knots_[k], gain = rho * Four(inverse);
    take_away(rho, gain, rho_a, rho_a * inverse, rho_v, rho_v * inverse, load);
    EventGain& g = st_.knot_gain[j];
    store(g.knot, gain);
    g.knot[k] = 0.0, g.a = rho_a * inverse, g.v = rho_v * inverse, g.offset = load * inverse;
    drop(k);
  }

  void drop(int k) {
    knots_[k] = Four(0.0);
    for (Four& row : knots_) row = with(row, k, 0.0);
    a_ = with(a_, k, 0.0), v_ = with(v_, k, 0.0), rhs_ = with(rhs_, k, 0.0);
  }

  static Four with(Four x, int k, double value) {
    double y[4];
    store(y, x);
    y[k] = value;
    return four(y);
  }
  // The newest column has left, an older one comes in.
  static Four later(Four x) {
    double y[5] = {0.0};
    store(y + 1, x);
    return four(y);
  }
  void move_knots() {
    for (int k = 3; k > 0; --k) knots_[k] = later(knots_[k - 1]);
    knots_[0] = Four(0.0);
    a_ = later(a_), v_ = later(v_), rhs_ = later(rhs_);
  }

  // A bend's penalty / 2 (l_j - 2 l_j+1 + l_j+2)^2, knot j in column k.
  void add_penalty(std::ptrdiff_t j, int k) {
    const double* l = st_.knot_value + j;
    const double q = st_.bend_penalty[j], bend = (l[0] - l[1]) + (l[2] - l[1]);
    double difference[4] = {0.0, 0.0, 0.0, 0.0};
    difference[k] = difference[k + 2] = 1.0, difference[k + 1] = -2.0;
    const Four d = four(difference);
    for (int a = k; a < k + 3; ++a) knots_[a] = fma(Four(q * difference[a]), d, knots_[a]);
    rhs_ = fma(Four(q * bend), d, rhs_);
  }

  void add(double one, const EventBlock& x) {
    aa_ += one * x.aa, av_ += one * x.av, vv_ += one * x.vv;
    a_ = fma(Four(one), four(x.a), a_), v_ = fma(Four(one), four(x.v), v_);
    for (int k = 0; k < 4; ++k) knots_[k] = fma(Four(one), four(x.knots[k]), knots_[k]);
  }

  void meet_begin(const double* x) {
    a_rhs_ += x[0], v_rhs_ += x[1];
    rhs_ = rhs_ + four(x + 2);
  }

  const RowPair& row_at(std::ptrdiff_t i) const {
    if (!t_.by_phase) return t_.rows[i];
    static constexpr RowPair none{};
    return st_.weight[i] > 0.0 ? t_.rows[i - begin_] : none;
  }

  static constexpr double least_pivot = 1e-13;

  const EventTables& t_;
  EventState& st_;
  std::ptrdiff_t at_, begin_ = 0, joint_ = 0, driver_, shift_, outlier_;  // the next of those eliminated
  double aa_ = 0.0, av_ = 0.0, vv_ = 0.0, a_rhs_ = 0.0, v_rhs_ = 0.0;
  Four a_{0.0}, v_{0.0}, rhs_{0.0}, knots_[4] = {Four(0.0), Four(0.0), Four(0.0), Four(0.0)};
};

// Forwards: the unknowns; where it is measured, what they leave at every sample, and its loss.
template <bool measured>
class Substitution {
 public:
  Substitution(const EventTables& tables, EventState& state) : t_(tables), st_(state) {}

  void run() {
    double levels[4] = {0.0, 0.0, 0.0, 0.0};
    for (int k = 0; k < 4; ++k) {
      levels[k] = level_of(k, four(levels));
    }
    c_ = four(levels);
    for (std::ptrdiff_t m = 0; m < t_.shape.n_intervals; ++m) {
      begin_ = m * t_.shape.spacing;
      const std::ptrdiff_t end = begin_ + t_.shape.spacing < t_.shape.n ? begin_ + t_.shape.spacing : t_.shape.n;
      if (m > 0) move_knots(m + 3);
      at_begin_ = c_, shift_at_begin_ = shift_;
      for (std::ptrdiff_t i = earliest(); i < end; i = earliest()) place_at(i);
      move_to(end);
      if constexpr (measured) subtract_from_base(end);
    }
    if constexpr (measured) st_.loss = sum(losses_) + loss_;
  }

 private:
  std::ptrdiff_t earliest() const {
    std::ptrdiff_t i = driver_ < st_.drivers.count ? st_.drivers.sample[driver_] : t_.shape.n;
    return shift_event_ < st_.shifts.count && st_.shifts.sample[shift_event_] < i ? st_.shifts.sample[shift_event_] : i;
  }

  double value(const EventGain& g, Four c) const { return -((dot(four(g.knot), c) + g.offset) + (g.a * a_ + g.v * v_)); }

  double level_of(std::ptrdiff_t j, Four c) {
    const double level = value(st_.knot_gain[j], c);
    st_.knot_step[j] = level - shift_;
    return level;
  }

  void move_knots(std::ptrdiff_t j) {
    double levels[5];
    store(levels, c_);
    levels[4] = 0.0;
    levels[4] = level_of(j, four(levels + 1));
    c_ = four(levels + 1);
  }

  void place_at(std::ptrdiff_t i) {
    move_to(i);
    double p = 0.0;
    if (driver_ < st_.drivers.count && st_.drivers.sample[driver_] == i) {
      p = value(st_.drivers.gain[driver_], c_);
      st_.drivers.value[driver_++] = p;
    }
    if constexpr (measured) st_.rest[i] = (a_ + p) + (shift_ - shift_at_begin_);
    a_ = (t_.shape.z0 * a_ + v_) + t_.shape.g_a * p;
    v_ = t_.shape.z1 * v_ + t_.shape.g_v * p;
    at_ = i + 1;
    if (shift_event_ >= st_.shifts.count || st_.shifts.sample[shift_event_] != i) return;
    const double s = value(st_.shifts.gain[shift_event_], c_);
    st_.shifts.value[shift_event_++] = s;
    shift_ += s;
    c_ = c_ + Four(s);
  }

  // Up to three numbers after it are overwritten.
  void move_to(std::ptrdiff_t to) {
    const std::ptrdiff_t count = to - at_;
    if (count == 0) return;
    if constexpr (measured) {
      const Four a(a_), v(v_), s(shift_ - shift_at_begin_);
      for (std::ptrdiff_t k = 0; k < count; k += 4) {
        store(st_.rest + at_ + k, fma(a, four(t_.psi0 + k), fma(v, four(t_.psi1 + k), s)));
      }
    }
    a_ = t_.psi0[count] * a_ + t_.psi1[count] * v_;
    v_ = t_.psi2[count] * v_;
    at_ = to;
  }

  // rest has what drivers and shifts make since the interval's begin; up to three numbers after its end are overwritten.
  void subtract_from_base(std::ptrdiff_t end) {
    const Four c[4] = {Four(at_begin_[0]), Four(at_begin_[1]), Four(at_begin_[2]), Four(at_begin_[3])};
    const auto rest_at = [&](std::ptrdiff_t i) {
      const std::ptrdiff_t o = i - begin_;
      const Four even = fma(c[0], four(t_.bump[0] + o), c[2] * four(t_.bump[2] + o));
      const Four odd = fma(c[1], four(t_.bump[1] + o), c[3] * four(t_.bump[3] + o));
      const Four rest = four(st_.base + i) - (four(st_.rest + i) + (even + odd));
      store(st_.rest + i, rest);
      return rest;
    };
    std::ptrdiff_t i = begin_;
    for (; i + 4 <= end; i += 4) losses_ = losses_ + loss_of(rest_at(i), four(st_.delta + i), four(st_.weight + i));
    if (i < end) rest_at(i);
    for (; i < end; ++i) loss_ += loss_of(st_.rest[i], st_.delta[i], st_.weight[i]);
  }

  template <class V>
  static V loss_of(V rest, V delta, V weight) {
    const V size = max(rest, -rest), within = min(size, delta);
    return (weight * within) * fnma(V(0.5), within, size);
  }

  const EventTables& t_;
  EventState& st_;
  std::ptrdiff_t driver_ = 0, shift_event_ = 0, at_ = 0, begin_ = 0;
  double a_ = 0.0, v_ = 0.0, shift_ = 0.0, shift_at_begin_ = 0.0, loss_ = 0.0;
  Four c_{0.0}, at_begin_{0.0}, losses_{0.0};
};

}  // namespace
}  // namespace ressin::robust

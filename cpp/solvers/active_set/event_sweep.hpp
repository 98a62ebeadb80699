// The least point of a support, whatever the signs: one sweep over its events backwards, one forwards.
//
// With the driver zero outside the support, V(x, c), what is best from a sample on, given the state and the columns' values, is
// quadratic. Written as V = free - 1/2 (x, c)' W (x, c), `free` the value without any later event (the rows' own terms), W
// holds what the later events, the knots that entered later and the end of the signal take away:
//   between events   W_xx <- F^j' W_xx F^j,   W_xc <- F^j' W_xc
//   an event         pi = G - g' W_xx g,   rho_x = X - g' W_xx F,   rho_c = row - g' W_xc,
//                    W_xx <- F' W_xx F + rho_x rho_x' / pi,   W_xc <- F' W_xc + rho_x rho_c' / pi,   W_cc += rho_c rho_c' / pi
//   a knot           the same with its Gram row, where its bump begins; then the columns move by one knot
// and p = -(rho_x x + rho_c c) / pi on the way forwards. Included only by kernel sources.
#pragma once

#include "solvers/active_set/eight.hpp"
#include "solvers/active_set/kernel.hpp"

namespace ressin::active_set {
namespace {

class EventSweep {
 public:
  EventSweep(const Tables& t, const Loads& loads, const Support& support, const Gains& gains, Values& point)
      : t_(t), loads_(loads), support_(support), gains_(gains), x_(point) {
    waa_ = t.end_aa, wav_ = t.end_av, wvv_ = t.end_vv;
    Wa_ = eight(t.end_a), Wv_ = eight(t.end_v);
    for (Eight& w : W_) w = Eight(0.0);
    at_ = t.n;
  }

  void run() {
    for (std::ptrdiff_t m = t_.n_intervals - 1; m >= 0; --m) {
      for (std::ptrdiff_t e = support_.interval_event[m + 1] - 1; e >= support_.interval_event[m]; --e) eliminate_event(e);
      if (m == t_.start_interval) eliminate_start();
      eliminate_knot(m);
    }
    solve_first_columns();
    for (std::ptrdiff_t m = 0; m < t_.n_intervals; ++m) {
      place_knot(m);
      for (std::ptrdiff_t e = support_.interval_event[m]; e < support_.interval_event[m + 1]; ++e) place_event(e);
    }
    move_state(t_.n);
    x_.states[2 * t_.n_intervals] = a_, x_.states[2 * t_.n_intervals + 1] = v_;
  }

 private:
  // backwards

  void jump_back(std::ptrdiff_t to) {
    if (to == at_) return;
    const double f0 = t_.psi0[at_ - to], f1 = t_.psi1[at_ - to], g1 = f0 - t_.d * f1;
    const double u = waa_ * f1 + wav_ * g1;
    wvv_ = f1 * u + g1 * (wav_ * f1 + wvv_ * g1);
    wav_ = f0 * u;
    waa_ = f0 * f0 * waa_;
    Wv_ = fma(Eight(f1), Wa_, Eight(g1) * Wv_);
    Wa_ = Eight(f0) * Wa_;
    at_ = to;
  }

  void add_to_columns(const double* row, Eight gain) {
    for (int k = 0; k < load_column; ++k) W_[k] = fma(Eight(row[k]), gain, W_[k]);
  }

  // The jump to the event and the event in one: the pivot is taken from W before the jump, by F^j g, so that the division,
  // which the next event waits for, does not wait for the jump.
  void eliminate_event(std::ptrdiff_t e) {
    const EventRow& event = support_.rows[support_.slot[e]];
    const std::ptrdiff_t j = at_ - 1 - support_.sample[e];
    const double f0 = t_.psi0[j], f1 = t_.psi1[j], f2 = f0 - t_.d * f1;          // F^j = [f0 f1; 0 f2]
    const double k0 = t_.psi0[j + 1], k1 = t_.psi1[j + 1], k2 = k0 - t_.d * k1;  // F^(j + 1)
    const double ha = f0 * event.ga + f1 * event.gv, hv = f2 * event.gv;         // F^j g
    const double qa = ha * waa_ + hv * wav_, qv = ha * wav_ + hv * wvv_;         // W_xx F^j g
    const double pivot = event.G - (ha * qa + hv * qv);
    // Events whose effects can hardly be told apart leave no pivot: the later of them does it all, and this one stays at zero.
    const double inverse = pivot > least_pivot * event.G ? 1.0 / pivot : 0.0;
    const double rho_a = event.Xa - k0 * qa, rho_v = event.Xv - (k1 * qa + k2 * qv);
    const Eight rho = fnma(Eight(ha), Wa_, fnma(Eight(hv), Wv_, eight(event.column)));
    const double gain_a = rho_a * inverse, gain_v = rho_v * inverse;
    const Eight gain = rho * Eight(inverse);
    const double u = waa_ * k1 + wav_ * k2;
    wvv_ = k1 * u + k2 * (wav_ * k1 + wvv_ * k2) + rho_v * rho_v * inverse;
    wav_ = k0 * u + rho_a * rho_v * inverse;
    waa_ = k0 * k0 * waa_ + rho_a * rho_a * inverse;
    Wv_ = fma(Eight(rho_v), gain, fma(Eight(k2), Wv_, Eight(k1) * Wa_));
    Wa_ = fma(Eight(rho_a), gain, Eight(k0) * Wa_);
    Gain& g = gains_.events[e];
    store(g.column, gain);
    g.a = gain_a, g.v = gain_v;
    alignas(64) double row[n_columns];
    store(row, rho);
    keep_in_memory(row);
    add_to_columns(row, gain);
    fall_ += row[load_column] * row[load_column] * inverse;
    at_ = support_.sample[e];
  }

  // The free state at the first row, a before v; before it there is none.
  void eliminate_start() {
    if (t_.first_row > 0) {
      jump_back(t_.first_row);
      const FreeStart& start = loads_.start;
      alignas(64) double row[n_columns];
      const double aa = start.aa - waa_, av = start.av - wav_, ratio = av / aa, vv = (start.vv - wvv_) - av * ratio;
      const Eight row_a = eight(start.a) - Wa_, gain_a = row_a * Eight(1.0 / aa);
      const Eight row_v = fnma(Eight(av), gain_a, eight(start.v) - Wv_), gain_v = row_v * Eight(1.0 / vv);
      store(start_gain_[0], gain_a);
      store(start_gain_[1], gain_v);
      start_ratio_ = ratio;
      store(row, row_a);
      add_to_columns(row, gain_a);
      fall_ += row[load_column] * start_gain_[0][load_column];
      store(row, row_v);
      add_to_columns(row, gain_v);
      fall_ += row[load_column] * start_gain_[1][load_column];
    }
    waa_ = wav_ = wvv_ = 0.0;
    Wa_ = Wv_ = Eight(0.0);
  }

  // The knot that enters interval m, whose bump begins there.
  void eliminate_knot(std::ptrdiff_t m) {
    if (m > t_.start_interval) jump_back(t_.begin[m]);
    const std::ptrdiff_t j = t_.newest_knot + m;
    Gain& g = gains_.knots[m];
    if (0 <= j && j < t_.n_knots) {
      alignas(64) double row[n_columns], wa[n_columns], wv[n_columns];
      store(row, eight(t_.gram + n_columns * j) - W_[3]);
      store(wa, Wa_);
      store(wv, Wv_);
      row[load_column] += loads_.knot[j];
      row[3] += loads_.gamma;
      const bool has_state = m > t_.start_interval;
      const double rho_a = has_state ? t_.knot_state[2 * m] - wa[3] : 0.0;
      const double rho_v = has_state ? t_.knot_state[2 * m + 1] - wv[3] : 0.0;
      const double inverse = 1.0 / row[3];
      const Eight gain = eight(row) * Eight(inverse);
      g.a = rho_a * inverse, g.v = rho_v * inverse;
      waa_ += rho_a * g.a, wav_ += rho_a * g.v, wvv_ += rho_v * g.v;
      Wa_ = fma(Eight(rho_a), gain, Wa_);
      Wv_ = fma(Eight(rho_v), gain, Wv_);
      add_to_columns(row, gain);
      fall_ += row[load_column] * row[load_column] * inverse;
      store(g.column, gain);
      g.column[3] = 0.0;
    } else {
      store(g.column, Eight(0.0));
      g.a = g.v = 0.0;
    }
    if (m == 0) return;
    Wa_ = earlier(Wa_), Wv_ = earlier(Wv_);
    for (int k = 3; k > 0; --k) W_[k] = earlier(W_[k - 1]);
    W_[0] = Eight(0.0);
    W_[4] = earlier(W_[4]), W_[5] = earlier(W_[5]);
  }

  // What is left at sample 0: the three older knots of interval 0 and the drifts, as one small dense system.
  void solve_first_columns() {
    double W[load_column][n_columns];
    for (int k = 0; k < load_column; ++k) store(W[k], W_[k]);
    constexpr int most = 5;
    int unknown[most], count = 0;
    const std::ptrdiff_t oldest = t_.newest_knot - 3;
    for (int k = 2; k >= 0; --k)
      if (0 <= oldest + k && oldest + k < t_.n_knots) unknown[count++] = k;
    for (int k = t_.n_drift - 1; k >= 0; --k) unknown[count++] = first_drift + k;
    double A[most][most + 1];
    for (int r = 0; r < count; ++r) {
      const int a = unknown[r];
      for (int c = 0; c < count; ++c) A[r][c] = first_gram(a, unknown[c]) - W[a][unknown[c]];
      A[r][count] = (a < first_drift ? loads_.knot[oldest + a] : loads_.drift[a - first_drift]) - W[a][load_column];
    }
    for (int r = 0; r < count; ++r) {
      fall_ += A[r][count] * A[r][count] / A[r][r];
      for (int q = r + 1; q < count; ++q) {
        const double factor = A[q][r] / A[r][r];
        for (int c = r; c <= count; ++c) A[q][c] -= factor * A[r][c];
      }
    }
    double value[n_columns] = {};
    for (int r = count - 1; r >= 0; --r) {
      double rest = -A[r][count];
      for (int c = r + 1; c < count; ++c) rest -= A[r][c] * value[unknown[c]];
      value[unknown[r]] = rest / A[r][r];
    }
    for (int k = 0; k < 3; ++k)
      if (0 <= oldest + k && oldest + k < t_.n_knots) x_.spline[oldest + k] = value[k];
    for (int k = 0; k < 2; ++k) x_.drift[k] = value[first_drift + k];
    value[load_column] = 1.0;
    columns_ = eight(value);
    x_.fall = fall_;
    at_ = 0;
    a_ = v_ = 0.0;
  }

  double first_gram(int a, int b) const {
    const int low = a < b ? a : b, high = a < b ? b : a;
    if (low >= first_drift) return t_.drift_gram[low - first_drift + high - first_drift];
    const std::ptrdiff_t oldest = t_.newest_knot - 3;
    if (high >= first_drift) return t_.gram[n_columns * (oldest + low) + high];
    return t_.gram[n_columns * (oldest + high) + 3 - (high - low)] + (low == high ? loads_.gamma : 0.0);
  }

  // forwards

  void move_state(std::ptrdiff_t to) {
    if (to == at_) return;
    const double f0 = t_.psi0[to - at_], f1 = t_.psi1[to - at_];
    a_ = f0 * a_ + f1 * v_;
    v_ = (f0 - t_.d * f1) * v_;
    at_ = to;
  }

  void place_start() {
    x_.start[1] = -sum(eight(start_gain_[1]) * columns_);
    x_.start[0] = -(sum(eight(start_gain_[0]) * columns_) + start_ratio_ * x_.start[1]);
    a_ = x_.start[0], v_ = x_.start[1];
  }

  void place_knot(std::ptrdiff_t m) {
    if (m > t_.start_interval) move_state(t_.begin[m]);
    if (m > 0) columns_ = later(columns_);
    Gain& g = gains_.knots[m];
    const double l = -(sum(eight(g.column) * columns_) + g.a * a_ + g.v * v_);
    double* value = x_.columns + n_columns * m;
    store(value, columns_);
    value[3] = l;
    keep_in_memory(*reinterpret_cast<double (*)[n_columns]>(value));
    columns_ = eight(value);
    const std::ptrdiff_t j = t_.newest_knot + m;
    if (0 <= j && j < t_.n_knots) x_.spline[j] = l;
    if (m == t_.start_interval) {
      at_ = t_.first_row;
      if (t_.first_row > 0) place_start();
    }
    x_.states[2 * m] = a_, x_.states[2 * m + 1] = v_;
  }

  void place_event(std::ptrdiff_t e) {
    const EventRow& event = support_.rows[support_.slot[e]];
    Gain& g = gains_.events[e];
    const std::ptrdiff_t j = support_.sample[e] - at_;
    const double f0 = t_.psi0[j], f1 = t_.psi1[j], f2 = f0 - t_.d * f1;
    const double k0 = t_.psi0[j + 1], k1 = t_.psi1[j + 1], k2 = k0 - t_.d * k1;
    const double from_columns = sum(eight(g.column) * columns_);
    const double p = -(from_columns + (g.a * f0) * a_ + (g.a * f1 + g.v * f2) * v_);
    g.state[0] = f0 * a_ + f1 * v_, g.state[1] = f2 * v_;
    x_.p[e] = p;
    a_ = k0 * a_ + k1 * v_ + event.ga * p;
    v_ = k2 * v_ + event.gv * p;
    at_ = support_.sample[e] + 1;
  }

  static constexpr double least_pivot = 1e-14;

  const Tables& t_;
  const Loads& loads_;
  const Support& support_;
  const Gains& gains_;
  Values& x_;
  double waa_, wav_, wvv_, fall_ = 0.0;
  double a_ = 0.0, v_ = 0.0, start_ratio_ = 0.0;
  double start_gain_[2][n_columns] = {};
  std::ptrdiff_t at_;
  Eight Wa_, Wv_, W_[load_column], columns_;
};

}  // namespace
}  // namespace ressin::active_set

// The driver's gradient at every sample, from a solve's states and columns, and where it asks for new events.
//
// Between two events, at sample i of a stretch [b, e) with the state x at b and the adjoint u of what is later at e,
//   g_i = c_i + sum_k column_k(i) c_k + X_i F^(i-b) x + g' F'^(e-1-i) u.
// The stretches are taken backwards; u jumps over a stretch and takes in each event and each knot that enters.
// Included only by kernel sources.
#pragma once

#include "solvers/active_set/eight.hpp"
#include "solvers/active_set/kernel.hpp"

namespace ressin::active_set {
namespace {

constexpr double highest = 1.7976931348623157e308;

// Added to eight numbers from 8 - count on, it leaves the first `count` and lets the others be no minimum.
alignas(64) constexpr double beyond_end[16] = {0.0,     0.0,     0.0,     0.0,     0.0,     0.0,     0.0,     0.0,
                                               highest, highest, highest, highest, highest, highest, highest, highest};

template <bool varying>
class Gradient {
 public:
  Gradient(const Tables& t, const Loads& loads, const Support& support, const Gains& gains, const Values& point)
      : t_(t), loads_(loads), support_(support), gains_(gains), x_(point) {}

  // Look at a section's samples, with the state at its end.
  void run(Section& section, double threshold, const Watched* watched) {
    threshold_ = -threshold;
    found_ = &section.found;
    found_->count = 0;
    watched_ = watched;
    if (watched_ && !watched_->is_partial) {
      const std::ptrdiff_t last = (t_.begin[section.end] - 1) / block_size;
      for (std::ptrdiff_t b = t_.begin[section.begin] / block_size; b <= last; ++b) watched_->blocks[b] = 0;
    }
    start(section);
    pass<true>(section);
    section.least = least_;
  }

  // No more than the state at a section's first sample.
  void skip(Section& section) {
    start(section);
    pass<false>(section);
  }

 private:
  template <bool looks>
  void pass(Section& section) {
    const std::ptrdiff_t first = section.begin > t_.start_interval ? section.begin : t_.start_interval;
    for (std::ptrdiff_t m = section.end - 1; m >= first; --m) {
      take_columns(m);
      std::ptrdiff_t end = t_.begin[m + 1];
      for (std::ptrdiff_t e = support_.interval_event[m + 1] - 1; e >= support_.interval_event[m]; --e) {
        const EventRow& event = support_.rows[support_.slot[e]];
        const double *x = gains_.events[e].state, p = x_.p[e];
        stretch<looks>(support_.sample[e] + 1, end, t_.z0 * x[0] + x[1] + event.ga * p, t_.z1 * x[1] + event.gv * p);
        const double next = t_.z0 * ua_ + event.Xa * p;
        uv_ = ua_ + t_.z1 * uv_ + event.Xv * p;
        ua_ = next;
        end = support_.sample[e];
      }
      stretch<looks>(max_index(t_.begin[m], t_.first_row), end, x_.states[2 * m], x_.states[2 * m + 1]);
      const std::ptrdiff_t j = t_.newest_knot + m;
      if (m > t_.start_interval && 0 <= j && j < t_.n_knots) {
        ua_ += t_.knot_state[2 * m] * x_.spline[j];
        uv_ += t_.knot_state[2 * m + 1] * x_.spline[j];
      }
    }
    section.adjoint_before[0] = ua_, section.adjoint_before[1] = uv_;
  }

  static constexpr std::ptrdiff_t chunk = block_size;  // so that one lies in two blocks at most

  static std::ptrdiff_t max_index(std::ptrdiff_t a, std::ptrdiff_t b) { return a > b ? a : b; }
  static std::ptrdiff_t min_index(std::ptrdiff_t a, std::ptrdiff_t b) { return a < b ? a : b; }

  // Rows that go on for ever count what is beyond the end: it is taken off there.
  void start(const Section& section) {
    if (section.end < t_.n_intervals) {
      ua_ = section.adjoint[0], uv_ = section.adjoint[1];
      return;
    }
    const double *x = x_.states + 2 * t_.n_intervals, *c = x_.columns + n_columns * (t_.n_intervals - 1);
    ua_ = -(t_.end_aa * x[0] + t_.end_av * x[1]);
    uv_ = -(t_.end_av * x[0] + t_.end_vv * x[1]);
    for (int k = 0; k < load_column; ++k) ua_ -= t_.end_a[k] * c[k], uv_ -= t_.end_v[k] * c[k];
  }

  void take_columns(std::ptrdiff_t m) {
    columns_ = x_.columns + n_columns * m;
    phase_ = m > 0 ? -t_.begin[m] : t_.first_phase;
    base_ = slope_ = 0.0;
    for (int k = 0; k < 2; ++k) {
      base_ += t_.row_base[k] * columns_[first_drift + k];
      slope_ += t_.row_slope[k] * columns_[first_drift + k];
    }
  }

  // The rows' part of eight samples from i on.
  Eight of_rows(std::ptrdiff_t i) const {
    Eight s = eight(loads_.c + i), s2(0.0);
    if constexpr (varying) {
      for (int k = 0; k < load_column; k += 2) {
        s = fma(Eight(columns_[k]), eight(t_.row_at[k] + i), s);
        s2 = fma(Eight(columns_[k + 1]), eight(t_.row_at[k + 1] + i), s2);
      }
    } else {
      const std::ptrdiff_t o = i + phase_;
      s = s + fma(Eight(slope_), samples(i, Eight{}), Eight(base_));
      for (int k = 0; k < 4; k += 2) {
        s = fma(Eight(columns_[k]), eight(t_.phase_row[k] + o), s);
        s2 = fma(Eight(columns_[k + 1]), eight(t_.phase_row[k + 1] + o), s2);
      }
    }
    return s + s2;
  }

  // Samples [b, e): the state at b is (a, v). Then u is what it is at b.
  template <bool looks>
  void stretch(std::ptrdiff_t b, std::ptrdiff_t e, double a, double v) {
    if (e <= b) return;
    if constexpr (looks) look(b, e, a, v);
    const double p0 = t_.psi0[e - b], p1 = t_.psi1[e - b];
    uv_ = p1 * ua_ + (p0 - t_.d * p1) * uv_;
    ua_ = p0 * ua_;
  }

  void look(std::ptrdiff_t b, std::ptrdiff_t e, double a, double v) {
    const double d = t_.d;
    const double *f0 = t_.psi0 - b, *f1 = t_.psi1 - b, *h0 = t_.back0 - (e - 1), *h1 = t_.back1 - (e - 1);
    const Eight E0(t_.ga * ua_ + t_.gv * uv_), E1(t_.gv * ua_ - d * t_.gv * uv_);
    const Eight U0(t_.Xa * a + t_.Xv * v), U1(t_.Xa * v - d * t_.Xv * v), A(a), V(v), D(d);
    open_ = false;
    const std::ptrdiff_t before = found_->count;
    double g[chunk];
    for (std::ptrdiff_t i = b; i < e; i += chunk) {
      const std::ptrdiff_t count = min_index(chunk, e - i);
      if (watched_ && watched_->is_partial && !is_watched(i, count)) {
        close();
        continue;
      }
      Eight low(highest);
      for (std::ptrdiff_t k = 0; k < count; k += 8) {
        const std::ptrdiff_t at = i + k;
        const Eight p0 = eight(f0 + at), p1 = eight(f1 + at);
        Eight s = fma(E0, eight(h0 + at), of_rows(at)), s2 = E1 * eight(h1 + at);
        if constexpr (varying) {
          const Eight xa = fma(A, p0, V * p1), xv = V * fnma(D, p1, p0);
          s = fma(eight(t_.Xa_at + at), xa, s);
          s2 = fma(eight(t_.Xv_at + at), xv, s2);
        } else {
          s = fma(U0, p0, s);
          s2 = fma(U1, p1, s2);
        }
        s = s + s2;
        store(g + k, s);
        low = min(low, s + eight(beyond_end + 8 - min_index(8, count - k)));
      }
      const double lowest = least(low);
      if (watched_ && !watched_->is_partial && lowest < watched_->margin) watch(i, count);
      if (lowest < threshold_) {
        search(g, i, count);
      } else {
        close();
      }
    }
    close();
    latest_first(before);
  }

  bool is_watched(std::ptrdiff_t i, std::ptrdiff_t count) const {
    return watched_->blocks[i / block_size] || watched_->blocks[(i + count - 1) / block_size];
  }
  void watch(std::ptrdiff_t i, std::ptrdiff_t count) {
    watched_->blocks[i / block_size] = watched_->blocks[(i + count - 1) / block_size] = 1;
  }

  // Runs below the threshold; one may go on from the chunk before and into the next.
  void search(const double* g, std::ptrdiff_t i, std::ptrdiff_t count) {
    for (std::ptrdiff_t k = 0; k < count; ++k) {
      if (!(g[k] < threshold_)) {
        close();
      } else if (!open_ || g[k] < lowest_) {
        open_ = true;
        lowest_ = g[k];
        lowest_at_ = i + k;
      }
    }
  }

  void close() {
    if (!open_) return;
    open_ = false;
    least_ = min(least_, lowest_);
    if (found_->count < found_->capacity) found_->sample[found_->count++] = lowest_at_;
  }

  // Within a stretch they are found in time order.
  void latest_first(std::ptrdiff_t from) {
    for (std::ptrdiff_t a = from, b = found_->count - 1; a < b; ++a, --b) {
      const std::ptrdiff_t sample = found_->sample[a];
      found_->sample[a] = found_->sample[b];
      found_->sample[b] = sample;
    }
  }

  const Tables& t_;
  const Loads& loads_;
  const Support& support_;
  const Gains& gains_;
  const Values& x_;
  double threshold_ = 0.0;
  Found* found_ = nullptr;
  const Watched* watched_ = nullptr;
  double ua_ = 0.0, uv_ = 0.0, base_ = 0.0, slope_ = 0.0, least_ = 0.0, lowest_ = 0.0;
  std::ptrdiff_t phase_ = 0, lowest_at_ = 0;
  bool open_ = false;
  const double* columns_ = nullptr;
};

}  // namespace
}  // namespace ressin::active_set

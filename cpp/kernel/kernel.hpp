// The passes of the interior point method as plain functions over plain arrays.
//
// A kernel works on `lanes` signals of one shape at a time, interleaved: element (i, lane) of an array is at
// i * lanes + lane. The sources behind make_kernel() are compiled once per instruction set (kernel_*.cpp); only
// these plain structures are exchanged with them, so the linker cannot take an inline function of the standard library from a
// build for another instruction set.
#pragma once

#include <cstddef>

namespace ressin {

inline constexpr int max_lanes = 8;
inline constexpr int n_local = 6;            // spline and drift coefficients coupled at one sample: 4 + 2
inline constexpr int n_gains = n_local + 4;  // spline 4, drift 2, offset, 1/pivot, and the two of the state
inline constexpr int n_gram = n_local * (n_local + 1) / 2;
inline constexpr int n_front = n_local + 2;  // the front's unknowns: a, v, spline 4, drift 2
inline constexpr int n_row = n_front + 2;    // an eliminated unknown: couplings, offset, 1/pivot
inline constexpr int n_start_rows = 7;       // eliminated at the start: 3 older knots, 2 drifts, 2 states

// A shape: what all lanes have in common.
//
// The response runs as a two-state filter: with p in units that make its first coefficient 1,
//   r_i = a_i + p_i,   a_{i+1} = z0 a_i + v_i + g_a p_i,   v_{i+1} = z1 v_i + g_v p_i.
struct KernelShape {
  std::ptrdiff_t n;
  std::ptrdiff_t first_row;  // samples before it have no driver; where it is not 0, the state there is free
  double z0, z1, g_a, g_v;
  // intervals between knots; interval m sees knots newest - 3 .. newest, newest = newest_knot + m, of those in [0, n_knots)
  std::ptrdiff_t n_intervals, n_knots, newest_knot;
  const std::ptrdiff_t* interval_end;  // (n_intervals,) one past the interval's last sample
  std::ptrdiff_t first_phase;          // row of `spline` at sample 0
  const double* spline;                // (knot spacing, 4) the four bumps over one interval, oldest first
  int n_drift;
  const double* drift;  // (n, 2); columns from n_drift on are zero
};

// The iterates of all lanes, and what the passes hand to each other.
struct KernelState {
  // per sample, (n, lanes)
  double* w;       // sample weights
  double* e;       // residual r + t - y, updated by increments, which keeps it exact where r and t are large and cancel
  double* p;       // driver, > 0
  double* lambda;  // its multiplier, > 0
  double* inv;     // 1 / (p lambda)
  double* centre;  // (sigma mu - dp_aff dlambda_aff) / (p lambda), for the corrector
  double* step;    // dp / p
  double* gains;   // (n, n_gains, lanes)
  // per interval
  double* gram;      // (n_intervals, n_gram, lanes) sum of w phi phi' over the interval
  double* measured;  // (n_intervals, n_local, lanes) sum of w e phi over the interval
  double* rows;      // (n_intervals + n_start_rows, n_row, lanes) elimination of the knot that enters the interval
  // coefficients and their step: knots then drift; element (k, lane)
  double* spline;       // (n_knots, lanes)
  double* spline_step;  // (n_knots, lanes)
  double* drift;        // (2, lanes)
  double* drift_step;   // (2, lanes)
  double* start;        // (2, lanes) the state (a, v) at first_row
  double* start_step;   // (2, lanes)
  // per lane
  double alpha[max_lanes], gamma[max_lanes];
  double step_length[max_lanes], dual_step_length[max_lanes];
  double sigma_mu[max_lanes];
  double min_step[max_lanes], min_dual_step[max_lanes];  // of dp / p and dlambda / lambda
  double sum_pl[max_lanes], sum_pl_step[max_lanes], sum_pl_step2[max_lanes];
  double sum_we2[max_lanes], sum_p[max_lanes];
};

struct Passes {
  void (*factor)(const KernelShape&, KernelState&);        // eliminate backwards in time; the predictor's right-hand side
  void (*factor_given)(const KernelShape&, KernelState&);  // the same with any right-hand side, see factor.hpp
  void (*predict)(const KernelShape&, KernelState&);       // substitute forwards: the step, and how far it may go
  void (*recentre)(const KernelShape&, KernelState&);      // the corrector's right-hand side through the same factor
  void (*correct)(const KernelShape&, KernelState&);       // predict() with the right-hand side of recentre()
  void (*advance)(const KernelShape&, KernelState&);       // take the step and evaluate the residual there
};

// One recording in three parts, see stretched.hpp: a head and a tail of one lane, and between them a lane for each stretch. In
// the middle and the tail knots are counted from the oldest at the part's or lane's first sample (newest_knot 3), first_row is
// -1, the start is the state that comes from before, and the middle's drift has rows of its own in every lane: (n, 2, lanes).
inline constexpr int n_stretches = 4;
struct StretchedShape {
  KernelShape head, middle, tail;
  std::ptrdiff_t run_in;  // in intervals
};
struct StretchedState {
  KernelState head, middle, tail;
  double mismatch;  // of the step where lanes meet, relative
};
struct StretchedPasses {  // as in Passes
  void (*factor)(const StretchedShape&, StretchedState&);
  void (*predict)(const StretchedShape&, StretchedState&);
  void (*recentre)(const StretchedShape&, StretchedState&);
  void (*correct)(const StretchedShape&, StretchedState&);
  void (*advance)(const StretchedShape&, StretchedState&);
};

struct Kernel {
  int lanes;
  Passes unweighted, weighted;  // for weights that are all one, and for any
  const char* instruction_set;
};

// The kernels of one instruction set: for one signal, and for as many as fill a vector.
struct KernelPair {
  Kernel single, lanes;
  StretchedPasses stretched, stretched_weighted;
};
KernelPair baseline_kernels();
#if defined(RESSIN_HAVE_V3)
KernelPair v3_kernels();  // AVX2 and FMA
#endif
#if defined(RESSIN_HAVE_V4)
KernelPair v4_kernels();  // AVX-512
#endif

// The kernels of the best instruction set of this machine.
const KernelPair& kernels();

}  // namespace ressin

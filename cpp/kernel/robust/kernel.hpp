// The sweeps of the interior point method for the robust programme, as plain functions over plain arrays.
//
// As in kernel/kernel.hpp: `lanes` signals of one shape at a time, interleaved, one source compiled once per instruction set.
#pragma once

#include <cstddef>

#include "kernel/kernel.hpp"

namespace ressin::robust {

// The front: the response's states a and v, the levels at the four knots of an interval, oldest first; and the right-hand side.
// A level is the knot's coefficient and the shift that has come about: the bumps sum to one, so a shift moves all four alike.
enum Unknown { of_a, of_v, of_knot, n_unknowns = of_knot + 4, of_rhs = n_unknowns };

// A bound pair a sample, the driver. Two more where it may be an outlier, up and down, and two where a shift may come after it.
enum Pair { driver, outlier_up, outlier_down, shift_up, shift_down, n_pairs };

// A pair's numbers.
enum PairRecord {
  value,       // > 0
  multiplier,  // > 0
  inverse,     // 1 / (value multiplier)
  step,        // relative: d value / value
  centre,      // (sigma mu - d value d multiplier) / (value multiplier), of the predictor
  n_pair_record
};

// A sample's record, `n_record` numbers a lane: the driver's pair and what follows.
enum Record {
  weight = n_pair_record,  // of the squared residual, >= 0
  driver_cost,             // > 0
  residual,                // e = y - r - t - s - o, kept by increments
  residual_step,
  gain,  // of the driver: one per unknown, the offset, and 1 / pivot
  gain_offset = gain + n_unknowns,
  gain_inverse,
  n_record
};

// In the records of outliers and shifts the pair that points up comes first, then the one that points down.
constexpr int up_pair = 0, down_pair = n_pair_record;

// That of an outlier, apart from its sample's: few samples may be one.
enum OutlierRecord {
  box = 2 * n_pair_record,  // its cost, > 0; zero in a lane where it may be none
  shrink,                   // 1 / (1 + weight (its pairs' values over multipliers))
  n_outlier_record
};

// That of the shift after a sample.
enum ShiftRecord {
  shift_cost = 2 * n_pair_record,  // > 0; zero in a lane where it may be none
  row,  // the sum of the levels' rows of the cost-to-go before its elimination, its right-hand side, and 1 / (1 + S sum of row)
  row_rhs = row + n_unknowns,
  row_inverse,
  n_shift_record
};

// A knot's record. Its bound pair is the level there, coefficient plus shift, above the floor.
enum KnotRecord {
  knot_value,  // the coefficient
  knot_step,
  level,
  level_multiplier,
  level_inverse,
  level_relative_step,
  level_centre,
  knot_row,  // its elimination: couplings, offset, 1 / pivot
  knot_offset = knot_row + n_unknowns,
  knot_inverse,
  bend_penalty,  // of the squared second difference of this knot's coefficient and the next two
  n_knot_record
};

// One shape: what is the same in every lane. Interval m holds samples [m spacing, (m + 1) spacing) and sees knots m .. m + 3,
// knot j standing at sample (j - 1) spacing.
struct Shape {
  std::ptrdiff_t n, spacing, n_intervals;
  double z0, z1, g_a, g_v;  // the response as in kernel/kernel.hpp
  const double* bumps;      // (spacing, 4) the four bumps over an interval, oldest first; they sum to one
};

// The lanes in which a sample may be an outlier, or a shift come between it and the next. Where that is in some, the others
// have pairs of value one, multiplier zero, inverse zero and cost zero, which stay as they are and change nothing.
enum Among : unsigned char { in_no_lane, in_every_lane, in_some_lanes };

// In numbers of a `Real`, float or double.
template <class Real>
struct StateOf {
  const unsigned char *outlying, *shifting;  // (n,) Among
  const Real* bumps;                         // (spacing, 4) the shape's
  Real* samples;                             // (n, n_record, lanes)
  Real* outliers;                            // (n, n_outlier_record, lanes)
  Real* shifts;                              // (n, n_shift_record, lanes)
  Real* knots;                               // (n_intervals + 3, n_knot_record, lanes)
  // per lane
  Real is_new[max_lanes];  // one for begin(), or zero: weights, costs and levels are there, and the signal as residual
  Real start_product[max_lanes], start_level[max_lanes];  // of every pair; of all knots
  Real step_length[max_lanes], dual_step_length[max_lanes], sigma_mu[max_lanes];
  Real min_step[max_lanes], min_dual_step[max_lanes];
  Real sum_products[max_lanes], sum_steps[max_lanes], sum_squares[max_lanes];  // of value multiplier (1, x, x^2)
  Real sum_fit[max_lanes], sum_cost[max_lanes];                                // objective's quadratic and linear part
};

// The active set: where a bound holds is given, and the rest is linear. An event is a driver that is not zero, at a sample, or
// a shift that is not, after one; those of all lanes, in time order. A lane that does not have an event has a cost of zero and
// passes it by.
enum EventRecord {
  is_free,     // one, or zero in a lane that does not have it
  event_cost,  // with a shift's sign
  event_gain,  // one per unknown, and the offset
  event_offset = event_gain + n_unknowns,
  event_step,
  n_event_record
};

// What happens at a sample in any lane; a shift comes after it.
enum Happening : unsigned char { nothing = 0, has_driver = 1, has_shift = 2 };

struct EventState {
  const unsigned char* happening;  // (n,) or-ed
  double *drivers, *shifts;        // (events, n_event_record, lanes)
  std::ptrdiff_t n_drivers, n_shifts;
  double* knots;  // (n_intervals + 3, n_knot_record, lanes); what concerns the level's bound is not used
  // (n, lanes) each
  double *weight, *delta, *driver_cost, *shift_cost;
  double* base;   // what is to be fitted
  double* fit;    // weight of its squared residual: none for an outlier
  double* held;   // an outlier's force
  double* rest;   // residual with the outlier
  double* kept;   // the same at the last point that was settled
  double* slack;  // of the driver: cost less force
  double* push;   // of the shift: sum of the forces after it
  // per lane
  double loss[max_lanes];         // of what is left: squares, beyond delta in proportion
  double share[max_lanes];        // examine() goes this far from what is kept to what is left; zero: nothing is looked at
  double least_slack[max_lanes];  // below zero where a driver or shift is missing
  double changed[max_lanes];      // outliers that have come or gone
};

template <class Real>
struct PassesOf {
  using State = StateOf<Real>;
  void (*begin)(const Shape&, State&);     // lay out the first point of the lanes that are new
  void (*factor)(const Shape&, State&);    // eliminate backwards in time; the predictor's right-hand side
  void (*predict)(const Shape&, State&);   // substitute forwards: the step, and how far it may go
  void (*recentre)(const Shape&, State&);  // the corrector's right-hand side through the same factor
  void (*correct)(const Shape&, State&);   // predict(), with what recentre() has made of it
  void (*advance)(const Shape&, State&);   // take the step
};

struct EventPasses {
  void (*eliminate)(const Shape&, EventState&);   // backwards in time
  void (*substitute)(const Shape&, EventState&);  // forwards: steps and what is left
  void (*examine)(const Shape&, EventState&);     // backwards: forces against costs, and outliers
};

template <class Real>
struct KernelOf {
  int lanes;
  int numbers;  // doubles to a number: one, or two of which the second holds what rounding leaves over
  PassesOf<Real> passes;
};
struct Kernel : KernelOf<double> {
  EventPasses events;  // the active set's
};
using CoarseKernel = KernelOf<float>;

struct KernelPair {
  Kernel single, lanes;
  CoarseKernel coarse_single, coarse_lanes;  // for programmes that only settings are read from
};
KernelPair baseline_kernels();
Kernel twofold_kernel();  // one signal, in numbers of about 32 digits; the same on every machine
#if defined(RESSIN_HAVE_V3)
KernelPair v3_kernels();
#endif
#if defined(RESSIN_HAVE_V4)
KernelPair v4_kernels();
#endif

// The best that this machine runs.
const KernelPair& kernels();

}  // namespace ressin::robust

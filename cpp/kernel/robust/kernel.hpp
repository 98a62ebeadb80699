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
  Real is_new[max_lanes];         // one for begin(), or zero: weights, costs and levels are there, and the signal as residual
  Real start_product[max_lanes];  // of every pair
  Real step_length[max_lanes], dual_step_length[max_lanes], sigma_mu[max_lanes];
  Real min_step[max_lanes], min_dual_step[max_lanes];
  Real sum_products[max_lanes], sum_steps[max_lanes], sum_squares[max_lanes];  // of value multiplier (1, x, x^2)
  Real sum_fit[max_lanes], sum_cost[max_lanes];                                // objective's quadratic and linear part
};

// The active set, of one signal: where a bound holds is given, and the rest is linear. An event is a driver that is not zero,
// at a sample, or a shift that is not, after one; an outlier is a sample that pulls with its cost instead of its residual.
// Between them the state only decays, so that a solve costs by the event; see events.hpp. Arrays over samples have `padding`
// numbers more than their n, which is rounded up to a multiple of `in_block`, and beyond n no weight.
constexpr std::ptrdiff_t in_block = 4, padding = 8;

// What the samples from one on to the end of its interval make of the unknowns, without events.
struct EventBlock {
  double aa, av, vv;
  double a[4], v[4];  // with the knots
  double knots[4][4];
};

// How an event there enters what follows within its interval: coupling to the four knots, its own square, coupling to the state
// at the driver's sample, or at the one after the shift.
struct alignas(64) EventRow {
  double knot[4], own, a, v, spare;
};
struct RowPair {
  EventRow driver, shift;
};

// Where what rows count from a sample on to its interval's end begins to be there, going back in time, or ceases to.
struct Joint {
  std::ptrdiff_t sample;
  double sign;
  const EventBlock* block;
};

// What does not depend on the signal but for its weights.
struct EventTables {
  Shape shape;
  const double *psi0, *psi1, *psi2;  // F^j = [psi0 psi1; 0 psi2], j to spacing + padding
  const double* bump[4];             // (spacing + padding,) each
  // Rows by sample; or by phase, where weights are one or zero, and then there are none where the weight is zero.
  bool by_phase;
  const RowPair* rows;
  double mean_own;                 // of the drivers' rows
  const EventBlock* const* begin;  // (n_intervals,) of each interval; null where its first sample has no weight
  std::ptrdiff_t n_joints;
  const Joint* joints;  // by phase: where weights of one begin or end within an interval, the latest first
  // R'u over a block of samples: its outputs, by input; its states after the block, and before
  double pulse[in_block][in_block], to_a[in_block], to_v[in_block], into_a[in_block], into_v[in_block];
};

// Filled by a sweep backwards: unknown = -(knot'c + a a + v v + offset).
struct alignas(64) EventGain {
  double knot[4], a, v, offset, spare;
};

struct EventList {
  std::ptrdiff_t count;
  const std::ptrdiff_t* sample;  // in time order
  const double* cost;            // with a shift's sign
  EventGain* gain;
  double* value;
};

// The least of every stretch where a driver, or shift, is missing, the latest first; room for n / 2 + 1.
struct Missed {
  std::ptrdiff_t count;
  std::ptrdiff_t* sample;
  double* force;  // of the samples: R'u, or their sum after it
};

struct EventState {
  EventList drivers, shifts;
  std::ptrdiff_t n_outliers;
  std::ptrdiff_t* outliers;                       // samples, in time order
  EventGain* knot_gain;                           // (n_knots,)
  double *knot_value, *knot_step, *bend_penalty;  // (n_knots,)
  // by sample
  double *weight, *delta, *driver_cost, *shift_cost;
  double* base;       // what is to be fitted
  double* side;       // of an outlier: up one, down minus one; else zero
  double* of_driver;  // how a driver there, and a shift after it, meet what the base has up to the interval's end
  double* of_shift;
  double* of_begin;  // (n_intervals, 6) the same of the unknowns at each interval's begin: a, v, knots
  double* rest;      // residual with the outlier
  double* kept;      // the same at the last point that was settled
  double* force;     // of the sample: weight times residual, or an outlier's cost
  double loss;       // of what is left: squares, beyond delta in proportion
  double share;      // examine() goes this far from what is kept to what is left
  bool changed;      // whether outliers have come or gone
  Missed missed_drivers, missed_shifts;
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

// The active set's, of one signal.
struct EventPasses {
  void (*meet)(const EventTables&, EventState&);        // backwards: the base
  void (*eliminate)(const EventTables&, EventState&);   // backwards over the events
  void (*substitute)(const EventTables&, EventState&);  // forwards: steps
  void (*measure)(const EventTables&, EventState&);     // the same, with what is left at every sample
  void (*examine)(const EventTables&, EventState&);     // outliers, then backwards: forces against costs
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

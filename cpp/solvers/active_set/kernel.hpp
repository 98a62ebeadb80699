// The passes of the active-set method, as plain functions over plain arrays; see active_set.hpp for the method.
//
// The response runs as the two-state filter of kernel/kernel.hpp: with p in units that make its first coefficient 1,
//   r_i = a_i + p_i,   x_{i+1} = F x_i + g p_i,   x = (a, v),   F = [z0 1; 0 z1],   g = (g_a, g_v),
// and between two events, where p = 0, x jumps: F^j = [psi0 psi1; 0 psi0 - d psi1], d = z0 - z1.
//
// An event is whatever enters the programme at one sample: column by column what it is coupled to, the quadratic of its own,
// and how it drives the state. A driver sample is one kind; a kind that does not drive the state has g = 0. The event sweep
// reads only the row, so that a further kind costs it nothing.
//
// These sources are compiled once per instruction set (kernel_*.cpp); nothing but plain structures crosses the border.
#pragma once

#include <cstddef>

namespace ressin::active_set {

inline constexpr int n_columns = 8;    // of a row: four spline coefficients (oldest first), two drifts, the load, none
inline constexpr int first_drift = 4;  // column of the first drift
inline constexpr int load_column = 6;
inline constexpr std::ptrdiff_t padding = 16;  // numbers past the end of an array that vectors may touch

// One event: minimise over its p  1/2 G p^2 + p (X x_i + sum_k column_k c_k) + what later samples make of x_{i+1} = F x_i + g
// p, c the columns' values with c[load] = 1. Everything is with no later event; those enter through the sweep.
struct alignas(64) EventRow {
  double column[n_columns];
  double G, Xa, Xv;  // own quadratic, and coupling to the state at the event's sample
  double ga, gv;     // what it adds to the next state
  double spare[3];
};

// What a sweep leaves of an eliminated unknown: unknown = -(gain'c + gain_a a + gain_v v).
struct alignas(64) Gain {
  double column[n_columns];
  double a, v;
  double state[2];  // x at the unknown, after the forward sweep
  double spare[4];
};

// The state at the first row where the 2015 revision leaves it free: its rows, and its Gram matrix.
struct FreeStart {
  double a[n_columns], v[n_columns];
  double aa, av, vv;
};

// One programme's shape. Arrays over samples have `padding` numbers more than they need.
struct Tables {
  std::ptrdiff_t n, first_row;
  double z0, z1, d, ga, gv;
  const double *psi0, *psi1;    // [0, spacing]
  const double *back0, *back1;  // back[-j] = psi[j]
  // intervals between knots; interval m sees the knots newest - 3 .. newest, newest = newest_knot + m, of those in [0, n_knots)
  std::ptrdiff_t n_intervals, n_knots, newest_knot, start_interval;  // the first row lies in the start interval
  const std::ptrdiff_t* begin;                                       // (n_intervals + 1,)
  std::ptrdiff_t first_phase;                                        // phase of sample 0 in interval 0
  const double* bump[4];                                             // by phase: the four bumps of an interval, oldest first
  int n_drift;
  const double* drift[2];  // by sample, or null: then drift k is drift_base[k] + drift_slope[k] i
  double drift_base[2], drift_slope[2];
  // Rows by sample. Either the same everywhere but for the phase and a ramp (weights that are all one), or one array each.
  bool varying;
  double G, Xa, Xv;
  const double* phase_row[4];          // by phase
  double row_base[2], row_slope[2];    // of the drift columns
  const double *G_at, *Xa_at, *Xv_at;  // by sample, where varying
  const double* row_at[n_columns];     // by sample; of the load c_i itself
  // knots
  const double* knot_state;  // (n_intervals, 2) coupling of the knot that enters interval m to the state at its begin
  const double* gram;        // (n_knots, 8) of knot j with the knots j - 3 .. j and the drifts
  double drift_gram[3];      // (0, 0), (0, 1), (1, 1)
  // what is beyond the last sample, to be taken out of rows that go on for ever
  double end_aa, end_av, end_vv;
  double end_a[n_columns], end_v[n_columns];
  // R'u over blocks of eight samples: the outputs, and the two states before the block
  double block[8][8], block_a[8], block_v[8], into_a[8], into_v[8], a_to_a, a_to_v, v_to_v;
};

// A signal's loads: the gradients of the zero point.
struct Loads {
  double gamma;
  double alpha;        // in the kernel's unit of the driver
  const double* c;     // (n,) alpha - R'W y
  const double* knot;  // (n_knots,) -B'W y
  double drift[2];     // -C'W y
  FreeStart start;     // with the load -S'W y
};

// The support, in time order, and what a solve finds there.
struct Support {
  std::ptrdiff_t count;
  const std::ptrdiff_t* sample;          // (count,)
  const EventRow* rows;                  // by slot
  const int* slot;                       // (count,)
  const std::ptrdiff_t* interval_event;  // (n_intervals + 1,) first event of each interval
};

struct Values {
  double* p;       // (count,)
  double* spline;  // (n_knots,)
  double drift[2];
  double start[2];  // the state at the first row, where it is free
  double* states;   // (n_intervals + 1, 2) at each interval's begin, or at the first row; at n
  double* columns;  // (n_intervals, n_columns) the values of the interval's columns
  double fall;      // twice by how much the objective falls from the zero point's
};

// Room for a sweep's gains.
struct Gains {
  Gain* events;  // (count,)
  Gain* knots;   // (n_intervals,)
};

// The minima of the stretches where the gradient is below a threshold, latest first.
struct Found {
  std::ptrdiff_t* sample;
  std::ptrdiff_t count, capacity;
};

// Blocks of samples where new events may be wanted. A pass over everything marks those where the gradient is below `margin`;
// a pass that is partial looks only there.
inline constexpr std::ptrdiff_t block_size = 64;
struct Watched {
  unsigned char* blocks;  // of a section, from that of sample 0 on
  double margin;
  bool is_partial;
};

// Where the point's parts are written, each in the unit that is wanted, and what is seen of them on the way.
struct WrittenParts {
  double *phasic, *tonic, *residual;  // (n,) scale r, scale t + mean, residual_scale (r + t - y)
  double scale, mean, residual_scale;
  double least_signal, least_tonic;                         // of y and t
  double of_phasic, of_tonic, of_phasic2, of_tonic2, both;  // sums of r, t, r^2, t^2, r t
  double largest_tonic;
};

// What the data say of the point; e = r + t - y.
struct Evaluation {
  double* dual;                     // (n,) u = W e, less its part along the drift where the parts are written
  double* at_events;                // (count,) gradient of the driver's samples in the support
  double* at_knots;                 // (n_knots,) B'u
  double at_drift[2], at_start[2];  // C'u, S'u
  double fit, signal, size;         // sum w e^2; sum w y^2; sum |y|
  double largest_phasic, worst;     // largest |r|; least gradient, at most 0
  double uu, ue, mismatch, gp;      // u'W^-1 u; u'e; |e - W^-1 u|^2 / 2; gradient times driver
  double ones, ramp;                // sums of e, and of e times the sample's distance from the middle
};

// A run of intervals between knots. A long recording has many, which different threads may take: a pass over the samples reads
// what lies between from two states at the section's ends, and sums over its samples alone. All other sections' sums are added
// in their order, so that a result is the same whoever took which.
struct Section {
  std::ptrdiff_t begin, end;  // intervals
  double response[2];         // state of the response at the first sample
  double response_after[2];   // and at the end
  double adjoint[2];          // state at the end of what is filtered backwards: R'u, or the gradient's
  double adjoint_before[2];   // and at the first sample
  double* own;                // (n_intervals, 2) what each interval's u adds to R'u's state at its begin; null for one section
  double older[3];            // of B'u for the three knots that were there before the first interval
  double least;               // gradient
  Found found;
  Evaluation sums;  // of this section's samples
  WrittenParts parts;
};

// Derivatives of psi0 in z0, and of psi1 in z0 and in z1; [0, spacing].
struct PoleTables {
  const double *psi0, *psi1_z0, *psi1_z1;
};

struct Passes {
  // Of one section, -B'x and -C'x of what acts on the tonic part; then c = alpha - R'x of what acts on the phasic one, which
  // the states between sections need before. Of a signal with rows that are not varying both are the signal.
  void (*load_columns)(const Tables&, const double* of_phasic, const double* of_tonic, Section*);
  void (*load_rows)(const Tables&, const double* of_phasic, double alpha, double* c, Section*);
  // the rows of every sample, or only those of `count` samples in time order, by one sweep from the end
  void (*vary)(const Tables&, const double* y, const double* w, double alpha, const std::ptrdiff_t* samples,
               std::ptrdiff_t count, double* const* rows, double* knot_state, FreeStart* start);
  // B'WB with B'WC (as Tables::gram), C'WC, -B'Wy, -C'Wy
  void (*gram)(const Tables&, const double* y, const double* w, double* gram, double* drift_gram, double* knot, double* drift);
  void (*solve)(const Tables&, const Loads&, const Support&, const Gains&, Values*);
  // The gradient's states between sections, then each section's least gradient; `found` gets the minima below -threshold.
  // `watched` may be null.
  void (*place_adjoint)(const Tables&, const Loads&, const Support&, const Gains&, const Values&, Section*,
                        std::ptrdiff_t count);
  void (*gradient)(const Tables&, const Loads&, const Support&, const Gains&, const Values&, double threshold, Section*,
                   const Watched* watched);
  // The response's states between sections. Then, of each section: the residual, its sums and B'u; less its part along the
  // drift, for the proof of a plain programme; the gradient that the residual implies. The parts are written where
  // `is_written`.
  void (*place_response)(const Tables&, const Support&, const Values&, Section*, std::ptrdiff_t count);
  void (*measure)(const Tables&, const double* y, const double* w, const Support&, const Values&, bool is_written, Section*);
  void (*project)(const Tables&, double level, double slope, Section*);
  void (*find)(const Tables&, double alpha, double threshold, const Support&, const Values&, Section*);
  // d/dz sum c r for z = z0, z1, where the support's driver p and the free start make r. c has `padding` numbers more.
  void (*poles)(const Tables&, const PoleTables&, const Support&, const double* p, const double* start, const double* c,
                double* to_poles);
};

Passes baseline_passes();
#if defined(RESSIN_HAVE_V3)
Passes v3_passes();  // AVX2 and FMA
#endif
#if defined(RESSIN_HAVE_V4)
Passes v4_passes();  // AVX-512
#endif

// The best that this machine runs.
const Passes& passes();

}  // namespace ressin::active_set

// The robust programme: what cvxEDA's leaves out, and settings that mean something in the recording's own unit.
//
// A signal y of n samples, dt apart, is y = r + t + s + o + e: phasic part, tonic spline, shifts of the level (loose contact,
// steps), outliers and the rest. In the unit of the signal and in seconds,
//
//   minimise  1/2 sum w_i e_i^2 dt + sum alpha_i p_i dt + sum w_i delta_i |o_i| dt + sum kappa_i |s_i+1 - s_i|
//             + 1/2 int gamma t''^2     subject to  p >= 0,  l_j + s_j >= floor
//
// with r the response to the driver p, t the cubic spline of coefficients l, a partition of unity with a knot every
// delta_knot, and s_j the shift at knot j (at the first sample for knots before it, at the last for those after). int gamma
// t''^2 is taken as delta_knot sum gamma_j (second difference of l / delta_knot^2)^2, gamma the fourth power of a stiffness in
// s. The shifts begin at zero; a constant in them is one in the spline, so no other choice changes a part, the bound included.
// Six seconds without weight come before the first sample: what they answer to is what still decays there. Nothing else is
// penalised, so the programme is the same at any rate.
#pragma once

#include <cstddef>
#include <limits>
#include <vector>

#include "programme/certificate.hpp"
#include "programme/model.hpp"

namespace ressin::robust {

struct Settings {
  double tau0 = 2.0, tau1 = 0.7;  // s, time constants of the response
  double delta_knot = 10.0;       // s, between knots
  double stiffness = 3.0;         // s, of the spline where a problem has none of its own; gamma is its fourth power
  double before = 6.0;            // s without weight before the first sample
};

// One shape of signals. Samples here count from the beginning of the stretch before the first.
class Model {
 public:
  Model(std::ptrdiff_t n_signal, double dt, const Settings& settings);

  std::ptrdiff_t n() const { return n_; }              // samples in all
  std::ptrdiff_t n_before() const { return before_; }  // of them before the signal
  std::ptrdiff_t n_signal() const { return n_ - before_; }
  double dt() const { return dt_; }
  const Settings& settings() const { return settings_; }
  const Response& response() const { return response_; }
  double unit_area() const { return 1.0 / response_.ar[0]; }  // of p: r_i = unit_area p_i + ...

  std::ptrdiff_t spacing() const { return spacing_; }
  std::ptrdiff_t n_intervals() const { return n_intervals_; }
  std::ptrdiff_t n_knots() const { return n_intervals_ + 3; }
  std::ptrdiff_t knot(std::ptrdiff_t j) const { return (j - 1) * spacing_; }
  std::ptrdiff_t knot_sample(std::ptrdiff_t j) const { return std::min(std::max<std::ptrdiff_t>(knot(j), 0), n_ - 1); }
  // Sample i sees knots interval(i) .. + 3 with these four weights.
  std::ptrdiff_t interval(std::ptrdiff_t i) const { return i / spacing_; }
  const double* bumps(std::ptrdiff_t i) const { return bumps_.data() + 4 * (i % spacing_); }
  const std::vector<double>& all_bumps() const { return bumps_; }
  // of a squared second difference of the coefficients, in an objective over dt
  double penalty(double stiffness) const;
  // of the one of knots j, j + 1 and j + 2, and where the middle one stands: the signal's nearest sample
  std::ptrdiff_t n_bends() const { return n_knots() - 2; }
  std::ptrdiff_t bend_sample(std::ptrdiff_t j) const { return std::max<std::ptrdiff_t>(knot_sample(j + 1) - before_, 0); }

 private:
  std::ptrdiff_t n_, before_;
  double dt_;
  Settings settings_;
  Response response_;
  std::ptrdiff_t spacing_, n_intervals_;
  std::vector<double> bumps_;
};

// The loads of one signal, (n_signal,) each. All arrays are the caller's.
struct Problem {
  const double* y = nullptr;        // zero where the weight is
  const double* weights = nullptr;  // >= 0, or null for ones
  const double* alpha = nullptr;    // > 0, signal unit times s
  const double* delta = nullptr;    // > 0, signal unit
  const double* kappa = nullptr;    // > 0, signal unit times s; of the step to the next sample, so the last is of no use
  double alpha_before = 0.0;        // alpha before the first sample
  double floor = -std::numeric_limits<double>::infinity();
  const double* stiffness = nullptr;  // (n_bends,) s, > 0, of the spline about its inner knots; null for the settings' own

  double weight(std::ptrdiff_t i) const { return weights ? weights[i] : 1.0; }
  double penalty(const Model& model, std::ptrdiff_t j) const {
    return model.penalty(stiffness ? stiffness[j] : model.settings().stiffness);
  }
};

struct Point {
  std::vector<double> driver;  // (n,) p >= 0, a density
  std::vector<double> spline;  // (n_knots,)
  std::vector<double> steps;   // (n,) of the shift, from each sample to the next; zero before the signal and at the end
};

struct Parts {
  std::vector<double> phasic, spline, shift;  // (n,)
  std::vector<double> outliers, residual;     // (n_signal,): the best for the other parts
};
Parts make_parts(const Model& model, const Problem& problem, const Point& point);

// A bound on how far a point is above the optimum, by weak duality. `u`: (n_signal,) w e as the solver has it; `level`:
// (n_knots,) multipliers of the levels' bounds, >= 0. Both may be any numbers: a bad witness makes the bound worse, never
// wrong.
struct Witness {
  std::vector<double> u, level;
};
// What such a dual point answers the controls with.
struct Forces {
  std::vector<double> response;  // (n,) R'u, against alpha
  std::vector<double> after;     // (n,) sum of u and level after each sample, against kappa / dt
};
Forces forces_of(const Model& model, const std::vector<double>& u, const std::vector<double>& level);
inline Forces forces_of(const Model& model, const Witness& x) { return forces_of(model, x.u, x.level); }
Evidence certify(const Model& model, const Problem& problem, const Point& point, const Parts& parts, const Witness& witness);

}  // namespace ressin::robust

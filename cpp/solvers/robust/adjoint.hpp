// The derivative of a robust decomposition in its signal, costs and floor held: one solve with the matrix at the solution.
//
// With v the step of all unknowns (driver, spline, steps of the shift) that a loss's gradient c asks for, K v = c, where K is
// the Hessian of the fit on the samples without an outlier, the spline's penalty, and for each bound its multiplier over its
// distance; then the gradient in the signal is W (response + spline + shift of v). An outlier takes up all that its sample
// says, so that sample has no say. The solve is a linear-quadratic regulator backwards in time, as in the interior point.
#pragma once

#include <vector>

#include "programme/robust/model.hpp"

namespace ressin::robust {

// A solved signal, all in its unit, and a loss's gradient in its parts.
struct Solved {
  const double* weights;                       // (n_signal,) or null for ones
  const double *driver, *residual, *outliers;  // (n_signal,)
  const double* shifts;                        // (n_signal,)
  const double *alpha, *kappa;                 // (n_signal,)
  const double* before;                        // (n_before,) driver before the first sample
  const double *spline, *level;                // (n_knots,) coefficients, and multipliers of their bounds
  const double* stiffness;                     // (n_bends,)
  double alpha_before;
  bool bounded;
  const double *to_phasic, *to_tonic, *to_driver;  // (n_signal,) the tonic part with its shifts
};

// The gradient in the signal, (n_signal,).
std::vector<double> differentiate(const Model& model, const Solved& x);

}  // namespace ressin::robust

// The programme's parameters, and the settings of the interior point method.
#pragma once

namespace ressin {

// Two revisions of the cvxEDA reference are in use; they differ in the start of the signal and in the last knots.
enum class Revision {
  r2015,  // rows 0, 1 and those of missing samples after them are empty in A and M; two q free; knots k < n
  r2025,  // all n rows; knots k < n + ks/2
};

// Columns of C, the drift below the spline.
enum class Baseline {
  none,      // no columns
  constant,  // ones
  linear,    // ones, (1..n)/n
  spline,    // the sum of all spline columns, B 1
};

// The programme: minimise 1/2 ||M q + B l + C d - y||_W^2 + alpha 1'A q + gamma/2 ||l||^2  subject to  A q >= 0.
struct ProgramSettings {
  double tau0 = 2.0;         // s, slow time constant of the Bateman response
  double tau1 = 0.7;         // s, fast time constant
  double delta_knot = 10.0;  // s, spacing of the spline's knots
  double alpha = 8e-4;       // weight of the driver's l1 norm, > 0
  double gamma = 1e-2;       // weight of the spline coefficients' squared norm, >= 0
  Revision revision = Revision::r2025;
  Baseline baseline = Baseline::linear;
};

// The interior-point method.
struct SolverSettings {
  double tol = 1e-8;            // relative duality gap at which a solve is converged
  int max_iterations = 200;     // Newton steps
  bool keep_curvature = false;  // needed for derivatives of the solution
};

}  // namespace ressin

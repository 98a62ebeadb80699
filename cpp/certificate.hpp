// Proof that a point is optimal, from the data alone.
//
// With e = r + t - y, u = W e and the driver's multiplier g = alpha 1 + A^-T M' u (which makes the stationarity in q exact), weak
// duality gives for any theta in [0, 1] with theta (alpha - g) <= alpha the lower bound
//   D(theta) = -theta u'y - theta^2/2 (u'W^-1 u + ||B'u||^2 / gamma)      (exact where C'u = 0),
// so objective - D bounds how far the point is from the optimum, whatever found it.
#pragma once

#include <vector>

#include "model.hpp"

namespace ressin {

// One programme on a Model's shape. The signal is centred: a constant that the drift can take up is already out.
struct Problem {
  const double* y = nullptr;        // (n,)
  const double* weights = nullptr;  // (n,) >= 0, or null for ones
  double alpha = 0.0, gamma = 0.0;
};

// A point of the programme.
struct Point {
  std::vector<double> driver;  // (n,) p = A q >= 0; zero before the model's first row
  std::vector<double> spline;  // (n_knots,) l
  std::vector<double> drift;   // (n_drift,) d
  double start[2] = {0.0, 0.0};  // q0, q1 where the model leaves them free
};

// The signal's parts at a point.
struct Parts {
  std::vector<double> q, phasic, tonic;  // (n,)
};
Parts make_parts(const Model& model, const Point& point);

struct Evidence {
  double objective = 0.0;
  double duality_gap = 0.0;      // objective - lower bound, >= 0
  double relative_gap = 0.0;     // over max(objective, 1e-6 * that of the zero solution)
  double stationarity = 0.0;     // largest violation: g < 0 over alpha; gradient in l, d, start over that of the zero solution
  double complementarity = 0.0;  // sum of g p, over the same as relative_gap
};

struct Certificate {
  Evidence evidence;
  std::vector<double> multiplier;  // (n,) g
};
Certificate certify(const Model& model, const Problem& problem, const Point& point, const Parts& parts);

}  // namespace ressin

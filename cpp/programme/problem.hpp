// A programme, a point (values of its unknowns), and the parts of the signal at that point.
#pragma once

#include <vector>

#include "programme/model.hpp"

namespace ressin {

// A programme on a Model's shape. The signal is centred where the drift has a constant, which can represent the mean.
struct Problem {
  const double* y = nullptr;        // (n,)
  const double* weights = nullptr;  // (n,) >= 0, or null for ones
  double alpha = 0.0, gamma = 0.0;
};

// Values of the programme's unknowns.
struct Point {
  std::vector<double> driver;       // (n,) p = A q >= 0; zero before the model's first row
  std::vector<double> spline;       // (n_knots,) l
  std::vector<double> drift;        // (n_drift,) d
  double start[n_free_start] = {};  // q0, q1 where the model leaves them free
};

// The signal's parts at a point.
struct Parts {
  std::vector<double> q, phasic, tonic;  // (n,)
};
Parts make_parts(const Model& model, const Point& point);

// q0 and q1 that bring the response filter to state = (a, v) at the model's first row.
void free_start_of(const Response& response, const double* state, double* start);
// The state that q0 and q1 bring it to.
void state_of_free_start(const Response& response, const double* start, double* state);

// The spline's coefficients with three zeros before and after, so that every interval can read four; coefficient j is at
// j + *shift.
std::vector<double> padded_spline(const Model& model, const std::vector<double>& spline, std::ptrdiff_t* shift);

// e = r + t - y
std::vector<double> residual_of(const Problem& problem, const Parts& parts);

}  // namespace ressin

// Proof that a point is optimal, from the data alone.
//
// Any vector u with C'u = 0 proves a lower bound. With the driver's multiplier g = alpha 1 + A^-T M'u, which makes the
// stationarity in q exact, and theta in [0, 1] such that theta (alpha - g) <= alpha, weak duality gives
//   D(theta) = -theta u'y - theta^2/2 (u'W^-1 u + ||B'u||^2 / gamma),
// so objective - D bounds how far the objective is above the optimum, for a point from any solver. At the optimum u = W e,
// e = r + t - y.
#pragma once

#include <limits>
#include <vector>

#include "programme/free_columns.hpp"
#include "programme/problem.hpp"

namespace ressin {

struct Evidence {
  double objective = 0.0;
  double duality_gap = 0.0;      // objective - lower bound + allowance for rounding, >= 0
  double relative_gap = 0.0;     // over max(objective, 1e-6 * that of the zero solution)
  double stationarity = 0.0;     // largest violation of g >= 0 and of B'u + gamma l = 0, against the gradients at zero
  double complementarity = 0.0;  // sum of g p, over the same as relative_gap
};

// The evidence of a point that is not finite, or whose gap is not: no comparison with a tolerance may take it for proved.
inline Evidence nothing_proved(double objective) {
  constexpr double infinite = std::numeric_limits<double>::infinity();
  return {objective, infinite, infinite, infinite, infinite};
}

// Below this alpha, for a signal of unit size, roundings of R'u and of the response's poles are a share of alpha that counts: u
// and what follows from it is then computed in long double, and the rounding of parts that are written may exceed the gap.
inline constexpr double least_alpha_in_double = 1e-9;

struct Certificate {
  Evidence evidence;
  std::vector<double> multiplier;  // (n,) g
};
// `residual`, (n,), is the e that u is made from. It may differ from the point's r + t - y by rounding. Where phasic and tonic
// part are large and cancel, a residual that the solver kept by increments gives the tighter bound.
class Certifier {
 public:
  explicit Certifier(const Model& model);  // which must outlive it
  Certificate operator()(const Problem& problem, const Point& point, const Parts& parts,
                         const std::vector<double>& residual) const;

 private:
  template <class Real>
  Certificate certify(const Problem& problem, const Point& point, const Parts& parts,
                      const std::vector<double>& residual) const;
  template <class Real>
  void remove_free_part(const Problem& problem, std::vector<Real>* u) const;

  const Model& model_;
  OrthonormalBasis basis_;  // of the free columns, for weights that are all one
};

}  // namespace ressin

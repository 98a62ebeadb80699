// A signal prepared for the solvers: centred, of unit variance, zero where it is missing.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "batch/decompose.hpp"
#include "programme/certificate.hpp"
#include "solvers/for_all.hpp"

namespace ressin {

// The programme's signal is (y - mean) / scale.
struct Scaling {
  double mean = 0.0, scale = 1.0;
};

// The scale at which the solver works, and alpha there. Without standardisation the programme is solved on y / scale with
// alpha / scale, whose solution is the original's divided by the scale.
struct Scaled {
  Scaling scaling;
  double alpha;
  double objective_unit;     // objectives times this are in the programme's own unit
  double weight_unit = 1.0;  // the weights, and with them alpha and gamma, are divided by the largest
  bool is_constant = false;  // the signal differs from its mean by rounding alone, and is solved as its mean
};

// A signal's programme at the solver's scale.
struct Task {
  Scaled scaled;
  std::unique_ptr<double[]> y;  // (n,)
  std::vector<double> weights;  // where the signal's own will not do
  Problem problem;

  Task(const Signal& signal, const DecomposeSettings& settings, const ForAll& for_all = nullptr);
  Task(const Task&) = delete;  // problem points into y and weights
  Task& operator=(const Task&) = delete;

  bool is_zero() const;

 private:
  std::ptrdiff_t n_;
};

}  // namespace ressin

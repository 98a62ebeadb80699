// Robust programmes: a recording with responses, a step of the level, artefacts and noise, and costs as reweighting makes them.
#pragma once

#include <limits>
#include <random>
#include <vector>

#include "programme.hpp"
#include "programme/robust/model.hpp"

namespace programme {

struct RobustLoads {
  std::vector<double> y, weights, alpha, delta, kappa;
  double alpha_before = 0.04, floor = -1.5;

  RobustLoads(Eigen::Index n, double dt, unsigned seed, bool weighted) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<double> uniform(0.0, 1.0);
    const Vector eda = make_signal(n, dt, seed);
    const auto size = static_cast<std::size_t>(n);
    for (std::size_t i = 0; i < size; ++i) {
      const double level = 2 * i > size ? 0.7 : 0.0, spike = uniform(random) < 0.02 ? 1.0 : 0.0;
      weights.push_back(weighted && uniform(random) < 0.1 ? 0.0 : 1.0);
      y.push_back(weights[i] > 0.0 ? eda[static_cast<Eigen::Index>(i)] + level - spike : 0.0);
      const auto less = [&] { return uniform(random) < 0.3 ? 1.0 / (1.0 + 5.0 * uniform(random)) : 1.0; };
      alpha.push_back(alpha_before * less());
      delta.push_back(5.0 * alpha_before * less());
      kappa.push_back(12.0 * alpha_before * less());
    }
  }

  ressin::robust::Problem problem() const {
    return {y.data(), weights.data(), alpha.data(), delta.data(), kappa.data(), alpha_before, floor};
  }
};

}  // namespace programme

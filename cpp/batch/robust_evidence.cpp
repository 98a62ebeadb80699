// What a decomposition by the robust programme proves by its own numbers.
#include <algorithm>
#include <cmath>
#include <limits>

#include "batch/robust.hpp"
#include "programme/robust/contact.hpp"
#include "programme/sums.hpp"

namespace ressin::robust {
namespace {

std::size_t index(std::ptrdiff_t i) { return static_cast<std::size_t>(i); }

// The programme that a decomposition solves, from its costs and scale.
class ScaledProblem {
 public:
  ScaledProblem(const Signal& signal, const Decomposed& x)
      : weights_(signal.weights),
        y_(index(signal.n)),
        alpha_(x.alpha),
        delta_(x.delta),
        kappa_(x.kappa),
        stiffness_(x.stiffness),
        alpha_before_(x.alpha_before / x.scale),
        floor_(x.bounded ? -x.mean / x.scale : -std::numeric_limits<double>::infinity()) {
    for (auto* loads : {&alpha_, &delta_, &kappa_}) {
      for (double& v : *loads) v /= x.scale;
    }
    double furthest = 0.0, largest = 0.0;
    for (std::size_t i = 0; i < y_.size(); ++i) {
      const bool seen = !weights_ || weights_[i] > 0.0;
      if (!seen) continue;
      y_[i] = (signal.y[i] - x.mean) / x.scale;
      furthest = std::max(furthest, std::abs(signal.y[i] - x.mean)), largest = std::max(largest, std::abs(signal.y[i]));
    }
    // As in Procedure: a signal that differs from its mean by rounding alone is constant.
    if (furthest <= rounding_of(largest)) y_.assign(y_.size(), 0.0);
  }

  // Points into this.
  Problem problem() const {
    return {y_.data(), weights_, alpha_.data(), delta_.data(), kappa_.data(), alpha_before_, floor_, stiffness_.data()};
  }

 private:
  const double* weights_;
  std::vector<double> y_, alpha_, delta_, kappa_, stiffness_;
  double alpha_before_, floor_;
};

}  // namespace

Checked certify(const Signal& signal, const Settings& programme, const Decomposed& x) {
  const Model model(signal.n, signal.dt, programme);
  const ScaledProblem scaled(signal, x);
  const Problem problem = scaled.problem();
  const std::size_t n = index(signal.n), before = index(model.n_before());
  Point point;
  point.driver = x.before;
  point.driver.insert(point.driver.end(), x.driver.begin(), x.driver.end());
  point.steps.assign(n + before, 0.0);
  std::vector<double> shifts = x.shifts;
  for (std::size_t i = 0; i < n; ++i) shifts[i] -= x.contact[i];
  for (std::size_t i = 0; i + 1 < n; ++i) point.steps[before + i] = (shifts[i + 1] - shifts[i]) / x.scale;
  for (double& p : point.driver) p /= x.scale;
  for (double l : x.centred) point.spline.push_back((l + shifts[0]) / x.scale);
  const Parts parts = make_parts(model, problem, point);
  Checked checked{certify(model, problem, point, parts, x.witness), {}, {}, {}};
  for (std::ptrdiff_t j = 0; x.bounded && j < model.n_knots(); ++j) {
    const double level = point.spline[index(j)] + parts.shift[index(model.knot_sample(j))];
    checked.lowest_level = std::min(checked.lowest_level, level * x.scale + x.mean);
  }
  for (std::size_t i = 0; i < n; ++i) {
    checked.phasic.push_back(parts.phasic[before + i] * x.scale);
    checked.outliers.push_back(parts.outliers[i] * x.scale);
    checked.tonic.push_back((parts.spline[before + i] + parts.shift[before + i]) * x.scale + x.mean);
  }
  const Contact contact = lost_contact(signal.y, signal.weights, checked.tonic, checked.outliers, x.noise, x.bounded);
  for (std::size_t i = 0; i < n; ++i) {
    checked.tonic[i] += contact.change[i];
    checked.outliers[i] -= contact.outlying[i];
  }
  return checked;
}

QuadraticProgram make_qp(const Signal& signal, const Settings& programme, const Decomposed& x) {
  const Model model(signal.n, signal.dt, programme);
  const ScaledProblem scaled(signal, x);
  return make_qp(model, scaled.problem());
}

}  // namespace ressin::robust

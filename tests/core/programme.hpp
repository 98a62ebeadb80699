// The programme as dense matrices, directly from its definition, and test signals.
#pragma once

#include <Eigen/Dense>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "programme/model.hpp"

namespace programme {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

inline Matrix banded(Eigen::Index n, const std::array<double, 3>& stencil, Eigen::Index first_row) {
  Matrix rows = Matrix::Zero(n, n);
  for (Eigen::Index i = first_row; i < n; ++i) {
    for (Eigen::Index k = 0; k < 3 && k <= i; ++k) rows(i, i - k) = stencil[static_cast<std::size_t>(k)];
  }
  return rows;
}

// triangle(2 ks - 1) convolved with itself, scaled to peak 1
inline Vector bump(Eigen::Index ks) {
  Vector convolved = Vector::Zero(4 * ks - 3);
  auto triangle = [ks](Eigen::Index i) { return static_cast<double>(ks - std::abs(i - (ks - 1))); };
  for (Eigen::Index i = 0; i < 2 * ks - 1; ++i) {
    for (Eigen::Index j = 0; j < 2 * ks - 1; ++j) convolved[i + j] += triangle(i) * triangle(j);
  }
  return convolved / convolved.maxCoeff();
}

struct Dense {
  Matrix A, M, B, C, K;  // K = [M C B]
};

inline Dense write_out(const ressin::Model& model) {
  const Eigen::Index n = model.n(), ks = model.knot_spacing();
  Dense d;
  d.A = banded(n, model.response().ar, model.first_row());
  d.M = banded(n, model.response().ma, model.first_row());
  d.B = Matrix::Zero(n, model.n_knots());
  const Vector shape = bump(ks);
  for (Eigen::Index j = 0; j < d.B.cols(); ++j) {
    for (Eigen::Index o = 0; o < shape.size(); ++o) {
      const Eigen::Index i = model.knot(j) - (2 * ks - 2) + o;
      if (i >= 0 && i < n) d.B(i, j) = shape[o];
    }
  }
  const Vector ones = Vector::Ones(n);
  const Vector ramp = Vector::LinSpaced(n, 1.0, static_cast<double>(n)) / static_cast<double>(n);
  switch (model.settings().baseline) {
    case ressin::Baseline::none: d.C = Matrix(n, 0); break;
    case ressin::Baseline::constant: d.C = ones; break;
    case ressin::Baseline::linear:
      d.C = Matrix(n, 2);
      d.C << ones, ramp;
      break;
    case ressin::Baseline::spline: d.C = d.B.rowwise().sum(); break;
  }
  d.K = Matrix(n, n + d.C.cols() + d.B.cols());
  d.K << d.M, d.C, d.B;
  return d;
}

// The first sample from index 2 on that counts; null weights are ones.
inline std::ptrdiff_t observed_from(const Vector* w) {
  std::ptrdiff_t i = ressin::n_free_start;
  while (w && (*w)[i] == 0.0) ++i;
  return i;
}

// A drifting level, two responses and noise, z-scored.
inline Vector make_signal(Eigen::Index n, double dt, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  Vector y(n);
  const double end = static_cast<double>(n) * dt;
  for (Eigen::Index i = 0; i < n; ++i) {
    const double t = static_cast<double>(i) * dt;
    y[i] = 5.0 + 0.5 * t / end + 0.2 * std::sin(9.0 * t / end) + 0.01 * normal(random);
    for (double onset : {0.2 * end, 0.55 * end}) {
      if (t > onset) y[i] += std::exp(-(t - onset) / 2.0) - std::exp(-(t - onset) / 0.7);
    }
  }
  y.array() -= y.mean();
  const double deviation = std::sqrt(y.squaredNorm() / static_cast<double>(n));
  return deviation > 0.0 ? Vector(y / deviation) : y;
}

inline Vector make_weights(Eigen::Index n) {
  Vector w(n);
  for (Eigen::Index i = 0; i < n; ++i) w[i] = i % 7 < 2 ? 0.0 : 0.5 + 0.25 * static_cast<double>(i % 5);
  return w;
}

// Every revision and baseline.
inline std::vector<ressin::ProgramSettings> all_settings() {
  std::vector<ressin::ProgramSettings> all;
  for (auto revision : {ressin::Revision::r2015, ressin::Revision::r2025}) {
    for (auto baseline :
         {ressin::Baseline::none, ressin::Baseline::constant, ressin::Baseline::linear, ressin::Baseline::spline}) {
      ressin::ProgramSettings settings;
      settings.revision = revision;
      settings.baseline = baseline;
      all.push_back(settings);
    }
  }
  return all;
}

}  // namespace programme

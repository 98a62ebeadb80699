#include "batch/decompose.hpp"
#include "batch/differentiate.hpp"

#include <cmath>
#include <vector>

#include "check.hpp"
#include "programme.hpp"

using namespace ressin;
using programme::Vector;

namespace {

bool always(std::size_t) { return true; }

// Signals of three lengths and programmes of their own, some with weights, and a loss that is linear in their parts.
struct Work {
  static constexpr std::size_t count = 23;
  std::vector<Vector> y, w, phasic, tonic, driver, residual, curvature, to_phasic, to_tonic, to_signal;
  std::vector<ProgramSettings> programs;
  std::vector<Signal> signals;
  std::vector<SolvedSignal> solved;
  std::vector<Decomposed> found;
  DecomposeSettings settings;

  explicit Work(int n_threads, double moved = 0.0, int parameter = -1) {
    settings.n_threads = n_threads;
    settings.solver.keep_curvature = true;
    settings.solver.tol = 1e-11;
    for (std::size_t i = 0; i < count; ++i) {
      const Eigen::Index n = 90 + 60 * static_cast<Eigen::Index>(i % 3);
      y.push_back(programme::make_signal(n, 0.25, static_cast<unsigned>(i)));
      w.push_back(programme::make_weights(n));
      ProgramSettings p;
      p.alpha = 1e-3 * (1.0 + 0.1 * static_cast<double>(i));
      p.tau0 = i % 4 == 1 ? 2.5 : 2.0;
      p.revision = i % 2 == 0 ? Revision::r2025 : Revision::r2015;
      double* values[] = {&p.alpha, &p.gamma, &p.tau0, &p.tau1};
      if (parameter >= 0) *values[parameter] += moved;
      programs.push_back(p);
      to_phasic.push_back(programme::make_signal(n, 0.25, static_cast<unsigned>(100 + i)));
      to_tonic.push_back(programme::make_signal(n, 0.25, static_cast<unsigned>(200 + i)));
      if (parameter == -2) y.back() += moved * direction(i);
    }
    phasic = tonic = driver = residual = curvature = to_signal = y;
    for (std::size_t i = 0; i < count; ++i) {
      Signal s{};
      s.y = y[i].data();
      s.weights = i % 4 == 3 ? w[i].data() : nullptr;
      s.n = y[i].size();
      s.dt = 0.25;
      s.phasic = phasic[i].data();
      s.tonic = tonic[i].data();
      s.driver = driver[i].data();
      s.residual = residual[i].data();
      s.program = &programs[i];
      s.curvature = curvature[i].data();
      signals.push_back(s);
    }
    found = decompose(signals, settings, always);
    for (std::size_t i = 0; i < count; ++i) {
      SolvedSignal x{};
      x.signal = signals[i];
      x.spline = found[i].spline.data();
      std::copy_n(found[i].start, 2, x.start);
      x.mean = found[i].mean;
      x.scale = found[i].scale;
      x.to_phasic = to_phasic[i].data();
      x.to_tonic = to_tonic[i].data();
      x.to_signal = to_signal[i].data();
      solved.push_back(x);
    }
  }

  Vector direction(std::size_t i) const { return programme::make_signal(y[i].size(), 0.25, static_cast<unsigned>(300 + i)); }
  double loss(std::size_t i) const { return to_phasic[i].dot(phasic[i]) + to_tonic[i].dot(tonic[i]); }
};

}  // namespace

TEST("gradients are those of central differences") {
  Work work(1);
  const auto gradients = differentiate(work.solved, work.settings, always);
  constexpr double h = 1e-7;
  for (int parameter = -2; parameter < 4; ++parameter) {
    if (parameter == -1) continue;
    const Work up(1, h, parameter), down(1, -h, parameter);
    for (std::size_t i = 0; i < Work::count; ++i) {
      const Gradient& g = gradients[i];
      const double values[] = {g.alpha, g.gamma, g.tau0, g.tau1};
      const double ours = parameter == -2 ? work.to_signal[i].dot(work.direction(i)) : values[parameter];
      const double differences = (up.loss(i) - down.loss(i)) / (2.0 * h);
      CHECK_NEAR(ours, differences, 1e-3 * std::abs(differences) + 1e-2);
    }
  }
}

TEST("they are bit for bit the same on one thread and on many") {
  Work serial(1);
  const auto expected = differentiate(serial.solved, serial.settings, always);
  for (int threads : {2, 3, 8}) {
    Work parallel(threads);
    const auto gradients = differentiate(parallel.solved, parallel.settings, always);
    for (std::size_t i = 0; i < Work::count; ++i) {
      CHECK(gradients[i].done);
      CHECK(gradients[i].alpha == expected[i].alpha && gradients[i].gamma == expected[i].gamma);
      CHECK(gradients[i].tau0 == expected[i].tau0 && gradients[i].tau1 == expected[i].tau1);
      CHECK(parallel.to_signal[i] == serial.to_signal[i]);
    }
  }
}

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

  explicit Work(int n_threads, SolverKind kind, double moved = 0.0, int parameter = -1) {
    settings.n_threads = n_threads;
    settings.kind = kind;
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

TEST("gradients are those of central differences, whichever method has solved the signal") {
  for (const SolverKind kind : {SolverKind::interior_point, SolverKind::active_set}) {
    Work work(1, kind);
    for (const Decomposed& x : work.found) CHECK(x.solver == kind);
    const auto gradients = differentiate(work.solved, work.settings, always);
    constexpr double h = 1e-7;
    for (int parameter = -2; parameter < 4; ++parameter) {
      if (parameter == -1) continue;
      const Work up(1, kind, h, parameter), down(1, kind, -h, parameter);
      for (std::size_t i = 0; i < Work::count; ++i) {
        const Gradient& g = gradients[i];
        const double values[] = {g.alpha, g.gamma, g.tau0, g.tau1};
        const double ours = parameter == -2 ? work.to_signal[i].dot(work.direction(i)) : values[parameter];
        const double differences = (up.loss(i) - down.loss(i)) / (2.0 * h);
        CHECK_NEAR(ours, differences, 1e-3 * std::abs(differences) + 1e-2);
      }
    }
  }
}

TEST("they are bit for bit the same beside any neighbours, on one thread and on many") {
  Work by_interior_point(1, SolverKind::interior_point), by_active_set(1, SolverKind::active_set);
  std::vector<Work*> works{&by_interior_point, &by_active_set};
  std::vector<SolvedSignal> mixed;
  for (std::size_t i = 0; i < Work::count; ++i)
    for (Work* work : works) mixed.push_back(work->solved[i]);
  std::vector<Gradient> expected;
  std::vector<Vector> to_signal;
  for (std::size_t i = 0; i < Work::count; ++i) {
    for (Work* work : works) {
      expected.push_back(differentiate({work->solved[i]}, work->settings, always)[0]);
      to_signal.push_back(work->to_signal[i]);
    }
  }
  for (const int threads : {1, 2, 3, 8}) {
    DecomposeSettings settings = by_active_set.settings;
    settings.n_threads = threads;
    for (Work* work : works)
      for (Vector& x : work->to_signal) x.setZero();
    const auto gradients = differentiate(mixed, settings, always);
    for (std::size_t k = 0; k < mixed.size(); ++k) {
      CHECK(gradients[k].done);
      CHECK(gradients[k].alpha == expected[k].alpha && gradients[k].gamma == expected[k].gamma);
      CHECK(gradients[k].tau0 == expected[k].tau0 && gradients[k].tau1 == expected[k].tau1);
      CHECK(works[k % 2]->to_signal[k / 2] == to_signal[k]);
    }
  }
}

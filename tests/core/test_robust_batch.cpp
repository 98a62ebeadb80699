#include <algorithm>

#include "batch/robust.hpp"
#include "check.hpp"
#include "programme.hpp"

using namespace ressin;
using programme::Vector;

namespace {

constexpr std::size_t count = 23;  // divides neither by the lanes nor the threads

// Signals of three lengths and two rates, some with missing samples, one constant.
struct Work {
  std::vector<Vector> y, w;
  std::vector<robust::Signal> signals;

  Work() {
    for (std::size_t i = 0; i < count; ++i) {
      const Eigen::Index n = 90 + 60 * static_cast<Eigen::Index>(i % 3);
      const double dt = i % 5 == 0 ? 0.125 : 0.25;
      y.push_back(programme::make_signal(n, dt, static_cast<unsigned>(i)));
      y[i].array() += 3.0;
      w.push_back(Vector::Ones(n));
      w[i].segment(n / 3, n / 8).setZero();
    }
    y[7].setConstant(2.5);
    for (std::size_t i = 0; i < count; ++i) {
      signals.push_back({y[i].data(), i % 4 == 3 ? w[i].data() : nullptr, y[i].size(), i % 5 == 0 ? 0.125 : 0.25});
    }
  }
};

bool always(std::size_t) { return true; }

bool same(const robust::Decomposed& a, const robust::Decomposed& b) {
  return a.done && b.done && a.phasic == b.phasic && a.tonic == b.tonic && a.driver == b.driver && a.shifts == b.shifts &&
         a.outliers == b.outliers && a.alpha == b.alpha && a.iterations == b.iterations &&
         a.evidence.objective == b.evidence.objective;
}

}  // namespace

TEST("a batch is bit for bit the same on one thread and on many, in any order, by both solvers") {
  for (auto kind : {SolverKind::interior_point, SolverKind::osqp}) {
    robust::BatchSettings settings;
    settings.kind = kind;
    settings.n_threads = 1;
    const Work work;
    const auto expected = robust::decompose(work.signals, settings, always);
    const std::vector<robust::Signal> reversed(work.signals.rbegin(), work.signals.rend());
    for (int threads : {2, 3, 8}) {
      settings.n_threads = threads;
      auto results = robust::decompose(reversed, settings, always);
      std::reverse(results.begin(), results.end());
      for (std::size_t i = 0; i < count; ++i) {
        CHECK(results[i].status == Status::optimal);
        CHECK(same(expected[i], results[i]));
      }
    }
  }
}

TEST("a result's own numbers prove it") {
  const Work work;
  const robust::BatchSettings settings;
  const auto results = robust::decompose(work.signals, settings, always);
  for (std::size_t i = 0; i < count; ++i) {
    const robust::Checked checked = robust::certify(work.signals[i], settings.programme, results[i]);
    CHECK(checked.evidence.relative_gap <= 1e-7);
    CHECK(checked.lowest_level >= -1e-9);
    for (std::size_t k = 0; k < results[i].phasic.size(); ++k) {
      CHECK_NEAR(checked.phasic[k], results[i].phasic[k], 1e-9);
      CHECK_NEAR(checked.outliers[k], results[i].outliers[k], 1e-9);
    }
  }
}

TEST("a batch that is called off says what is done and leaves the rest") {
  robust::BatchSettings settings;
  settings.kind = SolverKind::osqp;
  settings.warm_start = false;
  settings.osqp_eps = 1e-300;  // never reached: only the poll ends the run
  for (int threads : {1, 3}) {
    settings.n_threads = threads;
    const Work work;
    const auto results = robust::decompose(work.signals, settings, [](std::size_t) { return false; });
    CHECK_EQUAL(results.size(), count);
    CHECK(std::any_of(results.begin(), results.end(), [](const robust::Decomposed& r) { return !r.done; }));
  }
}

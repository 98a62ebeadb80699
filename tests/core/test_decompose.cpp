#include "batch/groups.hpp"

#include <limits>
#include <memory>
#include <random>
#include <thread>
#include <utility>

#include "check.hpp"
#include "programme.hpp"
#include "solvers/interior_point.hpp"
#include "solvers/workspace.hpp"

using namespace ressin;
using programme::Vector;

namespace {

constexpr double dt = 0.25;

struct Run {
  Vector phasic, tonic, driver, residual;
  Decomposed result;
};

Run run(const Vector& y, const Vector* w, const DecomposeSettings& settings) {
  Run r{y, y, y, y, {}};
  const Signal signal{y.data(),        w ? w->data() : nullptr, y.size(),        dt,
                      r.phasic.data(), r.tonic.data(),          r.driver.data(), r.residual.data()};
  r.result = decompose({signal}, settings, [](std::size_t) { return true; }).at(0);
  return r;
}

double largest(const Vector& v) { return v.size() == 0 ? 0.0 : v.cwiseAbs().maxCoeff(); }

// q with A q = driver, from the first row that A does not leave empty on; q0, q1 given there.
Vector solve_for_q(const Model& model, const Vector& driver, const double* start) {
  const auto& ar = model.response().ar;
  Vector q(driver.size());
  for (Eigen::Index i = 0; i < q.size(); ++i) {
    if (i < model.first_row()) {
      q[i] = start[i];
    } else {
      q[i] = (driver[i] - (i > 0 ? ar[1] * q[i - 1] : 0.0) - (i > 1 ? ar[2] * q[i - 2] : 0.0)) / ar[0];
    }
  }
  return q;
}

// The optimality conditions of the programme that was solved, from its definition: the multiplier of A q >= 0 that makes the
// gradient in q zero is not negative, and zero wherever the driver is not; the gradients in d and l are zero.
void check_optimal(const Vector& signal, const Vector& w, const DecomposeSettings& settings, const Run& r) {
  const Model model = make_model(signal.size(), dt, settings);
  const auto dense = programme::write_out(model);
  const Eigen::Index n = signal.size(), first = model.first_row();
  const Decomposed& s = r.result;
  const Vector y = (signal.array() - s.mean) / s.scale;
  Vector x(dense.K.cols());
  const double start[2] = {s.start[0] / s.scale, s.start[1] / s.scale};
  x.head(n) = solve_for_q(model, r.driver / s.scale, start);
  for (std::size_t k = 0; k < s.drift.size(); ++k) x[n + static_cast<Eigen::Index>(k)] = s.drift[k] / s.scale;
  const Vector l = Eigen::Map<const Vector>(s.spline.data(), model.n_knots()) / s.scale;
  x.tail(model.n_knots()) = l;

  CHECK_NEAR(largest(dense.M * x.head(n) * s.scale - r.phasic), 0.0, 1e-9 * s.scale);
  CHECK_NEAR(largest(signal - r.phasic - r.tonic - r.residual), 0.0, 1e-12 * (1.0 + largest(signal)));
  Vector gradient = dense.K.transpose() * (w.asDiagonal() * (dense.K * x - y));
  gradient.head(n) += settings.program.alpha * dense.A.transpose() * Vector::Ones(n);
  gradient.tail(model.n_knots()) += settings.program.gamma * l;
  const Vector multiplier = dense.A.bottomRows(n - first).transpose().colPivHouseholderQr().solve(gradient.head(n));
  const Vector driver = r.driver.tail(n - first) / s.scale;
  CHECK(driver.minCoeff() >= 0.0);
  CHECK(multiplier.minCoeff() >= -1e-6 * settings.program.alpha);
  CHECK_NEAR(driver.dot(multiplier), 0.0, 1e-7);
  CHECK_NEAR(largest(dense.A.bottomRows(n - first).transpose() * multiplier - gradient.head(n)), 0.0, 1e-7);
  CHECK_NEAR(largest(gradient.tail(gradient.size() - n)), 0.0, 1e-6);
}

}  // namespace

TEST("the interior point meets the conditions of optimality, for every revision and baseline, with and without weights") {
  const Vector ones = Vector::Ones(170), w = programme::make_weights(170);
  const Vector y = 3.0 * programme::make_signal(170, dt, 1).array() + 7.0;
  for (const auto& program : programme::all_settings()) {
    DecomposeSettings settings;
    settings.program = program;
    check_optimal(y, ones, settings, run(y, nullptr, settings));
    check_optimal(y, w, settings, run(y, &w, settings));
  }
}

TEST("so it does for equal and for swapped time constants, and for knots of the caller's") {
  const Vector y = programme::make_signal(150, dt, 2), ones = Vector::Ones(150);
  DecomposeSettings settings;
  for (auto taus : {std::array<double, 2>{1.5, 1.5}, {0.7, 2.0}, {4.0, 0.3}}) {
    settings.program.tau0 = taus[0];
    settings.program.tau1 = taus[1];
    check_optimal(y, ones, settings, run(y, nullptr, settings));
  }
  settings = DecomposeSettings{};
  settings.knots = KnotGrid{-12, 25, 8};
  check_optimal(y, ones, settings, run(y, nullptr, settings));
}

TEST("a converged solve proves its gap, and the evidence recomputed from its parts agrees") {
  const Vector y = programme::make_signal(400, dt, 3);
  const DecomposeSettings settings;
  Run r = run(y, nullptr, settings);
  CHECK(r.result.done && r.result.status == Status::optimal);
  CHECK(r.result.evidence.relative_gap <= settings.solver.tol);
  const Signal signal{y.data(), nullptr, y.size(), dt, r.phasic.data(), r.tonic.data(), r.driver.data(), r.residual.data()};
  const Evidence again = evidence_of(signal, settings, r.result);
  CHECK_NEAR(again.objective, r.result.evidence.objective, 1e-9 * again.objective);
  CHECK(again.relative_gap <= 1e-8);
}

TEST("a point that is not optimal has a gap as large as its distance from the optimum") {
  const Vector y = programme::make_signal(400, dt, 3);
  const DecomposeSettings settings;
  Run r = run(y, nullptr, settings);
  const double optimum = r.result.evidence.objective;
  Decomposed other = r.result;
  other.spline[2] += 0.1;
  const Signal signal{y.data(), nullptr, y.size(), dt, r.phasic.data(), r.tonic.data(), r.driver.data(), r.residual.data()};
  const Evidence evidence = evidence_of(signal, settings, other);
  CHECK(evidence.objective > optimum);
  CHECK(evidence.duality_gap >= (evidence.objective - optimum) * (1.0 - 1e-6));
  CHECK(evidence.relative_gap > 1e-6);
}

TEST("running out of iterations is said") {
  DecomposeSettings settings;
  settings.solver.max_iterations = 3;
  const Run r = run(programme::make_signal(300, dt, 4), nullptr, settings);
  CHECK(r.result.status == Status::max_iterations);
  CHECK_EQUAL(r.result.iterations, 3);
}

TEST("steps that lead nowhere are told from iterations that ran out") {
  const Eigen::Index n = 300;
  std::mt19937 random(0);
  std::normal_distribution<double> normal;
  Vector y(n), w(n);
  for (Eigen::Index i = 0; i < n; ++i) {
    y[i] = normal(random);
    w[i] = i < n / 2 ? 1e8 : 1e-8;  // the first steps are cut to nothing
  }
  const auto model = std::make_shared<const Model>(n, dt, ProgramSettings{});
  const Problem problem{y.data(), w.data(), model->settings().alpha, model->settings().gamma};
  for (int most : {200, 2}) {
    SolverSettings solver;
    solver.max_iterations = most;
    InteriorPoint method(std::make_unique<Workspace>(model, kernels().single, true), solver);
    Solution found;
    bool given = false;
    method.run([&](std::size_t*) -> const Problem* { return std::exchange(given, true) ? nullptr : &problem; },
               [&](std::size_t, Solution&& x) { found = std::move(x); }, [] { return true; });
    CHECK(found.status == (most == 2 ? Status::max_iterations : Status::insufficient_progress));
    CHECK(most == 2 ? found.iterations == 2 : found.iterations < most);
    CHECK(found.certificate.evidence.relative_gap > 1e-6);
  }
}

TEST("what a thread keeps for its next call serves no other tolerance, limit or kind of result") {
  const Vector y = programme::make_signal(300, dt, 6);
  std::vector<DecomposeSettings> all(4);
  all[1].solver.tol = 1e-3;
  all[2].solver.tol = 1e-12;
  all[3].solver.max_iterations = 3;
  for (const auto& settings : all) {
    Run alone;
    std::thread([&] { alone = run(y, nullptr, settings); }).join();  // a new thread has kept nothing
    for (const auto& before : all) {
      run(y, nullptr, before);
      const Run after = run(y, nullptr, settings);
      CHECK(after.result.status == alone.result.status);
      CHECK_EQUAL(after.result.iterations, alone.result.iterations);
      CHECK_EQUAL(after.result.evidence.relative_gap, alone.result.evidence.relative_gap);
      CHECK(after.phasic == alone.phasic);
    }
  }
  DecomposeSettings settings;
  run(y, nullptr, settings);
  settings.solver.keep_curvature = true;
  Run r{y, y, y, y, {}};
  Vector curvature = Vector::Zero(y.size());
  Signal signal{y.data(), nullptr, y.size(), dt, r.phasic.data(), r.tonic.data(), r.driver.data(), r.residual.data()};
  signal.curvature = curvature.data();
  decompose({signal}, settings, [](std::size_t) { return true; });
  CHECK(curvature.minCoeff() > 0.0);
}

TEST("a result with anything that is not finite has failed") {
  DecomposeSettings settings;
  settings.standardize = false;
  settings.program.alpha = 1e157;
  const Run r = run(1e160 * programme::make_signal(300, dt, 4), nullptr, settings);  // its square is beyond all numbers
  CHECK(!std::isfinite(r.result.evidence.objective));
  CHECK(r.result.status == Status::failed);
}

TEST("OSQP, warm and cold, agrees with the interior point") {
  const Vector y = programme::make_signal(300, dt, 5), w = programme::make_weights(300);
  for (const auto& program : programme::all_settings()) {
    for (const Vector* weights : {static_cast<const Vector*>(nullptr), &w}) {
      DecomposeSettings settings;
      settings.program = program;
      const Run exact = run(y, weights, settings);
      settings.kind = SolverKind::osqp;
      const Run warm = run(y, weights, settings);
      CHECK(warm.result.status == Status::optimal);
      CHECK(warm.result.osqp_iterations <= 10);
      CHECK_NEAR(largest(warm.phasic - exact.phasic), 0.0, 1e-5);
      CHECK_NEAR(largest(warm.tonic - exact.tonic), 0.0, 1e-5);
      settings.warm_start = false;
      settings.osqp_eps = 1e-8;
      const Run cold = run(y, weights, settings);
      CHECK(cold.result.status == Status::optimal);
      CHECK(cold.result.osqp_iterations > warm.result.osqp_iterations);
      CHECK_NEAR(largest(cold.phasic - exact.phasic), 0.0, 1e-4);
      CHECK_NEAR(largest(cold.tonic - exact.tonic), 0.0, 1e-4);
    }
  }
}

TEST("a constant signal is its own tonic part") {
  for (auto kind : {SolverKind::interior_point, SolverKind::osqp}) {
    DecomposeSettings settings;
    settings.kind = kind;
    const Run r = run(Vector::Constant(200, 4.25), nullptr, settings);
    CHECK(r.result.status == Status::optimal);
    CHECK_NEAR(largest(r.phasic), 0.0, 1e-12);
    CHECK_NEAR(largest(r.tonic.array() - 4.25), 0.0, 1e-12);
  }
}

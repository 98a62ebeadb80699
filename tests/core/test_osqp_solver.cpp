#include "solvers/osqp_solver.hpp"

#include <limits>

#include "check.hpp"
#include "programme.hpp"

using namespace ressin;
using programme::Vector;

namespace {

constexpr double dt = 0.25;

struct Conditions {
  double stationarity, smallest_driver, smallest_multiplier, complementarity;
};

// P x + q = A'lambda, A x >= 0, lambda >= 0, lambda'A x = 0, from the dense definition.
Conditions evaluate(const Model& model, const Vector& y, const Vector& w, const OsqpResult& result) {
  const auto d = programme::write_out(model);
  const Eigen::Index n = model.n();
  const Vector e = w.asDiagonal() * (d.K * result.x - y);
  Vector gradient = d.K.transpose() * e;
  gradient.head(n) += d.A.transpose() * (Vector::Constant(n, model.settings().alpha) - result.multiplier);
  gradient.tail(model.n_knots()) += model.settings().gamma * result.x.tail(model.n_knots());
  const Vector driver = d.A * result.x.head(n);
  return {gradient.cwiseAbs().maxCoeff(), driver.minCoeff(), result.multiplier.minCoeff(),
          std::abs(driver.dot(result.multiplier))};
}

void check_optimal(const Model& model, const Vector& y, const Vector& w, const OsqpResult& result) {
  const Conditions c = evaluate(model, y, w, result);
  CHECK(result.status == OsqpStatus::solved);
  CHECK_NEAR(c.stationarity, 0.0, 1e-4);
  CHECK(c.smallest_driver >= -1e-6 * model.response().ar[0]);
  CHECK(c.smallest_multiplier >= 0.0);
  CHECK_NEAR(c.complementarity, 0.0, 1e-4);
}

double distance(const Vector& a, const Vector& b) { return (a - b).cwiseAbs().maxCoeff(); }

}  // namespace

TEST("a cold start reaches the conditions of optimality, for every revision and baseline, with and without weights") {
  for (const auto& settings : programme::all_settings()) {
    const Model model(160, dt, settings);
    const Vector y = programme::make_signal(160, dt, 1), ones = Vector::Ones(160), w = programme::make_weights(160);
    check_optimal(model, y, ones, OsqpSolver(model, nullptr).solve(y.data(), nullptr, nullptr));
    check_optimal(model, y, w, OsqpSolver(model, w.data()).solve(y.data(), nullptr, nullptr));
  }
}

TEST("started at the solution it stops there at once") {
  const Model model(160, dt, ProgramSettings{});
  const Vector y = programme::make_signal(160, dt, 2);
  OsqpSettings precise;
  precise.eps = 1e-9;
  const OsqpResult cold = OsqpSolver(model, nullptr, precise).solve(y.data(), nullptr, nullptr);
  const OsqpResult warm = OsqpSolver(model, nullptr).solve(y.data(), cold.x.data(), cold.multiplier.data());
  CHECK(cold.status == OsqpStatus::solved && warm.status == OsqpStatus::solved);
  CHECK(cold.iterations > 20);
  CHECK_EQUAL(warm.iterations, 1);
  CHECK_NEAR(distance(cold.x, warm.x), 0.0, 1e-7);
}

TEST("a solve does not depend on the solves before it, bit for bit") {
  const Model model(120, dt, ProgramSettings{});
  const Vector w = programme::make_weights(120);
  const Vector first = programme::make_signal(120, dt, 3), second = programme::make_signal(120, dt, 4);
  const OsqpResult alone = OsqpSolver(model, nullptr).solve(second.data(), nullptr, nullptr);
  OsqpSolver used(model, w.data());
  used.solve(first.data(), nullptr, nullptr);
  used.set_weights(nullptr);
  const OsqpResult warm = used.solve(first.data(), alone.x.data(), alone.multiplier.data());
  CHECK(warm.status == OsqpStatus::solved);
  const OsqpResult again = used.solve(second.data(), nullptr, nullptr);
  CHECK_EQUAL(again.iterations, alone.iterations);
  CHECK_EQUAL(distance(again.x, alone.x), 0.0);
  CHECK_EQUAL(distance(again.multiplier, alone.multiplier), 0.0);
}

TEST("weights changed in a workspace give what a new workspace gives") {
  const Model model(120, dt, ProgramSettings{});
  const Vector y = programme::make_signal(120, dt, 5), w = programme::make_weights(120);
  OsqpSolver solver(model, nullptr);
  solver.set_weights(w.data());
  const OsqpResult changed = solver.solve(y.data(), nullptr, nullptr);
  const OsqpResult fresh = OsqpSolver(model, w.data()).solve(y.data(), nullptr, nullptr);
  CHECK_EQUAL(distance(changed.x, fresh.x), 0.0);
  check_optimal(model, y, w, changed);
}

TEST("running out of iterations is said") {
  const Model model(160, dt, ProgramSettings{});
  const Vector y = programme::make_signal(160, dt, 6);
  OsqpSettings few;
  few.max_iterations = 3;
  const OsqpResult result = OsqpSolver(model, nullptr, few).solve(y.data(), nullptr, nullptr);
  CHECK(result.status == OsqpStatus::max_iterations);
  CHECK_EQUAL(result.iterations, 3);
  CHECK(result.primal_residual > few.eps || result.dual_residual > few.eps);
}

TEST("a solve stops when it is asked to") {
  const Model model(160, dt, ProgramSettings{});
  const Vector y = programme::make_signal(160, dt, 7);
  OsqpSettings endless;
  endless.eps = 1e-300;
  int asked = 0;
  const OsqpResult result = OsqpSolver(model, nullptr, endless).solve(y.data(), nullptr, nullptr, [&] { return ++asked < 3; });
  CHECK_EQUAL(asked, 3);
  CHECK(result.status == OsqpStatus::stopped);
  CHECK(result.iterations < 1000);
}

TEST("a set-up that fails throws and leaks nothing") {
  OsqpSettings impossible;
  impossible.eps = -1.0;
  CHECK_THROWS(OsqpSolver(Model(50, dt, ProgramSettings{}), nullptr, impossible), std::runtime_error);
  Vector w = Vector::Ones(50);
  w[20] = std::numeric_limits<double>::quiet_NaN();  // refused only when the factorisation reaches it
  CHECK_THROWS(OsqpSolver(Model(50, dt, ProgramSettings{}), w.data()), std::runtime_error);
}

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <stdexcept>

#include "check.hpp"
#include "kernel/robust/kernel.hpp"
#include "programme/robust/qp.hpp"
#include "robust_programme.hpp"
#include "solvers/robust/interior_point.hpp"
#include "solvers/robust/osqp.hpp"
#include "solvers/robust/screening.hpp"

using namespace ressin;
using programme::RobustLoads;
using programme::Vector;

namespace {

using Shared = std::shared_ptr<const robust::Model>;

Shared model_of(std::ptrdiff_t n, double dt) { return std::make_shared<const robust::Model>(n, dt, robust::Settings{}); }

template <class Real>
std::vector<robust::Solution> run(const Shared& model, const std::vector<robust::Request>& requests,
                                  const robust::KernelOf<Real>& kernel) {
  std::vector<robust::Solution> solutions(requests.size());
  std::size_t next = 0;
  robust::InteriorPointOf<Real>(model, kernel)
      .run(
          [&](std::size_t* tag) {
            *tag = next;
            return next < requests.size() ? &requests[next++] : nullptr;
          },
          [&](std::size_t tag, robust::Solution&& x) { solutions[tag] = std::move(x); }, [] { return true; });
  return solutions;
}

std::vector<robust::Solution> solve(const Shared& model, const std::vector<RobustLoads>& loads,
                                    const robust::KernelOf<double>& kernel) {
  std::vector<robust::Request> requests;
  for (const RobustLoads& l : loads) requests.push_back({l.problem()});
  return run(model, requests, kernel);
}

double objective(const QuadraticProgram& qp, const Vector& x) { return 0.5 * x.dot(qp.P * x) + qp.q.dot(x) + qp.constant; }

struct Shape {
  std::ptrdiff_t n;
  double dt;
};
constexpr Shape shapes[] = {{4, 0.25}, {5, 1.0}, {120, 0.25}, {173, 0.125}, {250, 0.02}};

}  // namespace

TEST("every kernel proves its solutions, alone and in lanes, and they agree") {
  for (const Shape& s : shapes) {
    const Shared model = model_of(s.n, s.dt);
    std::vector<RobustLoads> loads;
    for (unsigned seed = 0; seed < 11; ++seed) loads.emplace_back(s.n, s.dt, seed, seed % 3 == 1);
    const robust::KernelPair baseline = robust::baseline_kernels(), best = robust::kernels();
    const auto expected = solve(model, loads, baseline.single);
    for (const robust::KernelOf<double>& kernel : {baseline.lanes, best.single, best.lanes, robust::twofold_kernel()}) {
      const auto found = solve(model, loads, kernel);
      for (std::size_t i = 0; i < loads.size(); ++i) {
        CHECK(found[i].status == Status::optimal);
        CHECK(found[i].evidence.relative_gap <= 1e-8);
        CHECK_NEAR(found[i].evidence.objective, expected[i].evidence.objective, 1e-7 * expected[i].evidence.objective);
      }
    }
  }
}

TEST("every kernel of floats comes as near as a float can, alone and in lanes, with the same bits") {
  for (const Shape& s : shapes) {
    const Shared model = model_of(s.n, s.dt);
    std::vector<RobustLoads> loads;
    for (unsigned seed = 0; seed < 11; ++seed) loads.emplace_back(s.n, s.dt, seed, seed % 3 == 1);
    std::vector<robust::Request> requests;
    for (const RobustLoads& l : loads) requests.push_back({l.problem(), 1e-4, false});
    const auto exact = solve(model, loads, robust::kernels().single);
    for (const robust::KernelPair& pair : {robust::baseline_kernels(), robust::kernels()}) {
      const auto together = run(model, requests, pair.coarse_lanes);
      for (std::size_t i = 0; i < loads.size(); ++i) {
        const robust::Solution& x = together[i];
        CHECK(x.status == Status::optimal);
        const Evidence evidence = certify(*model, requests[i].problem, x.point, x.parts, x.witness);
        CHECK_NEAR(evidence.objective, exact[i].evidence.objective, 1e-3 * exact[i].evidence.objective);
        const robust::Solution alone = run(model, {requests[i]}, pair.coarse_single).front();
        CHECK(alone.point.driver == x.point.driver);
        CHECK(alone.point.spline == x.point.spline);
      }
    }
  }
}

TEST("an outlier that is wrongly left out leaves no proof, and those that a solution comes near to are enough") {
  const Shared model = model_of(400, 0.25);
  const robust::Marks none(static_cast<std::size_t>(model->n()), 0);
  for (unsigned seed = 0; seed < 6; ++seed) {
    const RobustLoads loads(400, 0.25, seed, seed % 2 == 1);
    robust::Request request{loads.problem()};
    const robust::Solution all = run(model, {request}, robust::kernels().single).front();
    CHECK(std::any_of(all.parts.outliers.begin(), all.parts.outliers.end(), [](double o) { return std::abs(o) > 1e-3; }));
    request.outliers = &none;
    CHECK(run(model, {request}, robust::kernels().single).front().status != Status::optimal);
    robust::Marks some;
    robust::add_outliers(*model, request.problem, robust::rest_of(all.parts), &some);
    request.outliers = &some;
    const robust::Solution found = run(model, {request}, robust::kernels().single).front();
    CHECK(found.status == Status::optimal);
    CHECK_NEAR(found.evidence.objective, all.evidence.objective, 1e-8 * all.evidence.objective);
  }
}

TEST("where shifts are left out concerns their own signal alone, bit for bit") {
  const Shared model = model_of(173, 0.125);
  const auto n = static_cast<std::size_t>(model->n());
  std::vector<RobustLoads> loads;
  std::vector<robust::Marks> marks;
  for (unsigned seed = 0; seed < 9; ++seed) {
    loads.emplace_back(173, 0.125, seed, false);
    marks.emplace_back(n, 0);
    for (std::size_t i = 0; i < n; ++i) marks.back()[i] = seed > 0 && i % seed == 0;
  }
  std::vector<robust::Request> requests;
  for (std::size_t k = 0; k < loads.size(); ++k) {
    requests.push_back({loads[k].problem()});
    requests.back().shifts = &marks[k];
  }
  const robust::KernelOf<double> lanes = robust::kernels().lanes;
  const auto together = run(model, requests, lanes);
  for (std::size_t k = 0; k < loads.size(); ++k) {
    const robust::Solution alone = run(model, {requests[k]}, lanes).front();
    CHECK(alone.point.driver == together[k].point.driver);
    CHECK(alone.point.steps == together[k].point.steps);
    for (std::size_t i = 0; i < n; ++i) CHECK(marks[k][i] != 0 || together[k].point.steps[i] == 0.0);
  }
}

TEST("a shift that is wrongly left out is seen, and those that a solution comes near to are enough") {
  const Shared model = model_of(400, 0.25);
  for (unsigned seed = 0; seed < 6; ++seed) {
    const RobustLoads loads(400, 0.25, seed, seed % 2 == 1);
    robust::Request request{loads.problem()};
    const robust::KernelOf<double> kernel = robust::kernels().single;
    const robust::Solution all = run(model, {request}, kernel).front();
    const robust::Marks none(static_cast<std::size_t>(model->n()), 0);
    request.shifts = &none;
    const robust::Solution without = run(model, {request}, kernel).front();
    CHECK(!robust::are_enough(none, *model, request.problem, robust::forces_of(*model, without.witness)));
    CHECK(without.status != Status::optimal);
    const robust::Marks some =
        robust::find_shifts(*model, request.problem, robust::forces_of(*model, all.witness), robust::near_shift);
    request.shifts = &some;
    const robust::Solution with = run(model, {request}, kernel).front();
    CHECK(robust::are_enough(some, *model, request.problem, robust::forces_of(*model, with.witness)));
    CHECK(with.status == Status::optimal);
    CHECK_NEAR(with.evidence.objective, all.evidence.objective, 1e-8 * all.evidence.objective);
  }
}

TEST("a level below its floor pays, the more the lower it is") {
  const Shared model = model_of(173, 0.125);
  for (unsigned seed = 0; seed < 4; ++seed) {
    const RobustLoads loads(173, 0.125, seed, false);
    robust::Problem problem = loads.problem();
    const robust::Solution x = solve(model, {loads}, robust::kernels().single).front();
    double lowest = std::numeric_limits<double>::infinity();
    for (std::ptrdiff_t j = 0; j < model->n_knots(); ++j) {
      const double shift = x.parts.shift[static_cast<std::size_t>(model->knot_sample(j))];
      lowest = std::min(lowest, x.point.spline[static_cast<std::size_t>(j)] + shift);
    }
    robust::Witness free = x.witness;  // no force from the floor: nothing else in the bound depends on it
    std::fill(free.level.begin(), free.level.end(), 0.0);
    problem.floor = lowest;
    double last = certify(*model, problem, x.point, x.parts, free).duality_gap;
    for (const double below : {1e-3, 1e-2, 1e-1}) {
      problem.floor = lowest + below;
      const double gap = certify(*model, problem, x.point, x.parts, free).duality_gap;
      CHECK(gap >= last + 0.4 * below * below * 173.0);
      last = gap;
    }
  }
}

TEST("a solution is optimal by the assembled matrices") {
  for (const Shape& s : shapes) {
    const Shared model = model_of(s.n, s.dt);
    for (unsigned seed = 0; seed < 4; ++seed) {
      const RobustLoads loads(s.n, s.dt, seed, seed % 2 == 1);
      const robust::Problem problem = loads.problem();
      const robust::Solution x = solve(model, {loads}, robust::kernels().single).front();
      const QuadraticProgram qp = make_qp(*model, problem);
      const robust::QpPoint at = to_qp(*model, problem, x.point, x.parts, x.witness);
      CHECK_NEAR(objective(qp, at.x), x.evidence.objective, 1e-10 * (1.0 + x.evidence.objective));
      const Vector inside = qp.A * at.x, gradient = qp.P * at.x + qp.q - qp.A.transpose() * at.multiplier;
      CHECK_NEAR(gradient.cwiseAbs().maxCoeff(), 0.0, 1e-6 * (1.0 + qp.q.cwiseAbs().maxCoeff()));
      const double rounding = 1e-11 * (1.0 + at.x.cwiseAbs().maxCoeff());
      CHECK((inside - qp.l).minCoeff() >= -rounding && (qp.u - inside).minCoeff() >= -rounding);
      const robust::QpLayout of(*model);
      for (std::ptrdiff_t k = 0; k < of.n_rows; ++k) {
        if (qp.l[k] < qp.u[k]) CHECK(at.multiplier[k] >= -1e-6 * (1.0 + qp.q.cwiseAbs().maxCoeff()));
      }
    }
  }
}

TEST("a point goes to the matrices and back") {
  const Shared model = model_of(120, 0.25);
  const RobustLoads loads(120, 0.25, 3, true);
  const robust::Problem problem = loads.problem();
  const robust::Solution x = solve(model, {loads}, robust::kernels().single).front();
  const robust::QpPoint at = to_qp(*model, problem, x.point, x.parts, x.witness);
  const robust::Point back = from_qp(*model, problem, at.x);
  for (std::size_t i = 0; i < x.point.driver.size(); ++i) {
    CHECK_NEAR(back.driver[i], x.point.driver[i], 1e-9);
    CHECK_NEAR(back.steps[i], x.point.steps[i], 1e-12);
  }
  Vector below = at.x;
  const robust::QpLayout of(*model);
  below.segment(of.spline, of.n_knots).array() -= 5.0;
  const robust::Point raised = from_qp(*model, problem, below);
  const robust::Parts parts = make_parts(*model, problem, raised);
  for (std::ptrdiff_t j = 0; j < of.n_knots; ++j) {
    const auto knot = static_cast<std::size_t>(j), sample = static_cast<std::size_t>(model->knot_sample(j));
    CHECK(raised.spline[knot] + parts.shift[sample] >= problem.floor - 1e-12);
  }
}

TEST("the patterns depend on the model alone") {
  const Shared model = model_of(120, 0.25);
  const RobustLoads some(120, 0.25, 4, true), others(120, 0.25, 5, false);
  const QuadraticProgram a = make_qp(*model, some.problem()), b = make_qp(*model, others.problem());
  for (const auto& [x, y] : {std::pair(&a.P, &b.P), std::pair(&a.A, &b.A)}) {
    CHECK_EQUAL(x->nonZeros(), y->nonZeros());
    CHECK(std::equal(x->innerIndexPtr(), x->innerIndexPtr() + x->nonZeros(), y->innerIndexPtr()));
  }
}

TEST("OSQP confirms a solution in a few iterations, and finds it no better from elsewhere") {
  for (const Shape& s : shapes) {
    const Shared model = model_of(s.n, s.dt);
    const RobustLoads loads(s.n, s.dt, 6, s.n > 100);
    const robust::Solution exact = solve(model, {loads}, robust::kernels().single).front();
    const robust::Confirmed found = confirm(*model, loads.problem(), &exact, {}, [] { return true; });
    CHECK(found.solution.status == Status::optimal);
    CHECK(found.solution.iterations <= 10);
    CHECK(found.primal_residual <= 1e-6 && found.dual_residual <= 1e-6);
    CHECK_NEAR(found.solution.evidence.objective, exact.evidence.objective, 1e-5 * (1e-3 + exact.evidence.objective));
    const robust::Confirmed stopped = confirm(*model, loads.problem(), nullptr, {1e-300}, [] { return false; });
    CHECK(stopped.stopped);
  }
}

TEST("a programme too large for 32-bit indices is refused before anything is allocated") {
  const robust::Model model(40'000'000, 0.25, robust::Settings{});
  CHECK_THROWS(qp_constraints(model), std::length_error);
  CHECK_THROWS(make_qp(model, robust::Problem{}), std::length_error);
}

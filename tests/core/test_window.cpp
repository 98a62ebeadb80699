#include "solvers/window.hpp"

#include <limits>
#include <memory>
#include <utility>

#include "check.hpp"
#include "programme.hpp"
#include "solvers/interior_point.hpp"
#include "solvers/workspace.hpp"

using namespace ressin;
using programme::Vector;

namespace {

constexpr double dt = 0.25;

ProgramSettings no_drift(Revision revision) {
  ProgramSettings s;
  s.revision = revision;
  s.baseline = Baseline::none;
  return s;
}

// The same programme solved as a whole recording, whose certificate proves the solution.
Solution solve_whole(const Vector& y, const Vector& w, const ProgramSettings& settings, std::ptrdiff_t first_knot,
                     std::ptrdiff_t n_knots) {
  const auto spacing = static_cast<std::ptrdiff_t>(settings.delta_knot / dt);
  const auto model = std::make_shared<const Model>(y.size(), dt, settings, first_knot, spacing, n_knots);
  const Problem problem{y.data(), w.data(), settings.alpha, settings.gamma};
  InteriorPoint method(std::make_unique<Workspace>(model, kernels().single, true), SolverSettings{});
  Solution found;
  bool given = false;
  method.run([&](std::size_t*) -> const Problem* { return std::exchange(given, true) ? nullptr : &problem; },
             [&](std::size_t, Solution&& x) { found = std::move(x); }, [] { return true; });
  CHECK(found.status == Status::optimal);
  return found;
}

double largest_difference(const std::vector<double>& a, const std::vector<double>& b) {
  CHECK_EQUAL(a.size(), b.size());
  double largest = 0.0;
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

constexpr SolverKind kinds[] = {SolverKind::interior_point, SolverKind::active_set};

WindowProblem problem_of(const Vector& y, const Vector& w, const ProgramSettings& settings) {
  WindowProblem p;
  p.y = y.data();
  p.weights = w.data();
  p.n = y.size();
  p.alpha = settings.alpha;
  return p;
}

}  // namespace

TEST("a window at the recording's start is the recording's programme, in whatever order the lengths come") {
  for (const auto& [revision, kind] : {std::pair{Revision::r2015, kinds[0]}, std::pair{Revision::r2025, kinds[0]},
                                       std::pair{Revision::r2015, kinds[1]}, std::pair{Revision::r2025, kinds[1]}}) {
    const ProgramSettings settings = no_drift(revision);
    Window window(300, dt, settings, SolverSettings{}, kind);
    CHECK_EQUAL(window.capacity(), 300);
    CHECK_EQUAL(window.knot_spacing(), 40);
    for (const Eigen::Index n : {300, 3, 40, 41, 155}) {
      const Vector y = programme::make_signal(n, dt, static_cast<unsigned>(n));
      for (const bool weighted : {false, true}) {
        const Vector w = weighted ? programme::make_weights(n) : Vector(Vector::Ones(n));
        const WindowSolution x = window.solve(problem_of(y, w, settings), 0);
        const Solution whole = solve_whole(y, w, settings, 0, (n - 1) / 40 + 3);
        CHECK(x.status == Status::optimal);
        CHECK(x.stationarity < 1e-8);
        CHECK(largest_difference(x.phasic, whole.parts.phasic) < 1e-6);
        CHECK(largest_difference(x.tonic, whole.parts.tonic) < 1e-6);
        CHECK(largest_difference(x.spline, whole.point.spline) < 1e-4);
      }
    }
  }
}

static void check_that_it_goes_on(SolverKind kind) {
  const ProgramSettings settings = no_drift(Revision::r2025);
  const Eigen::Index n = 240, cut = 80;
  const Vector y = programme::make_signal(n, dt, 1), w = Vector::Ones(n);
  Window window(n, dt, settings, SolverSettings{}, kind);
  const WindowSolution whole = window.solve(problem_of(y, w, settings), cut);
  window.keep_support();

  // the cost of the samples before the cut with their drivers fixed: least squares over knots 0 .. 4, minimised over 0 and 1
  programme::Matrix B = programme::Matrix::Zero(cut, 5);
  Vector rest(cut);
  for (Eigen::Index i = 0; i < cut; ++i) {
    rest[i] = y[i] - whole.phasic[static_cast<std::size_t>(i)];
    for (Eigen::Index j = 0; j < 5; ++j) B(i, j) = window.model().bump(i - 40 * j);
  }
  programme::Matrix J = B.transpose() * B;
  const Vector h = B.transpose() * rest;
  J.topLeftCorner(1, 1).array() += settings.gamma;  // knot 0 is eliminated; 1, 2, 3 are the window's oldest
  const Vector row = J.block(1, 0, 3, 1) / J(0, 0);
  const programme::Matrix past = J.block(1, 1, 3, 3) - row * J.block(0, 1, 1, 3);
  const Vector gradient = h.segment(1, 3) - row * h[0];

  const Vector later_y = y.tail(n - cut), later_w = Vector::Ones(n - cut);
  WindowProblem problem = problem_of(later_y, later_w, settings);
  problem.is_start = false;
  problem.begin = cut;
  std::copy(whole.later_state, whole.later_state + 2, problem.state);
  for (int j = 0; j < 3; ++j) {
    problem.past.h[static_cast<std::size_t>(j)] = gradient[j];
    for (int k = 0; k < 3; ++k) problem.past.J[static_cast<std::size_t>(3 * j + k)] = past(j, k);
  }
  const WindowSolution later = window.solve(problem, 0);
  CHECK(later.status == Status::optimal);
  CHECK(later.solver == kind);
  CHECK(whole.solver == kind);
  const auto from = [&](const std::vector<double>& x) { return std::vector<double>(x.begin() + cut, x.end()); };
  CHECK(largest_difference(later.phasic, from(whole.phasic)) < 1e-6);
  CHECK(largest_difference(later.tonic, from(whole.tonic)) < 1e-6);
  for (int k = 0; k < 2; ++k) CHECK_NEAR(later.later_state[k], whole.later_state[k], 1e-12);
}

TEST("cut at a knot and given what was before, a window goes on as the whole does") {
  for (const SolverKind kind : kinds) check_that_it_goes_on(kind);
}

static void check_gap(SolverKind kind) {
  const ProgramSettings settings = no_drift(Revision::r2025);
  Vector y = programme::make_signal(120, dt, 1), w = Vector::Ones(120);
  w.segment(30, 50).setZero();
  Window window(120, dt, settings, SolverSettings{}, kind);
  const WindowSolution plain = window.solve(problem_of(y, w, settings), 0);
  y.segment(30, 50).setConstant(std::numeric_limits<double>::quiet_NaN());
  const WindowSolution holed = window.solve(problem_of(y, w, settings), 0);
  CHECK_EQUAL(largest_difference(plain.phasic, holed.phasic), 0.0);
  w.setZero();
  const WindowSolution nothing = window.solve(problem_of(y, w, settings), 0);
  CHECK(nothing.status == Status::optimal);
  for (std::size_t i = 0; i < 120; ++i) CHECK_NEAR(nothing.phasic[i] + nothing.tonic[i], 0.0, 1e-6);
}

TEST("samples of weight zero are not read, and nothing but them is solved too") {
  for (const SolverKind kind : kinds) check_gap(kind);
}

TEST("how a window ended is said as it is of a recording") {
  const ProgramSettings settings = no_drift(Revision::r2025);
  const Vector y = programme::make_signal(120, dt, 1), w = Vector::Ones(120);
  SolverSettings solver;
  solver.max_iterations = 3;
  const WindowSolution cut_short = Window(120, dt, settings, solver).solve(problem_of(y, w, settings), 0);
  CHECK(cut_short.status == Status::max_iterations);
  CHECK_EQUAL(cut_short.iterations, 3);

  solver = SolverSettings{};
  solver.tol = 1e-30;  // beyond the digits
  const WindowSolution exhausted = Window(120, dt, settings, solver).solve(problem_of(y, w, settings), 0);
  CHECK(exhausted.status == Status::inaccurate);
  CHECK(exhausted.iterations < solver.max_iterations);

  // far from the unit size that the start is meant for, the first steps are cut to nothing
  solver = SolverSettings{};
  Vector spike = Vector::Zero(120);
  spike[50] = 1e6;
  const WindowSolution stuck = Window(120, dt, settings, solver).solve(problem_of(spike, w, settings), 0);
  CHECK(stuck.status == Status::insufficient_progress);
  CHECK(stuck.iterations < solver.max_iterations);
  CHECK(std::max(stuck.relative_gap, stuck.stationarity) > 1e-6);
}

TEST("a window with anything that is not finite has failed") {
  const ProgramSettings settings = no_drift(Revision::r2025);
  const Vector y = programme::make_signal(120, dt, 1), w = Vector::Ones(120);
  SolverSettings solver;
  solver.tol = std::numeric_limits<double>::infinity();  // all that is finite is optimal
  Window window(120, dt, settings, solver);
  CHECK(window.solve(problem_of(y, w, settings), 0).status == Status::optimal);
  Vector broken = y;
  broken[7] = std::numeric_limits<double>::infinity();
  CHECK(window.solve(problem_of(broken, w, settings), 0).status == Status::failed);
  WindowProblem problem = problem_of(y, w, settings);
  problem.is_start = false;
  problem.past.h[1] = std::numeric_limits<double>::quiet_NaN();
  CHECK(window.solve(problem, 0).status == Status::failed);
}

TEST("what does not fit is refused") {
  const ProgramSettings settings = no_drift(Revision::r2015);
  const Vector y = Vector::Zero(50), w = Vector::Ones(50);
  Window window(40, dt, settings, SolverSettings{});
  WindowProblem problem = problem_of(y, w, settings);
  CHECK_THROWS(window.solve(problem, 0), std::invalid_argument);
  problem.n = 2;
  CHECK_THROWS(window.solve(problem, 0), std::invalid_argument);
  problem.n = 10;
  CHECK_THROWS(window.solve(problem, 11), std::invalid_argument);
}

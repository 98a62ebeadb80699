// The active set against the definition of the programme and against the interior point, on every instruction set of the
// machine.
#include "solvers/active_set/active_set.hpp"

#include <random>
#include <utility>

#include "check.hpp"
#include "instruction_sets.hpp"
#include "programme.hpp"
#include "solvers/interior_point.hpp"
#include "solvers/workspace.hpp"

using namespace ressin;
using programme::Vector;

namespace {

constexpr double dt = 0.25;
constexpr ActiveSetLimits no_limits{1.0, 1e6};

// The interior point's kernels, for one signal and for lanes.
std::vector<Kernel> all_kernels() {
  std::vector<Kernel> all;
  for (const KernelPair& pair : instruction_sets::all_pairs()) all.insert(all.end(), {pair.single, pair.lanes});
  return all;
}

// Programmes tried, and those that the method has left to the interior point.
struct Count {
  int tried = 0, given_up = 0;
};

Solution solve(const std::shared_ptr<const Model>& model, const Problem& problem, const Kernel& kernel) {
  InteriorPoint method(std::make_unique<Workspace>(model, kernel, problem.weights != nullptr), SolverSettings{});
  Solution found;
  const Problem* next = &problem;
  method.run(
      [&](std::size_t* tag) {
        *tag = 0;
        return std::exchange(next, nullptr);
      },
      [&](std::size_t, Solution&& x) { found = std::move(x); }, [] { return true; });
  return found;
}

double difference(const std::vector<double>& a, const std::vector<double>& b) {
  double largest = a.size() == b.size() ? 0.0 : 1e300;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

void check_programme(const ProgramSettings& settings, std::ptrdiff_t n, const Vector* w, const KnotGrid* knots, Count* count) {
  const auto model = std::make_shared<const Model>(
      knots ? Model(n, dt, settings, knots->first, knots->spacing, knots->count, programme::observed_from(w))
            : Model(n, dt, settings, programme::observed_from(w)));
  Vector y = programme::make_signal(n, dt, 7);
  if (w) y = (w->array() > 0.0).select(y, 0.0);
  const Problem problem{y.data(), w ? w->data() : nullptr, settings.alpha, settings.gamma};
  const Solution expected = solve(model, problem, baseline_kernels().single);
  CHECK(expected.status == Status::optimal);
  const auto shape = std::make_shared<const active_set::ShapeTables>(model, w != nullptr);
  SolverSettings solver;
  solver.keep_curvature = true;
  for (const active_set::Passes& passes : instruction_sets::all_passes()) {
    ActiveSet method(shape, solver, passes);
    Solution x;
    ++count->tried;
    if (!method.run(problem, no_limits, [] { return true; }, &x)) {
      ++count->given_up;
      continue;
    }
    CHECK(x.status == Status::optimal);
    const Certificate judged = Certifier(*model)(problem, x.point, make_parts(*model, x.point), x.residual);
    CHECK(judged.evidence.relative_gap <= 1e-9);
    CHECK_NEAR(judged.evidence.objective, x.certificate.evidence.objective, 1e-12 * (1.0 + judged.evidence.objective));
    CHECK_NEAR(judged.evidence.stationarity, x.certificate.evidence.stationarity, 1e-9);
    CHECK_NEAR(x.certificate.evidence.objective, expected.certificate.evidence.objective, 1e-9);
    CHECK(difference(x.parts.phasic, expected.parts.phasic) < 1e-5);
    CHECK(difference(x.parts.tonic, expected.parts.tonic) < 1e-5);
    CHECK(difference(x.parts.phasic, make_parts(*model, x.point).phasic) < 1e-9);
    for (std::size_t i = 0; i < x.point.driver.size(); ++i) {
      CHECK(x.point.driver[i] >= 0.0);
      CHECK((x.point.driver[i] > 0.0) <= (x.curvature[i] == 0.0));
    }
    Solution again;  // nothing of one signal is left for the next
    CHECK(method.run(problem, no_limits, [] { return true; }, &again));
    CHECK(difference(x.point.driver, again.point.driver) == 0.0);
  }
}

}  // namespace

TEST("a programme is solved as its definition and the interior point have it, or left to the interior point") {
  Count count;
  for (ProgramSettings settings : programme::all_settings()) {
    for (const std::ptrdiff_t n : {37, 240, 403}) {
      const Vector w = programme::make_weights(n);
      for (const double tau1 : {0.7, settings.tau0}) {
        settings.tau1 = tau1;
        check_programme(settings, n, nullptr, nullptr, &count);
        check_programme(settings, n, &w, nullptr, &count);
      }
      settings.tau1 = 0.7;
      const KnotGrid before{-70, 33, 30}, within{50, 21, 4};
      check_programme(settings, n, nullptr, &before, &count);
      check_programme(settings, n, &w, &within, &count);
    }
  }
  CHECK(count.tried >= 100);
  CHECK(20 * count.given_up <= count.tried);
}

TEST("the interior point solves on every instruction set") {
  const ProgramSettings settings;
  const std::ptrdiff_t n = 240;
  const auto model = std::make_shared<const Model>(n, dt, settings);
  const Vector y = programme::make_signal(n, dt, 3);
  const Problem problem{y.data(), nullptr, settings.alpha, settings.gamma};
  const Solution expected = solve(model, problem, baseline_kernels().single);
  for (const Kernel& kernel : all_kernels()) {
    const Solution x = solve(model, problem, kernel);
    CHECK(x.status == Status::optimal);
    CHECK(difference(x.parts.phasic, expected.parts.phasic) < 1e-7);
  }
}

TEST("the method gives up by its limits") {
  const ProgramSettings settings;
  const auto model = std::make_shared<const Model>(240, dt, settings);
  const Vector y = programme::make_signal(240, dt, 3);
  const Problem problem{y.data(), nullptr, settings.alpha, settings.gamma};
  ActiveSet method(std::make_shared<const active_set::ShapeTables>(model, false), SolverSettings{});
  const auto go_on = [] { return true; };
  Solution x;
  CHECK(!method.run(problem, {0.001, 1e6}, go_on, &x));
  CHECK(!method.run(problem, {1.0, 0.01}, go_on, &x));
  CHECK(!method.run(problem, no_limits, [] { return false; }, &x));
  CHECK(method.run(problem, no_limits, go_on, &x));
}

TEST("a tolerance that cannot be proved is left to others") {
  const ProgramSettings settings;
  const auto model = std::make_shared<const Model>(240, dt, settings);
  const Vector y = programme::make_signal(240, dt, 3);
  const Problem problem{y.data(), nullptr, settings.alpha, settings.gamma};
  SolverSettings strict;
  strict.tol = 1e-30;
  ActiveSet method(std::make_shared<const active_set::ShapeTables>(model, false), strict);
  Solution x;
  CHECK(!method.run(problem, no_limits, [] { return true; }, &x));
}

namespace {

bool is_tried(const Vector& y, double step, const ProgramSettings& s) {
  const Model model(y.size(), step, s);
  const Problem problem{y.data(), nullptr, s.alpha, s.gamma};
  CHECK(active_set_limits(SolverKind::active_set, model, problem).densest > 0.0);
  CHECK(active_set_limits(SolverKind::interior_point, model, problem).densest == 0.0);
  return active_set_limits(SolverKind::automatic, model, problem).densest > 0.0;
}

// Independent numbers of deviation one, or their sums over `width` neighbours, scaled to that.
Vector noise(Eigen::Index n, Eigen::Index width) {
  std::mt19937_64 random(5);
  std::normal_distribution<double> normal;
  Vector white(n + width), y(n);
  for (double& x : white) x = normal(random);
  for (Eigen::Index i = 0; i < n; ++i) y[i] = white.segment(i, width).sum() / std::sqrt(static_cast<double>(width));
  return y;
}

// The least alpha of 2^-k under which the active set is tried.
double least_alpha_tried(const Vector& y) {
  ProgramSettings s;
  for (s.alpha = 1024.0; is_tried(y, 0.25, s); s.alpha *= 0.5) CHECK(s.alpha > 1e-9);
  return 2.0 * s.alpha;
}

}  // namespace

TEST("the choice goes by signal and programme") {
  ProgramSettings settings;
  const std::ptrdiff_t n = 400;
  const Vector quiet = programme::make_signal(n, dt, 3);
  Vector noisy = quiet;
  for (Eigen::Index i = 0; i < n; ++i) noisy[i] += i % 2 == 0 ? 2.0 : -2.0;
  CHECK(!is_tried(noisy, 0.25, settings));
  CHECK(is_tried(noisy, 0.02, settings));
  settings.alpha = 1.0;
  CHECK(is_tried(noisy, 0.25, settings));
  settings.delta_knot = 0.1;
  CHECK(!is_tried(quiet, 0.02, settings));
}

TEST("the noise that is worth a try falls with the length and with what is smooth in it") {
  const double brief = least_alpha_tried(noise(400, 1)), hour = least_alpha_tried(noise(14400, 1));
  CHECK(hour > 2.0 * brief);
  CHECK(hour < 16.0 * brief);
  CHECK(least_alpha_tried(0.1 * noise(14400, 1)) < 0.2 * hour);
  const Vector smooth = noise(14400, 2);
  const auto size = [](const Vector& y) {
    const Eigen::Index m = y.size() - 2;
    return (y.head(m) - 2.0 * y.segment(1, m) + y.tail(m)).norm();
  };
  CHECK(least_alpha_tried(smooth * size(noise(14400, 1)) / size(smooth)) > hour);
}

TEST("the active set is given more where the interior point has one lane") {
  const ProgramSettings settings;
  const Vector y = programme::make_signal(14400, 0.25, 3);
  const Problem problem{y.data(), nullptr, settings.alpha, settings.gamma};
  const auto limits = [&](std::ptrdiff_t n) {
    return active_set_limits(SolverKind::automatic, Model(n, 0.25, settings), problem);
  };
  CHECK(limits(400).densest > limits(14400).densest);
  CHECK(limits(400).effort > limits(14400).effort);
  CHECK(limits(14400).densest > 0.0);
}

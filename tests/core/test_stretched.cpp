// One recording in all lanes against the same in one, on every instruction set of the machine: the Newton step, and the
// solution.
#include "solvers/stretched.hpp"

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

// Noise asks for a driver at every few samples.
Vector noisy_signal(std::ptrdiff_t n, double dt) {
  Vector y = programme::make_signal(n, dt, 7);
  std::mt19937 random(11);
  std::normal_distribution<double> normal;
  for (double& v : y) v += 0.05 * normal(random);
  return y;
}

struct Case {
  std::ptrdiff_t n;
  double dt;
  ProgramSettings settings;
  const Vector* weights;
  const KnotGrid* knots;
};

std::shared_ptr<const Model> model_of(const Case& c) {
  const std::ptrdiff_t observed = programme::observed_from(c.weights);
  if (!c.knots) return std::make_shared<const Model>(c.n, c.dt, c.settings, observed);
  return std::make_shared<const Model>(c.n, c.dt, c.settings, c.knots->first, c.knots->spacing, c.knots->count, observed);
}

// dp / p of every sample in the signal's order, and the steps of the coefficients.
std::vector<double> step_of(Iterates& x) {
  std::vector<double> step;
  const auto add = [&](const LaneRun& run, double* KernelState::* array, std::ptrdiff_t from, std::ptrdiff_t to) {
    for (std::ptrdiff_t i = from; i < to; ++i) step.push_back(run(run.state->*array, i));
  };
  const std::vector<LaneRun>& runs = x.runs(0);
  for (const LaneRun& run : runs) {
    const std::ptrdiff_t unused = run.begin == 0 ? x.layout().shape.first_row : 0;
    add(run, &KernelState::step, unused, run.shape->n);
  }
  for (const LaneRun& run : runs) add(run, &KernelState::spline_step, run.knots_begin, run.shape->n_knots);
  add(runs.front(), &KernelState::drift_step, 0, x.layout().shape.n_drift);
  if (x.layout().shape.first_row > 0) add(runs.front(), &KernelState::start_step, 0, 2);
  return step;
}

Solution solve(std::unique_ptr<Iterates> iterates, const Problem& problem, std::vector<double>* last_step) {
  Iterates& x = *iterates;
  SolverSettings settings;
  settings.keep_curvature = true;
  InteriorPoint method(std::move(iterates), settings);
  Solution found;
  const Problem* next = &problem;
  method.run([&](std::size_t*) { return std::exchange(next, nullptr); },
             [&](std::size_t, Solution&& s) { found = std::move(s); }, [] { return true; });
  *last_step = step_of(x);
  return found;
}

// The first step of the iteration, before any difference can have grown.
std::vector<double> first_step(std::unique_ptr<Iterates> iterates, const Problem& problem) {
  Iterates& x = *iterates;
  InteriorPoint method(std::move(iterates), SolverSettings{});
  const Problem* next = &problem;
  int asked = 0;
  method.run([&](std::size_t*) { return std::exchange(next, nullptr); }, [](std::size_t, Solution&&) {},
             [&] { return asked++ < 1; });
  return step_of(x);
}

double largest_of(const std::vector<double>& x) {
  double largest = 0.0;
  for (double v : x) largest = std::max(largest, std::abs(v));
  return largest;
}
double difference(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size()) return 1e300;
  double largest = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

void check_case(const Case& c) {
  const auto model = model_of(c);
  Vector y = noisy_signal(c.n, c.dt);
  if (c.weights) y = (c.weights->array() > 0.0).select(y, 0.0);
  const Problem problem{y.data(), c.weights ? c.weights->data() : nullptr, c.settings.alpha, c.settings.gamma};
  const bool weighted = c.weights != nullptr;
  CHECK(StretchedWorkspace::pays(*model));
  if (!StretchedWorkspace::pays(*model)) return;
  for (const KernelPair& pair : instruction_sets::all_pairs()) {
    const auto whole = [&] { return std::make_unique<Workspace>(model, pair.single, weighted); };
    const auto stretched = [&] { return std::make_unique<StretchedWorkspace>(model, weighted, pair); };
    const std::vector<double> step = first_step(whole(), problem);
    CHECK(difference(first_step(stretched(), problem), step) < 1e-9 * largest_of(step));
    std::vector<double> unused;
    const Solution expected = solve(whole(), problem, &unused), x = solve(stretched(), problem, &unused);
    CHECK(expected.status == Status::optimal);
    CHECK(x.status == Status::optimal);
    CHECK(x.certificate.evidence.relative_gap <= 1e-9);
    CHECK(std::abs(x.iterations - expected.iterations) <= 1);
    CHECK_NEAR(x.certificate.evidence.objective, expected.certificate.evidence.objective,
               1e-9 * (1.0 + expected.certificate.evidence.objective));
    CHECK(difference(x.parts.phasic, expected.parts.phasic) < 1e-5);
    CHECK(difference(x.parts.tonic, expected.parts.tonic) < 1e-5);
    CHECK(difference(x.residual, expected.residual) < 1e-5);
    CHECK(x.point.spline.size() == expected.point.spline.size());
    CHECK(x.point.drift.size() == expected.point.drift.size());
    CHECK(x.curvature.size() == expected.curvature.size());
  }
}

constexpr std::ptrdiff_t n = 1237;  // the last interval is not full, and the stretches do not hold all intervals
constexpr double dt = 1.0;

ProgramSettings with(Baseline baseline, Revision revision = Revision::r2025) {
  ProgramSettings settings;
  settings.baseline = baseline;
  settings.revision = revision;
  return settings;
}

Vector with_gaps() {
  Vector w = Vector::Ones(n);
  w.segment(300, 90).setZero();
  w.segment(700, 250).setZero();
  w.segment(40, 20).setConstant(0.3);
  return w;
}

}  // namespace

TEST("every baseline") {
  for (const Baseline baseline : {Baseline::linear, Baseline::constant, Baseline::spline, Baseline::none})
    check_case({n, dt, with(baseline), nullptr, nullptr});
}

TEST("the 2015 revision, whose start is free") {
  check_case({n, dt, with(Baseline::linear, Revision::r2015), nullptr, nullptr});
  Vector late = Vector::Ones(n + 40);
  late.head(37).setZero();
  check_case({n + 40, dt, with(Baseline::linear, Revision::r2015), &late, nullptr});
}

TEST("gaps, one of them longer than the run-in of the response") {
  const Vector w = with_gaps();
  check_case({n, dt, with(Baseline::linear), &w, nullptr});
  check_case({n, dt, with(Baseline::linear, Revision::r2015), &w, nullptr});
}

TEST("a slow response, for which the run-in is longer") {
  ProgramSettings slow;
  slow.tau0 = 12.0;
  check_case({2 * n, dt, slow, nullptr, nullptr});
}

TEST("many samples between knots") { check_case({4 * n, 0.25, ProgramSettings{}, nullptr, nullptr}); }

TEST("knots given, from before the first sample or after it, too few or too many") {
  for (const KnotGrid& knots : {KnotGrid{-23, 10, 160}, KnotGrid{14, 10, 128}, KnotGrid{0, 10, 130}})
    check_case({1400, dt, ProgramSettings{}, nullptr, &knots});
}

TEST("short recordings have none") {
  CHECK(!StretchedWorkspace::pays(Model(600, dt, ProgramSettings{})));
  CHECK(StretchedWorkspace::pays(Model(700, dt, ProgramSettings{})));
  CHECK(!StretchedWorkspace::pays(Model(3, dt, ProgramSettings{})));
  ProgramSettings slow;
  slow.tau0 = 60.0;
  CHECK(!StretchedWorkspace::pays(Model(n, dt, slow)));
}

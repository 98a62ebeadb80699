// The adjoint at the events of a settled support against the adjoint over all samples, on every instruction set of the machine.
#include "solvers/active_set/adjoint.hpp"

#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "check.hpp"
#include "instruction_sets.hpp"
#include "programme.hpp"
#include "solvers/active_set/active_set.hpp"

using namespace ressin;
using programme::Vector;

namespace {

constexpr ActiveSetLimits no_limits{1.0, 1e6};

// A programme that the active set has solved, and a loss that is linear in its parts.
struct Case {
  std::shared_ptr<const Model> model;
  Vector y, weights, to_phasic, to_tonic, to_driver, residual, to_signal;
  Solution x;
  SolvedSignal solved{};
  bool is_solved = false;

  Case(const ProgramSettings& settings, std::ptrdiff_t n, bool weighted, double dt = 0.25)
      : y(programme::make_signal(n, dt, 7)), weights(programme::make_weights(n)) {
    const Vector* w = weighted ? &weights : nullptr;
    model = std::make_shared<const Model>(n, dt, settings, programme::observed_from(w));
    if (w) y = (w->array() > 0.0).select(y, 0.0);
    SolverSettings solver;
    solver.keep_curvature = true;
    ActiveSet method(std::make_shared<const active_set::ShapeTables>(model, weighted), solver);
    const Problem problem{y.data(), w ? w->data() : nullptr, settings.alpha, settings.gamma};
    is_solved = method.run(problem, no_limits, [] { return true; }, &x);
    if (!is_solved) return;
    to_phasic = programme::make_signal(n, dt, 11);
    to_tonic = programme::make_signal(n, dt, 12);
    to_driver = 0.01 * programme::make_signal(n, dt, 13);
    residual = -Eigen::Map<const Vector>(x.residual.data(), n);
    to_signal = Vector::Zero(n);
    solved.signal.y = y.data();
    solved.signal.weights = problem.weights;
    solved.signal.n = n;
    solved.signal.dt = dt;
    solved.signal.driver = x.point.driver.data();
    solved.signal.residual = residual.data();
    solved.signal.curvature = x.curvature.data();
    solved.spline = x.point.spline.data();
    std::copy_n(x.point.start, n_free_start, solved.start);
    solved.scale = 1.0;
    solved.to_phasic = to_phasic.data();
    solved.to_tonic = to_tonic.data();
    solved.to_driver = to_driver.data();
    solved.to_signal = to_signal.data();
  }

  bool is_weighted() const { return solved.signal.weights != nullptr; }

  Gradient over_all_samples() {
    Adjoint method(model, baseline_kernels().single, is_weighted());
    const SolvedSignal* signal = &solved;
    Gradient gradient;
    method.solve(&signal, &model->settings(), 1, &gradient);
    return gradient;
  }
};

bool is_near(double a, double b) { return std::abs(a - b) <= 1e-7 * (1e-3 + std::abs(b)); }

void check_case(Case* c, int* n_events) {
  const Gradient expected = c->over_all_samples();
  const Vector expected_signal = c->to_signal;
  std::vector<std::ptrdiff_t> support;
  CHECK(active_set::find_settled_support(c->solved.signal, c->model->first_row(), &support));
  *n_events += static_cast<int>(support.size());
  for (const active_set::Passes& passes : instruction_sets::all_passes()) {
    active_set::EventAdjoint method(std::make_shared<const active_set::ShapeTables>(c->model, c->is_weighted()), passes);
    Vector first;
    for (int time = 0; time < 2; ++time) {  // nothing of one signal is left for the next
      c->to_signal.setConstant(1e300);
      const Gradient found = method.solve(c->solved, support, c->model->settings());
      CHECK(found.done);
      CHECK((c->to_signal - expected_signal).norm() <= 5e-10 * expected_signal.norm());
      CHECK(is_near(found.alpha, expected.alpha));
      CHECK(is_near(found.gamma, expected.gamma));
      const bool has_no_derivative = c->model->settings().tau0 == c->model->settings().tau1;
      CHECK(has_no_derivative ? std::isnan(found.tau0) : is_near(found.tau0, expected.tau0));
      CHECK(has_no_derivative ? std::isnan(found.tau1) : is_near(found.tau1, expected.tau1));
      if (time == 0) first = c->to_signal;
      CHECK(c->to_signal == first);
    }
  }
}

}  // namespace

TEST("a settled support's gradients are those of the adjoint over all samples") {
  int tried = 0, n_events = 0;
  for (ProgramSettings settings : programme::all_settings()) {
    for (const std::ptrdiff_t n : {37, 240, 403}) {
      for (const bool weighted : {false, true}) {
        for (const double tau1 : {0.7, 3.0, settings.tau0}) {
          settings.tau1 = tau1;
          Case c(settings, n, weighted);
          if (!c.is_solved) continue;
          ++tried;
          check_case(&c, &n_events);
        }
      }
    }
  }
  CHECK(tried >= 100);
  CHECK(n_events >= 5 * tried);
}

TEST("at a thousand hertz, where the sweep alone loses half of the digits, they are too") {
  int n_events = 0;
  for (const bool weighted : {false, true}) {
    Case c(ProgramSettings{}, 30000, weighted, 1e-3);
    CHECK(c.is_solved);
    check_case(&c, &n_events);
  }
  CHECK(n_events >= 10);
}

TEST("over the sections of a long recording they are too") {
  int n_events = 0;
  for (const Revision revision : {Revision::r2015, Revision::r2025}) {
    for (const bool weighted : {false, true}) {
      ProgramSettings settings;
      settings.revision = revision;
      Case c(settings, 30000, weighted);
      CHECK(c.is_solved);
      CHECK(active_set::Sections::count(active_set::ShapeTables(c.model, weighted).tables()) == 3);
      check_case(&c, &n_events);
    }
  }
  CHECK(n_events >= 1000);
}

TEST("parts that the loss leaves out count as zero") {
  Case c(ProgramSettings{}, 240, true);
  CHECK(c.is_solved);
  std::vector<std::ptrdiff_t> support;
  CHECK(active_set::find_settled_support(c.solved.signal, c.model->first_row(), &support));
  active_set::EventAdjoint method(std::make_shared<const active_set::ShapeTables>(c.model, true));
  for (const double** part : {&c.solved.to_phasic, &c.solved.to_tonic, &c.solved.to_driver}) {
    const double* const given = std::exchange(*part, nullptr);
    const Gradient left_out = method.solve(c.solved, support, c.model->settings());
    const Vector to_signal = c.to_signal, zeros = Vector::Zero(c.y.size());
    *part = zeros.data();
    const Gradient zero = method.solve(c.solved, support, c.model->settings());
    CHECK(c.to_signal == to_signal);
    CHECK(left_out.alpha == zero.alpha && left_out.tau0 == zero.tau0 && left_out.tau1 == zero.tau1);
    *part = given;
  }
}

TEST("a support with a sample in between, or before the first row, is not settled") {
  ProgramSettings settings;
  settings.revision = Revision::r2015;
  Case c(settings, 240, false);
  CHECK(c.is_solved);
  std::vector<std::ptrdiff_t> support;
  for (const auto& [place, value] : {std::pair<std::size_t, double>{239, 1e-9}, {100, 1e30}, {101, std::nan("")}, {1, 0.0}}) {
    const double before = std::exchange(c.x.curvature[place], value);
    CHECK(!active_set::find_settled_support(c.solved.signal, c.model->first_row(), &support));
    c.x.curvature[place] = before;
  }
  CHECK(active_set::find_settled_support(c.solved.signal, c.model->first_row(), &support));
}

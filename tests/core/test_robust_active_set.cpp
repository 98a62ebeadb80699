#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "check.hpp"
#include "kernel/robust/kernel.hpp"
#include "robust_programme.hpp"
#include "solvers/robust/active_set.hpp"
#include "solvers/robust/interior_point.hpp"

using namespace ressin;
using programme::RobustLoads;

namespace {

using Shared = std::shared_ptr<const robust::Model>;

Shared model_of(std::ptrdiff_t n, double dt) { return std::make_shared<const robust::Model>(n, dt, robust::Settings{}); }

template <class Method>
std::vector<robust::Solution> run(Method&& method, const std::vector<robust::Request>& requests) {
  std::vector<robust::Solution> solutions(requests.size());
  std::size_t next = 0;
  method.run(
      [&](std::size_t* tag) {
        *tag = next;
        return next < requests.size() ? &requests[next++] : nullptr;
      },
      [&](std::size_t tag, robust::Solution&& x) { solutions[tag] = std::move(x); }, [] { return true; });
  return solutions;
}

// Programmes whose level may go anywhere, each with a guess.
struct Programmes {
  std::vector<RobustLoads> loads;
  std::vector<robust::Guess> guesses;
  std::vector<robust::Request> requests;

  template <class GuessOf>
  Programmes(const Shared& model, unsigned count, GuessOf guess_of) {
    for (unsigned seed = 0; seed < count; ++seed) {
      loads.emplace_back(model->n_signal(), model->dt(), seed, seed % 3 == 1);
      loads.back().floor = -std::numeric_limits<double>::infinity();
    }
    for (const RobustLoads& l : loads) guesses.push_back(guess_of(l));
    for (unsigned k = 0; k < count; ++k) {
      requests.push_back({loads[k].problem()});
      requests.back().guess = &guesses[k];
    }
  }
};

// Nothing is known: no event, no outlier.
robust::Guess nothing_in(const RobustLoads& loads) { return {{}, {}, loads.y}; }

robust::Guess everything_in(const Shared& model) {
  robust::Guess guess;
  for (std::ptrdiff_t i = 0; i < model->n(); i += 2) guess.drivers.push_back({i, 1.0, 0.0});
  for (std::ptrdiff_t i = model->n_before(); i + 1 < model->n(); i += 7) guess.shifts.push_back({i, i % 2 ? 1.0 : -1.0, 0.0});
  return guess;
}

robust::Guess from_solution(const Shared& model, const robust::Problem& problem, const robust::Solution& x) {
  const robust::Coarse coarse{find_events(*model, problem, forces_of(*model, x.witness)), x.point.driver,
                              fit_of(problem, x.parts)};
  return refine(coarse, *model, *model, 1);
}

}  // namespace

TEST("without events, or with one at every other sample, most are proved, and what is proved is the optimum") {
  std::size_t proved = 0, all = 0;
  for (const auto& [n, dt] : {std::pair(173, 0.125), std::pair(600, 0.02), std::pair(900, 0.03125)}) {
    const Shared model = model_of(n, dt);
    Programmes programmes(model, 9, nothing_in);
    const auto exact = run(robust::InteriorPoint(model, robust::kernels().lanes), programmes.requests);
    for (const bool everything : {false, true}) {
      for (std::size_t k = 0; k < exact.size(); ++k) {
        programmes.guesses[k] = everything ? everything_in(model) : robust::Guess{};
        programmes.guesses[k].fit = fit_of(programmes.requests[k].problem, exact[k].parts);
      }
      const auto found = run(robust::ActiveSet(model, robust::kernels().lanes), programmes.requests);
      for (std::size_t k = 0; k < found.size(); ++k) {
        ++all;
        if (found[k].status != Status::optimal) continue;
        ++proved;
        CHECK(found[k].evidence.relative_gap <= 1e-8);
        CHECK_NEAR(found[k].evidence.objective, exact[k].evidence.objective, 1e-8 * exact[k].evidence.objective);
      }
    }
  }
  CHECK(10 * proved >= 6 * all);
}

TEST("from the solution's own events it takes few solves") {
  const Shared model = model_of(600, 0.02);
  Programmes programmes(model, 6, nothing_in);
  const auto exact = run(robust::InteriorPoint(model, robust::kernels().single), programmes.requests);
  for (std::size_t k = 0; k < exact.size(); ++k) {
    programmes.guesses[k] = from_solution(model, programmes.requests[k].problem, exact[k]);
  }
  const auto found = run(robust::ActiveSet(model, robust::kernels().single), programmes.requests);
  for (std::size_t k = 0; k < found.size(); ++k) {
    CHECK(found[k].status == Status::optimal);
    CHECK(found[k].iterations <= 8);
    for (std::size_t i = 0; i < found[k].parts.phasic.size(); ++i) {
      CHECK_NEAR(found[k].parts.phasic[i], exact[k].parts.phasic[i], 1e-5);
    }
  }
}

TEST("a signal's solution is the same alone, beside any others and in every kernel's lanes") {
  const Shared model = model_of(600, 0.02);
  const Programmes programmes(model, 11, nothing_in);
  const robust::KernelPair best = robust::kernels(), baseline = robust::baseline_kernels();
  const auto together = run(robust::ActiveSet(model, best.lanes), programmes.requests);
  for (std::size_t k = 0; k < together.size(); ++k) {
    for (const robust::Kernel& kernel : {best.single, best.lanes}) {
      const robust::Solution alone = run(robust::ActiveSet(model, kernel), {programmes.requests[k]}).front();
      CHECK(alone.iterations == together[k].iterations);
      CHECK(alone.point.driver == together[k].point.driver);
      CHECK(alone.point.steps == together[k].point.steps);
      CHECK(alone.point.spline == together[k].point.spline);
    }
  }
  const auto alike = run(robust::ActiveSet(model, baseline.lanes), programmes.requests);
  for (std::size_t k = 0; k < together.size(); ++k) {
    if (alike[k].status != Status::optimal || together[k].status != Status::optimal) continue;
    CHECK_NEAR(alike[k].evidence.objective, together[k].evidence.objective, 1e-9 * together[k].evidence.objective);
  }
}

TEST("a level on its floor is given up") {
  const Shared model = model_of(600, 0.02);
  Programmes programmes(model, 3, nothing_in);
  for (std::size_t k = 0; k < 3; ++k) {
    const auto& y = programmes.loads[k].y;
    programmes.requests[k].problem.floor = *std::max_element(y.begin(), y.end());
  }
  for (const robust::Solution& x : run(robust::ActiveSet(model, robust::kernels().single), programmes.requests)) {
    CHECK(x.status == Status::failed);
  }
}

TEST("a point between two has the events of both") {
  robust::Events events;
  events.start({{3, 1.0, 0.0}, {7, -1.0, 0.0}});
  events.settle({2.0, 4.0}, 1.0);
  CHECK(!events.insert({{3, 1.0, 0.0}}));
  CHECK(events.insert({{5, 1.0, 0.0}}));
  events.drop_not_positive({-1.0, 6.0, 8.0});
  events.settle({6.0, 8.0}, 0.25);
  const double values[] = {1.5, 1.5, 5.0};
  CHECK_EQUAL(events.size(), std::size_t{3});
  for (std::size_t e = 0; e < 3; ++e) CHECK_NEAR(events[e].value, values[e], 1e-15);
  CHECK(events[2].sample == 7 && events[2].sign == -1.0);
}

TEST("events step towards a solve by their own shares, and what reaches zero leaves") {
  robust::Events events;
  events.start({{1, 1.0, 0.0}, {2, 1.0, 0.0}, {90, 1.0, 0.0}, {91, 1.0, 0.0}, {92, 1.0, 0.0}});
  events.settle({1.0, 1.0, 1.0, 1.0, 1.0}, 1.0);
  CHECK(!events.are_positive({-1.0, 3.0, 3.0, 3.0, 3.0}));
  events.step_by_neighbours({-1.0, 3.0, 3.0, 3.0, 3.0});
  const double values[] = {2.0, 2.0, 3.0, 3.0};  // half of the way within two places, all of it beyond
  CHECK_EQUAL(events.size(), std::size_t{4});
  for (std::size_t e = 0; e < 4; ++e) CHECK_NEAR(events[e].value, values[e], 1e-12);
}

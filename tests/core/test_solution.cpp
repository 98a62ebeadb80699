#include "solvers/solution.hpp"

#include <limits>

#include "check.hpp"

using namespace ressin;

namespace {

constexpr int most = 50;

SolverSettings settings_with(double tol) {
  SolverSettings settings;
  settings.tol = tol;
  settings.max_iterations = most;
  return settings;
}

}  // namespace

TEST("within the tolerance a solve is optimal, whatever ended it") {
  for (int iterations : {1, most}) {
    CHECK(status_of(0.0, iterations, settings_with(1e-8)) == Status::optimal);
    CHECK(status_of(1e-8, iterations, settings_with(1e-8)) == Status::optimal);
    CHECK(status_of(1e-3, iterations, settings_with(1e-3)) == Status::optimal);
  }
}

TEST("within 1e-6 it is inaccurate, whatever ended it") {
  for (int iterations : {1, most}) {
    CHECK(status_of(1.1e-8, iterations, settings_with(1e-8)) == Status::inaccurate);
    CHECK(status_of(1e-6, iterations, settings_with(1e-8)) == Status::inaccurate);
  }
}

TEST("beyond, iterations that ran out are told from steps that led nowhere") {
  for (double proved : {1.1e-6, 1.0, 1e300}) {
    CHECK(status_of(proved, most, settings_with(1e-8)) == Status::max_iterations);
    CHECK(status_of(proved, most - 1, settings_with(1e-8)) == Status::insufficient_progress);
  }
}

TEST("what is not finite has failed, whatever the tolerance") {
  for (double proved : {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    for (int iterations : {1, most}) {
      CHECK(status_of(proved, iterations, settings_with(1e-8)) == Status::failed);
      CHECK(status_of(proved, iterations, settings_with(std::numeric_limits<double>::infinity())) == Status::failed);
    }
  }
}

#include "programme/model.hpp"

#include <limits>

#include "check.hpp"
#include "programme.hpp"

using namespace ressin;

TEST("the response is (2 + a dt) and (2 - a dt) of both time constants, in any order") {
  const double dt = 0.02, a0 = 1.0 / 2.0, a1 = 1.0 / 0.7;
  for (const Response& r : {make_response(2.0, 0.7, dt), make_response(0.7, 2.0, dt)}) {
    const double scale = (a1 - a0) * dt * dt;
    CHECK_NEAR(r.ar[0] * scale, (a1 * dt + 2) * (a0 * dt + 2), 1e-12);
    CHECK_NEAR(r.ar[1] * scale, 2 * a1 * a0 * dt * dt - 8, 1e-12);
    CHECK_NEAR(r.ar[2] * scale, (a1 * dt - 2) * (a0 * dt - 2), 1e-12);
    CHECK_NEAR(r.z0, (2 - a0 * dt) / (2 + a0 * dt), 1e-15);
    CHECK_NEAR(r.z1, (2 - a1 * dt) / (2 + a1 * dt), 1e-15);
  }
}

TEST("a unit impulse answers with exp(-a0 t) - exp(-a1 t), and with a t exp(-a t) for equal time constants") {
  const double dt = 1e-3;
  for (double tau1 : {0.7, 2.0}) {
    const Response r = make_response(2.0, tau1, dt);
    double q1 = 0.0, q2 = 0.0;  // q_{i-1}, q_{i-2} of A q = p, p = 1/dt in the first sample
    double largest = 0.0;
    for (int i = 0; i < 5000; ++i) {
      const double q = ((i == 0 ? 1.0 / dt : 0.0) - r.ar[1] * q1 - r.ar[2] * q2) / r.ar[0];
      const double t = i * dt;
      const double bateman = tau1 == 2.0 ? t / 2.0 * std::exp(-t / 2.0) : std::exp(-t / 2.0) - std::exp(-t / tau1);
      largest = std::max(largest, std::abs(r.ma[0] * q + r.ma[1] * q1 + r.ma[2] * q2 - bateman));
      q2 = q1;
      q1 = q;
    }
    CHECK_NEAR(largest, 0.0, 2e-3);  // first order in dt
  }
}

TEST("the bump is the triangle convolved with itself") {
  for (std::ptrdiff_t ks : {1, 2, 3, 5, 40}) {
    const Model model(500, 1.0, ProgramSettings{}, 0, ks, 3);
    const auto shape = programme::bump(ks);
    for (std::ptrdiff_t o = -2 * ks - 3; o <= 2 * ks + 3; ++o) {
      const std::ptrdiff_t i = o + 2 * ks - 2;
      CHECK_NEAR(model.bump(o), i >= 0 && i < shape.size() ? shape[i] : 0.0, 1e-13);
    }
  }
}

TEST("knots lie below n in the 2015 revision and below n + ks/2 in the 2025 revision") {
  ProgramSettings settings;
  settings.delta_knot = 10.0;
  for (std::ptrdiff_t n : {1, 5, 6, 9, 10, 11, 15, 16, 100, 104, 105, 106}) {
    for (auto revision : {Revision::r2015, Revision::r2025}) {
      settings.revision = revision;
      const Model model(n, 1.0, settings);
      const std::ptrdiff_t end = revision == Revision::r2025 ? n + 5 : n;
      std::ptrdiff_t expected = 0;
      for (std::ptrdiff_t knot = 0; knot < end; knot += 10) ++expected;
      CHECK_EQUAL(model.n_knots(), expected);
      CHECK_EQUAL(model.first_row(), revision == Revision::r2015 ? 2 : 0);
    }
  }
}

TEST("the drift's columns are those of the baseline") {
  for (const auto& settings : programme::all_settings()) {
    const Model model(73, 0.25, settings);
    const auto dense = programme::write_out(model);
    CHECK_EQUAL(static_cast<Eigen::Index>(model.n_drift()), dense.C.cols());
    for (int k = 0; k < model.n_drift(); ++k) {
      for (std::ptrdiff_t i = 0; i < model.n(); ++i) CHECK_NEAR(model.drift(i, k), dense.C(i, k), 1e-12);
    }
  }
}

TEST("a model without samples or knot spacing is refused") {
  CHECK_THROWS(Model(0, 0.1, ProgramSettings{}), std::invalid_argument);
  CHECK_THROWS(Model(10, 100.0, ProgramSettings{}), std::invalid_argument);
}

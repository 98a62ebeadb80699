#include <algorithm>
#include <cmath>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "check.hpp"
#include "kernel/robust/kernel.hpp"
#include "robust_programme.hpp"
#include "solvers/robust/event_tables.hpp"

using namespace ressin;
using programme::RobustLoads;

namespace {

using Shared = std::shared_ptr<const robust::Model>;
using Numbers = std::vector<double>;

std::size_t at(std::ptrdiff_t i) { return static_cast<std::size_t>(i); }

struct List {
  std::vector<std::ptrdiff_t> samples;
  Numbers costs, values;
  std::vector<robust::EventGain> gains;

  robust::EventList view() {
    values.assign(samples.size(), 0.0), gains.resize(samples.size());
    return {static_cast<std::ptrdiff_t>(samples.size()), samples.data(), costs.data(), gains.data(), values.data()};
  }
};

// One signal of a model with any events and outliers.
class Setup {
 public:
  Setup(Shared model, const RobustLoads& loads, unsigned seed)
      : model_(std::move(model)), size_(at(model_->n()) + at(robust::padding)), missed_(2 * size_), forces_(2 * size_) {
    for (auto* x : {&weight, &delta, &driver_cost, &shift_cost, &base, &side, &of_driver, &of_shift, &rest, &kept, &force}) {
      x->assign(size_, 0.0);
    }
    delta.assign(size_, 1.0), driver_cost = delta, shift_cost.assign(size_, 1e300);
    std::mt19937 random(seed);
    std::uniform_real_distribution<double> uniform(0.0, 1.0);
    for (std::ptrdiff_t i = 0; i < model_->n(); ++i) {
      const std::ptrdiff_t k = i - model_->n_before();
      driver_cost[at(i)] = 0.1 + uniform(random);
      const bool apart = drivers.samples.empty() || i - drivers.samples.back() >= (k < 0 ? model_->n() : 3);
      if (uniform(random) < 0.06 && apart) add(&drivers, i, driver_cost[at(i)]);
      if (k < 0) continue;
      weight[at(i)] = loads.weights[at(k)], base[at(i)] = loads.y[at(k)], delta[at(i)] = loads.delta[at(k)];
      if (i + 1 == model_->n()) continue;
      shift_cost[at(i)] = 0.1 + uniform(random);
      if (uniform(random) < 0.01) add(&shifts, i, uniform(random) < 0.5 ? shift_cost[at(i)] : -shift_cost[at(i)]);
      if (weight[at(i)] == 0.0 || uniform(random) >= 0.1) continue;
      side[at(i)] = uniform(random) < 0.5 ? 1.0 : -1.0;
      outliers_.push_back(i);
    }
    outliers_.resize(size_);
    n_outliers_ = std::count_if(side.begin(), side.end(), [](double s) { return s != 0.0; });
    knots_.assign(3 * at(model_->n_knots()), 0.0);
    for (std::ptrdiff_t j = 0; j < model_->n_knots(); ++j) penalty()[j] = 0.5 + uniform(random), value()[j] = uniform(random);
    of_begin_.assign(6 * at(model_->n_intervals()), 0.0);
    knot_gain_.resize(at(model_->n_knots()));
  }

  void solve(const robust::EventTables& tables, const robust::Kernel& kernel) {
    robust::EventState s = state();
    kernel.events.meet(tables, s);
    kernel.events.eliminate(tables, s);
    kernel.events.substitute(tables, s);
    const Numbers first = drivers.values;
    kernel.events.measure(tables, s);
    CHECK(first == drivers.values);
    loss = s.loss;
  }

  robust::EventState state() {
    robust::EventState s{};
    s.drivers = drivers.view(), s.shifts = shifts.view();
    s.n_outliers = n_outliers_, s.outliers = outliers_.data(), s.knot_gain = knot_gain_.data();
    s.knot_value = value(), s.knot_step = step(), s.bend_penalty = penalty(), s.of_begin = of_begin_.data();
    s.weight = weight.data(), s.delta = delta.data(), s.driver_cost = driver_cost.data(), s.shift_cost = shift_cost.data();
    s.base = base.data(), s.side = side.data(), s.of_driver = of_driver.data(), s.of_shift = of_shift.data();
    s.rest = rest.data(), s.kept = kept.data(), s.force = force.data();
    s.missed_drivers = {0, missed_.data(), forces_.data()};
    s.missed_shifts = {0, missed_.data() + size_, forces_.data() + size_};
    return s;
  }

  // What the values that were found leave of the base, by the model.
  Numbers left() const {
    robust::Point point{Numbers(at(model_->n()), 0.0), Numbers(step(), step() + model_->n_knots()),
                        Numbers(at(model_->n()), 0.0)};
    for (std::size_t e = 0; e < drivers.samples.size(); ++e) {
      point.driver[at(drivers.samples[e])] = drivers.values[e] / model_->unit_area();
    }
    for (std::size_t e = 0; e < shifts.samples.size(); ++e) point.steps[at(shifts.samples[e])] = shifts.values[e];
    robust::Problem problem;
    problem.y = base.data() + model_->n_before(), problem.delta = delta.data() + model_->n_before();
    const robust::Parts parts = make_parts(*model_, problem, point);
    Numbers x(at(model_->n()));
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = base[i] - (parts.phasic[i] + parts.spline[i] + parts.shift[i]);
    return x;
  }

  double* value() { return knots_.data(); }
  double* step() { return knots_.data() + model_->n_knots(); }
  const double* step() const { return knots_.data() + model_->n_knots(); }
  double* penalty() { return knots_.data() + 2 * model_->n_knots(); }

  List drivers, shifts;
  Numbers weight, delta, driver_cost, shift_cost, base, side, of_driver, of_shift, rest, kept, force;
  double loss = 0.0;

 private:
  static void add(List* list, std::ptrdiff_t sample, double cost) {
    list->samples.push_back(sample), list->costs.push_back(cost);
  }

  Shared model_;
  std::size_t size_;
  std::ptrdiff_t n_outliers_ = 0;
  std::vector<std::ptrdiff_t> outliers_, missed_;
  Numbers knots_, of_begin_, forces_;
  std::vector<robust::EventGain> knot_gain_;
};

Shared model_of(std::ptrdiff_t n, double dt, double knots, double before) {
  robust::Settings settings;
  settings.delta_knot = knots, settings.before = before;
  return std::make_shared<const robust::Model>(n, dt, settings);
}

// Intervals that are cut at either end or not, shorter than a block or longer than the signal.
std::vector<Shared> models() {
  return {model_of(600, 0.02, 10.0, 6.0), model_of(371, 0.05, 4.0, 6.0), model_of(400, 0.05, 5.0, 5.0),
          model_of(90, 0.1, 30.0, 1.0),   model_of(61, 0.25, 0.5, 1.25), model_of(53, 0.25, 0.25, 0.75),
          model_of(200, 0.05, 2.0, 0.0)};
}

RobustLoads loads_of(const Shared& model, unsigned seed, bool weighted) {
  RobustLoads loads(model->n_signal(), model->dt(), seed, weighted);
  if (!weighted || seed % 3 == 0) return loads;  // weights of one or zero
  for (std::size_t i = 0; i < loads.weights.size(); i += 3) loads.weights[i] *= 0.25;
  return loads;
}

const robust::EventTables& tables_of(robust::EventRows* rows, const Setup& x, bool weighted) {
  return weighted ? rows->weighted(x.weight.data()) : rows->plain();
}

// The forces of what is left, an outlier's being its cost.
Numbers forces_of(const Shared& model, const Setup& x, const Numbers& left) {
  Numbers u;
  for (std::ptrdiff_t i = model->n_before(); i < model->n(); ++i) {
    const std::size_t k = at(i);
    u.push_back(x.weight[k] * (x.side[k] != 0.0 ? x.side[k] * x.delta[k] : left[k]));
  }
  return u;
}

}  // namespace

TEST("a solve is stationary in every event and knot, by the model's own parts and forces, with weights and without") {
  for (const Shared& model : models()) {
    robust::EventRows rows(model);
    for (unsigned seed = 0; seed < 6; ++seed) {
      const bool weighted = seed % 2 == 1;
      Setup x(model, loads_of(model, seed, weighted), seed);
      x.solve(tables_of(&rows, x, weighted), seed < 3 ? robust::kernels().single : robust::baseline_kernels().lanes);
      const Numbers left = x.left(), u = forces_of(model, x, left);
      const robust::Forces forces = forces_of(*model, u, Numbers(at(model->n_knots()), 0.0));
      double loss = 0.0;
      for (std::size_t i = 0; i < left.size(); ++i) {
        CHECK_NEAR(x.rest[i], left[i], 1e-7);
        const double size = std::abs(left[i]), within = std::min(size, x.delta[i]);
        loss += x.weight[i] * within * (size - 0.5 * within);
      }
      CHECK_NEAR(x.loss, loss, 1e-7 * loss);
      for (std::size_t e = 0; e < x.drivers.samples.size(); ++e) {
        const double force = forces.response[at(x.drivers.samples[e])] / model->unit_area();
        CHECK_NEAR(force, x.drivers.costs[e], 1e-6);
      }
      for (std::size_t e = 0; e < x.shifts.samples.size(); ++e) {
        CHECK_NEAR(forces.after[at(x.shifts.samples[e])], x.shifts.costs[e], 1e-6);
      }
      Numbers gradient(at(model->n_knots()), 0.0);
      for (std::ptrdiff_t i = model->n_before(); i < model->n(); ++i) {
        for (std::ptrdiff_t k = 0; k < 4; ++k)
          gradient[at(model->interval(i) + k)] += model->bumps(i)[k] * u[at(i - model->n_before())];
      }
      const auto level = [&](std::ptrdiff_t j) { return x.value()[j] + x.step()[j]; };
      for (std::ptrdiff_t j = 0; j < model->n_bends(); ++j) {
        const double bend = x.penalty()[j] * (level(j) - 2.0 * level(j + 1) + level(j + 2));
        gradient[at(j)] -= bend, gradient[at(j + 1)] += 2.0 * bend, gradient[at(j + 2)] -= bend;
      }
      for (const double g : gradient) CHECK_NEAR(g, 0.0, 1e-6);
    }
  }
}

TEST("rows by phase and by sample are the same where all weights are one") {
  for (const Shared& model : models()) {
    robust::EventRows rows(model);
    const RobustLoads loads = loads_of(model, 4, false);
    Setup plain(model, loads, 4), weighted(model, loads, 4);
    weighted.weight[at(model->n() - 1)] = 1.0 - 1e-12;  // not quite one
    plain.solve(rows.plain(), robust::kernels().single);
    weighted.solve(rows.weighted(weighted.weight.data()), robust::kernels().single);
    for (std::size_t i = 0; i < at(model->n()); ++i) CHECK_NEAR(plain.rest[i], weighted.rest[i], 1e-8);
  }
}

TEST("what is missed is the least of every stretch whose force exceeds its cost, and outliers are what exceeds theirs") {
  std::size_t n_drivers = 0, n_shifts = 0;
  for (const Shared& model : models()) {
    robust::EventRows rows(model);
    for (const double share : {1.0, 0.5}) {
      Setup x(model, loads_of(model, 1, true), 9);
      const robust::EventTables& tables = rows.weighted(x.weight.data());
      x.solve(tables, robust::kernels().single);
      Numbers rest = x.rest;
      for (double& r : rest) r *= share;  // from nothing that was kept
      robust::EventState s = x.state();
      s.share = share;
      const Numbers side = x.side;
      robust::kernels().single.events.examine(tables, s);
      std::vector<std::ptrdiff_t> outliers, drivers, shifts;
      bool changed = false;
      for (std::size_t i = 0; i < at(model->n()); ++i) {
        CHECK_EQUAL(s.kept[i], rest[i]);
        const bool is = x.weight[i] > 0.0 && std::abs(rest[i]) > x.delta[i];
        const double now = is ? std::copysign(1.0, rest[i]) : 0.0;
        CHECK_EQUAL(x.side[i], now);
        if (is) outliers.push_back(static_cast<std::ptrdiff_t>(i));
        changed |= now != side[i];
      }
      CHECK_EQUAL(s.changed, changed);
      CHECK(outliers == std::vector<std::ptrdiff_t>(s.outliers, s.outliers + s.n_outliers));
      const robust::Forces forces = forces_of(*model, forces_of(model, x, rest), Numbers(at(model->n_knots()), 0.0));
      const auto look = [&](std::vector<std::ptrdiff_t>* found, auto room) {
        for (std::ptrdiff_t i = model->n() - 1; i >= 0; --i) {
          if (!(room(i) < 0.0)) continue;
          std::ptrdiff_t least = i;
          for (; i >= 0 && room(i) < 0.0; --i) least = room(i) <= room(least) ? i : least;
          found->push_back(least);
        }
      };
      look(&drivers, [&](std::ptrdiff_t i) { return x.driver_cost[at(i)] - forces.response[at(i)] / model->unit_area(); });
      look(&shifts, [&](std::ptrdiff_t i) { return x.shift_cost[at(i)] - std::abs(forces.after[at(i)]); });
      n_drivers += drivers.size(), n_shifts += shifts.size();
      CHECK(drivers == std::vector<std::ptrdiff_t>(s.missed_drivers.sample, s.missed_drivers.sample + s.missed_drivers.count));
      CHECK(shifts == std::vector<std::ptrdiff_t>(s.missed_shifts.sample, s.missed_shifts.sample + s.missed_shifts.count));
    }
  }
  CHECK(n_drivers > 20 && n_shifts > 20);
}

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <numeric>
#include <random>
#include <stdexcept>
#include <system_error>
#include <thread>

#include "batch/decompose.hpp"
#include "batch/groups.hpp"
#include "batch/parallel.hpp"
#include "check.hpp"
#include "programme.hpp"
#include "solvers/active_set/active_set.hpp"

using namespace ressin;
using programme::Vector;

namespace {

// Signals of three lengths and two rates, some with weights, in a number that divides neither by the lanes nor the threads.
struct Work {
  static constexpr std::size_t count = 37;
  std::vector<Vector> y, w, phasic, tonic, driver, residual;
  std::vector<Signal> signals;

  Work() {
    for (std::size_t i = 0; i < count; ++i) {
      const Eigen::Index n = 90 + 60 * static_cast<Eigen::Index>(i % 3);
      const double dt = i % 5 == 0 ? 0.125 : 0.25;
      y.push_back(programme::make_signal(n, dt, static_cast<unsigned>(i)));
      w.push_back(programme::make_weights(n));
    }
    phasic = tonic = driver = residual = y;
    for (std::size_t i = 0; i < count; ++i) {
      signals.push_back({y[i].data(), i % 4 == 3 ? w[i].data() : nullptr, y[i].size(), i % 5 == 0 ? 0.125 : 0.25,
                         phasic[i].data(), tonic[i].data(), driver[i].data(), residual[i].data()});
    }
  }
};

bool always(std::size_t) { return true; }

bool same(const Work& a, const std::vector<Decomposed>& ra, const Work& b, const std::vector<Decomposed>& rb, std::size_t i) {
  return ra[i].done && rb[i].done && ra[i].iterations == rb[i].iterations && a.phasic[i] == b.phasic[i] &&
         a.tonic[i] == b.tonic[i] && a.driver[i] == b.driver[i] && a.residual[i] == b.residual[i] &&
         ra[i].evidence.objective == rb[i].evidence.objective;
}

// With responses at chance times.
Vector make_long_signal(Eigen::Index n) {
  Vector y = programme::make_signal(n, 0.25, 1);
  std::mt19937 random(3);
  std::exponential_distribution<double> size(4.0);
  std::uniform_int_distribution<Eigen::Index> place(0, n - 1);
  for (Eigen::Index k = 0; k < n / 60; ++k) {
    const double height = size(random);
    const Eigen::Index onset = place(random);
    for (Eigen::Index i = onset; i < std::min(n, onset + 80); ++i) {
      const double t = 0.25 * static_cast<double>(i - onset);
      y[i] += height * (std::exp(-t / 2.0) - std::exp(-t / 0.7));
    }
  }
  return y;
}

}  // namespace

TEST("a batch is bit for bit the same on one thread and on many, by both solvers") {
  for (auto kind : {SolverKind::interior_point, SolverKind::osqp}) {
    DecomposeSettings settings;
    settings.kind = kind;
    settings.n_threads = 1;
    Work serial;
    const auto expected = decompose(serial.signals, settings, always);
    for (int threads : {2, 3, 8}) {
      settings.n_threads = threads;
      Work parallel;
      const auto results = decompose(parallel.signals, settings, always);
      for (std::size_t i = 0; i < Work::count; ++i) {
        CHECK(results[i].status == Status::optimal);
        CHECK(same(serial, expected, parallel, results, i));
      }
    }
  }
}

TEST("it does not depend on the order of the signals") {
  DecomposeSettings settings;
  settings.n_threads = 3;
  Work forward, backward;
  std::vector<Signal> reversed(backward.signals.rbegin(), backward.signals.rend());
  const auto expected = decompose(forward.signals, settings, always);
  auto results = decompose(reversed, settings, always);
  std::reverse(results.begin(), results.end());
  for (std::size_t i = 0; i < Work::count; ++i) CHECK(same(forward, expected, backward, results, i));
}

TEST("a signal with a programme of its own is solved as if it were alone, by both solvers") {
  std::vector<ProgramSettings> own(5);
  own[1].alpha = 5e-3;
  own[2].gamma = 1e-1;
  own[3].tau0 = 3.0;
  own[4].delta_knot = 5.0, own[4].baseline = Baseline::constant, own[4].revision = Revision::r2015;
  for (auto kind : {SolverKind::interior_point, SolverKind::osqp}) {
    DecomposeSettings settings;
    settings.kind = kind;
    settings.n_threads = 3;
    Work mixed;
    for (std::size_t i = 0; i < Work::count; ++i) mixed.signals[i].program = &own[i % own.size()];
    const auto results = decompose(mixed.signals, settings, always);
    settings.n_threads = 1;
    for (std::size_t k = 0; k < own.size(); ++k) {
      Work alone;
      settings.program = own[k];
      const auto expected = decompose(alone.signals, settings, always);
      for (std::size_t i = k; i < Work::count; i += own.size()) {
        CHECK(results[i].status == Status::optimal);
        CHECK(same(alone, expected, mixed, results, i));
        CHECK(results[i].spline == expected[i].spline);
      }
    }
  }
}

TEST("a batch that is called off says what is done and leaves the rest") {
  DecomposeSettings settings;
  settings.kind = SolverKind::osqp;
  settings.warm_start = false;
  settings.osqp_eps = 1e-300;  // never reached: only the poll ends the run
  for (int threads : {1, 3}) {
    settings.n_threads = threads;
    Work work;
    const auto results = decompose(work.signals, settings, [](std::size_t) { return false; });
    CHECK_EQUAL(results.size(), Work::count);
    CHECK(std::any_of(results.begin(), results.end(), [](const Decomposed& r) { return !r.done; }));
  }
}

TEST("the workers share the work, each piece once, and the first error comes out") {
  for (int count : {1, 2, 5}) {
    std::vector<int> taken(1000, 0);
    std::atomic<std::size_t> next{0};
    Workers workers([] { return true; });
    workers.run(count, [&](int) {
      for (std::size_t k = next.fetch_add(1); k < taken.size(); k = next.fetch_add(1)) ++taken[k];
    });
    CHECK_EQUAL(std::accumulate(taken.begin(), taken.end(), 0), 1000);
    CHECK_EQUAL(*std::max_element(taken.begin(), taken.end()), 1);

    Workers failing([] { return true; });
    CHECK_THROWS(failing.run(count,
                             [](int worker) {
                               if (worker == 0) throw std::domain_error("out");
                             }),
                 std::domain_error);
  }
}

TEST("what one worker shares is done once, by it and by those that have nothing else to do, and its first error comes out") {
  for (int count : {1, 2, 5}) {
    std::vector<std::atomic<int>> taken(200);
    std::atomic<int> inner{0}, outer{0};
    Workers workers([] { return true; });
    workers.run(count, [&](int worker) {
      if (worker == 0) {
        for (int round = 0; round < 50; ++round) {
          workers.share(worker, taken.size(), [&](std::size_t k, int by) {
            CHECK(by >= 0 && by < count);
            ++taken[k];
            if (k % 50 == 0) workers.share(by, 3, [&](std::size_t, int) { ++inner; });  // a part may share as well
          });
          ++outer;
        }
      }
      workers.help(worker);
    });
    for (const auto& k : taken) CHECK_EQUAL(k.load(), 50);
    CHECK_EQUAL(inner.load(), 50 * 4 * 3);
    CHECK_EQUAL(outer.load(), 50);

    Workers failing([] { return true; });
    CHECK_THROWS(failing.run(count,
                             [&](int worker) {
                               if (worker == 0) {
                                 failing.share(worker, 10, [](std::size_t k, int) {
                                   if (k == 5) throw std::domain_error("out");
                                 });
                               }
                               failing.help(worker);
                             }),
                 std::domain_error);
  }
}

TEST("workers that wait for others' work leave when those are gone, however they went") {
  for (int leaver : {0, 1, 2}) {
    Workers workers([] { return true; });
    CHECK_THROWS(workers.run(3,
                             [&](int worker) {
                               if (worker == leaver) {
                                 std::this_thread::sleep_for(std::chrono::milliseconds(20));
                                 throw std::domain_error("out");
                               }
                               workers.help(worker);
                             }),
                 std::domain_error);
  }
}

TEST("a long recording is bit for bit the same on one thread and on many, and as good as in one piece") {
  constexpr Eigen::Index n = 24000;
  Vector y = make_long_signal(n), w = Vector::Ones(n);
  w.segment(9000, 700).setZero();
  struct Parts {
    Vector phasic, tonic, driver, residual;
    Decomposed result;
  };
  const auto solve = [&](SolverKind kind, Revision revision, bool weighted, int threads) {
    Parts x{Vector(n), Vector(n), Vector(n), Vector(n), {}};
    DecomposeSettings settings;
    settings.kind = kind;
    settings.program.revision = revision;
    settings.n_threads = threads;
    const std::vector<Signal> one = {{y.data(), weighted ? w.data() : nullptr, n, 0.25, x.phasic.data(), x.tonic.data(),
                                      x.driver.data(), x.residual.data()}};
    x.result = decompose(one, settings, always).front();
    CHECK(x.result.status == Status::optimal);
    return x;
  };
  for (const bool weighted : {false, true}) {
    for (const auto revision : {Revision::r2025, Revision::r2015}) {
      const Parts whole = solve(SolverKind::interior_point, revision, weighted, 1);
      const Parts one = solve(SolverKind::active_set, revision, weighted, 1);
      CHECK(one.result.solver == SolverKind::active_set);
      CHECK(one.result.evidence.relative_gap <= 1e-11);
      CHECK((one.phasic - whole.phasic).cwiseAbs().maxCoeff() < 1e-4);
      for (int threads : {2, 5}) {
        const Parts many = solve(SolverKind::active_set, revision, weighted, threads);
        CHECK(many.driver == one.driver);
        CHECK(many.phasic == one.phasic);
        CHECK(many.result.iterations == one.result.iterations);
        CHECK(many.result.evidence.duality_gap == one.result.evidence.duality_gap);
      }
    }
  }
}

TEST("a recording's sections give the same to the bit, whoever takes them and in whatever order") {
  constexpr Eigen::Index n = 40000;
  const Vector y = make_long_signal(n);
  Vector w = Vector::Ones(n);
  w.head(9000).setZero();  // more than a section
  w.segment(20000, 700).setZero();
  const ForAll backwards = [](std::size_t count, const Part& part) {
    for (std::size_t k = count; k-- > 0;) part(k);
  };
  const ForAll by_three = [](std::size_t count, const Part& part) {
    std::atomic<std::size_t> next{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t)
      threads.emplace_back([&] {
        for (std::size_t k = next.fetch_add(1); k < count; k = next.fetch_add(1)) part(k);
      });
    for (std::thread& t : threads) t.join();
  };
  for (const bool weighted : {false, true}) {
    for (const auto revision : {Revision::r2025, Revision::r2015}) {
      ProgramSettings settings;
      settings.revision = revision;
      const auto model = std::make_shared<const Model>(n, 0.25, settings, weighted ? 9000 : 2);
      const auto shape = std::make_shared<const active_set::ShapeTables>(model, weighted);
      const Problem problem{y.data(), weighted ? w.data() : nullptr, settings.alpha, settings.gamma};
      const auto solve = [&](const ForAll& for_all) {
        ActiveSet method(shape, SolverSettings{});
        CHECK(active_set::Sections::count(shape->tables()) >= 3);
        method.share(for_all);
        Solution x;
        CHECK(method.run(problem, {1.0, 1e6}, [] { return true; }, &x));
        return x;
      };
      const Solution alone = solve(nullptr);
      CHECK(alone.certificate.evidence.relative_gap <= 1e-10);
      for (const ForAll& for_all : {backwards, by_three}) {
        const Solution shared = solve(for_all);
        CHECK(shared.iterations == alone.iterations);
        CHECK(shared.point.driver == alone.point.driver);
        CHECK(shared.point.spline == alone.point.spline);
        CHECK(shared.parts.phasic == alone.parts.phasic);
        CHECK(shared.parts.tonic == alone.parts.tonic);
        CHECK(shared.residual == alone.residual);
        CHECK(shared.certificate.evidence.duality_gap == alone.certificate.evidence.duality_gap);
      }
    }
  }
}

TEST("where a thread cannot be started, those that run do all the work and the run ends") {
  for (int startable : {0, 1, 3}) {
    for (bool leave_early : {false, true}) {
      int started = 0;
      Workers workers([] { return true; },
                      [&](std::function<void()> body) {
                        if (started == startable) {  // by then the others may have left: they must not be counted again
                          if (leave_early) std::this_thread::sleep_for(std::chrono::milliseconds(20));
                          throw std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again));
                        }
                        ++started;
                        return std::thread(std::move(body));
                      });
      std::atomic<std::size_t> next{0};
      std::atomic<int> done{0};
      workers.run(400, [&](int) {
        for (std::size_t k = next.fetch_add(1); k < 100; k = next.fetch_add(1)) ++done;
      });
      CHECK_EQUAL(done.load(), 100);
      CHECK_EQUAL(started, startable);
    }
  }
}

TEST("there are never more workers than the machine has cores, or than there is work") {
  const int machine = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  CHECK_EQUAL(worker_count(0, 1000), std::min(machine, 1000));
  CHECK_EQUAL(worker_count(1, 1000), 1);
  CHECK_EQUAL(worker_count(2147483647, 100000), std::min(machine, 100000));
  CHECK_EQUAL(worker_count(400, 1), 1);
  CHECK_EQUAL(worker_count(400, 0), 1);
}

TEST("every place is handed out once, to each worker a part of its own first") {
  for (const std::size_t run : {1, 3, 32}) {
    for (const int n_workers : {1, 2, 5}) {
      const std::size_t count = 100;
      Places places(count, run, n_workers);
      std::vector<int> taken(count, 0);
      std::size_t begin = 0, end = 0;
      const std::size_t runs = (count + run - 1) / run;
      for (int worker = n_workers - 1; worker >= 0; --worker) {
        if (!places.take(worker, &begin, &end)) continue;
        if (static_cast<std::size_t>(n_workers) <= runs)
          CHECK(begin == runs * static_cast<std::size_t>(worker) / static_cast<std::size_t>(n_workers) * run);
        for (std::size_t i = begin; i < end; ++i) ++taken[i];
      }
      for (int worker = 0; places.are_left(); worker = (worker + 2) % n_workers) {
        CHECK(places.take(worker, &begin, &end));
        CHECK(begin % run == 0);
        CHECK(end == std::min(begin + run, count));
        for (std::size_t i = begin; i < end; ++i) ++taken[i];
      }
      CHECK(!places.take(0, &begin, &end));
      CHECK(std::all_of(taken.begin(), taken.end(), [](int times) { return times == 1; }));
    }
  }
}

TEST("what is to be done meanwhile is done once, by the calling thread") {
  const auto caller = std::this_thread::get_id();
  for (const int n_threads : {1, 3}) {
    DecomposeSettings settings;
    settings.n_threads = n_threads;
    const Work work;
    int calls = 0;
    const auto results = decompose(work.signals, settings, always, [&] {
      CHECK(std::this_thread::get_id() == caller);
      ++calls;
    });
    CHECK(calls == 1);
    for (const Decomposed& r : results) CHECK(r.done);
  }
}

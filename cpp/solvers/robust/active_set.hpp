// An active set for the robust programme, in lanes: for programmes whose events are nearly known, as those of the recording's
// own rate are from its blocks.
//
//   begin at the events and outliers of a guess
//   repeat
//     solve with those drivers and shifts free and those outliers held        kernel/robust/events.hpp, once over the samples
//     while an event has the wrong sign:                                      events.hpp
//       step towards the solve's as far as signs allow; what reaches zero leaves; solve
//     go from the last such point to this one, or so far that the objective falls; where it does not, go back and add
//       the event that is missed the most alone, and let all events step together, as Lawson and Hanson do
//     take outliers from what is left, and add the most missed event of every stretch whose force exceeds its cost
//   until nothing changes
//   prove the point by duality, corrected by what the data say of it where digits were lost
//
// A solve takes about an eighth of the time of the interior point's iteration, has no bound pairs and comes to an end. The
// method gives up where it has not found the optimum after many solves, where nothing it tries is lower, and where it cannot
// prove what it found, as where the level stands on its floor: such programmes are the interior point's.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "kernel/robust/kernel.hpp"
#include "programme/robust/model.hpp"
#include "solvers/robust/events.hpp"
#include "solvers/robust/guess.hpp"
#include "solvers/robust/interior_point.hpp"
#include "solvers/robust/memory.hpp"

namespace ressin::robust {

class ActiveSet {
 public:
  using Next = InteriorPoint::Next;  // of requests with a guess
  using Done = InteriorPoint::Done;  // a solution that is not optimal is given up, and holds no point
  using KeepGoing = InteriorPoint::KeepGoing;

  ActiveSet(std::shared_ptr<const Model> model, const Kernel& kernel);

  void run(const Next& next, const Done& done, const KeepGoing& keep_going);

 private:
  enum class Phase { searching, correcting };
  struct Lane {
    const Request* request = nullptr;  // null: no signal
    std::size_t tag = 0;
    Phase phase = Phase::searching;
    bool settled = false;  // the last solve's signs are right
    bool exact = false;    // one event at a time, and all step together
    Events drivers, shifts;
    std::vector<double> driver_values, shift_values;  // what a solve has for them, along their signs
    int solves = 0, steps = 0, corrections = 0;
    double objective = 0.0, linear = 0.0;  // of the last point that was settled, and its part of drivers and shifts
    std::vector<double> spline;            // its coefficients
    Point point;                           // while correcting
  };

  double& of_sample(double* x, std::ptrdiff_t i, int lane) { return x[i * kernel_.lanes + lane]; }
  double& of_event(std::vector<double>& x, int e, int entry, int lane) {
    return x[static_cast<std::size_t>((e * n_event_record + entry) * kernel_.lanes + lane)];
  }
  double& of_knot(std::ptrdiff_t j, int entry, int lane) {
    return state_.knots[(j * n_knot_record + entry) * kernel_.lanes + lane];
  }
  Lane& at(int lane) { return lanes_[static_cast<std::size_t>(lane)]; }

  struct Kind {
    Happening mark;
    double* EventState::* cost;
    std::vector<int> rank;        // (n,) place among the events of all lanes
    std::vector<double> records;  // (events, n_event_record, lanes)
  };

  void load(int lane, const Request& request);
  void clear(int lane);
  void lay_out();
  void lay_out(Kind* kind, Events Lane::* events);
  void read(int lane, Kind& kind, const Events& events, std::vector<double>* values);
  void solve();
  double linear_cost(int lane);
  double bends(int lane, double share);
  double loss(int lane, double share);
  double choose_share(int lane);
  void settle(int lane);
  void step_to_signs(Lane* lane);
  bool add_missed(int lane);
  void go_back(int lane);
  void take_point(int lane);
  void begin_correcting(int lane, const Parts& parts);
  bool advance(int lane, Solution* solution);
  bool prove(int lane, Solution* solution);

  std::shared_ptr<const Model> model_;
  Kernel kernel_;
  Shape shape_;
  Memory samples_, knots_;
  std::vector<unsigned char> happening_;
  Kind drivers_, shifts_;
  EventState state_{};
  std::vector<Lane> lanes_;
};

}  // namespace ressin::robust

// An active set for the robust programme, for programmes whose events are nearly known, as those of the recording's own rate
// are from its blocks.
//
//   begin at the events and outliers of a guess
//   repeat
//     solve with those drivers and shifts free and those outliers held        kernel/robust/events.hpp, once over the events
//     while an event has the wrong sign:                                      events.hpp beside this
//       step towards the solve's as far as signs allow; what reaches zero leaves; solve
//     go from the last such point to this one, or so far that the objective falls; where it does not, go back and add
//       the event that is missed the most alone, and let all events step together, as Lawson and Hanson do
//     take outliers from what is left, and add the most missed event of every stretch whose force exceeds its cost
//                                                                             kernel/robust/examine.hpp, over the samples
//   until nothing changes
//   prove the point by duality, corrected by what the data say of it where digits were lost
//
// A solve costs by the event, where an iteration of the interior point costs by the sample, and it comes to an end. The method
// gives up where it has not found the optimum after many solves, where nothing it tries is lower, and where it cannot
// prove what it found, as where the level stands on its floor: such programmes are the interior point's.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "kernel/robust/kernel.hpp"
#include "programme/robust/model.hpp"
#include "solvers/robust/event_tables.hpp"
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

  // Drivers, or shifts, as the passes take them.
  struct Kind {
    Events events;
    std::vector<double> values;  // what a solve has for them, along their signs
    std::vector<std::ptrdiff_t> samples;
    std::vector<double> costs, found;  // with a shift's sign
    std::vector<EventGain> gains;
  };

  std::optional<Solution> find(const Request& request, const KeepGoing& keep_going);
  void load(const Request& request);
  void load_samples();
  void lay_out(Kind* kind, const double* costs, EventList* list);
  void read(Kind* kind);
  void solve();
  double linear_cost() const;
  double bends(double share) const;
  double loss(double share) const;
  double choose_share();
  void settle();
  void step_to_signs();
  bool add_missed();
  void go_back();
  void take_point();
  void begin_correcting(const Parts& parts);
  bool advance(Solution* solution);
  bool prove(Solution* solution);

  std::shared_ptr<const Model> model_;
  EventPasses passes_;
  Memory samples_;
  EventRows rows_;
  const EventTables* tables_ = nullptr;
  EventState state_{};
  std::vector<double> knots_, of_begin_;
  std::vector<EventGain> knot_gains_;
  std::vector<std::ptrdiff_t> outliers_, missed_;
  std::vector<double> missed_forces_;

  const Request* request_ = nullptr;
  Phase phase_ = Phase::searching;
  bool settled_ = false;  // the last solve's signs are right
  bool exact_ = false;    // one event at a time, and all step together
  Kind drivers_, shifts_;
  int solves_ = 0, steps_ = 0, corrections_ = 0;
  double objective_ = 0.0, linear_ = 0.0;  // of the last point that was settled, and its part of drivers and shifts
  std::vector<double> spline_;             // its coefficients
  Point point_;                            // while correcting
};

}  // namespace ressin::robust

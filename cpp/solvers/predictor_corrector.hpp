// Mehrotra's predictor-corrector steps in every lane, and the rules by which a lane's solve ends.
//
// A lane's steps go on until the method's own gap, sum p lambda, is closed. Then its owner proves how good the point is, and
// settle() ends the solve or asks for more steps.
#pragma once

#include <limits>
#include <utility>
#include <vector>

#include "programme/settings.hpp"
#include "solvers/iterates.hpp"
#include "solvers/solution.hpp"

namespace ressin {

class PredictorCorrector {
 public:
  // The gap is closed at `gap_share` of the tolerance. The iterates must outlive it.
  PredictorCorrector(Iterates& iterates, const SolverSettings& settings, double gap_share);

  // Whether one made with these would give the same results.
  bool serves(const SolverSettings& settings) const;
  const SolverSettings& settings() const { return settings_; }

  // A programme has been loaded into the lane. Gaps are relative to its objective, or to `least_unit` where that is larger.
  void start(int lane, double least_unit);
  // The lane has no programme: its steps have length zero.
  void stop(int lane) { lane_of(lane).is_solving = false; }

  // One step of every lane.
  void step();

  int iterations(int lane) const { return lanes_[static_cast<std::size_t>(lane)].iterations; }
  double relative_gap(int lane) const { return lanes_[static_cast<std::size_t>(lane)].relative_gap; }

  // Whether the gap is closed, or no further step makes sense.
  bool wants_proof(int lane) const;

  // Whether the lane's solve ends, `found` being its point and `proved` as status_of() takes it. If so, `found` becomes the
  // best point that was proved, with its status; if not, the best so far is kept in `best`.
  template <class Found>
  bool settle(int lane, double proved, Found* found, Found* best) {
    Lane& l = lane_of(lane);
    if (proved > settings_.tol && !is_last(l)) {
      ++l.unproved;
      if (proved < l.best) {
        l.best = proved;
        *best = std::move(*found);
      }
      return false;
    }
    if (std::isfinite(l.best) && !(proved <= l.best)) {
      proved = l.best;
      *found = std::move(*best);
    }
    found->status = status_of(proved, l.iterations, settings_);
    return true;
  }

 private:
  struct Lane {
    bool is_solving = false;
    int iterations = 0;
    double least_unit = 0.0, relative_gap = 0.0;
    bool is_closed = false, is_broken = false;
    int stalled = 0;                                        // iterations in a row that hardly moved
    int unproved = 0;                                       // proofs that did not reach the tolerance, the gap being closed
    double best = std::numeric_limits<double>::infinity();  // of them
  };

  Lane& lane_of(int lane) { return lanes_[static_cast<std::size_t>(lane)]; }
  bool is_last(const Lane& lane) const;
  void measure(int lane);
  double objective(int lane) const;

  Iterates& iterates_;
  SolverSettings settings_;
  double gap_share_;
  std::vector<Lane> lanes_;
};

}  // namespace ressin

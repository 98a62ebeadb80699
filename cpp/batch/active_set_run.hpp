// The active set on one worker of a batch, in one group of signals.
#pragma once

#include <memory>

#include "batch/groups.hpp"
#include "batch/parallel.hpp"
#include "batch/task.hpp"
#include "solvers/active_set/active_set.hpp"
#include "solvers/active_set/stretches.hpp"

namespace ressin {

class ActiveSetRun {
 public:
  ActiveSetRun(const DecomposeSettings& settings, Workers& workers, const Group& group, int worker)
      : settings_(settings), workers_(workers), group_(group), worker_(worker) {}
  ~ActiveSetRun();  // the calling thread keeps a small workspace for its next batch
  ActiveSetRun(const ActiveSetRun&) = delete;
  ActiveSetRun& operator=(const ActiveSetRun&) = delete;

  // Whether it has found and proved the signal's result, and written it; false where the settings do not ask for the method.
  bool solves(const Task& task, const Signal& signal, Decomposed* out);

  // A run of windows begins: what is solved next does not start from what was solved last.
  void begin_run() { former_ = {}; }

  // The point from which OSQP starts.
  bool finds(const Task& task, Solution* x);

 private:
  bool prepare(const ActiveSetLimits& limits);
  bool find_start(const Problem& problem, const ActiveSetLimits& limits);
  bool solve_window(const Task& task, const Signal& signal, Decomposed* out);
  bool find(const Task& task, const Signal& signal, const ActiveSetLimits& limits, Decomposed* out);
  void move_former_to(std::ptrdiff_t begin);
  ActiveSet::Start start_of(const Signal& signal) const;
  bool write(const Scaled& scaled, const Signal& s, Decomposed* out);
  // Asked once a solve: of a short signal not every time, for to read the clock takes as long as a few events.
  ActiveSet::KeepGoing keep_going() {
    constexpr std::ptrdiff_t samples = 8192;
    return [this] {
      solved_ += group_.model->n();
      if (solved_ < samples) return true;
      solved_ = 0;
      return workers_.keep_going(worker_);
    };
  }

  const DecomposeSettings& settings_;
  Workers& workers_;
  const Group& group_;
  int worker_;
  std::ptrdiff_t solved_ = 0;  // samples since the clock was read
  std::unique_ptr<ActiveSet> method_;
  std::unique_ptr<active_set::Stretches> stretches_;
  std::unique_ptr<active_set::StretchedStart> stretched_;  // the signal's at hand, if it is long

  // The window before, in the run of windows at hand.
  struct Former {
    Support support;
    std::ptrdiff_t begin = -1;  // the sample that the support counts from; -1: there is none
    bool was_left = false;      // by the method
  };
  Former former_;
};

}  // namespace ressin

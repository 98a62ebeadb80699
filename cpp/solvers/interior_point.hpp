// The structured primal-dual interior point method for the cvxEDA programme.
//
// O(n) time and memory per iteration for any length. `kernel.lanes` signals of one shape run side by side, and a lane whose
// signal has converged takes the next one, so a batch has no stragglers but its last few.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "programme/certificate.hpp"
#include "programme/model.hpp"
#include "solvers/solution.hpp"
#include "solvers/workspace.hpp"

namespace ressin {

class InteriorPoint : public Workspace {
 public:
  // Hands out the next signal's programme (y of about unit size) and a number to know it by, or null.
  using Next = std::function<const Problem*(std::size_t* tag)>;
  using Done = std::function<void(std::size_t tag, Solution&&)>;
  using KeepGoing = std::function<bool()>;  // asked once an iteration

  InteriorPoint(std::shared_ptr<const Model> model, const SolverSettings& settings, const Kernel& kernel, bool weighted);

  // Solve all that `next` hands out; `done` receives each solution, in order of completion.
  void run(const Next& next, const Done& done, const KeepGoing& keep_going);

  // Whether it would do the same as one made with these.
  bool serves(const Model* model, const SolverSettings& settings, const Kernel& kernel, bool weighted) const {
    return &model_ == model && settings_.tol == settings.tol && settings_.max_iterations == settings.max_iterations &&
           settings_.keep_curvature == settings.keep_curvature && kernel_.lanes == kernel.lanes && weighted_ == weighted;
  }

 private:
  struct Lane {
    const Problem* problem = nullptr;  // null: no signal, steps of length zero
    std::size_t tag = 0;
    int iterations = 0;
    double zero_objective = 0.0;
    double last_gap = 0.0;
    int stalled = 0;   // iterations in a row that hardly moved
    int unproved = 0;  // certificates that did not reach the tolerance, the gap being closed
    double best_gap = 0.0;
    Solution best;  // the one with the best of them
  };

  void lay_out_start();
  void load(int lane, const Problem& problem);
  void fill_measured(int lane, const double* weights);
  Point point(int lane) const;
  double objective(int lane) const;
  bool finished(int lane, Solution* solution);
  Status status_of(double proved, int iterations) const;

  Certifier certifier_;
  SolverSettings settings_;
  std::vector<Lane> lanes_;
  // where every signal begins: a constant driver, in the kernel's unit, its response, and what that leaves of a signal
  double start_driver_ = 0.0;
  std::vector<double> start_response_, start_residual_;
};

}  // namespace ressin

// The structured primal-dual interior point method for the cvxEDA programme.
//
// O(n) time and memory per iteration for any length. Signals of one shape run side by side in the lanes, and a lane whose
// signal is done takes the next one, so lanes are idle at the end of a batch only.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "programme/certificate.hpp"
#include "programme/model.hpp"
#include "solvers/iterates.hpp"
#include "solvers/predictor_corrector.hpp"
#include "solvers/solution.hpp"

namespace ressin {

class InteriorPoint {
 public:
  // Returns the next signal's programme (y of about unit size), or null, and sets the tag that `done` gets with its solution.
  using Next = std::function<const Problem*(std::size_t* tag)>;
  using Done = std::function<void(std::size_t tag, Solution&&)>;
  using KeepGoing = std::function<bool()>;  // asked once an iteration

  // `iterates` decides how many signals run side by side (workspace.hpp), or that stretches of one do (stretched.hpp).
  InteriorPoint(std::unique_ptr<Iterates> iterates, const SolverSettings& settings);

  // Solve every programme that `next` returns; `done` receives the solutions in the order in which they are found.
  void run(const Next& next, const Done& done, const KeepGoing& keep_going);

  // Whether one made with these would give the same results.
  bool serves(const Model* model, const SolverSettings& settings, int lanes, bool weighted) const {
    return &model_ == model && iterates_->lanes() == lanes && iterates_->weighted() == weighted && steps_.serves(settings);
  }

 private:
  struct Lane {
    const Problem* problem = nullptr;  // null: no signal
    std::size_t tag = 0;
    Solution best;  // the best that was proved so far, where the first proof did not reach the tolerance
  };

  void lay_out_start();
  void load(int lane, const Problem& problem);
  int refill(const Next& next);
  Point point(int lane) const;
  Solution solution(int lane) const;
  bool finished(int lane, Solution* solution);
  double* taken_from(int lane, double* KernelState::* array, double* to) const;

  std::unique_ptr<Iterates> iterates_;
  const Model& model_;  // the iterates', as the next
  const KernelShape& shape_;
  PredictorCorrector steps_;
  Certifier certifier_;
  std::vector<Lane> lanes_;
  // where every signal starts: a constant driver, in the kernel's unit, its response, and that less the signal
  double start_driver_ = 0.0;
  std::vector<double> start_response_, start_residual_;
};

}  // namespace ressin

// The structured primal-dual interior point method for the cvxEDA programme.
//
// O(n) time and memory per iteration for any length. `kernel.lanes` signals of one shape run side by side, and a lane whose
// signal is done takes the next one, so lanes are idle at the end of a batch only.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "programme/certificate.hpp"
#include "programme/model.hpp"
#include "solvers/predictor_corrector.hpp"
#include "solvers/solution.hpp"
#include "solvers/workspace.hpp"

namespace ressin {

class InteriorPoint {
 public:
  // Returns the next signal's programme (y of about unit size), or null, and sets the tag that `done` gets with its solution.
  using Next = std::function<const Problem*(std::size_t* tag)>;
  using Done = std::function<void(std::size_t tag, Solution&&)>;
  using KeepGoing = std::function<bool()>;  // asked once an iteration

  InteriorPoint(std::shared_ptr<const Model> model, const SolverSettings& settings, const Kernel& kernel, bool weighted);

  // Solve every programme that `next` returns; `done` receives the solutions in the order in which they are found.
  void run(const Next& next, const Done& done, const KeepGoing& keep_going);

  // Whether one made with these would give the same results.
  bool serves(const Model* model, const SolverSettings& settings, const Kernel& kernel, bool weighted) const {
    return workspace_.serves(model, kernel, weighted) && steps_.serves(settings);
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
  double& element(double* x, std::ptrdiff_t i, int lane) const { return workspace_.element(x, i, lane); }

  Workspace workspace_;
  const Model& model_;  // the workspace's, as the next two
  const KernelShape& shape_;
  KernelState& state_;
  PredictorCorrector steps_;
  Certifier certifier_;
  std::vector<Lane> lanes_;
  // where every signal starts: a constant driver, in the kernel's unit, its response, and that less the signal
  double start_driver_ = 0.0;
  std::vector<double> start_response_, start_residual_;
};

}  // namespace ressin

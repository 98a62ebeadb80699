// The cvxEDA programme on a window of a stream; the samples before it enter as a quadratic cost.
//
// What was pushed before the window enters in two ways. The response filter's state at the window's first sample is given: its
// free response is a known part of the signal. And the samples before held the spline's three oldest coefficients, c = (l_0,
// l_1, l_2): with their drivers held, their cost is 1/2 c'Jc - h'c, knots that had left minimised out. The drift is given, and
// subtracted from the signal before: a stream cannot know that of the whole recording.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "kernel/kernel.hpp"
#include "programme/model.hpp"
#include "solvers/active_set/active_set.hpp"
#include "solvers/past.hpp"
#include "solvers/predictor_corrector.hpp"
#include "solvers/signal.hpp"
#include "solvers/solution.hpp"
#include "solvers/workspace.hpp"

namespace ressin {

// A window's programme, at the solver's scale.
struct WindowProblem {
  const double* y = nullptr;        // (n,)
  const double* weights = nullptr;  // (n,) >= 0; y is not read where they are 0
  std::ptrdiff_t n = 0;
  std::ptrdiff_t begin = 0;  // number of sample 0 in the recording
  double alpha = 0.0;
  bool is_start = true;          // the window begins where the recording does: no knot before it, nothing in the past
  bool is_end = false;           // and ends where it does: knots as decompose() has them
  double state[2] = {0.0, 0.0};  // of the response filter at sample 0, where the window is not the start
  Past past;
};

struct WindowSolution {
  std::vector<double> phasic, tonic, driver;  // (n,)
  std::vector<double> spline;                 // spline[0] is the knot one spacing before sample 0, or at the start the one at 0
  double later_state[2] = {0.0, 0.0};         // of the response filter at sample `later`
  Status status = Status::failed;
  int iterations = 0;
  SolverKind solver = SolverKind::interior_point;
  double relative_gap = 0.0;  // sum of p lambda over max(objective, 1e-6 * that of the zero solution)
  double stationarity = 0.0;  // largest violation of the multipliers' signs and of the coefficients' gradients, relative
};

// Solves windows of up to `capacity` samples, one after another, in memory that is allocated once. Knots stand every delta_knot
// on the recording's grid, so a window begins at a knot; all knots whose bump reaches into the window take part, those after
// the last sample too, unless the recording is known to end there.
class Window {
 public:
  // The active set is asked first where `kind` says so, and starts from the support of the window before; the interior point
  // takes what it gives up or does not prove.
  Window(std::ptrdiff_t capacity, double dt, const ProgramSettings& program, const SolverSettings& solver,
         SolverKind kind = SolverKind::interior_point);
  Window(const Window&) = delete;
  Window& operator=(const Window&) = delete;

  std::ptrdiff_t capacity() const { return model().n(); }
  std::ptrdiff_t knot_spacing() const { return model().knot_spacing(); }
  const Model& model() const { return workspace_.model(); }

  // From which the active set starts, in samples of the recording: of the newest window that was to be kept.
  const Support& support() const { return kept_; }
  void set_support(Support support) { kept_ = std::move(support); }
  void keep_support() { kept_ = newest_; }

  // `later` in [0, n]: where the filter's state is wanted.
  WindowSolution solve(const WindowProblem& problem, std::ptrdiff_t later);

 private:
  void shape_to(const WindowProblem& problem);
  double largest_free_response(const WindowProblem& problem) const;
  void load(const WindowProblem& problem);
  void add_past_hessian(const WindowProblem& problem);
  void add_past_gradient(const WindowProblem& problem);
  bool solve_by_active_set(const WindowProblem& problem, std::ptrdiff_t later, WindowSolution* out);
  ActiveSet& method_of(bool weighted);
  Support start_of(const WindowProblem& problem) const;
  void prove(const WindowProblem& problem, std::ptrdiff_t later, ActiveSet* method, WindowSolution* out) const;
  double stationarity(const WindowProblem& problem) const;
  double spline_gradient(std::ptrdiff_t knot) const;
  WindowSolution solution(const WindowProblem& problem, std::ptrdiff_t later) const;
  void write_response(const WindowProblem& problem, std::ptrdiff_t later, WindowSolution* out) const;
  void write_tonic(WindowSolution* out) const;

  Workspace workspace_;
  const KernelShape& shape_;  // the workspace's, as the next
  KernelState& state_;
  PredictorCorrector steps_;
  SolverKind kind_;
  std::deque<std::unique_ptr<ActiveSet>> methods_;  // for the newest windows' shapes, the newest last
  Support kept_, newest_;
  std::vector<double> free_, forced_;  // the response of what was before the window, and the signal less it
};

}  // namespace ressin

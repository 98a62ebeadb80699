// An exact active-set method for the cvxEDA programme, for drivers that are zero nearly everywhere.
//
//   S <- {}
//   repeat
//     solve on the support S                                   event_sweep.hpp, once over the events
//     while a driver in S is not positive:                     pivoting.hpp
//       step towards the solve's as far as signs allow; S loses what reaches zero; solve
//     S <- S + the minima of every stretch with a negative gradient      gradient.hpp, once over the samples
//   until there is none
//   repeat
//     correct the point by the gradients of the data's own residual      refinement.cpp
//   until signs and gradients are right
//   prove it by duality
//
// A solve costs by the event, so the method is fast where the driver is sparse and slow where it is not: it gives up by its
// limits, and the caller turns to the interior point. What comes back proved is optimal whatever found it.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "programme/certificate.hpp"
#include "programme/problem.hpp"
#include "solvers/active_set/choice.hpp"
#include "solvers/active_set/system.hpp"
#include "solvers/past.hpp"
#include "solvers/solution.hpp"

namespace ressin {

class ActiveSet : active_set::EventSystem {
 public:
  using KeepGoing = std::function<bool()>;  // asked once a solve

  ActiveSet(std::shared_ptr<const active_set::ShapeTables> shape, const SolverSettings& settings,
            const active_set::Passes& passes = active_set::passes());

  // Whether it would do the same as one made with these.
  bool serves(const Model* model, bool weighted, const SolverSettings& settings) const {
    return &shape_->model() == model && shape_->is_weighted() == weighted && settings_.tol == settings.tol &&
           settings_.keep_curvature == settings.keep_curvature;
  }

  // How a long recording's sections are given to several threads; null: this one takes them all. No result depends on it.
  void share(ForAll for_all) { sections_.share(std::move(for_all)); }

  // What may be known before: a support to start from, in time order, with its driver's values in any unit, and of a stream a
  // cost of the oldest knots. All may be null.
  struct Start {
    const std::vector<std::ptrdiff_t>* samples = nullptr;
    const std::vector<double>* values = nullptr;
    const Past* past = nullptr;
  };

  // Whether the programme's optimum was found and proved to the tolerance; only then is *solution all of it.
  // `wants_multiplier`: the certificate's multiplier and the parts' q are wanted too, which the proof may do without.
  bool run(const Problem& problem, const ActiveSetLimits& limits, const KeepGoing& keep_going, Solution* solution,
           const Start& start, bool wants_multiplier = false);
  bool run(const Problem& problem, const ActiveSetLimits& limits, const KeepGoing& keep_going, Solution* solution) {
    return run(problem, limits, keep_going, solution, Start{});
  }

  // The same in two steps. Where the proof is one pass over the data (`is_plain`), that pass writes the parts to where the
  // caller wants them.
  bool is_plain() const { return shape_->is_plain(); }
  const active_set::ShapeTables& shape() const { return *shape_; }
  bool find(const Problem& problem, const ActiveSetLimits& limits, const KeepGoing& keep_going, const Start& start);
  bool find(const Problem& problem, const ActiveSetLimits& limits, const KeepGoing& keep_going) {
    return find(problem, limits, keep_going, Start{});
  }
  // The same but for the last digits: for another method to start from, or for prove(), which looks whether they are missing.
  bool find_support(const Problem& problem, const ActiveSetLimits& limits, const KeepGoing& keep_going, const Start& start);
  struct Proved {
    Evidence evidence;
    bool is_optimal = false;
  };
  // `driver` (n,) at driver_unit times the solver's scale; `curvature` (n,) or null.
  Proved prove(active_set::WrittenParts* parts, double* driver, double driver_unit, double* curvature,
               const KeepGoing& keep_going);
  const std::vector<double>& spline() const { return spline_; }
  // What the data say of the point that was found, its parts being written.
  struct Measured {
    double fit, drivers;    // sum w e^2, sum p in the programme's unit
    double worst, product;  // least gradient of the driver over alpha, as a number >= 0; gradients times driver
    double largest_knot_gradient;
  };
  Measured measure(active_set::WrittenParts* parts);
  void write_driver(double* driver, double unit);
  void support(std::vector<std::ptrdiff_t>* samples, std::vector<double>* values) const;
  void free_state(double* start) const { start[0] = point_.start[0], start[1] = point_.start[1]; }
  std::vector<double> drift() const { return {point_.drift, point_.drift + tables_.n_drift}; }
  double largest_driver() const;
  double largest_phasic() const { return evaluation_.largest_phasic; }
  double squared_residual() const { return evaluation_.fit; }
  int solves() const { return solves_; }
  using EventSystem::bytes;

 private:
  enum class Outcome { settled, unsettled, gave_up };

  void load(const Problem& problem);
  void add_past();
  void add_past_gradient();
  bool is_dense() const;
  double look_at_gradient(bool is_watched, bool is_partial);
  Outcome trade(const ActiveSetLimits& limits, const KeepGoing& keep_going);
  Outcome pivot(const ActiveSetLimits& limits, const KeepGoing& keep_going);
  void find_negative();
  void insert_found();
  bool is_spent(const ActiveSetLimits& limits) const;

  void evaluate(active_set::WrittenParts* parts);
  void project();
  void leave_out_negative();
  void refine(active_set::WrittenParts* parts);
  bool is_rough() const;
  bool settle(const KeepGoing& keep_going);
  Evidence evidence() const;
  double largest_load() const;
  void write_curvature(double* curvature) const;
  void certify(Solution* solution);

  SolverSettings settings_;
  std::unique_ptr<Certifier> certifier_;  // made when a programme needs it

  // the programme
  const Problem* problem_ = nullptr;
  const Past* past_ = nullptr;
  std::vector<double> gram_, past_load_;  // with the past's

  active_set::Found found_{};  // where the last look asks for events
  bool is_marked_ = false;     // the watched blocks, by the last look
  bool is_settled_ = false;    // signs and gradients are right to the last digit
};

}  // namespace ressin

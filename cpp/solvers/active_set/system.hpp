// The linear system of a support: no gradient at its events, in the spline, the drift and the free start, and no driver
// elsewhere.
//
// It is solved by one sweep over the events (event_sweep.hpp) and corrected by the gradients of the point that was found, which
// one pass over the samples measures (evaluate.hpp). What its loads are decides what it is for: those of a signal's programme
// give the least point of the support (ActiveSet), a loss's gradients in the parts give the adjoint (EventAdjoint).
#pragma once

#include <memory>
#include <vector>

#include "programme/problem.hpp"
#include "solvers/active_set/pivoting.hpp"
#include "solvers/active_set/sections.hpp"
#include "solvers/active_set/tables.hpp"

namespace ressin::active_set {

class EventSystem {
 protected:
  EventSystem(std::shared_ptr<const ShapeTables> shape, const Passes& passes);

  // The loads of what acts on the phasic part and of what acts on the tonic one, alpha and the start's rows being there.
  void load_signals(const double* of_phasic, const double* of_tonic);
  EventRow row_at(std::ptrdiff_t sample) const;
  void solve();
  // What y says of the point: the residual and its sums, the parts being written where they are not null. Then the gradients
  // that the residual implies, and the driver's minima below -threshold, which the sections have found.
  void measure_data(const double* y, const double* weights, WrittenParts* parts);
  void find_gradient(double threshold);
  // x <- x + the solve whose loads are the gradients at x, those of the spline's penalty yet to be added.
  void correct();
  std::size_t bytes() const;  // that it holds on to

  std::shared_ptr<const ShapeTables> shape_;
  Passes passes_;
  Tables tables_;  // the shape's, and the signal's own where its rows vary
  SignalRows signal_rows_;
  Pivoting pivoting_;
  Sections sections_;
  Loads loads_{};
  Unfilled c_;
  std::vector<double> knot_load_;

  // the point
  Support support_{};
  Values point_{};
  Gains gains_{};
  std::vector<double> p_, spline_, states_, columns_;
  std::vector<Gain> event_gains_, knot_gains_;
  int solves_ = 0;
  double effort_ = 0.0;  // events of all solves

  // what the data say
  Evaluation evaluation_{};
  std::vector<double> at_events_, at_knots_, step_p_, step_spline_, step_columns_;
  Unfilled dual_;

 private:
  std::ptrdiff_t phase_of(std::ptrdiff_t time) const;

  double per_sample_;  // knots
};

}  // namespace ressin::active_set

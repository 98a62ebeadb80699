// The derivative of a solution whose support is known: the adjoint of solvers/adjoint.hpp with D zero on the support and
// infinite elsewhere, so that v is zero there and the system to be solved is the support's own. Its loads are the loss's
// gradients in the parts: -R'c_r - ar0 c_p at the events, -B'c_t, -C'c_t and -S'c_r.
#pragma once

#include <memory>
#include <vector>

#include "solvers/active_set/system.hpp"
#include "solvers/adjoint.hpp"

namespace ressin::active_set {

// Whether a solution's curvature says of every driver sample that it is free or held at zero, as all before the first row are.
// `support` gets those that are free, in time order.
bool find_settled_support(const Signal& solved, std::ptrdiff_t first_row, std::vector<std::ptrdiff_t>* support);

class EventAdjoint : EventSystem {
 public:
  explicit EventAdjoint(std::shared_ptr<const ShapeTables> shape, const Passes& passes = active_set::passes());

  // Whether one made with these would give the same results.
  bool serves(const Model* model, bool weighted) const {
    return &shape_->model() == model && shape_->is_weighted() == weighted;
  }
  using EventSystem::bytes;

  // Of a signal with this support; `program` has alpha at the solver's scale.
  Gradient solve(const SolvedSignal& x, const std::vector<std::ptrdiff_t>& support, const ProgramSettings& program);

 private:
  void lay_out_derivatives();
  void load(const SolvedSignal& x, const std::vector<std::ptrdiff_t>& support, double gamma);
  void take_support(const SolvedSignal& x, const std::vector<std::ptrdiff_t>& support);
  void evaluate(const double* weights);
  void response_gradient(const SolvedSignal& x, double to_scale, Gradient* gradient);

  Padded psi0_, psi1_z0_, psi1_z1_;
  PoleTables derivatives_{};
  std::vector<double> zeros_;
  std::vector<double> driver_;  // at the events, in the kernel's unit
  Padded to_response_, dual_residual_;
};

}  // namespace ressin::active_set

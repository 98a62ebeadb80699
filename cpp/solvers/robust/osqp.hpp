// The robust programme solved by OSQP, as an independent check; see solvers/osqp_solver.hpp.
#pragma once

#include "solvers/osqp_workspace.hpp"
#include "solvers/robust/interior_point.hpp"

namespace ressin::robust {

struct Confirmed {
  Solution solution;  // with OSQP's own word as its status, and evidence from the data
  double primal_residual = 0.0, dual_residual = 0.0;
  bool stopped = false;
};

// Solve from the solution `warm`, or from zero where it is null.
Confirmed confirm(const Model& model, const Problem& problem, const Solution* warm, const OsqpSettings& settings,
                  const OsqpWorkspace::KeepGoing& keep_going);

}  // namespace ressin::robust

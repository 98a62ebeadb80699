#include "solvers/osqp_workspace.hpp"

#include <osqp.h>

#include <algorithm>
#include <new>
#include <stdexcept>
#include <string>

#include "solvers/osqp_port/memory.hpp"

namespace ressin {
namespace {

// sigma, OSQP's proximal weight, keeps rounding errors from moving the iterate along the direction that the data do not
// determine (a constant phasic part against the drift), as they do at 1,000 Hz with OSQP's default of 1e-6. A large sigma slows
// a solve from zero, but not one that starts at the optimum.
constexpr double warm_sigma = 1.0;
constexpr double cold_sigma = 1e-3;
constexpr double rho = 1.0;

// Each of the first iterations checks for termination, for starts at the optimum; from other starts longer runs follow, with
// fewer checks.
constexpr int first_iterations = 10;
constexpr int run_length = 100;
constexpr int check_interval = 25;
constexpr double rho_tolerance = 5.0;
// Work between two calls of keep_going, in matrix entries read: a fraction of a second.
constexpr double entries_between_questions = 2e7;

void check(OSQPInt error, const char* what) {
  if (error == OSQP_MEM_ALLOC_ERROR) throw std::bad_alloc();
  if (error) throw std::runtime_error(std::string("OSQP could not ") + what + ": " + osqp_error_message(error));
}

OSQPCscMatrix view(SparseMatrix& matrix) {
  OSQPCscMatrix csc;
  OSQPCscMatrix_set_data(&csc, static_cast<OSQPInt>(matrix.rows()), static_cast<OSQPInt>(matrix.cols()),
                         static_cast<OSQPInt>(matrix.nonZeros()), matrix.valuePtr(), matrix.innerIndexPtr(),
                         matrix.outerIndexPtr());
  return csc;
}

OSQPSettings make_settings(const OsqpSettings& settings, bool cold) {
  OSQPSettings s;
  osqp_set_default_settings(&s);
  s.verbose = 0;
  s.scaling = 0;
  s.polishing = 0;
  s.adaptive_rho = OSQP_ADAPTIVE_RHO_UPDATE_DISABLED;
  s.rho = rho;
  s.sigma = cold ? cold_sigma : warm_sigma;
  s.eps_abs = settings.eps;
  s.eps_rel = 0.0;
  s.eps_prim_inf = 1e-30;  // the programme is feasible and bounded
  s.eps_dual_inf = 1e-30;
  return s;
}

OsqpStatus translate(OSQPInt status) {
  switch (status) {
    case OSQP_SOLVED: return OsqpStatus::solved;
    case OSQP_SOLVED_INACCURATE: return OsqpStatus::inaccurate;
    case OSQP_MAX_ITER_REACHED: return OsqpStatus::max_iterations;
    default: return OsqpStatus::failed;
  }
}

Eigen::VectorXd within(const Eigen::VectorXd& bounds) { return bounds.cwiseMax(-OSQP_INFTY).cwiseMin(OSQP_INFTY); }

}  // namespace

Status status_of(OsqpStatus s) {
  switch (s) {
    case OsqpStatus::solved: return Status::optimal;
    case OsqpStatus::inaccurate: return Status::inaccurate;
    case OsqpStatus::max_iterations: return Status::max_iterations;
    case OsqpStatus::failed:
    case OsqpStatus::stopped: break;
  }
  return Status::failed;
}

struct OsqpWorkspace::Solver {
  OsqpMemory memory;
  OSQPSolver* osqp = nullptr;  // null once an exception has left one of OSQP's functions
  OSQPSettings settings{};

  ~Solver() {
    if (osqp) osqp_cleanup(osqp);
  }

  // Calls OSQP. After an exception from within it its solver is no more.
  template <class Call>
  void operator()(const char* what, const Call& call) {
    const OsqpMemory::Use use(&memory);
    OSQPInt error = 0;
    try {
      error = call();
    } catch (...) {
      osqp = nullptr;
      throw;
    }
    check(error, what);
  }
};

OsqpWorkspace::OsqpWorkspace(SparseMatrix P, SparseMatrix A, const Eigen::VectorXd& l, const Eigen::VectorXd& u,
                             const OsqpSettings& settings, bool cold)
    : settings_(settings),
      cold_(cold),
      entries_(static_cast<double>(P.nonZeros() + A.nonZeros())),
      solver_(std::make_unique<Solver>()) {
  const Eigen::VectorXd zeros = Eigen::VectorXd::Zero(P.cols()), lower = within(l), upper = within(u);
  const OSQPCscMatrix P_view = view(P), A_view = view(A);
  solver_->settings = make_settings(settings, cold);
  (*solver_)("set up", [&] {  // where it fails it leaves a partly built solver
    return osqp_setup(&solver_->osqp, &P_view, zeros.data(), &A_view, lower.data(), upper.data(), A_view.m, P_view.n,
                      &solver_->settings);
  });
}

OsqpWorkspace::~OsqpWorkspace() = default;

void OsqpWorkspace::set_hessian(SparseMatrix P) {
  (*solver_)("take other weights", [&] {
    return osqp_update_data_mat(solver_->osqp, P.valuePtr(), nullptr, static_cast<OSQPInt>(P.nonZeros()), nullptr, nullptr, 0);
  });
}

void OsqpWorkspace::start(const Eigen::VectorXd& q, const Eigen::VectorXd* x, const Eigen::VectorXd* multiplier) {
  Solver& call = *solver_;
  OSQPSolver* solver = call.osqp;
  if (solver->settings->rho != rho) call("restore rho", [&] { return osqp_update_rho(solver, rho); });
  call("take a signal", [&] { return osqp_update_data_vec(solver, q.data(), nullptr, nullptr); });
  osqp_cold_start(solver);
  if (!x) return;
  const Eigen::VectorXd y = -*multiplier;
  call("take a starting point", [&] { return osqp_warm_start(solver, x->data(), y.data()); });
}

// Runs more iterations from the current iterate; true when OSQP has ended, with whatever status.
bool OsqpWorkspace::iterate(int iterations, int check_every) {
  Solver& call = *solver_;
  OSQPSolver* solver = call.osqp;
  call.settings.max_iter = iterations;
  call.settings.check_termination = check_every;
  call("take settings", [&] { return osqp_update_settings(solver, &call.settings); });
  call("solve", [&] { return osqp_solve(solver); });
  return solver->info->status_val != OSQP_MAX_ITER_REACHED && solver->info->status_val != OSQP_SOLVED_INACCURATE;
}

void OsqpWorkspace::adapt_rho() {
  OSQPSolver* solver = solver_->osqp;
  const double estimate = solver->info->rho_estimate, current = solver->settings->rho;
  if (estimate > rho_tolerance * current || estimate * rho_tolerance < current) {
    (*solver_)("adapt rho", [&] { return osqp_update_rho(solver, estimate); });
  }
}

OsqpResult OsqpWorkspace::solve(const Eigen::VectorXd& q, const Eigen::VectorXd* x, const Eigen::VectorXd* multiplier,
                                const KeepGoing& keep_going) {
  start(q, x, multiplier);
  const double affordable = std::min(entries_between_questions / entries_, 1e6);
  const int longest = std::max(1, static_cast<int>(affordable));
  int done = 0;
  for (;;) {
    const bool first = done < first_iterations;
    const int run = std::min({first ? first_iterations - done : run_length, longest, settings_.max_iterations - done});
    const bool answered = iterate(run, first ? 1 : std::min(check_interval, run));
    done += solver_->osqp->info->iter;
    const OsqpStatus status = translate(solver_->osqp->info->status_val);
    if (answered || done >= settings_.max_iterations) return result(status, done);
    if (keep_going && !keep_going()) return result(OsqpStatus::stopped, done);
    if (done % run_length == first_iterations) adapt_rho();
  }
}

OsqpResult OsqpWorkspace::result(OsqpStatus status, int iterations) const {
  OSQPSolver* solver = solver_->osqp;
  OSQPInt rows = 0, columns = 0;
  osqp_get_dimensions(solver, &rows, &columns);
  OsqpResult r;
  r.x = Eigen::Map<const Eigen::VectorXd>(solver->solution->x, columns);
  r.multiplier = -Eigen::Map<const Eigen::VectorXd>(solver->solution->y, rows);
  r.status = status;
  r.iterations = iterations;
  r.primal_residual = solver->info->prim_res;
  r.dual_residual = solver->info->dual_res;
  r.duality_gap = solver->info->duality_gap;
  return r;
}

}  // namespace ressin

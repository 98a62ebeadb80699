#include "solvers/osqp_solver.hpp"

#include <osqp.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

namespace ressin {
namespace {

// sigma, OSQP's proximal weight, keeps rounding errors from moving the iterate along the direction that the data do not
// determine (a constant phasic part against the drift), as they do at 1,000 Hz with OSQP's default of 1e-6. A large sigma slows
// a solve from zero, but not one that starts at the optimum.
constexpr double warm_sigma = 1.0;
constexpr double cold_sigma = 1e-3;
// Measured from 4 Hz to 2 kHz: with a smaller scale the driver goes further below zero, with a larger one rounding errors
// matter sooner.
constexpr double driver_scale = 100.0;
constexpr double rho = 1.0;

// Each of the first iterations checks for termination, for starts at the optimum; from other starts longer runs follow, with
// fewer checks.
constexpr int first_iterations = 10;
constexpr int run_length = 100;
constexpr int check_interval = 25;
constexpr double rho_tolerance = 5.0;
// Work between two calls of keep_going, in matrix entries read: a fraction of a second.
constexpr double entries_between_questions = 2e7;

struct FreeSolver {
  void operator()(OSQPSolver* solver) const { osqp_cleanup(solver); }
};

void check(OSQPInt error, const char* what) {
  if (error) throw std::runtime_error(std::string("OSQP could not ") + what + ": " + osqp_error_message(error));
}

// Scales the columns to norm sqrt(6), that of a column of M. Computed without sample weights, so that they do not change the
// scaling.
Eigen::VectorXd make_column_scale(const Model& model, const SparseMatrix& P) {
  Eigen::VectorXd scale = Eigen::VectorXd::Ones(P.cols());
  for (int j = static_cast<int>(model.n()); j < P.cols(); ++j) {
    const double square = P.coeff(j, j);
    if (square > 0.0) scale[j] = std::sqrt(6.0 / square);
  }
  return scale;
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

}  // namespace

struct OsqpSolver::Workspace {
  std::unique_ptr<OSQPSolver, FreeSolver> solver;
  OSQPSettings settings{};
  double entries = 0.0;  // of P and A
  bool cold = false;     // made for solves from zero
};

OsqpSolver::OsqpSolver(const Model& model, const double* w, const OsqpSettings& settings)
    : model_(model), settings_(settings), alpha_(model.settings().alpha), row_scale_(driver_scale / model.response().ar[0]) {
  if (w) weights_.assign(w, w + model.n());
  column_scale_ = make_column_scale(model, qp_hessian(model, nullptr));
  columns_ = qp_columns(model) * column_scale_.asDiagonal();
  driver_cost_ = column_scale_.cwiseProduct(qp_driver_cost(model));
  set_up(false);
}

const double* OsqpSolver::weights() const { return weights_.empty() ? nullptr : weights_.data(); }

SparseMatrix OsqpSolver::scaled_hessian(const double* w) const {
  return column_scale_.asDiagonal() * qp_hessian(model_, w) * column_scale_.asDiagonal();
}

void OsqpSolver::set_up(bool cold) {
  SparseMatrix P = scaled_hessian(weights()), A = row_scale_ * qp_constraints(model_);
  const Eigen::VectorXd zeros = Eigen::VectorXd::Zero(P.cols());
  const Eigen::VectorXd infinity = Eigen::VectorXd::Constant(A.rows(), OSQP_INFTY);
  const OSQPCscMatrix P_view = view(P), A_view = view(A);

  auto workspace = std::make_unique<Workspace>();
  workspace->settings = make_settings(settings_, cold);
  workspace->entries = static_cast<double>(P.nonZeros() + A.nonZeros());
  workspace->cold = cold;
  OSQPSolver* solver = nullptr;
  const OSQPInt error = osqp_setup(&solver, &P_view, zeros.data(), &A_view, zeros.data(), infinity.data(), A_view.m, P_view.n,
                                   &workspace->settings);
  workspace->solver.reset(solver);  // takes ownership before check() may throw: a failed set-up leaves a partly built solver
  check(error, "set up");
  workspace_ = std::move(workspace);
}

OsqpSolver::~OsqpSolver() = default;

void OsqpSolver::set_weights(const double* w) {
  const std::vector<double> weights = w ? std::vector<double>(w, w + model_.n()) : std::vector<double>();
  if (weights == weights_) return;
  SparseMatrix P = scaled_hessian(w);
  check(osqp_update_data_mat(workspace_->solver.get(), P.valuePtr(), nullptr, static_cast<OSQPInt>(P.nonZeros()), nullptr,
                             nullptr, 0),
        "take other weights");
  weights_ = weights;
}

// q and the start in OSQP's scale: x = D x_osqp, and lambda = -row_scale y_osqp.
void OsqpSolver::start(const double* y, const double* x, const double* multiplier) {
  if (workspace_->cold != (x == nullptr)) set_up(x == nullptr);
  OSQPSolver* solver = workspace_->solver.get();
  if (solver->settings->rho != rho) check(osqp_update_rho(solver, rho), "restore rho");
  const Eigen::VectorXd q = alpha_ * driver_cost_ - columns_.transpose() * weighted(y, weights(), model_.n());
  check(osqp_update_data_vec(solver, q.data(), nullptr, nullptr), "take a signal");
  osqp_cold_start(solver);
  if (!x) return;
  const Eigen::VectorXd x_scaled = Eigen::Map<const Eigen::VectorXd>(x, q.size()).cwiseQuotient(column_scale_);
  const Eigen::VectorXd y_scaled = Eigen::Map<const Eigen::VectorXd>(multiplier, model_.n()) / -row_scale_;
  check(osqp_warm_start(solver, x_scaled.data(), y_scaled.data()), "take a starting point");
}

// Runs more iterations from the current iterate; true when OSQP has ended, with whatever status.
bool OsqpSolver::iterate(int iterations, int check_every) {
  OSQPSolver* solver = workspace_->solver.get();
  workspace_->settings.max_iter = iterations;
  workspace_->settings.check_termination = check_every;
  check(osqp_update_settings(solver, &workspace_->settings), "take settings");
  check(osqp_solve(solver), "solve");
  return solver->info->status_val != OSQP_MAX_ITER_REACHED && solver->info->status_val != OSQP_SOLVED_INACCURATE;
}

void OsqpSolver::adapt_rho() {
  OSQPSolver* solver = workspace_->solver.get();
  const double estimate = solver->info->rho_estimate, current = solver->settings->rho;
  if (estimate > rho_tolerance * current || estimate * rho_tolerance < current) {
    check(osqp_update_rho(solver, estimate), "adapt rho");
  }
}

OsqpResult OsqpSolver::solve(const double* y, const double* x, const double* multiplier, const KeepGoing& keep_going) {
  start(y, x, multiplier);
  const double affordable = std::min(entries_between_questions / workspace_->entries, 1e6);
  const int longest = std::max(1, static_cast<int>(affordable));
  int done = 0;
  for (;;) {
    const bool first = done < first_iterations;
    const int run = std::min({first ? first_iterations - done : run_length, longest, settings_.max_iterations - done});
    const bool answered = iterate(run, first ? 1 : std::min(check_interval, run));
    done += workspace_->solver->info->iter;
    const OsqpStatus status = translate(workspace_->solver->info->status_val);
    if (answered || done >= settings_.max_iterations) return result(status, done);
    if (keep_going && !keep_going()) return result(OsqpStatus::stopped, done);
    if (done % run_length == first_iterations) adapt_rho();
  }
}

OsqpResult OsqpSolver::result(OsqpStatus status, int iterations) const {
  const OSQPSolver* solver = workspace_->solver.get();
  OsqpResult r;
  r.x = Eigen::Map<const Eigen::VectorXd>(solver->solution->x, n_variables(model_)).cwiseProduct(column_scale_);
  r.multiplier = Eigen::Map<const Eigen::VectorXd>(solver->solution->y, model_.n()).cwiseMin(0.0) * -row_scale_;
  r.status = status;
  r.iterations = iterations;
  r.primal_residual = solver->info->prim_res;
  r.dual_residual = solver->info->dual_res;
  r.duality_gap = solver->info->duality_gap;
  return r;
}

}  // namespace ressin

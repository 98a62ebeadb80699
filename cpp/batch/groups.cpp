#include "batch/groups.hpp"

#include <cmath>

#include "programme/kept.hpp"
#include "solvers/workspace.hpp"

namespace ressin {
namespace {

// Lanes whose state does not fit the caches bring no gain, and for a day-long recording they would take gigabytes.
constexpr std::size_t most_bytes_in_lanes = std::size_t{64} << 20;

KeptByThread<std::shared_ptr<const Model>> kept;

// Less than this share of a response is left where it has faded.
constexpr double faded = 1e-4;

// Where the 2015 revision's rows begin: at the first sample from index 2 on that is not missing, unless all that follows is so
// much later that the response has faded. The free start has two states; one sample alone would leave one of them to rounding.
std::ptrdiff_t observed_from(const double* weights, std::ptrdiff_t n, double dt, const ProgramSettings& program) {
  if (!weights || program.revision != Revision::r2015) return n_free_start;
  const Response r = make_response(program.tau0, program.tau1, dt);
  const double slowest = std::max(std::abs(r.z0), std::abs(r.z1));
  const auto next_after = [&](std::ptrdiff_t i) {
    for (++i; i < n && weights[i] == 0.0;) ++i;
    return i;
  };
  std::ptrdiff_t i = next_after(n_free_start - 1);
  for (std::ptrdiff_t next; (next = next_after(i)) < n; i = next) {
    if (std::pow(slowest, static_cast<double>(next - i - 1)) > faded) break;
  }
  return std::min(i, n - 1);
}

Model make_model(std::ptrdiff_t n, double dt, const ProgramSettings& program, const std::optional<KnotGrid>& knots,
                 std::ptrdiff_t observed) {
  return knots ? Model(n, dt, program, knots->first, knots->spacing, knots->count, observed) : Model(n, dt, program, observed);
}

}  // namespace

Model make_model(std::ptrdiff_t n, double dt, const DecomposeSettings& settings, const double* weights) {
  return make_model(n, dt, settings.program, settings.knots, observed_from(weights, n, dt, settings.program));
}

std::shared_ptr<const Model> shared_model(const Signal& s, const DecomposeSettings& settings) {
  const ProgramSettings& program = program_of(s, settings);
  const std::ptrdiff_t observed = observed_from(s.weights, s.n, s.dt, program);
  const std::shared_ptr<const Model>* before = kept.get();
  if (before && (*before)->is_made_from(s.n, s.dt, program, settings.knots, observed)) return *before;
  auto model = std::make_shared<const Model>(make_model(s.n, s.dt, program, settings.knots, observed));
  if (model->bytes() <= most_bytes_kept) kept.keep(std::make_unique<std::shared_ptr<const Model>>(model));
  return model;
}

const Kernel& choose_kernel(const Model& model, std::size_t n_signals, int n_workers) {
  const KernelPair& pair = kernels();
  const auto lanes = static_cast<std::size_t>(pair.lanes.lanes);
  const std::size_t share = (n_signals + static_cast<std::size_t>(n_workers) - 1) / static_cast<std::size_t>(n_workers);
  const bool fits = Workspace::bytes_per_lane(model) * lanes <= most_bytes_in_lanes;
  return fits && 2 * share > lanes ? pair.lanes : pair.single;
}

Places::Places(std::size_t count, std::size_t run, int n_workers)
    : run_(run), parts_(std::clamp<std::size_t>((count + run - 1) / run, 1, static_cast<std::size_t>(n_workers))) {
  const std::size_t runs = (count + run - 1) / run;
  for (std::size_t k = 0; k < parts_.size(); ++k) {
    parts_[k].next = runs * k / parts_.size() * run;
    parts_[k].end = std::min(runs * (k + 1) / parts_.size() * run, count);
  }
}

bool Places::take(int worker, std::size_t* begin, std::size_t* end) {
  for (std::size_t k = 0; k < parts_.size(); ++k) {
    Part& part = parts_[(static_cast<std::size_t>(worker) + k) % parts_.size()];
    *begin = part.next.fetch_add(run_);
    if (*begin >= part.end) continue;
    *end = std::min(*begin + run_, part.end);
    return true;
  }
  return false;
}

bool Places::are_left() const {
  return std::any_of(parts_.begin(), parts_.end(), [](const Part& part) { return part.next.load() < part.end; });
}

Shape shape_of(const Signal& s, const DecomposeSettings& settings) {
  const ProgramSettings& p = program_of(s, settings);
  const double gamma = settings.kind == SolverKind::osqp ? p.gamma : 0.0;
  const std::ptrdiff_t observed = p.revision == Revision::r2015 ? observed_from(s.weights, s.n, s.dt, p) : 0;
  return {s.n, s.dt, s.weights != nullptr, observed, p.tau0, p.tau1, p.delta_knot, gamma, p.revision, p.baseline};
}

}  // namespace ressin

#include "solvers/robust/screening.hpp"

#include <algorithm>
#include <cmath>

namespace ressin::robust {
namespace {

constexpr double near_outlier = 0.8, beyond_outlier = 1.5;
constexpr double tight = 1e-3;  // share of the cost: programmes on blocks are solved to about that

// Every sample that a shift may come after, with the push over its cost.
template <class Take>
void for_pushes(const Model& model, const Problem& problem, const Forces& forces, Take&& take) {
  for (std::ptrdiff_t i = model.n_before(); i + 1 < model.n(); ++i) {
    const auto k = static_cast<std::size_t>(i);
    take(k, std::abs(forces.after[k]) * model.dt() / problem.kappa[i - model.n_before()]);
  }
}

}  // namespace

void add_outliers(const Model& model, const Problem& problem, const std::vector<double>& rest, Marks* marks) {
  marks->resize(static_cast<std::size_t>(model.n()), 0);
  const auto before = static_cast<std::size_t>(model.n_before());
  for (std::size_t i = 0; i < rest.size(); ++i) (*marks)[before + i] |= !(std::abs(rest[i]) < near_outlier * problem.delta[i]);
}

bool lack_outliers(const Marks& marks, const Model& model, const Problem& problem, const std::vector<double>& rest) {
  if (marks.empty()) return false;
  const auto before = static_cast<std::size_t>(model.n_before());
  for (std::size_t i = 0; i < rest.size(); ++i) {
    const bool counts = problem.weight(static_cast<std::ptrdiff_t>(i)) > 0.0;
    if (counts && marks[before + i] == 0 && !(std::abs(rest[i]) <= beyond_outlier * problem.delta[i])) return true;
  }
  return false;
}

std::vector<double> rest_of(const Parts& parts) {
  std::vector<double> rest(parts.residual);
  for (std::size_t i = 0; i < rest.size(); ++i) rest[i] += parts.outliers[i];
  return rest;
}

Marks find_shifts(const Model& model, const Problem& problem, const Forces& forces, double share) {
  Marks marks(static_cast<std::size_t>(model.n()), 0);
  for_pushes(model, problem, forces, [&](std::size_t i, double push) { marks[i] = !(push < share); });
  return marks;
}

bool are_enough(const Marks& marks, const Model& model, const Problem& problem, const Forces& forces) {
  bool enough = true;
  if (marks.empty()) return enough;
  for_pushes(model, problem, forces, [&](std::size_t i, double push) { enough &= marks[i] != 0 || push <= 1.0 + tight; });
  return enough;
}

void add_marks(const Marks& more, Marks* marks) {
  for (std::size_t i = 0; i < more.size(); ++i) (*marks)[i] |= more[i];
}

Marks refine(const Marks& marks, const Model& blocks, const Model& fine, std::ptrdiff_t block) {
  Marks out(static_cast<std::size_t>(fine.n()), 0);
  for (std::ptrdiff_t i = fine.n_before(); i < fine.n(); ++i) {
    const std::ptrdiff_t b = (i - fine.n_before()) / block + blocks.n_before();
    const std::ptrdiff_t first = std::max<std::ptrdiff_t>(b - 1, 0), last = std::min(b + 1, blocks.n() - 1);
    for (std::ptrdiff_t k = first; k <= last; ++k) out[static_cast<std::size_t>(i)] |= marks[static_cast<std::size_t>(k)];
  }
  return out;
}

}  // namespace ressin::robust

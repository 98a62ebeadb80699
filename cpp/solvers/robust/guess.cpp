#include "solvers/robust/guess.hpp"

#include <algorithm>
#include <cmath>

namespace ressin::robust {
namespace {

constexpr double near = 0.99;  // share of the cost
constexpr unsigned char up = 1, down = 2;

std::size_t at(std::ptrdiff_t i) { return static_cast<std::size_t>(i); }

// Events of the drivers of blocks first .. end - 1.
void add_drivers(std::ptrdiff_t first, std::ptrdiff_t end, const std::vector<double>& driver, std::ptrdiff_t block,
                 std::ptrdiff_t before_blocks, std::ptrdiff_t before, std::vector<Event>* events) {
  const auto add = [&](double place) {
    const double sample = (place - static_cast<double>(before_blocks) + 0.5) * static_cast<double>(block) - 0.5;
    const auto i = std::max<std::ptrdiff_t>(before + std::lround(sample), 0);
    if (events->empty() || events->back().sample < i) events->push_back({i, 1.0, 0.0});
  };
  double sum = 0.0, moment = 0.0;
  for (std::ptrdiff_t b = first; b < end; ++b) {
    sum += driver[at(b)], moment += driver[at(b)] * static_cast<double>(b);
  }
  if (end - first <= 2 && sum > 0.0) return add(moment / sum);
  for (std::ptrdiff_t b = first; b < end; ++b) add(static_cast<double>(b));
}

// Between the blocks' middles, at a sample of the signal.
double interpolate(const std::vector<double>& x, std::ptrdiff_t i, std::ptrdiff_t block) {
  const double place = (static_cast<double>(i) + 0.5) / static_cast<double>(block) - 0.5;
  const double inside = std::min(std::max(place, 0.0), static_cast<double>(x.size() - 1));
  const std::size_t left = std::min(static_cast<std::size_t>(inside), x.size() < 2 ? 0 : x.size() - 2);
  const double share = inside - static_cast<double>(left);
  return share > 0.0 ? x[left] + share * (x[left + 1] - x[left]) : x[left];
}

}  // namespace

Found find_events(const Model& model, const Problem& problem, const Forces& forces) {
  const std::ptrdiff_t before = model.n_before();
  Found found{std::vector<unsigned char>(at(model.n()), 0), std::vector<unsigned char>(at(model.n()), 0)};
  for (std::ptrdiff_t i = 0; i < model.n(); ++i) {
    const double alpha = i < before ? problem.alpha_before : problem.alpha[i - before];
    if (forces.response[at(i)] > near * alpha) found.drivers[at(i)] = up;
    if (i < before || i + 1 == model.n()) continue;
    const double push = forces.after[at(i)] * model.dt();
    if (std::abs(push) > near * problem.kappa[i - before]) found.shifts[at(i)] = push > 0.0 ? up : down;
  }
  return found;
}

std::vector<double> fit_of(const Problem& problem, const Parts& parts) {
  std::vector<double> fit(parts.residual.size());
  for (std::size_t i = 0; i < fit.size(); ++i) fit[i] = problem.y[i] - parts.residual[i] - parts.outliers[i];
  return fit;
}

Guess refine(const Coarse& x, const Model& blocks, const Model& fine, std::ptrdiff_t block) {
  Guess guess;
  if (x.fit.empty()) return guess;
  const std::ptrdiff_t n = blocks.n(), before_blocks = blocks.n_before(), before = fine.n_before();
  for (std::ptrdiff_t b = 0; b < n; ++b) {
    std::ptrdiff_t end = b;
    while (end < n && x.found.drivers[at(end)]) ++end;
    if (end > b) add_drivers(b, end, x.driver, block, before_blocks, before, &guess.drivers);
    b = std::max(b, end);
  }
  while (!guess.drivers.empty() && guess.drivers.back().sample >= fine.n()) guess.drivers.pop_back();
  for (std::ptrdiff_t b = before_blocks; b + 1 < n; ++b) {
    const unsigned char way = x.found.shifts[at(b)];
    if (way) guess.shifts.push_back({before + (b - before_blocks + 1) * block - 1, way == up ? 1.0 : -1.0, 0.0});
  }
  for (std::ptrdiff_t i = 0; i < fine.n_signal(); ++i) guess.fit.push_back(interpolate(x.fit, i, block));
  return guess;
}

}  // namespace ressin::robust

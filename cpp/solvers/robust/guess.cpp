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

// Between the blocks' middles, and beyond the first and the last as there, at n samples.
std::vector<double> interpolate(const std::vector<double>& x, std::ptrdiff_t n, std::ptrdiff_t block) {
  std::vector<double> fine(at(n));
  const double per_sample = 1.0 / static_cast<double>(block);
  const auto n_blocks = static_cast<std::ptrdiff_t>(x.size());
  for (std::ptrdiff_t b = -1; b < n_blocks; ++b) {
    const std::ptrdiff_t begin = b < 0 ? 0 : b * block + block / 2, end = std::min((b + 1) * block + block / 2, n);
    const double left = x[at(std::max<std::ptrdiff_t>(b, 0))], slope = x[at(std::min(b + 1, n_blocks - 1))] - left;
    for (std::ptrdiff_t i = begin; i < end; ++i) {
      const double place = (static_cast<double>(i - b * block) + 0.5) * per_sample - 0.5;  // from the block's middle
      fine[at(i)] = left + place * slope;
    }
  }
  return fine;
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
  guess.fit = interpolate(x.fit, fine.n_signal(), block);
  return guess;
}

}  // namespace ressin::robust

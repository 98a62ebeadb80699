#include "solvers/active_set/stretches.hpp"

#include <algorithm>
#include <cmath>

namespace ressin::active_set {
namespace {

constexpr double margin_in_taus = 6.0;         // on either side of a stretch, in the slow time constant
constexpr std::ptrdiff_t margin_in_knots = 3;  // and at least so many knots
constexpr std::ptrdiff_t margins = 16;         // that a stretch holds, so that they cost little
constexpr std::ptrdiff_t least_samples = 4096;
constexpr std::ptrdiff_t least_count = 4;

struct Grid {
  std::ptrdiff_t first, core, margin, count;  // samples; the first cut would lie at first + core
};

Grid grid_of(const Model& m) {
  const std::ptrdiff_t spacing = m.knot_spacing();
  const double slow = std::max(m.settings().tau0, m.settings().tau1) / m.dt();  // samples
  const double knots = std::ceil(std::min(margin_in_taus * slow / static_cast<double>(spacing), static_cast<double>(m.n())));
  const std::ptrdiff_t margin = std::max(margin_in_knots, static_cast<std::ptrdiff_t>(knots)) * spacing;
  const std::ptrdiff_t core = std::max(margins * margin, (least_samples + spacing - 1) / spacing * spacing);
  const std::ptrdiff_t first = m.interval_begin(m.first_interval() + 1) % spacing;
  const std::ptrdiff_t count = std::max<std::ptrdiff_t>(0, (m.n() - first) / core);
  return {first, core, margin, count < least_count ? 0 : count};
}

// The part of a model's shape that lies in [begin, end), with all knots whose bump reaches into it, at rest before it.
std::shared_ptr<const Model> cut_from(const Model& m, std::ptrdiff_t begin, std::ptrdiff_t end) {
  const std::ptrdiff_t reach = 2 * m.knot_spacing() - 2;
  std::ptrdiff_t first = 0, last = m.n_knots();
  while (first < last && m.knot(first) + reach < begin) ++first;
  while (first < last && m.knot(last - 1) - reach >= end) --last;
  ProgramSettings program = m.settings();
  program.revision = Revision::r2025;
  return std::make_shared<const Model>(end - begin, m.dt(), program, m.knot(first) - begin, m.knot_spacing(), last - first);
}

}  // namespace

std::size_t Stretches::count(const Model& model) { return static_cast<std::size_t>(grid_of(model).count); }

Stretches::Stretches(const Model& model, bool weighted) {
  const Grid g = grid_of(model);
  for (std::ptrdiff_t k = 0; k < g.count; ++k) {
    const std::ptrdiff_t from = k == 0 ? model.first_row() : g.first + k * g.core;
    const std::ptrdiff_t to = k + 1 < g.count ? g.first + (k + 1) * g.core : model.n();
    cuts_.push_back({k == 0 ? 0 : from - g.margin, std::min(to + g.margin, model.n()), from, to});
  }
  for (const std::size_t k : {std::size_t{0}, std::size_t{1}, cuts_.size() - 1}) {
    if (cuts_.empty()) break;
    shapes_[k == 0   ? 0
            : k == 1 ? 1
                     : 2] = std::make_shared<const ShapeTables>(cut_from(model, cuts_[k].begin, cuts_[k].end), weighted);
  }
}

void StretchedStart::solve(std::size_t k, const ActiveSetLimits& limits, const ActiveSet::KeepGoing& keep_going) {
  const Stretch& cut = stretches_.at(k);
  Problem part = problem_;
  part.y += cut.begin;
  if (part.weights) part.weights += cut.begin;
  ActiveSet method(stretches_.shape(k), settings_);
  Found& found = found_[k];
  found.gave_up = !method.find_support(part, limits, keep_going, {});
  if (found.gave_up) return;
  method.support(&found.samples, &found.values);
  for (std::ptrdiff_t& i : found.samples) i += cut.begin;
}

bool StretchedStart::is_hopeless() const {
  std::ptrdiff_t left = 0, all = 0;
  for (std::size_t k = 0; k < found_.size(); ++k) {
    const std::ptrdiff_t samples = stretches_.at(k).to - stretches_.at(k).from;
    all += samples;
    if (found_[k].gave_up) left += samples;
  }
  return 2 * left > all;
}

ActiveSet::Start StretchedStart::start() {
  for (std::size_t k = 0; k < found_.size(); ++k) {
    const Found& found = found_[k];
    for (std::size_t e = 0; e < found.samples.size(); ++e) {
      if (found.samples[e] < stretches_.at(k).from || found.samples[e] >= stretches_.at(k).to) continue;
      samples_.push_back(found.samples[e]);
      values_.push_back(found.values[e]);
    }
  }
  ActiveSet::Start start;
  start.samples = &samples_, start.values = &values_;
  return start;
}

}  // namespace ressin::active_set

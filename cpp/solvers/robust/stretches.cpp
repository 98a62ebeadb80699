#include "solvers/robust/stretches.hpp"

#include <algorithm>
#include <cmath>

namespace ressin::robust {
namespace {

constexpr double overlap = 120.0;              // s, at least: a minute of each of two stretches is not used
constexpr std::ptrdiff_t at_a_time = 8;        // stretches fill the lanes of any kernel
constexpr std::ptrdiff_t most = 2400;          // samples that count in a stretch
constexpr std::ptrdiff_t divided_from = 9600;  // shorter signals are one stretch

std::size_t at(std::ptrdiff_t i) { return static_cast<std::size_t>(i); }

}  // namespace

Stretches::Stretches(const Model& whole) : whole_(whole), length_(whole.n_signal()) {
  const std::ptrdiff_t n = whole.n_signal(), spacing = whole.spacing();
  std::ptrdiff_t n_stretches = 1;
  const double shared = std::round(overlap / whole.dt());
  if (n >= divided_from && shared < static_cast<double>(most)) {
    n_stretches = at_a_time * ((n + at_a_time * most - 1) / (at_a_time * most));
    const std::ptrdiff_t apart = (n_stretches - 1) * static_cast<std::ptrdiff_t>(shared);
    const std::ptrdiff_t target = (n + apart + n_stretches - 1) / n_stretches;
    length_ = n - (n - target) / spacing * spacing;  // all begin at a knot
  }
  for (std::ptrdiff_t k = 0; k < n_stretches; ++k) {
    first_.push_back(n_stretches == 1 ? 0 : (n - length_) / spacing * k / (n_stretches - 1) * spacing);
  }
}

std::ptrdiff_t Stretches::begin_of(std::ptrdiff_t k) const {
  if (k == 0) return 0;
  if (k == count()) return whole_.n_signal();
  return (first_[at(k)] + first_[at(k - 1)] + length_) / 2;
}

Request Stretches::part_of(const Request& whole, std::ptrdiff_t k) const {
  Request part = whole;
  Problem& p = part.problem;
  for (const double** x : {&p.y, &p.weights, &p.alpha, &p.delta, &p.kappa}) {
    if (*x) *x += first_[at(k)];
  }
  if (p.stiffness) p.stiffness += first_[at(k)] / whole_.spacing();  // all begin at a knot
  return part;
}

Solution Stretches::join(std::vector<Solution>&& solutions) const {
  if (solutions.size() == 1) return std::move(solutions[0]);
  Solution whole;
  Parts& parts = whole.parts;
  for (auto* x : {&whole.point.driver, &whole.point.steps, &parts.phasic, &parts.shift, &parts.spline})
    x->reserve(at(whole_.n()));
  for (auto* x : {&parts.outliers, &parts.residual}) x->reserve(at(whole_.n_signal()));
  if (!solutions[0].start.empty()) {
    const auto n = at(whole_.n() * n_pairs);
    whole.start.values.reserve(n), whole.start.multipliers.reserve(n);
  }
  for (std::ptrdiff_t k = 0; k < count(); ++k) {
    const Solution& x = solutions[at(k)];
    whole.iterations = std::max(whole.iterations, x.iterations);
    if (k == 0 || x.status != Status::optimal) whole.status = x.status;
    add(x, k, &whole);
  }
  return whole;
}

std::vector<unsigned char> Stretches::join(const std::vector<std::vector<unsigned char>>& marks) const {
  std::vector<unsigned char> whole;
  for (std::ptrdiff_t k = 0; k < count(); ++k) {
    const std::ptrdiff_t before = whole_.n_before(), first = first_[at(k)];
    const auto& from = marks[at(k)];
    whole.insert(whole.end(), from.begin() + (k == 0 ? 0 : before + begin_of(k) - first),
                 from.begin() + before + begin_of(k + 1) - first);
  }
  return whole;
}

void Stretches::add(const Solution& x, std::ptrdiff_t k, Solution* whole) const {
  const std::ptrdiff_t before = whole_.n_before(), begin = begin_of(k) - first_[at(k)], end = begin_of(k + 1) - first_[at(k)];
  const auto append = [&](const std::vector<double>& from, std::vector<double>* to, std::ptrdiff_t lead) {
    to->insert(to->end(), from.begin() + (k == 0 ? 0 : lead + begin), from.begin() + lead + end);
  };
  // the shift goes on from where the last stretch has left it, and its constant to the spline
  const double level = whole->parts.shift.empty() ? 0.0 : whole->parts.shift.back() + whole->point.steps.back();
  const double offset = k == 0 ? 0.0 : x.parts.shift[at(before + begin)] - level;
  append(x.point.driver, &whole->point.driver, before);
  append(x.point.steps, &whole->point.steps, before);
  append(x.parts.phasic, &whole->parts.phasic, before);
  append(x.parts.outliers, &whole->parts.outliers, 0);
  append(x.parts.residual, &whole->parts.residual, 0);
  const std::size_t seen = whole->parts.shift.size();
  append(x.parts.shift, &whole->parts.shift, before);
  append(x.parts.spline, &whole->parts.spline, before);
  for (std::size_t i = seen; i < whole->parts.shift.size(); ++i) {
    whole->parts.shift[i] -= offset;
    whole->parts.spline[i] += offset;
  }
  if (!x.start.empty()) add_start(x.start, k, offset, &whole->start);
}

void Stretches::add_start(const Start& x, std::ptrdiff_t k, double offset, Start* whole) const {
  const std::ptrdiff_t before = whole_.n_before(), begin = begin_of(k) - first_[at(k)], end = begin_of(k + 1) - first_[at(k)];
  for (auto member : {&Start::values, &Start::multipliers}) {
    const auto& from = x.*member;
    (whole->*member)
        .insert((whole->*member).end(), from.begin() + (k == 0 ? 0 : (before + begin) * n_pairs),
                from.begin() + (before + end) * n_pairs);
  }
  // knots up to the last that any sample that counts sees; the next stretch takes over from its first
  const std::ptrdiff_t first_knot = first_[at(k)] / whole_.spacing();
  const std::ptrdiff_t taken = static_cast<std::ptrdiff_t>(whole->spline.size());
  const std::ptrdiff_t last =
      k + 1 == count() ? static_cast<std::ptrdiff_t>(x.spline.size()) : (before + end) / whole_.spacing() + 2;
  for (std::ptrdiff_t j = taken - first_knot; j < last; ++j) {
    whole->spline.push_back(x.spline[at(j)] + offset);
    whole->level_multipliers.push_back(x.level_multipliers[at(j)]);
  }
}

}  // namespace ressin::robust

#include "solvers/active_set/sections.hpp"

#include <algorithm>

namespace ressin::active_set {
namespace {

// Of a section: so few that what is read and written lies in a core's cache, so many that taking one costs next to nothing.
constexpr std::ptrdiff_t least_samples = 8192;

// cut(m) for every interval at which a section begins.
template <class Cut>
void over_cuts(const Tables& t, Cut cut) {
  std::ptrdiff_t before = 0;
  cut(0);
  for (std::ptrdiff_t m = 1; m < t.n_intervals; ++m) {
    const std::ptrdiff_t at = t.begin[m];
    if (at - before < least_samples || t.n - at < least_samples || at <= t.first_row) continue;
    cut(m);
    before = at;
  }
}

}  // namespace

std::size_t Sections::count(const Tables& t) {
  std::size_t count = 0;
  over_cuts(t, [&](std::ptrdiff_t) { ++count; });
  return count;
}

Sections::Sections(const Tables& t) {
  over_cuts(t, [&](std::ptrdiff_t m) {
    if (!sections_.empty()) sections_.back().end = m;
    Section section{};
    section.begin = m, section.end = t.n_intervals;
    sections_.push_back(section);
  });
  if (count() > 1) own_.resize(static_cast<std::size_t>(2 * t.n_intervals));
  constexpr std::ptrdiff_t least_room = 64;
  found_capacity_ = t.n / 4 + least_room * static_cast<std::ptrdiff_t>(count());
  found_.reset(new std::ptrdiff_t[static_cast<std::size_t>(found_capacity_)]);
  std::ptrdiff_t* room = found_.get();
  for (std::size_t k = count(); k-- > 0;) {
    Section& s = sections_[k];
    s.own = own_.empty() ? nullptr : own_.data();
    s.found = {room, 0, (t.begin[s.end] - t.begin[s.begin]) / 4 + least_room};
    room += s.found.capacity;
  }
  blocks_.resize(static_cast<std::size_t>(t.n / block_size) + count());
}

std::size_t Sections::bytes() const {
  return sizeof(Section) * sections_.size() + sizeof(double) * own_.size() + blocks_.size() +
         sizeof(std::ptrdiff_t) * static_cast<std::size_t>(found_capacity_);
}

void Sections::point_to(const Evaluation& whole, const WrittenParts* parts) {
  for (Section& s : sections_) {
    s.sums = whole;
    if (parts) s.parts = *parts;
  }
}

void Sections::join_columns(const Tables& t, Evaluation* whole) {
  whole->at_drift[0] = whole->at_drift[1] = 0.0;
  for (const Section& s : sections_) {
    for (int k = 0; k < 2; ++k) whole->at_drift[k] += s.sums.at_drift[k];
    for (int k = 0; s.begin > 0 && k < 3; ++k) {
      const std::ptrdiff_t j = t.newest_knot + s.begin - 3 + k;
      if (0 <= j && j < t.n_knots) whole->at_knots[j] += s.older[k];
    }
  }
  double a = 0.0, v = 0.0;
  for (std::size_t k = count(); k-- > 0;) {
    Section& s = sections_[k];
    s.adjoint[0] = a, s.adjoint[1] = v;
    for (std::ptrdiff_t m = s.end; k > 0 && m-- > s.begin;) {
      const std::ptrdiff_t length = t.begin[m + 1] - t.begin[m];
      const double p0 = t.psi0[length], p1 = t.psi1[length];
      v = p1 * a + (p0 - t.d * p1) * v + s.own[2 * m + 1];
      a = p0 * a + s.own[2 * m];
    }
  }
}

void Sections::join_measured(Evaluation* whole, WrittenParts* parts) const {
  const Section& first = sections_.front();
  const auto join = [&](double Evaluation::* x) {
    whole->*x = first.sums.*x;
    for (std::size_t k = 1; k < count(); ++k) whole->*x += sections_[k].sums.*x;
  };
  join(&Evaluation::fit);
  whole->largest_phasic = first.sums.largest_phasic;
  for (const Section& s : sections_) whole->largest_phasic = std::max(whole->largest_phasic, s.sums.largest_phasic);
  if (!parts) return;
  for (double Evaluation::* x : {&Evaluation::signal, &Evaluation::size, &Evaluation::ones, &Evaluation::ramp}) join(x);
  *parts = first.parts;
  for (std::size_t k = 1; k < count(); ++k) {
    const WrittenParts& x = sections_[k].parts;
    parts->least_signal = std::min(parts->least_signal, x.least_signal);
    parts->least_tonic = std::min(parts->least_tonic, x.least_tonic);
    parts->largest_tonic = std::max(parts->largest_tonic, x.largest_tonic);
    for (double WrittenParts::* sum : {&WrittenParts::of_phasic, &WrittenParts::of_tonic, &WrittenParts::of_phasic2,
                                       &WrittenParts::of_tonic2, &WrittenParts::both})
      parts->*sum += x.*sum;
  }
}

void Sections::join_projected(Evaluation* whole) const {
  for (double Evaluation::* x : {&Evaluation::uu, &Evaluation::ue, &Evaluation::mismatch}) {
    whole->*x = sections_.front().sums.*x;
    for (std::size_t k = 1; k < count(); ++k) whole->*x += sections_[k].sums.*x;
  }
}

void Sections::join_gradient(Evaluation* whole) const {
  whole->worst = whole->gp = 0.0;
  for (std::size_t k = count(); k-- > 0;) {
    whole->worst = std::min(whole->worst, sections_[k].sums.worst);
    whole->gp += sections_[k].sums.gp;
  }
  for (int k = 0; k < 2; ++k) whole->at_start[k] = sections_.front().sums.at_start[k];
}

Found Sections::found() {
  if (count() == 1) return sections_.front().found;
  Found all{found_.get(), 0, found_capacity_};
  for (std::size_t k = count(); k-- > 0;) {
    const Found& found = sections_[k].found;
    std::copy(found.sample, found.sample + found.count, all.sample + all.count);
    all.count += found.count;
  }
  return all;
}

double Sections::least() const {
  double least = 0.0;
  for (const Section& s : sections_) least = std::min(least, s.least);
  return least;
}

}  // namespace ressin::active_set

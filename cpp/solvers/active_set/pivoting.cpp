#include "solvers/active_set/pivoting.hpp"

#include <algorithm>
#include <limits>

namespace ressin::active_set {
namespace {

constexpr double beyond = 2.0;    // the share of an event that keeps its sign
constexpr double alike = 1e-14;   // shares that differ by less block together
constexpr std::size_t reach = 2;  // of an event's limit, in places

}  // namespace

void Pivoting::clear() {
  sample_.clear();
  value_.clear();
  slot_.clear();
  rows_.clear();
}

Support Pivoting::lay_out(const Tables& t) {
  interval_event_.resize(static_cast<std::size_t>(t.n_intervals + 1));
  std::size_t e = 0;
  for (std::ptrdiff_t m = 0; m < t.n_intervals; ++m) {
    while (e < size() && sample_[e] < t.begin[m]) ++e;
    interval_event_[static_cast<std::size_t>(m)] = static_cast<std::ptrdiff_t>(e);
  }
  interval_event_.back() = static_cast<std::ptrdiff_t>(size());
  return {static_cast<std::ptrdiff_t>(size()), sample_.data(), rows_.data(), slot_.data(), interval_event_.data()};
}

void Pivoting::accept(const double* p) {
  for (std::size_t e = 0; e < size(); ++e) value_[e] = std::max(p[e], 0.0);
}

bool Pivoting::any_not_positive(const double* p) const {
  for (std::size_t e = 0; e < size(); ++e)
    if (!(p[e] > 0.0)) return true;
  return false;
}

std::size_t Pivoting::count_not_positive(const double* p) const {
  std::size_t count = 0;
  for (std::size_t e = 0; e < size(); ++e) count += p[e] > 0.0 ? 0 : 1;
  return count;
}

// How far each event may go towards p before it is zero.
void Pivoting::shares_of(const double* p) {
  share_.assign(size() + 2 * reach, beyond);
  for (std::size_t e = 0; e < size(); ++e) {
    if (p[e] > 0.0) continue;
    share_[e + reach] = value_[e] / std::max(value_[e] - p[e], std::numeric_limits<double>::min());
  }
}

template <class Share>
void Pivoting::step(const double* p, Share share_of) {
  std::size_t kept = 0;
  for (std::size_t e = 0; e < size(); ++e) {
    const double share = share_of(e);
    if (share_[e + reach] <= share + alike) continue;
    sample_[kept] = sample_[e];
    value_[kept] = std::max(value_[e] + std::min(share, 1.0) * (p[e] - value_[e]), 0.0);
    slot_[kept++] = slot_[e];
  }
  sample_.resize(kept);
  value_.resize(kept);
  slot_.resize(kept);
}

void Pivoting::step_by_neighbours(const double* p) {
  shares_of(p);
  const double* s = share_.data();
  step(p, [&](std::size_t e) { return std::min({1.0, s[e], s[e + 1], s[e + 2], s[e + 3], s[e + 4]}); });
}

void Pivoting::step_together(const double* p) {
  shares_of(p);
  const double least = std::min(1.0, *std::min_element(share_.begin(), share_.end()));
  step(p, [&](std::size_t) { return least; });
}

void Pivoting::drop_not_positive(const double* p) {
  std::size_t kept = 0;
  for (std::size_t e = 0; e < size(); ++e) {  // without a branch, which no processor would foresee
    sample_[kept] = sample_[e];
    value_[kept] = value_[e];
    slot_[kept] = slot_[e];
    kept += p[e] > 0.0 ? 1 : 0;
  }
  sample_.resize(kept);
  value_.resize(kept);
  slot_.resize(kept);
}

void Pivoting::remember() {
  remembered_sample_ = sample_;
  remembered_value_ = value_;
  remembered_slot_ = slot_;
}

void Pivoting::go_back() {
  sample_ = remembered_sample_;
  value_ = remembered_value_;
  slot_ = remembered_slot_;
}

}  // namespace ressin::active_set

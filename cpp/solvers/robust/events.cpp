#include "solvers/robust/events.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ressin::robust {
namespace {

constexpr double beyond = 2.0;    // the share of an event that keeps its sign
constexpr double alike = 1e-14;   // shares that differ by less block together
constexpr std::size_t reach = 2;  // of an event's limit, in places

}  // namespace

bool Events::are_positive(const std::vector<double>& found) const {
  return std::all_of(found.begin(), found.end(), [](double x) { return x > 0.0; });
}

void Events::settle(const std::vector<double>& found, double share) {
  merged_.clear();
  auto old = settled_.begin();
  const auto add = [&](std::ptrdiff_t sample, double x) { merged_.push_back({sample, x < 0.0 ? -1.0 : 1.0, std::abs(x)}); };
  const auto add_old = [&](double more) {
    add(old->sample, (1.0 - share) * old->sign * old->value + more);
    ++old;
  };
  for (std::size_t e = 0; e < size(); ++e) {
    const double now = share * events_[e].sign * found[e];
    while (share < 1.0 && old != settled_.end() && old->sample < events_[e].sample) add_old(0.0);
    if (share < 1.0 && old != settled_.end() && old->sample == events_[e].sample) {
      add_old(now);
    } else {
      add(events_[e].sample, now);
    }
  }
  while (share < 1.0 && old != settled_.end()) add_old(0.0);
  events_ = settled_ = merged_;
}

void Events::drop_not_positive(const std::vector<double>& found) {
  std::size_t kept = 0;
  for (std::size_t e = 0; e < size(); ++e) {
    if (found[e] > 0.0) events_[kept++] = events_[e];
  }
  events_.resize(kept);
}

// How far each event may go towards what is found before it is zero.
void Events::find_shares(const std::vector<double>& found) {
  share_.assign(size() + 2 * reach, beyond);
  for (std::size_t e = 0; e < size(); ++e) {
    if (found[e] > 0.0) continue;
    const double value = events_[e].value;
    share_[e + reach] = value / std::max(value - found[e], std::numeric_limits<double>::min());
  }
}

template <class Share>
void Events::step(const std::vector<double>& found, Share share_of) {
  std::size_t kept = 0;
  for (std::size_t e = 0; e < size(); ++e) {
    const double share = share_of(e);
    if (share_[e + reach] <= share + alike) continue;
    Event moved = events_[e];
    moved.value = std::max(moved.value + share * (found[e] - moved.value), 0.0);
    events_[kept++] = moved;
  }
  events_.resize(kept);
}

void Events::step_by_neighbours(const std::vector<double>& found) {
  find_shares(found);
  step(found, [&](std::size_t e) {
    const auto first = share_.begin() + static_cast<std::ptrdiff_t>(e);
    return std::min(1.0, *std::min_element(first, first + 2 * reach + 1));
  });
}

double Events::most_share(const std::vector<double>& found) {
  find_shares(found);
  return std::min(1.0, *std::min_element(share_.begin(), share_.end()));
}

void Events::step_together(const std::vector<double>& found, double share) {
  find_shares(found);
  step(found, [share](std::size_t) { return share; });
}

bool Events::insert(const std::vector<Event>& more) {
  merged_.clear();
  auto next = events_.begin();
  const std::size_t before = size();
  for (const Event& x : more) {
    while (next != events_.end() && next->sample < x.sample) merged_.push_back(*next++);
    if (next == events_.end() || next->sample != x.sample) merged_.push_back(x);
  }
  merged_.insert(merged_.end(), next, events_.end());
  events_.swap(merged_);
  return size() > before;
}

}  // namespace ressin::robust

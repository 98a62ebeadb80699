// The events of the active set, drivers or shifts, and how they come and go.
#pragma once

#include <cstddef>
#include <vector>

namespace ressin::robust {

struct Event {
  std::ptrdiff_t sample;
  double sign;   // of a shift; one for a driver
  double value;  // along the sign, at the last feasible point
};

// In time order.
class Events {
 public:
  void start(std::vector<Event> events) {
    events_ = std::move(events);
    settled_.clear();
  }
  std::size_t size() const { return events_.size(); }
  const Event& operator[](std::size_t e) const { return events_[e]; }
  const std::vector<Event>& all() const { return events_; }

  // In all of these `found` is what a solve has for the events, along their signs.
  bool are_positive(const std::vector<double>& found) const;
  // The point is now a share of the way from the last one that was settled to what is found.
  void settle(const std::vector<double>& found, double share);
  void drop_not_positive(const std::vector<double>& found);
  // Towards what is found as far as signs allow: each event by its own share, limited by those of its neighbours within two
  // places. What reaches zero leaves.
  void step_by_neighbours(const std::vector<double>& found);
  // All by one share: the largest that signs allow, or less.
  double most_share(const std::vector<double>& found);
  void step_together(const std::vector<double>& found, double share);
  // To the last point that was settled.
  void go_back() { events_ = settled_; }

  // Those of `more`, in time order, that are not there; whether there are any.
  bool insert(const std::vector<Event>& more);

 private:
  void find_shares(const std::vector<double>& found);
  template <class Share>
  void step(const std::vector<double>& found, Share share_of);

  std::vector<Event> events_, settled_, merged_;
  std::vector<double> share_;
};

}  // namespace ressin::robust

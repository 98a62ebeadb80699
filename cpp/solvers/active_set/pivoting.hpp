// The support of the active set and how it moves: events in time order, with the values that the last feasible point has there.
#pragma once

#include <cstddef>
#include <numeric>
#include <vector>

#include "solvers/active_set/kernel.hpp"
#include "solvers/for_all.hpp"

namespace ressin::active_set {

class Pivoting {
 public:
  void clear();
  std::size_t size() const { return sample_.size(); }
  std::size_t bytes() const { return sizeof(EventRow) * rows_.capacity(); }  // of the rows, which are most of it
  std::ptrdiff_t sample(std::size_t e) const { return sample_[e]; }
  double value(std::size_t e) const { return value_[e]; }
  EventRow& row(std::size_t e) { return rows_[static_cast<std::size_t>(slot_[e])]; }

  // For a solve: the events of each interval, and room for the point's values.
  Support lay_out(const Tables& tables);

  // Begin with these events, in time order.
  template <class RowAt>
  void start(const std::vector<std::ptrdiff_t>& samples, const std::vector<double>& values, const ForAll& for_all,
             RowAt row_at) {
    sample_ = samples;
    value_ = values;
    slot_.resize(samples.size());
    std::iota(slot_.begin(), slot_.end(), 0);
    if (!for_all) {
      rows_.reserve(samples.size());
      for (const std::ptrdiff_t i : samples) rows_.push_back(row_at(i));
      return;
    }
    rows_.resize(samples.size());
    over_pieces(for_all, static_cast<std::ptrdiff_t>(samples.size()), [&](std::ptrdiff_t begin, std::ptrdiff_t end) {
      for (auto e = static_cast<std::size_t>(begin); e < static_cast<std::size_t>(end); ++e) rows_[e] = row_at(samples[e]);
    });
  }

  // Put in events at `found`, latest first, with value zero; row_at(sample) makes their rows.
  template <class RowAt>
  void insert(const Found& found, RowAt row_at);

  // The solve's values are feasible: they are the point now.
  void accept(const double* p);
  bool any_not_positive(const double* p) const;
  std::size_t count_not_positive(const double* p) const;

  // Towards p as far as signs allow: each event by its own share, limited by those of its neighbours within two places. What
  // reaches zero leaves.
  void step_by_neighbours(const double* p);
  // All events by one share, the largest that signs allow (Lawson and Hanson).
  void step_together(const double* p);
  void drop_not_positive(const double* p);

  void remember();
  void go_back();

 private:
  template <class Share>
  void step(const double* p, Share share_of);
  void shares_of(const double* p);

  std::vector<std::ptrdiff_t> sample_, remembered_sample_, merged_sample_;
  std::vector<double> value_, remembered_value_, merged_value_;
  std::vector<int> slot_, remembered_slot_, merged_slot_;
  std::vector<EventRow> rows_;  // by slot, in the order of arrival
  std::vector<std::ptrdiff_t> interval_event_;
  std::vector<double> share_;
};

template <class RowAt>
void Pivoting::insert(const Found& found, RowAt row_at) {
  const std::size_t total = size() + static_cast<std::size_t>(found.count);
  merged_sample_.resize(total);
  merged_value_.resize(total);
  merged_slot_.resize(total);
  std::size_t e = 0;
  std::ptrdiff_t f = found.count - 1;
  for (std::size_t k = 0; k < total; ++k) {
    if (f >= 0 && (e == size() || found.sample[f] < sample_[e])) {
      merged_sample_[k] = found.sample[f];
      merged_value_[k] = 0.0;
      merged_slot_[k] = static_cast<int>(rows_.size());
      rows_.push_back(row_at(found.sample[f--]));
    } else {
      merged_sample_[k] = sample_[e];
      merged_value_[k] = value_[e];
      merged_slot_[k] = slot_[e++];
    }
  }
  sample_.swap(merged_sample_);
  value_.swap(merged_value_);
  slot_.swap(merged_slot_);
}

}  // namespace ressin::active_set

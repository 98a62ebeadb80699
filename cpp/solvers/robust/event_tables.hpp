// The active set's tables of one shape, and of one signal where it has weights.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "kernel/robust/kernel.hpp"
#include "programme/robust/model.hpp"

namespace ressin::robust {

class EventRows {
 public:
  explicit EventRows(std::shared_ptr<const Model> model);
  EventRows(const EventRows&) = delete;  // the tables point into it
  EventRows& operator=(const EventRows&) = delete;

  // Of a signal without weights.
  const EventTables& plain();
  // (n,) weights, none before the signal; until the next call.
  const EventTables& weighted(const double* weights);

 private:
  struct Rows {
    EventTables tables{};
    std::vector<RowPair> rows;
    std::vector<EventBlock> blocks;  // by phase, or of each interval
    std::vector<const EventBlock*> begin;
    std::vector<Joint> joints;
  };
  void lay_out_decay();
  void lay_out_bumps();
  void lay_out_pulse();
  Rows start(bool by_phase) const;
  void fill_phases();
  const EventTables& with_gaps(const double* weights);
  const EventTables& by_sample(const double* weights);
  static const EventTables& tables_of(Rows* x);

  std::shared_ptr<const Model> model_;
  EventTables common_{};
  std::vector<double> psi_[3], bump_[4];
  Rows phases_, samples_;
  bool is_plain_ = false;  // the joints by phase are those of a signal without weights
};

}  // namespace ressin::robust

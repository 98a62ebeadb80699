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
  // (n,) weights; until the next call.
  const EventTables& weighted(const double* weights);

 private:
  struct Rows {
    EventTables tables{};
    std::vector<RowPair> rows;
    std::vector<EventBlock> blocks;
    std::vector<const EventBlock*> begin;
  };
  void lay_out_decay();
  void lay_out_bumps();
  void lay_out_pulse();
  void fill_plain();
  Rows start(bool by_phase) const;

  std::shared_ptr<const Model> model_;
  EventTables common_{};
  std::vector<double> psi_[3], bump_[4];
  Rows plain_, weighted_;
};

}  // namespace ressin::robust

// A long programme in overlapping stretches of one length, side by side in the lanes: for what settings are read from.
//
// What a solution has at a sample is settled by the minute around it, so each stretch is solved with a minute more on either
// side, and of two stretches that overlap each counts up to the middle. How a signal is divided depends on its length alone.
#pragma once

#include <cstddef>
#include <vector>

#include "programme/robust/model.hpp"
#include "solvers/robust/interior_point.hpp"

namespace ressin::robust {

class Stretches {
 public:
  explicit Stretches(const Model& whole);

  std::ptrdiff_t count() const { return static_cast<std::ptrdiff_t>(first_.size()); }
  std::ptrdiff_t length() const { return length_; }

  Request part_of(const Request& whole, std::ptrdiff_t k) const;
  // Of the solutions of all stretches, each of a Model of `length` samples: the parts, and a start.
  Solution join(std::vector<Solution>&& solutions) const;
  // What stands at the samples of each stretch, the one before its signal included, at those of the whole.
  std::vector<unsigned char> join(const std::vector<std::vector<unsigned char>>& marks) const;

 private:
  void add(const Solution& x, std::ptrdiff_t k, Solution* whole) const;
  void add_start(const Start& x, std::ptrdiff_t k, double offset, Start* whole) const;
  std::ptrdiff_t begin_of(std::ptrdiff_t k) const;  // of what counts

  const Model& whole_;
  std::ptrdiff_t length_;
  std::vector<std::ptrdiff_t> first_;
};

}  // namespace ressin::robust

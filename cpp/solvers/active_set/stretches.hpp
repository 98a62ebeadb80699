// A start for a long signal: its stretches, each solved by itself.
//
// What happens in a signal says nothing about its driver minutes away, but for the baseline, so that the support of a whole day
// is, nearly everywhere, that of its hours. A stretch is solved with more samples on either side than belong to it, for there
// its own beginning and end are felt. It fits the caches, ends its rounds when its own events are found, and is the work of one
// thread; what is left to the whole are the events that a drift of its own or a cut put wrong. Where the cuts lie depends on
// the programme's shape alone.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "solvers/active_set/active_set.hpp"

namespace ressin::active_set {

struct Stretch {
  std::ptrdiff_t begin, end;  // the samples that are solved
  std::ptrdiff_t from, to;    // those whose events are kept
};

// How a shape's signals are cut; shared by all signals of the shape, and by threads.
class Stretches {
 public:
  Stretches(const Model& model, bool weighted);

  std::size_t count() const { return cuts_.size(); }  // 0 where the signal is not long enough
  const Stretch& at(std::size_t k) const { return cuts_[k]; }
  const std::shared_ptr<const ShapeTables>& shape(std::size_t k) const { return shapes_[k == 0 ? 0 : k + 1 < count() ? 1 : 2]; }

  // Into how many a signal of the model's shape is cut, which takes no tables.
  static std::size_t count(const Model& model);

 private:
  std::vector<Stretch> cuts_;
  std::shared_ptr<const ShapeTables> shapes_[3];  // of the first, of those between, of the last
};

// One signal's.
class StretchedStart {
 public:
  StretchedStart(const Stretches& stretches, const Problem& problem, const SolverSettings& settings)
      : stretches_(stretches), problem_(problem), settings_(settings), found_(stretches.count()) {}

  // Different stretches may be solved at one time.
  void solve(std::size_t k, const ActiveSetLimits& limits, const ActiveSet::KeepGoing& keep_going);

  // Whether most of the signal is in stretches that gave up: so will the whole.
  bool is_hopeless() const;
  // What was found, put together; for the whole signal's find().
  ActiveSet::Start start();

 private:
  struct Found {
    std::vector<std::ptrdiff_t> samples;
    std::vector<double> values;
    bool gave_up = true;
  };

  const Stretches& stretches_;
  const Problem& problem_;
  const SolverSettings& settings_;
  std::vector<Found> found_;
  std::vector<std::ptrdiff_t> samples_;
  std::vector<double> values_;
};

}  // namespace ressin::active_set

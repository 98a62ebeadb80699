// A recording's sections, and how what they found is put together: sums in the order of time, found samples latest first.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "solvers/active_set/kernel.hpp"
#include "solvers/for_all.hpp"

namespace ressin::active_set {

class Sections {
 public:
  // Where the cuts lie depends on the shape alone.
  explicit Sections(const Tables& tables);
  static std::size_t count(const Tables& tables);

  std::size_t count() const { return sections_.size(); }
  Section& operator[](std::size_t k) { return sections_[k]; }
  Section* data() { return sections_.data(); }
  std::size_t bytes() const;

  // From now on by several threads; null: by the caller alone.
  void share(ForAll for_all) { for_all_ = std::move(for_all); }
  bool are_shared() const { return for_all_ && count() > 1; }
  const ForAll& for_all() const { return for_all_; }

  // each(section) for all of them; where one thread takes them, the state at a section's end is carried on to the next, or
  // against time to the one before. What several threads take needs its states placed before.
  template <class Each>
  void forwards(Each each) {
    if (are_shared()) return for_all_(count(), [&](std::size_t k) { each(sections_[k]); });
    for (std::size_t k = 0; k < count(); ++k) {
      if (k > 0) copy_state(sections_[k - 1].response_after, sections_[k].response);
      each(sections_[k]);
    }
  }
  template <class Each>
  void backwards(Each each) {
    if (are_shared()) return for_all_(count(), [&](std::size_t k) { each(sections_[count() - 1 - k]); });
    for (std::size_t k = count(); k-- > 0;) {
      if (k + 1 < count()) copy_state(sections_[k + 1].adjoint_before, sections_[k].adjoint);
      each(sections_[k]);
    }
  }

  template <class Each>
  void in_any_order(Each each) {
    if (are_shared()) return for_all_(count(), [&](std::size_t k) { each(sections_[k]); });
    for (Section& s : sections_) each(s);
  }

  // The sections read and write what `whole` points to; their sums are their own.
  void point_to(const Evaluation& whole, const WrittenParts* parts);
  // After a pass that sums along the columns: the rest of B'u, C'u, and R'u's state between sections.
  void join_columns(const Tables& tables, Evaluation* whole);
  void join_measured(Evaluation* whole, WrittenParts* parts) const;
  void join_projected(Evaluation* whole) const;
  void join_gradient(Evaluation* whole) const;
  Found found();  // of all sections, latest first
  double least() const;

  // Of a section's samples, the blocks that are watched.
  unsigned char* blocks_of(const Section& section) { return blocks_.data() + (&section - sections_.data()); }

 private:
  static void copy_state(const double* from, double* to) { to[0] = from[0], to[1] = from[1]; }

  std::vector<Section> sections_;
  std::vector<double> own_;
  std::unique_ptr<std::ptrdiff_t[]> found_;  // room for every section's, the last one's first
  std::ptrdiff_t found_capacity_ = 0;
  std::vector<unsigned char> blocks_;  // no two sections share one
  ForAll for_all_;
};

}  // namespace ressin::active_set

// The active set's tables of one shape, and of one signal where its weights make every sample's row another.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "programme/problem.hpp"
#include "solvers/active_set/kernel.hpp"

namespace ressin::active_set {

// Sum of the squares of the response to one sample's driver, in the kernel's unit, over all time.
double pulse_energy(const Model& model);

// A numeric array with padding for vectors that end beyond it.
class Padded {
 public:
  double* take(std::ptrdiff_t count) {
    numbers_.resize(static_cast<std::size_t>(count + padding));
    return numbers_.data();
  }
  const double* data() const { return numbers_.data(); }
  std::size_t bytes() const { return sizeof(double) * numbers_.capacity(); }

 private:
  std::vector<double> numbers_;
};

// The same for numbers that are all written before they are read: only the padding is set to zero.
class Unfilled {
 public:
  double* take(std::ptrdiff_t count) {
    if (count_ != count) {
      count_ = 0;
      numbers_.reset(new double[static_cast<std::size_t>(count + padding)]);
      std::fill_n(numbers_.get() + count, padding, 0.0);
      count_ = count;
    }
    return numbers_.get();
  }

 private:
  std::unique_ptr<double[]> numbers_;
  std::ptrdiff_t count_ = 0;
};

// What every signal of a shape shares.
class ShapeTables {
 public:
  // `weighted`: the weights are not all one.
  ShapeTables(std::shared_ptr<const Model> model, bool weighted);
  ShapeTables(const ShapeTables&) = delete;
  ShapeTables& operator=(const ShapeTables&) = delete;

  const Model& model() const { return *model_; }
  bool is_weighted() const { return weighted_; }
  std::size_t bytes() const;  // the model's included
  const Tables& tables() const { return tables_; }
  // The free start's rows where they are the same for every signal; the load is the signal's.
  const FreeStart& start() const { return start_; }
  // Whether the proof is the one of the plain programme: weights of one, no free state, drift columns 1 and i.
  bool is_plain() const { return !tables_.varying && tables_.first_row == 0; }

 private:
  struct Tail;  // what a state makes for ever after, of its own and with a column

  void lay_out_intervals();
  void lay_out_powers();
  void lay_out_bumps();
  void lay_out_drift();
  void lay_out_block();
  void lay_out_stationary_rows();
  void lay_out_stationary_gram();

  std::shared_ptr<const Model> model_;
  bool weighted_;
  Tables tables_{};
  FreeStart start_{};
  std::vector<std::ptrdiff_t> begin_;
  Padded psi_[2], back_[2], bump_[4], drift_[2], row_[4];
  std::vector<double> knot_state_, gram_;
};

// The rows of a signal whose samples differ in weight. Fills tables' pointers, the loads and the start.
class SignalRows {
 public:
  // `samples`: those whose rows are wanted, in time order; null for all.
  void fill(const ShapeTables& shape, const Passes& passes, const Problem& problem, double alpha, Tables* tables, Loads* loads,
            const std::vector<std::ptrdiff_t>* samples = nullptr);

 private:
  Padded rows_[3 + n_columns];
  std::vector<double> knot_state_, gram_, knot_;
};

}  // namespace ressin::active_set

// The structured interior point method for the robust programme: O(n) an iteration, signals of one shape in the lanes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "kernel/robust/kernel.hpp"
#include "programme/robust/model.hpp"
#include "solvers/robust/guess.hpp"
#include "solvers/robust/memory.hpp"
#include "solvers/solution.hpp"

namespace ressin::robust {

// A point inside the bounds, near a solution: where a sharper one of the same programme may begin. With other costs, or a
// finer rate, beginning anew takes fewer steps.
struct Start {
  std::vector<float> values, multipliers;         // (n, pairs); the digits of those that are solved for their settings
  std::vector<double> spline, level_multipliers;  // (n_knots,)

  bool empty() const { return values.empty(); }
};

// One signal's programme and what is asked of it. y is of about unit size.
struct Request {
  Problem problem;
  double tol = 1e-8;      // relative gap
  bool certified = true;  // false: the method's own gap will do, and nothing is proved
  int max_iterations = 200;
  const Start* start = nullptr;  // null or empty: begin anew
  bool keep_start = false;       // leave one in the solution
  // (n,) not zero where a sample may be an outlier, and where a shift may come after it, the stretch before the signal
  // included; null or empty: anywhere in the signal. Where one is missing, a proof fails.
  const std::vector<unsigned char>*outliers = nullptr, *shifts = nullptr;
  const Guess* guess = nullptr;  // where the active set begins
};

struct Solution {
  Point point;
  Parts parts;
  Witness witness;
  Evidence evidence;  // empty where it was not asked for
  Status status = Status::failed;
  int iterations = 0;  // of the interior point, or solves of the active set
  bool by_active_set = false;
  Start start;  // empty where it was not asked for
};

// What is to be below the tolerance: the gap, and a tenth of how far the forces exceed their costs.
inline double shortfall(const Evidence& evidence) { return std::max(evidence.relative_gap, 0.1 * evidence.stationarity); }

template <class Real>
class InteriorPointOf {
 public:
  using Next = std::function<const Request*(std::size_t* tag)>;
  using Done = std::function<void(std::size_t tag, Solution&&)>;
  using KeepGoing = std::function<bool()>;

  InteriorPointOf(std::shared_ptr<const Model> model, const KernelOf<Real>& kernel);

  // Solve all that `next` hands out; `done` receives each solution, in order of completion.
  void run(const Next& next, const Done& done, const KeepGoing& keep_going);

  const Model& model() const { return *model_; }
  bool is_twofold() const { return kernel_.numbers == 2; }
  static std::size_t bytes_per_lane(const Model& model);

 private:
  struct Lane {
    const Request* request = nullptr;  // null: no signal, steps of length zero
    std::size_t tag = 0;
    int iterations = 0;
    double zero_objective = 0.0, n_pairs = 0.0;
    double last_gap = 0.0;
    int stalled = 0, unproved = 0;
    double best_gap = 0.0;
    Solution best;
    std::vector<unsigned char> outliers, shifts;  // (n,) as in Request, and nowhere but in the signal
  };

  Real& of_sample(std::ptrdiff_t i, int entry, int lane) {
    return samples_[static_cast<std::size_t>(((i * n_record + entry) * kernel_.lanes + lane) * kernel_.numbers)];
  }
  Real& of_outlier(std::ptrdiff_t i, int entry, int lane) {
    return outliers_[static_cast<std::size_t>(((i * n_outlier_record + entry) * kernel_.lanes + lane) * kernel_.numbers)];
  }
  Real& of_shift(std::ptrdiff_t i, int entry, int lane) {
    return shifts_[static_cast<std::size_t>(((i * n_shift_record + entry) * kernel_.lanes + lane) * kernel_.numbers)];
  }
  Real& of_pair(std::ptrdiff_t i, int entry, int pair, int lane) {
    if (pair == driver) return of_sample(i, entry, lane);
    if (pair <= outlier_down) return of_outlier(i, (pair == outlier_up ? up_pair : down_pair) + entry, lane);
    return of_shift(i, (pair == shift_up ? up_pair : down_pair) + entry, lane);
  }
  Real step_at(std::ptrdiff_t i, int lane) {
    if (!may_shift(lane, i)) return Real{0};
    return of_shift(i, up_pair + value, lane) - of_shift(i, down_pair + value, lane);
  }
  Real& of_knot(std::ptrdiff_t j, int entry, int lane) {
    return knots_[static_cast<std::size_t>(((j * n_knot_record + entry) * kernel_.lanes + lane) * kernel_.numbers)];
  }
  void load(int lane, const Request& request);
  using Marks = std::vector<unsigned char>;
  void find_among(Marks Lane::* marks, Pair up, Marks* among);
  std::size_t size_of(std::ptrdiff_t n, int record) const;
  bool has_pair(int lane, std::ptrdiff_t i, int pair) const {
    return pair == driver || (pair <= outlier_down ? may_be_outlier(lane, i) : may_shift(lane, i));
  }
  template <class Each>
  void for_pairs(int lane, std::ptrdiff_t i, Each each) const {  // each(pair)
    for (int pair = 0; pair < n_pairs; ++pair) {
      if (has_pair(lane, i, pair)) each(pair);
    }
  }
  bool may_be_outlier(int lane, std::ptrdiff_t i) const {
    return lanes_[static_cast<std::size_t>(lane)].outliers[static_cast<std::size_t>(i)] != 0;
  }
  bool may_shift(int lane, std::ptrdiff_t i) const {
    return lanes_[static_cast<std::size_t>(lane)].shifts[static_cast<std::size_t>(i)] != 0;
  }
  void load_marks(int lane, const Request& request);
  void load_samples(int lane, const Problem& problem);
  void begin_anew(int lane, const Problem& problem);
  void begin_from(int lane, const Start& start, double bottom);
  void find_residual(int lane, const Problem& problem);
  Start take_start(int lane);
  double cost_of(std::ptrdiff_t i, int pair, int lane);
  void set_idle(int lane, std::ptrdiff_t i, Pair up);
  void set_pair(int lane, std::ptrdiff_t i, int pair, double x, double product);
  double objective(int lane);
  void choose_step(int lane);
  bool finished(int lane, Solution* solution);
  Solution take_solution(int lane);

  std::shared_ptr<const Model> model_;
  KernelOf<Real> kernel_;
  Shape shape_;
  MemoryOf<Real> samples_, outliers_, shifts_, knots_;
  std::vector<Real> bumps_;
  Marks outlying_, shifting_;
  StateOf<Real> state_;
  std::vector<Lane> lanes_;
};
using InteriorPoint = InteriorPointOf<double>;
using CoarseInteriorPoint = InteriorPointOf<float>;  // where few digits will do: nothing is proved of what it finds

}  // namespace ressin::robust

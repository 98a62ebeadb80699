// What an interior point iteration works on: arrays over the samples of one signal in each lane, and the passes over them.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include <Eigen/Core>

#include "kernel/kernel.hpp"
#include "programme/model.hpp"

namespace ressin {

// The kernel's shape for a model, and what it points to.
//
// Where the start is free, the kernel's drift is C made orthogonal to the free responses S: with [S C] = Q R in blocks,
// S s + C d = S s' + Q_c d' for d = R_cc^-1 d' and s = s' - R_ss^-1 R_sc d.
class KernelLayout {
 public:
  explicit KernelLayout(const Model& model);
  KernelLayout(const KernelLayout&) = delete;
  KernelLayout& operator=(const KernelLayout&) = delete;

  KernelShape shape{};
  std::vector<std::ptrdiff_t> interval_end;
  // drift = drift_from * kernel's; start = kernel's - start_from * drift
  Eigen::Matrix2d drift_from = Eigen::Matrix2d::Identity(), start_from = Eigen::Matrix2d::Zero();

 private:
  void separate_drift(const Model& model);

  std::vector<double> drift_table_;  // where it is not the model's own
};

// Doubles that a lane of a shape takes, and their places in `storage`, which gets as many as it must have.
std::size_t doubles_per_lane(std::ptrdiff_t n, std::ptrdiff_t n_intervals, std::ptrdiff_t n_knots);
void lay_out(const KernelShape& shape, int lanes, std::vector<double>* storage, KernelState* state);

// Samples of a signal that follow each other in one lane.
struct LaneRun {
  const KernelShape* shape;
  KernelState* state;
  int lanes, lane;
  const double* drift;             // (n, 2) of these samples
  std::ptrdiff_t begin = 0;        // the signal's number of the first
  std::ptrdiff_t knots_begin = 0;  // knots before this one belong to the run before as well

  double& operator()(double* x, std::ptrdiff_t i) const { return x[i * lanes + lane]; }

  // Weights (null for ones) and residuals are the run's, from its first sample.
  // Sum of w phi phi' over each interval, phi = (four bumps, two drifts).
  void fill_gram(const double* weights) const;
  // Sum of w e phi over each interval, as the kernel's advance() leaves it.
  void fill_measured(const double* weights, const double* residual) const;
  // 1/2 sum w e^2 + alpha sum p + gamma/2 sum l^2 where the kernel's advance() has arrived.
  double objective() const;
};

class Iterates {
 public:
  virtual ~Iterates() = default;

  virtual const Model& model() const = 0;
  virtual const KernelLayout& layout() const = 0;
  virtual int lanes() const = 0;
  virtual bool weighted() const = 0;
  virtual const std::vector<LaneRun>& runs(int lane) const = 0;  // of the lane's signal, in its order
  virtual KernelState& numbers() = 0;                            // what KernelState has per lane, of the lanes' signals

  virtual bool is_sound() const { return true; }  // false: the steps are not those of the programme

  virtual void start() {}  // a lane has got another signal
  virtual void factor() = 0;
  virtual void predict() = 0;
  virtual void recentre() = 0;
  virtual void correct() = 0;
  virtual void advance() = 0;
};

}  // namespace ressin

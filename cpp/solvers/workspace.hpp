// One shape's tables and the lanes' arrays: the memory that every method on the kernels works in.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include <Eigen/Core>

#include "kernel/kernel.hpp"
#include "programme/model.hpp"

namespace ressin {

class Workspace {
 public:
  // `weighted`: whether any programme has weights other than ones.
  Workspace(std::shared_ptr<const Model> model, const Kernel& kernel, bool weighted);
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  // Bytes that a lane takes.
  static std::size_t bytes_per_lane(const Model& model);

  const Model& model() const { return *model_; }
  int lanes() const { return lanes_; }
  bool weighted() const { return weighted_; }
  // Whether one made with these would be the same.
  bool serves(const Model* model, const Kernel& kernel, bool weighted) const {
    return model_.get() == model && lanes_ == kernel.lanes && weighted_ == weighted;
  }

  double& element(double* x, std::ptrdiff_t i, int lane) const { return x[i * lanes_ + lane]; }

  // Use the memory for the first n <= model().n() samples, with other knots: see KernelShape. A knot stands at sample 0.
  void cut_to(std::ptrdiff_t n, std::ptrdiff_t first_row, std::ptrdiff_t newest_knot, std::ptrdiff_t n_knots);

  // Sum of w phi phi' over each interval, phi = (four bumps, two drifts); no weights stand for ones.
  void fill_gram(int lane, const double* weights);
  // Sum of w e phi over each interval, as the kernel's advance() leaves it.
  void fill_measured(int lane, const double* weights, const double* residual);
  // 1/2 sum w e^2 + alpha sum p + gamma/2 sum l^2 where the kernel's advance() has arrived.
  double objective(int lane) const;

  Passes passes;
  KernelShape shape{};
  KernelState state{};
  // drift = drift_from * kernel's; start = kernel's - start_from * drift
  Eigen::Matrix2d drift_from = Eigen::Matrix2d::Identity(), start_from = Eigen::Matrix2d::Zero();

 private:
  void lay_out_shape();
  void separate_drift();
  void lay_out_state();

  std::shared_ptr<const Model> model_;
  int lanes_;
  bool weighted_;
  std::vector<std::ptrdiff_t> interval_end_;
  std::vector<double> drift_table_, storage_;  // the former only where the drift is separated from the start
};

}  // namespace ressin

// One shape's tables and the lanes' arrays: what every method on the kernels works in.
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

 protected:
  double& element(double* x, std::ptrdiff_t i, int lane) const { return x[i * kernel_.lanes + lane]; }
  void fill_gram(int lane, const double* weights);

  std::shared_ptr<const Model> shared_model_;
  const Model& model_;
  Kernel kernel_;
  Passes passes_;
  bool weighted_;
  KernelShape shape_;
  KernelState state_;
  std::vector<std::ptrdiff_t> interval_end_;
  // drift = drift_from * kernel's; start = kernel's - start_from * drift
  Eigen::Matrix2d drift_from_ = Eigen::Matrix2d::Identity(), start_from_ = Eigen::Matrix2d::Zero();

 private:
  void lay_out_shape();
  void separate_drift();
  void lay_out_state();

  std::vector<double> drift_table_, storage_;  // the former only where the drift is separated from the start
};

}  // namespace ressin

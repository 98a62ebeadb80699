// Signals of one shape side by side, one in each lane: the memory that every method on the kernels works in.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "kernel/kernel.hpp"
#include "programme/model.hpp"
#include "solvers/iterates.hpp"

namespace ressin {

class Workspace : public Iterates {
 public:
  // `weighted`: whether any programme has weights other than ones.
  Workspace(std::shared_ptr<const Model> model, const Kernel& kernel, bool weighted);
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  // Bytes that a lane takes.
  static std::size_t bytes_per_lane(const Model& model);

  const Model& model() const override { return *model_; }
  const KernelLayout& layout() const override { return layout_; }
  int lanes() const override { return lanes_; }
  bool weighted() const override { return weighted_; }
  const std::vector<LaneRun>& runs(int lane) const override { return runs_[static_cast<std::size_t>(lane)]; }
  KernelState& numbers() override { return state_; }
  const KernelShape& shape() const { return layout_.shape; }
  KernelState& state() { return state_; }
  // Whether one made with these would be the same.
  bool serves(const Model* model, const Kernel& kernel, bool weighted) const {
    return model_.get() == model && lanes_ == kernel.lanes && weighted_ == weighted;
  }

  void factor() override { passes_.factor(layout_.shape, state_); }
  void predict() override { passes_.predict(layout_.shape, state_); }
  void recentre() override { passes_.recentre(layout_.shape, state_); }
  void correct() override { passes_.correct(layout_.shape, state_); }
  void advance() override { passes_.advance(layout_.shape, state_); }
  void factor_given() { passes_.factor_given(layout_.shape, state_); }

  double& element(double* x, std::ptrdiff_t i, int lane) const { return x[i * lanes_ + lane]; }

  // Use the memory for the first n <= model().n() samples, with other knots: see KernelShape. A knot stands at sample 0.
  void cut_to(std::ptrdiff_t n, std::ptrdiff_t first_row, std::ptrdiff_t newest_knot, std::ptrdiff_t n_knots);

  // As in LaneRun.
  void fill_gram(int lane, const double* weights) { runs(lane).front().fill_gram(weights); }
  void fill_measured(int lane, const double* weights, const double* residual) {
    runs(lane).front().fill_measured(weights, residual);
  }

 private:
  Passes passes_;
  std::shared_ptr<const Model> model_;
  KernelLayout layout_;
  int lanes_;
  bool weighted_;
  KernelState state_{};
  std::vector<double> storage_;
  std::vector<std::vector<LaneRun>> runs_;
};

}  // namespace ressin

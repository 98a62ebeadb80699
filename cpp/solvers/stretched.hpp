// One long recording in all lanes: the interior point's arrays in stretches of it.
//
// A pass over the samples of one signal is a chain of operations that wait for each other. Here four stretches of the signal go
// through the lanes side by side, as kernel/stretched.hpp says, which takes half the time. A step is that of the whole
// recording up to what the run-in has not forgotten: next to nothing, and the proof is of the whole recording in any case.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "solvers/iterates.hpp"

namespace ressin {

class StretchedWorkspace : public Iterates {
 public:
  // Whether the recording is so long that this pays.
  static bool pays(const Model& model);
  // What the run-in adds to a stretch, as a share of it; above one where stretches do not pay.
  static double share_of_run_in(const Model& model);

  // For a model for which it pays.
  StretchedWorkspace(std::shared_ptr<const Model> model, bool weighted, const KernelPair& pair = kernels());
  StretchedWorkspace(const StretchedWorkspace&) = delete;
  StretchedWorkspace& operator=(const StretchedWorkspace&) = delete;

  const Model& model() const override { return *model_; }
  const KernelLayout& layout() const override { return layout_; }
  int lanes() const override { return 1; }
  bool weighted() const override { return weighted_; }
  const std::vector<LaneRun>& runs(int) const override { return runs_; }
  KernelState& numbers() override { return numbers_; }
  bool is_sound() const override { return is_sound_; }

  void start() override;

  void factor() override { passes_.factor(shape_, state_); }
  void predict() override;
  void recentre() override;
  void correct() override;
  void advance() override;

 private:
  void cut(KernelShape* shape, std::vector<std::ptrdiff_t>* ends, std::ptrdiff_t from, std::ptrdiff_t count);
  void lay_out_middle_drift();
  void gather_step_bounds();

  std::shared_ptr<const Model> model_;
  KernelLayout layout_;
  bool weighted_;
  StretchedPasses passes_;
  StretchedShape shape_{};
  StretchedState state_{};
  KernelState numbers_{};
  bool is_sound_ = true;
  std::array<std::vector<std::ptrdiff_t>, 3> ends_;  // of the parts' intervals
  std::array<std::vector<double>, 3> storage_;       // of the parts
  std::vector<double> middle_drift_;                 // (n, 2, lanes)
  std::vector<LaneRun> runs_;
};

}  // namespace ressin

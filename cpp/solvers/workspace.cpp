#include "solvers/workspace.hpp"

#include <algorithm>
#include <utility>

namespace ressin {

std::size_t Workspace::bytes_per_lane(const Model& model) {
  return doubles_per_lane(model.n(), model.n_intervals(), model.n_knots()) * sizeof(double);
}

Workspace::Workspace(std::shared_ptr<const Model> model, const Kernel& kernel, bool weighted)
    : passes_(weighted ? kernel.weighted : kernel.unweighted),
      model_(std::move(model)),
      layout_(*model_),
      lanes_(kernel.lanes),
      weighted_(weighted) {
  lay_out(shape(), lanes_, &storage_, &state_);
  for (int k = 0; k < lanes_; ++k) {
    runs_.push_back({LaneRun{&layout_.shape, &state_, lanes_, k, shape().drift}});
    if (!weighted_) fill_gram(k, nullptr);
  }
}

void Workspace::cut_to(std::ptrdiff_t n, std::ptrdiff_t first_row, std::ptrdiff_t newest_knot, std::ptrdiff_t n_knots) {
  const std::ptrdiff_t spacing = model_->knot_spacing();
  KernelShape& shape = layout_.shape;
  shape.n = n;
  shape.first_row = first_row;
  shape.n_intervals = (n + spacing - 1) / spacing;
  shape.newest_knot = newest_knot;
  shape.n_knots = n_knots;
  for (std::ptrdiff_t m = 0; m < shape.n_intervals; ++m)
    layout_.interval_end[static_cast<std::size_t>(m)] = std::min(n, (m + 1) * spacing);
}

}  // namespace ressin

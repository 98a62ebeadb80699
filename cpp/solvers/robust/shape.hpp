// A model as the kernels take it.
#pragma once

#include "kernel/robust/kernel.hpp"
#include "programme/robust/model.hpp"

namespace ressin::robust {

// Points into the model.
inline Shape shape_of(const Model& model) {
  const Response& r = model.response();
  return {model.n(), model.spacing(),   model.n_intervals(),         r.z0,
          r.z1,      2.0 + r.z0 + r.z1, (1.0 + r.z1) * (1.0 + r.z1), model.all_bumps().data()};
}

}  // namespace ressin::robust

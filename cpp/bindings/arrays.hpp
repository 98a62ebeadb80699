// Shared by the bindings: NumPy arrays in and out, and the names of the core's enumerations.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstdint>
#include <vector>

#include "solvers/signal.hpp"

using Array = pybind11::array_t<double, pybind11::array::c_style>;
using Integers = pybind11::array_t<std::int64_t, pybind11::array::c_style>;
using Floats = pybind11::array_t<float, pybind11::array::c_style>;

inline Array array_of(const std::vector<double>& x) { return Array(static_cast<pybind11::ssize_t>(x.size()), x.data()); }

// Makes an array read-only: a decomposition's evidence holds only for the samples that it was computed from.
template <class T>
T locked(T array) {
  pybind11::detail::array_proxy(array.ptr())->flags &= ~pybind11::detail::npy_api::NPY_ARRAY_WRITEABLE_;
  return array;
}

inline const char* name(ressin::Status s) {
  switch (s) {
    case ressin::Status::optimal: return "optimal";
    case ressin::Status::inaccurate: return "inaccurate";
    case ressin::Status::max_iterations: return "max_iterations";
    case ressin::Status::insufficient_progress: return "insufficient_progress";
    case ressin::Status::failed: break;
  }
  return "failed";
}

inline const char* name(ressin::SolverKind s) {
  switch (s) {
    case ressin::SolverKind::interior_point: return "interior_point";
    case ressin::SolverKind::active_set: return "active_set";
    case ressin::SolverKind::osqp: return "osqp";
    case ressin::SolverKind::automatic: break;
  }
  return "auto";
}

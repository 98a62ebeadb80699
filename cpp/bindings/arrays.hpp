// Shared by the bindings: NumPy arrays in and out, and the names of the core's enumerations.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "solvers/signal.hpp"

// Contiguous and aligned; what a caller gives otherwise is copied, or refused where it is to be written to.
template <class T>
using Aligned = pybind11::array_t<T, pybind11::array::c_style | pybind11::detail::npy_api::NPY_ARRAY_ALIGNED_>;
using Array = Aligned<double>;
using Integers = Aligned<std::int64_t>;
using Floats = Aligned<float>;
using FloatsToWrite = pybind11::array_t<float, pybind11::array::c_style>;  // to be taken as it is, .noconvert()

// Where to write to; what is misaligned is refused, because a copy would be written to in its place.
inline float* writable(FloatsToWrite& out) {
  if ((out.flags() & pybind11::detail::npy_api::NPY_ARRAY_ALIGNED_) == 0)
    throw std::invalid_argument("the array to write to must be aligned");
  return out.mutable_data();
}

// Refuses an array to write to that shares memory with one that is read while it is written.
inline void require_apart(const pybind11::array& out, const pybind11::array& in) {
  const auto* to = static_cast<const char*>(out.data());
  const auto* from = static_cast<const char*>(in.data());
  if (to < from + in.nbytes() && from < to + out.nbytes())
    throw std::invalid_argument("the array to write to must not overlap what it is made from");
}

// Pixels by which a picture is moved: beyond this it is out of sight in any case.
inline std::ptrdiff_t within_sight(std::int64_t shift) {
  constexpr std::int64_t far = std::int64_t{1} << 31;
  return static_cast<std::ptrdiff_t>(std::clamp(shift, -far, far));
}

inline Array array_of(const std::vector<double>& x) { return Array(static_cast<pybind11::ssize_t>(x.size()), x.data()); }

// The same of numbers that are not needed any more, without copying them.
inline Array array_of(std::vector<double>&& x) {
  auto kept = std::make_unique<std::vector<double>>(std::move(x));
  const pybind11::capsule owner(kept.get(), [](void* numbers) { delete static_cast<std::vector<double>*>(numbers); });
  const std::vector<double>& numbers = *kept.release();
  return Array(static_cast<pybind11::ssize_t>(numbers.size()), numbers.data(), owner);
}

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

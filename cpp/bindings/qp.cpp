// The programme's matrices for Python; values are checked in python/ressin/decomposition/qp.py.
#include <pybind11/eigen.h>
#include <pybind11/stl.h>

#include <optional>
#include <stdexcept>

#include "batch/groups.hpp"
#include "bindings/arrays.hpp"
#include "programme/qp.hpp"

namespace py = pybind11;

namespace {

// P with both triangles; the other matrices as the core makes them.
ressin::QuadraticProgram build_qp(const Array& signal, const std::optional<Array>& weights, double dt,
                                  const ressin::DecomposeSettings& settings) {
  if (signal.ndim() != 1 || signal.size() < 1) throw std::invalid_argument("a signal must be one-dimensional and not empty");
  if (weights && (weights->ndim() != 1 || weights->size() != signal.size())) {
    throw std::invalid_argument("weights must have the signal's length");
  }
  const py::gil_scoped_release release;
  const double* w = weights ? weights->data() : nullptr;
  const ressin::Model model = ressin::make_model(signal.size(), dt, settings, w);
  ressin::QuadraticProgram qp = ressin::make_qp(model, signal.data(), w);
  qp.P = ressin::SparseMatrix(qp.P.selfadjointView<Eigen::Upper>());
  return qp;
}

}  // namespace

void bind_qp(py::module_& m) {
  py::class_<ressin::QuadraticProgram>(m, "QuadraticProgram")
      .def_readonly("P", &ressin::QuadraticProgram::P)
      .def_readonly("q", &ressin::QuadraticProgram::q)
      .def_readonly("A", &ressin::QuadraticProgram::A)
      .def_readonly("l", &ressin::QuadraticProgram::l)
      .def_readonly("u", &ressin::QuadraticProgram::u)
      .def_readonly("constant", &ressin::QuadraticProgram::constant);
  m.def("build_qp", &build_qp, py::arg("signal"), py::arg("weights"), py::arg("dt"), py::arg("settings"));
}

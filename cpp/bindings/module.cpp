// The Python module _core: calls the function of each page that adds its names.
#include <pybind11/pybind11.h>

#include <string>

#include "kernel/kernel.hpp"

namespace py = pybind11;

void bind_decompose(py::module_& m);
void bind_rows(py::module_& m);
void bind_qp(py::module_& m);
void bind_stream(py::module_& m);
void bind_layer(py::module_& m);
void bind_image(py::module_& m);
void bind_pictures(py::module_& m);
void bind_robust(py::module_& m);

PYBIND11_MODULE(_core, m) {
  m.doc() = "Compiled core of ressin";
  m.attr("__version__") = RESSIN_VERSION;
  m.def(
      "instruction_set", [] { return std::string(ressin::kernels().lanes.instruction_set); },
      "Which build of the solver's kernels this machine runs");

  bind_decompose(m);
  bind_rows(m);
  bind_qp(m);
  bind_stream(m);
  bind_layer(m);
  bind_image(m);
  bind_pictures(m);
  bind_robust(m);
}

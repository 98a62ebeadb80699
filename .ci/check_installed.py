"""Check an installed ressin: its version, its licences, what importing it loads, and one decomposition."""

import sys
from importlib import metadata

import numpy as np

import ressin
from ressin import _core

distribution = metadata.distribution("ressin")
assert ressin.__version__ == _core.__version__ == distribution.version, (ressin.__version__, _core.__version__)

heavy = {"pandas", "scipy", "matplotlib", "sklearn", "torch", "tqdm"} & set(sys.modules)
assert not heavy, f"import ressin loads {sorted(heavy)}"

files = [str(file) for file in distribution.files or []]
for name in ("LICENSE", "OSQP-QDLDL-Apache-2.0.txt", "Eigen-MPL-2.0.txt", "pybind11-BSD-3-Clause.txt"):
    assert any("licenses" in file and file.endswith(name) for file in files), f"{name} is not in the wheel"
for name in ("ressin/py.typed", "ressin/_core.pyi", "ressin/pages/templates/recording.html"):
    assert name in files, f"{name} is not in the wheel"
strays = [file for file in files if file.startswith(("tests", "bench", "cpp"))]
assert not strays, f"the wheel holds {strays}"

t = np.arange(0, 60, 0.25)
signal = 5 + 0.01 * t + np.where(t > 20, np.exp(-(t - 20) / 2) - np.exp(-(t - 20) / 0.7), 0)
for solver in ("interior_point", "osqp"):
    result = ressin.decompose(signal, 4.0, solver=solver)
    assert result.converged, result.status
    assert result.is_optimal(), solver
    assert np.allclose(result.phasic + result.tonic + result.residual, signal)
print(f"ressin {ressin.__version__}, kernels for {_core.instruction_set()}: imports, and decomposes with both solvers")

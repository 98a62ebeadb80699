"""cvxEDA and what is learned from it: skin conductance split into phasic and tonic parts, fast and with proof.

Public names are loaded when first used, so that ``import ressin`` stays quick and needs NumPy alone.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from ressin._core import __version__

if TYPE_CHECKING:
    from ressin.bands import Bands, bootstrap_bands
    from ressin.compat import cvxEDA, eda_phasic
    from ressin.cvxeda import decompose, decompose_batch
    from ressin.decomposition import Decomposition
    from ressin.errors import (
        ConvergenceError,
        InvalidInputError,
        MissingExtraError,
        OutputError,
        RecordingError,
        RessinError,
    )
    from ressin.estimator import CvxEDA
    from ressin.events import find_scrs
    from ressin.io import read_recording
    from ressin.qp import QuadraticProgram, build_qp
    from ressin.quality import Quality
    from ressin.recording import Recording
    from ressin.settings import Settings
    from ressin.simulate import simulate_eda
    from ressin.stream import Stream, StreamParts, StreamResult
    from ressin.sweeps import sweep
    from ressin.swept import Sweep
    from ressin.time_constants import TimeConstants, fit_time_constants
    from ressin.windowed import Windows
    from ressin.windows import decompose_windows

_HOMES = {
    "Bands": "bands",
    "ConvergenceError": "errors",
    "CvxEDA": "estimator",
    "Decomposition": "decomposition",
    "InvalidInputError": "errors",
    "MissingExtraError": "errors",
    "OutputError": "errors",
    "QuadraticProgram": "qp",
    "Quality": "quality",
    "Recording": "recording",
    "RecordingError": "errors",
    "RessinError": "errors",
    "Settings": "settings",
    "Stream": "stream",
    "StreamParts": "stream",
    "StreamResult": "stream",
    "Sweep": "swept",
    "TimeConstants": "time_constants",
    "Windows": "windowed",
    "bootstrap_bands": "bands",
    "build_qp": "qp",
    "cvxEDA": "compat",
    "decompose": "cvxeda",
    "decompose_batch": "cvxeda",
    "decompose_windows": "windows",
    "eda_phasic": "compat",
    "find_scrs": "events",
    "fit_time_constants": "time_constants",
    "read_recording": "io",
    "simulate_eda": "simulate",
    "sweep": "sweeps",
}

__all__ = [
    "Bands",
    "ConvergenceError",
    "CvxEDA",
    "Decomposition",
    "InvalidInputError",
    "MissingExtraError",
    "OutputError",
    "QuadraticProgram",
    "Quality",
    "Recording",
    "RecordingError",
    "RessinError",
    "Settings",
    "Stream",
    "StreamParts",
    "StreamResult",
    "Sweep",
    "TimeConstants",
    "Windows",
    "__version__",
    "bootstrap_bands",
    "build_qp",
    "cvxEDA",
    "decompose",
    "decompose_batch",
    "decompose_windows",
    "eda_phasic",
    "find_scrs",
    "fit_time_constants",
    "read_recording",
    "simulate_eda",
    "sweep",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'ressin' has no attribute {name!r}")
    value = getattr(import_module(f"ressin.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)

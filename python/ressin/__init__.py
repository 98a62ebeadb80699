"""cvxEDA with a certificate of optimality: skin conductance split into phasic and tonic part, and models on the parts.

Public names are loaded when first used, so that ``import ressin`` stays quick and needs NumPy alone.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from ressin._core import __version__

if TYPE_CHECKING:
    from ressin.compat import cvxEDA, eda_phasic
    from ressin.decomposition.bands import bootstrap_bands
    from ressin.decomposition.decompose import decompose
    from ressin.decomposition.decompose_batch import decompose_batch
    from ressin.decomposition.decompose_windows import decompose_windows
    from ressin.decomposition.qp import QuadraticProgram, build_qp
    from ressin.decomposition.quality import Quality
    from ressin.decomposition.result import Bands, Decomposition
    from ressin.decomposition.scrs import find_scrs
    from ressin.decomposition.sweep import Sweep, sweep
    from ressin.decomposition.windows import Windows
    from ressin.errors import (
        ConvergenceError,
        InvalidInputError,
        MissingExtraError,
        NotEdaError,
        OutputError,
        QualityWarning,
        RecordingError,
        RessinError,
    )
    from ressin.estimator import CvxEDA
    from ressin.events.averages import align_trials
    from ressin.events.glm import response_estimate
    from ressin.events.study import within_person
    from ressin.events.trials import event_related
    from ressin.intervals.features import features
    from ressin.io import open_recording, read_recording
    from ressin.recording import Channel, Clock, Gap, Marker, Recording
    from ressin.recording_report.page import write_report
    from ressin.settings import Settings
    from ressin.simulation.eda import simulate_eda
    from ressin.simulation.recording import SimulatedRecording, simulate_recording
    from ressin.stream import Stream, StreamParts, StreamResult
    from ressin.time_constants.fit import TimeConstants, fit_time_constants

_HOMES = {
    "Bands": "decomposition.bands",
    "Channel": "recording",
    "Clock": "recording",
    "ConvergenceError": "errors",
    "CvxEDA": "estimator",
    "Decomposition": "decomposition.result",
    "Gap": "recording",
    "InvalidInputError": "errors",
    "Marker": "recording",
    "MissingExtraError": "errors",
    "NotEdaError": "errors",
    "OutputError": "errors",
    "QuadraticProgram": "decomposition.qp",
    "Quality": "decomposition.quality",
    "QualityWarning": "errors",
    "Recording": "recording",
    "RecordingError": "errors",
    "RessinError": "errors",
    "Settings": "settings",
    "SimulatedRecording": "simulation.recording",
    "Stream": "stream",
    "StreamParts": "stream",
    "StreamResult": "stream",
    "Sweep": "decomposition.sweep",
    "TimeConstants": "time_constants.fit",
    "Windows": "decomposition.windows",
    "align_trials": "events.averages",
    "bootstrap_bands": "decomposition.bands",
    "build_qp": "decomposition.qp",
    "cvxEDA": "compat",
    "decompose": "decomposition.decompose",
    "decompose_batch": "decomposition.decompose_batch",
    "decompose_windows": "decomposition.decompose_windows",
    "eda_phasic": "compat",
    "event_related": "events.trials",
    "features": "intervals.features",
    "find_scrs": "decomposition.scrs",
    "fit_time_constants": "time_constants.fit",
    "open_recording": "io",
    "read_recording": "io",
    "response_estimate": "events.glm",
    "simulate_eda": "simulation.eda",
    "simulate_recording": "simulation.recording",
    "sweep": "decomposition.sweep",
    "within_person": "events.study",
    "write_report": "recording_report.page",
}

__all__ = [
    "Bands",
    "Channel",
    "Clock",
    "ConvergenceError",
    "CvxEDA",
    "Decomposition",
    "Gap",
    "InvalidInputError",
    "Marker",
    "MissingExtraError",
    "NotEdaError",
    "OutputError",
    "QuadraticProgram",
    "Quality",
    "QualityWarning",
    "Recording",
    "RecordingError",
    "RessinError",
    "Settings",
    "SimulatedRecording",
    "Stream",
    "StreamParts",
    "StreamResult",
    "Sweep",
    "TimeConstants",
    "Windows",
    "__version__",
    "align_trials",
    "bootstrap_bands",
    "build_qp",
    "cvxEDA",
    "decompose",
    "decompose_batch",
    "decompose_windows",
    "eda_phasic",
    "event_related",
    "features",
    "find_scrs",
    "fit_time_constants",
    "open_recording",
    "read_recording",
    "response_estimate",
    "simulate_eda",
    "simulate_recording",
    "sweep",
    "within_person",
    "write_report",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'ressin' has no attribute {name!r}")
    value = getattr(import_module(f"ressin.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)

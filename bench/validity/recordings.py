"""The real recordings: the folder that RESSIN_EDA_DIR names, and Empatica sessions below RESSIN_LABELLED_DIR."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tests.signals import RECORDINGS, eda_folder, read

Array = NDArray[np.float64]
UNSET = "RESSIN_EDA_DIR and RESSIN_LABELLED_DIR are not set: no real recordings.\n"


@dataclass(frozen=True)
class Real:
    """One real recording."""

    name: str
    signal: Array
    sampling_rate: float
    microsiemens: bool


def all_recordings() -> list[Real]:
    """Read every real recording there is."""
    found = []
    folder = eda_folder()
    if folder is not None:
        for source in RECORDINGS:
            signal, rate = read(source, folder)
            found.append(Real(source.name, signal, rate, not source.path.startswith("pmemo")))
    labelled = os.environ.get("RESSIN_LABELLED_DIR")
    if labelled:
        found += [_empatica(path) for path in sorted(Path(labelled).rglob("EDA.csv"))]
    return found


def _empatica(path: Path) -> Real:
    lines = np.loadtxt(path)
    return Real(f"{path.parent.parent.name}/{path.parent.name}", lines[2:], float(lines[1]), True)


def noise_of(signal: Array, rate: float) -> float:
    """Estimate the noise without a method: median of the second differences, not below what rounding makes."""
    steps = np.diff(np.unique(signal))
    quantum = float(steps[steps > 1e-9 * np.ptp(signal)].min()) if steps.size and np.ptp(signal) > 0 else 0.0
    second = np.abs(np.diff(signal, 2))
    return max(float(np.median(second)) / 0.6745 / np.sqrt(6.0), quantum / np.sqrt(12.0))

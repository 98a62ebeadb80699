"""Signals to decompose: simulated ones at any rate, and the real recordings of the folder that RESSIN_EDA_DIR names."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

Signal = npt.NDArray[np.float64]

NO_RECORDINGS = "RESSIN_EDA_DIR is not set to the folder of real recordings"
NO_LABELLED = "RESSIN_LABELLED_DIR is not set to the folder of labelled recordings"


@dataclass(frozen=True)
class Source:
    """Where one real recording lies."""

    path: str
    column: str | None  # None: Empatica E4, whose second line is the rate
    sampling_rate: float | None = None  # Hz; None: from the time column or the E4 header

    @property
    def name(self) -> str:
        return f"{self.path}:{self.column}" if self.column else self.path


PMEMO_COLUMNS = {
    "108": ("group_mean", "100083", "100081", "100085", "100087"),
    "372": ("group_mean", "100185", "110414", "100187", "200440"),
    "634": ("group_mean", "200376", "100204", "100206", "100202"),
    "683": ("group_mean", "100445", "100196", "110423", "100194"),
}
RECORDINGS = (
    Source("neurokit/bio_resting_8min_100hz.csv", "EDA", 100.0),
    Source("pypsy/eda.csv", "eda", 50.0),
    Source("empatica_e4/EDA.csv", None),
    Source("empatica_e4_flat/EDA.csv", None),
    *(Source(f"pmemo_web/{song}_eda_z.csv", c) for song, columns in PMEMO_COLUMNS.items() for c in columns),
)


def eda_folder() -> Path | None:
    """Return the folder of real recordings, or None where the variable is not set."""
    folder = os.environ.get("RESSIN_EDA_DIR")
    return Path(folder) if folder else None


def labelled_folder() -> Path | None:
    """Return the folder of labelled recordings, or None where the variable is not set."""
    folder = os.environ.get("RESSIN_LABELLED_DIR")
    return Path(folder) if folder else None


def read(source: Source, folder: Path) -> tuple[Signal, float]:
    """Return a recording and its sampling rate in Hz, read without the package under test."""
    path = folder / source.path
    if source.column is None:
        lines = np.loadtxt(path)
        return lines[2:], float(lines[1])
    table = pd.read_csv(path)
    signal = table[source.column].to_numpy(dtype=float)
    if source.sampling_rate is not None:
        return signal, source.sampling_rate
    time = table["time(s)"].to_numpy(dtype=float)
    return signal, float((time.size - 1) / (time[-1] - time[0]))


def simulate(sampling_rate: float, duration: float, seed: int = 0, noise: float = 0.01) -> Signal:
    """Return Bateman responses at random times on a slow tonic wave with a slope, plus white noise (microsiemens)."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(duration * sampling_rate)) / sampling_rate
    signal = 5.0 + 0.5 * np.sin(2 * np.pi * t / 60 + rng.uniform(0, 6)) - 0.005 * t
    for onset in rng.uniform(1, duration, max(1, int(duration / 6))):
        reach = slice(int(np.ceil(onset * sampling_rate)), int((onset + 60) * sampling_rate))  # 60 s: decayed to 1e-13
        since = t[reach] - onset
        signal[reach] += rng.uniform(0.2, 2.0) * (np.exp(-since / 2.0) - np.exp(-since / 0.7))
    return np.asarray(signal + noise * rng.standard_normal(t.size))


def zscore(signal: Signal) -> Signal:
    """Return the signal with mean 0 and (population) standard deviation 1."""
    return np.asarray((signal - signal.mean()) / signal.std())

"""Recordings put together again from the windows that were cut out of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ressin.data.samples.labelled import LabelledData
from ressin.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]


@dataclass(frozen=True)
class _AllValid:
    """Every sample counts: what could not be used was left out when the recording was prepared."""

    valid: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Piece:
    """A stretch of a file that samples cover without a break, as `ressin.intervals.features.features` takes it.

    Attributes
    ----------
    samples
        Which samples of the data lie in it.
    start, end
        (n_samples,) where each begins and ends in it, seconds.
    signal, phasic, tonic, driver
        (n,) in the recording's unit; the driver per second.
    sampling_rate
        Hz.
    settings
        Where the time constants stand.
    """

    samples: NDArray[np.int64]
    start: Array
    end: Array
    signal: Array
    phasic: Array
    tonic: Array
    driver: Array
    sampling_rate: float
    settings: Settings
    weights: None = None
    bands: None = None

    @property
    def residual(self) -> Array:
        """What neither phasic nor tonic part explain."""
        return self.signal - self.phasic - self.tonic

    @property
    def validity(self) -> _AllValid:
        """All of it."""
        return _AllValid(np.ones(self.signal.size, np.bool_))

    @property
    def intervals(self) -> pd.DataFrame:
        """The samples as a table of intervals."""
        import pandas as pd

        return pd.DataFrame({"start": self.start, "end": self.end})


def pieces_of(data: LabelledData) -> Iterator[Piece]:
    """Put samples of one file together where they overlap and agree; each other sample is a piece of its own."""
    settings = _settings(data)
    for rows in _by_file(data):
        rate = float(data.sampling_rates()[rows[0]])
        first = _first(data, rows, rate)
        waiting: list[int] = []
        channels = np.zeros((3, 0), np.float32)
        for k, row in enumerate(rows):
            own = np.asarray(data.measured.recording(int(data.place[row])))
            shared = first[waiting[0]] + channels.shape[1] - first[k] if waiting else 0
            both = min(shared, own.shape[1])
            at = first[k] - first[waiting[0]] if waiting else 0
            if shared > 0 and np.array_equal(channels[:, at : at + both], own[:, :both]):
                channels = np.concatenate([channels, own[:, both:]], axis=1)
                waiting.append(k)
                continue
            if waiting:
                yield _piece(data, rows, first, waiting, channels, rate, settings)
            waiting, channels = [k], own
        yield _piece(data, rows, first, waiting, channels, rate, settings)


def _by_file(data: LabelledData) -> Iterator[NDArray[np.int64]]:
    """Give the samples of each file and rate in order of start; those whose start is not known one by one."""
    key = np.array([f"{file}\n{rate!r}" for file, rate in zip(data.file, data.sampling_rates(), strict=True)])
    _, code = np.unique(key, return_inverse=True)
    known = np.isfinite(data.start)
    order = np.lexsort((data.start, code))
    order = order[known[order]]
    edges = np.flatnonzero(np.diff(code[order])) + 1
    yield from (rows for rows in np.split(order, edges) if len(rows))
    yield from (np.array([row]) for row in np.flatnonzero(~known))


def _first(data: LabelledData, rows: NDArray[np.int64], rate: float) -> NDArray[np.int64]:
    """Place of each sample's first value in its file."""
    return np.round(np.nan_to_num(data.start[rows]) * rate).astype(np.int64)


def _piece(
    data: LabelledData,
    rows: NDArray[np.int64],
    first: NDArray[np.int64],
    chosen: list[int],
    channels: NDArray[np.float32],
    rate: float,
    settings: Settings,
) -> Piece:
    signal, phasic, tonic = channels.astype(np.float64)
    start = (first[chosen] - first[chosen[0]]) / rate
    samples = rows[chosen]
    end = start + data.signals.lengths()[data.place[samples]] / rate
    driver = driver_of(phasic, rate, settings.tau0, settings.tau1)
    return Piece(samples, start, end, signal, phasic, tonic, driver, rate, settings)


def _settings(data: LabelledData) -> Settings:
    if data.preparation is None:
        return Settings()
    choice = data.preparation.decomposition
    return Settings(tau0=choice.tau0, tau1=choice.tau1)


def driver_of(phasic: Array, sampling_rate: float, tau0: float, tau1: float) -> Array:
    """Find the driver of a phasic part, averaged over three samples with the weights 1, 2, 1.

    Parameters
    ----------
    phasic
        (n,), which may begin within a recording.
    sampling_rate
        Hz.
    tau0, tau1
        Time constants in seconds.

    Returns
    -------
    ndarray
        (n,), >= 0, in the unit of the phasic part per second; the first and the last value are those beside them.

    Notes
    -----
    The bilinear form of the Bateman function's differential equation, as in the decomposition's A.
    """
    if phasic.size < 3:
        return np.zeros_like(phasic)
    dt, slow, fast = 1.0 / sampling_rate, 1.0 / max(tau0, tau1), 1.0 / min(tau0, tau1)
    ar = np.convolve([slow * dt + 2.0, slow * dt - 2.0], [fast * dt + 2.0, fast * dt - 2.0])
    scale = (fast - slow if fast > slow else slow) * dt * dt
    inside = np.convolve(phasic, ar, mode="valid") / (4.0 * scale)
    return np.maximum(np.pad(inside, 1, mode="edge"), 0.0)

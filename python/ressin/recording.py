"""A recording: samples of skin conductance at a fixed rate, and where they came from."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ressin.errors import RecordingError


@dataclass(frozen=True, eq=False)
class Recording:
    """One signal as it was read, with its rate and what was found out about it.

    Attributes
    ----------
    signal
        Samples, shape (n_samples,), float64, in `unit`; NaN where a sample is missing.
    sampling_rate
        Samples per second (Hz), > 0.
    name
        Short name for tables and output files, such as the file name without its suffix.
    unit
        Unit of the samples, ``"uS"`` (microsiemens) unless the source says otherwise.
    start_time
        Time of the first sample in seconds since 1970-01-01 UTC, or None where the source does not tell.
    notes
        What was detected rather than given (column, rate, separator, encoding ...), one sentence each.

    Raises
    ------
    RecordingError
        If the signal is not a one-dimensional float64 array or the rate is not a positive finite number.
    """

    signal: NDArray[np.float64]
    sampling_rate: float
    name: str = ""
    unit: str = "uS"
    start_time: float | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.signal.ndim != 1 or self.signal.dtype != np.float64:
            raise RecordingError(
                f"a recording's signal is a one-dimensional float64 array, not {self.signal.ndim}-dimensional "
                f"{self.signal.dtype}"
            )
        if not (math.isfinite(self.sampling_rate) and self.sampling_rate > 0):
            raise RecordingError(f"a recording's sampling_rate is a positive number of Hz, not {self.sampling_rate!r}")

    @property
    def n_samples(self) -> int:
        """Number of samples."""
        return int(self.signal.size)

    @property
    def duration(self) -> float:
        """Seconds from the first sample to one interval after the last: n_samples / sampling_rate."""
        return self.n_samples / self.sampling_rate

    @property
    def time(self) -> NDArray[np.float64]:
        """Time of each sample in seconds after the first, shape (n_samples,)."""
        return np.arange(self.n_samples) / self.sampling_rate

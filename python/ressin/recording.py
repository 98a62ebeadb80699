"""What a file of physiological signals holds: its skin conductance, all its channels, its clock and its markers."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ressin.errors import RecordingError


@dataclass(frozen=True, eq=False)
class Channel:
    """One named signal of a file.

    Attributes
    ----------
    name
        As the file has it; its number, from 1, where it has none.
    unit
        As the file states it, in the usual spelling (``"uS"``, ``"kOhm"``); ``""`` where it does not.
    sampling_rate
        Samples per second (Hz); None where the file does not tell.
    values
        Samples, shape (n_samples,), float64, read-only, in `unit`; NaN where one is missing. Empty for a column of
        text.
    """

    name: str
    unit: str = ""
    sampling_rate: float | None = None
    values: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0), repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", _read_only(self.values))


@dataclass(frozen=True)
class Gap:
    """Samples that are missing because the clock jumps.

    Attributes
    ----------
    first
        Index of the first missing sample.
    n_samples
        How many are missing.
    """

    first: int
    n_samples: int


@dataclass(frozen=True)
class Clock:
    """When the samples were taken.

    Attributes
    ----------
    source
        Where the rate is from: ``"column 'time'"``, ``"the file"``, ``"given"``; ``""`` where there is none.
    start_time
        Time of the first sample in seconds after `origin`; None where the file does not tell.
    origin
        What `start_time` counts from: 1970-01-01 UTC unless the format has another zero, as BIDS has.
    gaps
        Where samples are missing because the clock jumps; they are NaN in the signal.
    jitter
        Largest deviation of a time from the even grid, in samples.
    begins
        The first sample's time by the file's own times, in seconds, where those count from elsewhere than 1970 (the
        device's start, midnight) and do not begin at zero; else None.
    """

    source: str = ""
    start_time: float | None = None
    origin: str = "1970-01-01 UTC"
    gaps: tuple[Gap, ...] = ()
    jitter: float = 0.0
    begins: float | None = None


@dataclass(frozen=True)
class Marker:
    """An event that a file marks.

    Attributes
    ----------
    time
        Seconds after the first sample.
    label
        What the file calls it.
    """

    time: float
    label: str


@dataclass(frozen=True, eq=False)
class Recording:
    """A recording as it was read: the skin conductance, everything else in the file, and what was found out about it.

    Attributes
    ----------
    signal
        Samples of the skin conductance, shape (n_samples,), float64, read-only, in `unit`; NaN where one is missing.
    sampling_rate
        Samples per second (Hz), > 0.
    name
        Short name for tables and output files, such as the file name without its suffix.
    unit
        Unit of the samples: ``"uS"`` (microsiemens), another where the caller asked for it, and ``""`` where the file
        does not state one: the unit is unknown, and thresholds in microsiemens mean nothing.
    start_time
        Time of the first sample in seconds after the clock's `origin`, which is 1970-01-01 UTC unless the format has
        another; None where the source does not tell.
    notes
        What was decided (column, rate, unit, separator, encoding ...), one sentence each.
    channels
        All the channels of the file, the one of the skin conductance among them, as the file has them.
    clock
        Where the rate is from, gaps, jitter.
    markers
        Events that the file marks, in order of time.
    device, layout
        What wrote the file, as far as it tells, and the name of the layout by which it was read.
    warnings
        Notes that a person should see: values that are no skin conductance in microsiemens, a very short recording.
    refusal
        Why no skin conductance could be taken, with the remedy; ``""`` where it was. Then `signal` is empty and
        `sampling_rate` is NaN (only `ressin.open_recording` returns such a recording).
    temperature
        Temperature of the skin in degrees Celsius at the samples of `signal`, shape (n_samples,), float64, read-only,
        NaN where it is not known; None where the file has none. `ressin.Decomposition.with_temperature` lets the
        validity of a decomposition go by it.

    Raises
    ------
    RecordingError
        If the signal is not a one-dimensional float64 array, the temperature is not one of its shape, or the rate is
        not a positive finite number.
    """

    signal: NDArray[np.float64]
    sampling_rate: float
    name: str = ""
    unit: str = "uS"
    start_time: float | None = None
    notes: tuple[str, ...] = ()
    channels: tuple[Channel, ...] = ()
    clock: Clock = Clock()
    markers: tuple[Marker, ...] = ()
    device: str = ""
    layout: str = ""
    warnings: tuple[str, ...] = ()
    refusal: str = ""
    temperature: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        if self.signal.ndim != 1 or self.signal.dtype != np.float64:
            raise RecordingError(
                f"a recording's signal is a one-dimensional float64 array, not {self.signal.ndim}-dimensional "
                f"{self.signal.dtype}"
            )
        positive = math.isfinite(self.sampling_rate) and self.sampling_rate > 0
        if not (positive or (self.refusal and self.signal.size == 0)):
            raise RecordingError(f"a recording's sampling_rate is a positive number of Hz, not {self.sampling_rate!r}")
        object.__setattr__(self, "signal", _read_only(self.signal))
        if self.temperature is not None:
            if self.temperature.shape != self.signal.shape or self.temperature.dtype != np.float64:
                raise RecordingError(
                    f"a recording's temperature is float64 of the signal's shape {self.signal.shape}, not "
                    f"{self.temperature.dtype} of shape {self.temperature.shape}"
                )
            object.__setattr__(self, "temperature", _read_only(self.temperature))

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


def _read_only(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a view that cannot be written to; the caller's own array stays as it is."""
    view = values.view()
    view.flags.writeable = False
    return view

"""The samples a stream holds, whatever the programme on them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ressin.stream.result import StreamParts

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Solved:
    """The window's parts in the signal's unit, (n,), and how its programme was solved."""

    parts: StreamParts
    status: str
    iterations: int
    relative_gap: float
    stationarity: float

    def between(self, first: int, last: int) -> StreamParts:
        """Return the parts of samples first <= i < last of the window."""
        return self.parts.between(first, last)

    def without(self, n_oldest: int) -> Solved:
        """Return what is left when the window lets its oldest samples go."""
        return replace(self, parts=self.between(n_oldest, len(self.parts)))


class Held:
    """The newest samples, from a knot on: at most `capacity`, in arrays that are made once.

    Attributes
    ----------
    begin
        Number of the first sample held, counted from the recording's first; a multiple of the knot spacing.
    n
        How many samples are held.
    spacing
        Samples from knot to knot, which the window lets go at a time.
    """

    def __init__(self, capacity: int, spacing: int) -> None:
        self.capacity = capacity
        self.spacing = spacing
        self.begin = 0
        self.n = 0
        self._signal = np.empty(capacity)
        self._time = np.empty(capacity)

    @property
    def signal(self) -> Array:
        """The samples, (n,), NaN where one is missing."""
        return self._signal[: self.n]

    @property
    def time(self) -> Array:
        """Their times in seconds, (n,)."""
        return self._time[: self.n]

    def append(self, signal: Array, time: Array) -> None:
        """Take samples at the end; there must be room for them."""
        end = self.n + signal.size
        self._signal[self.n : end] = signal
        self._time[self.n : end] = time
        self.n = end

    def unsolved(self, first_index: int) -> StreamParts:
        """Return the samples with NaN for their parts: too few for a programme."""
        unknown = np.full(self.n, np.nan)
        index = np.arange(first_index, first_index + self.n)
        return StreamParts(index, self.time.copy(), self.signal.copy(), *[unknown] * 6)

    def forget(self) -> None:
        """Let all samples go."""
        self.begin = self.n = 0

    def drop_oldest(self) -> None:
        """Let the oldest knot spacing of samples go."""
        out = self.spacing
        for held in (self._signal, self._time):
            held[: self.n - out] = held[out : self.n].copy()
        self.begin += out
        self.n -= out

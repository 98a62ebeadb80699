"""The results of a stream."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class StreamParts:
    """Consecutive samples of a stream and their parts; arrays have shape (n_samples,).

    Attributes
    ----------
    index
        Number of each sample, int64, from 0 at the stream's first; samples that a gap of the clock swallowed count.
    time
        Seconds: the clock of `push` where it is given, else index / sampling_rate.
    signal
        As it was pushed, NaN where it is missing.
    phasic, tonic
        In the signal's unit; defined where the signal is missing too.
    driver
        The driver p >= 0 of the phasic part.
    residual
        signal - phasic - tonic - outliers, NaN where the signal is missing.
    outliers, shifts
        Of the robust programme, in the signal's unit; the tonic part includes the shifts, which count from the
        recording's first sample. Zeros for cvxEDA's.
    """

    index: NDArray[np.int64]
    time: NDArray[np.float64]
    signal: NDArray[np.float64]
    phasic: NDArray[np.float64]
    tonic: NDArray[np.float64]
    driver: NDArray[np.float64]
    residual: NDArray[np.float64]
    outliers: NDArray[np.float64]
    shifts: NDArray[np.float64]

    def __len__(self) -> int:
        return self.index.size

    def since(self, time: float) -> StreamParts:
        """Return the samples from a time in seconds on."""
        from_ = int(np.searchsorted(self.time, time))
        return self.between(from_, len(self))

    def between(self, first: int, last: int) -> StreamParts:
        """Return the samples first <= i < last of these."""
        cut = slice(first, last)
        return StreamParts(
            self.index[cut],
            self.time[cut],
            self.signal[cut],
            self.phasic[cut],
            self.tonic[cut],
            self.driver[cut],
            self.residual[cut],
            self.outliers[cut],
            self.shifts[cut],
        )

    @classmethod
    def join(cls, pieces: Sequence[StreamParts]) -> StreamParts:
        """Return the pieces one after another; of none, parts without samples."""
        if len(pieces) == 1:
            return pieces[0]
        if not pieces:
            return cls(np.empty(0, np.int64), *[np.empty(0)] * (len(_PARTS) - 1))
        return cls(*[np.concatenate([getattr(piece, name) for piece in pieces]) for name in _PARTS])


_PARTS = tuple(field.name for field in fields(StreamParts))


@dataclass(frozen=True, eq=False)
class StreamResult:
    """The result of one push.

    Attributes
    ----------
    final
        Samples that became older than the lag: their parts will not be given again. No sample is left out or given
        twice.
    provisional
        The samples since, up to the newest: their parts will change with what comes.
    mean, deviation
        What the programme's signal is standardised with, in the signal's unit: given, or of the samples so far. The
        robust programme does without.
    status
        "optimal"; or with ``errors="return"`` the worst status of this push's programmes: "inaccurate",
        "max_iterations", "insufficient_progress" or "failed", which mean what they do in `Decomposition`. "waiting"
        where there are too few samples to begin with.
    iterations
        Newton steps of the push's programmes together.
    relative_gap, stationarity
        Evidence of the newest programme: the sum of driver times multiplier relative to the objective, and the
        largest violation of the multipliers' signs and of the coefficients' gradients, relative to their size. For the
        robust programme as in `Decomposition`.
    noise, smallest_response
        Deviation of the noise so far, and the smallest response that the robust programme believed in the newest
        programme, in the signal's unit; None for cvxEDA's, and where nothing was solved.
    """

    final: StreamParts
    provisional: StreamParts
    mean: float
    deviation: float
    status: str
    iterations: int
    relative_gap: float
    stationarity: float
    noise: float | None = None
    smallest_response: float | None = None

    @property
    def converged(self) -> bool:
        """Whether no programme failed to reach its tolerance."""
        return self.status in ("optimal", "waiting")

"""Where on the even grid of a clock samples belong that arrive one after the other."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ressin.errors import RecordingError
from ressin.io.gaps import LONG_GAP
from ressin.io.grid import find_grid

_AHEAD = 8  # samples behind a long step that show whether the clock stays late: then samples are missing
_SECONDS, _SAMPLES = 10.0, 64  # of the past that new times are seen with: both at least
_HALF_DAY = 43_200.0

Array = NDArray[np.float64]


class Places:
    """Puts samples on an even grid by their times, as `find_grid` puts those of a whole file.

    Parameters
    ----------
    source
        For messages.
    sampling_rate
        Hz.
    """

    def __init__(self, source: str, sampling_rate: float) -> None:
        self._source, self._rate = source, sampling_rate
        self._past: Array = np.empty(0)  # times that have their places
        self._times: Array = np.empty(0)  # and those that do not yet
        self._signal: Array = np.empty(0)
        self._place = -1  # of the last sample that has one
        self._origin = math.nan  # s, of place 0
        self._count = 0
        self._failed: RecordingError | None = None

    def take(self, signal: Array, times: Array, is_last: bool) -> tuple[Array, Array]:
        """Return samples on the grid, NaN where one is missing, and their times in seconds.

        Samples behind a step that may be a gap wait for those that follow, unless none will. Where the clock jumps by
        more than `LONG_GAP`, the times do, and nothing is put in between.

        Raises
        ------
        RecordingError
            A time falls or is doubled, or the rate changes. Samples before it are returned first, and the next call
            raises.
        """
        if self._failed is not None:
            raise self._failed
        self._times = np.concatenate([self._times, self._over_midnight(times)])
        self._signal = np.concatenate([self._signal, signal])
        pieces = [(np.empty(0), np.empty(0))]
        while self._times.size and self._failed is None:
            n = self._stretch()
            whole = is_last or n < self._times.size
            piece = self._place_all(n, whole)
            if not piece[0].size and not (whole and self._failed is None):
                break
            pieces.append(piece)
            if not whole:
                break
        if self._failed is not None and not any(piece.size for piece, _ in pieces):
            raise self._failed
        grid, seconds = zip(*pieces, strict=True)
        return np.concatenate(grid), np.concatenate(seconds)

    def _over_midnight(self, times: Array) -> Array:
        """Add the days by which times of day fall behind the one before."""
        known = self._times if self._times.size else self._past
        if not times.size or not known.size:
            return times
        fall = float(known[-1] - times[0])
        days = round(fall / (2 * _HALF_DAY)) if fall > _HALF_DAY and times.max() < 4 * _HALF_DAY else 0
        return times + 2 * _HALF_DAY * days

    def _stretch(self) -> int:
        """Return how many of the waiting samples come before the next long gap; a gap before the first is passed."""
        if self._past.size and self._times[0] - self._past[-1] > LONG_GAP:
            self._place += round((self._times[0] - self._past[-1]) * self._rate) - 1
            self._past = np.empty(0)
        gaps = np.flatnonzero(np.diff(self._times) > LONG_GAP)
        return int(gaps[0]) + 1 if gaps.size else self._times.size

    def _place_all(self, n: int, whole: bool) -> tuple[Array, Array]:
        """Place the first n samples, but for those that wait unless `whole`."""
        known = self._past.size
        times = np.concatenate([self._past, self._times[:n]])
        if not whole:
            times = times[: self._settled(times)]
        if times.size <= known:
            return np.empty(0), np.empty(0)
        places = self._places(times)
        if places is None:
            return np.empty(0), np.empty(0)
        new = places[known:] + (self._place - places[known - 1] if known else self._place + 1)
        first, n_new = (self._place + 1 if known else int(new[0])), new.size
        grid = np.full(int(new[-1]) + 1 - first, np.nan)
        grid[new - first] = self._signal[:n_new]
        if math.isnan(self._origin):
            self._origin = float(times[0])
        seconds = self._origin + np.arange(first, int(new[-1]) + 1) / self._rate
        self._place, self._count = int(new[-1]), self._count + n_new
        self._times, self._signal = self._times[n_new:], self._signal[n_new:]
        self._past = times[-max(_SAMPLES, math.ceil(_SECONDS * self._rate)) :]
        return grid, seconds

    def _settled(self, times: Array) -> int:
        """Return how many times are not behind a long step that is not yet understood."""
        late = np.flatnonzero(np.diff(times[-_AHEAD - 1 :]) > 1.5 / self._rate)
        return times.size if not late.size else max(0, times.size - _AHEAD - 1) + int(late[0]) + 1

    def _places(self, times: Array) -> NDArray[np.int64] | None:
        """Return places from 0 of times; None where none of the new ones has one because the clock fails there."""
        if times.size == 1:
            return np.zeros(1, dtype=np.int64)
        try:
            found = find_grid(times, lambda row, what: _Bad(row, self._message(times, row, what)))
        except _Bad as bad:
            self._failed = RecordingError(str(bad))
            good = bad.row + 1
            if good <= self._past.size:
                return None
            self._times = self._times[: good - self._past.size]
            return self._places(times[:good]) if good < times.size else None
        return np.arange(times.size) if found.places is None else found.places

    def _message(self, times: Array, row: int, what: str) -> str:
        number = self._count + row + 2 - self._past.size
        return (
            f"{self._source}, sample {number}: the time {what}, from {times[row]:.10g} to {times[row + 1]:.10g} s; a "
            "recording is evenly sampled: repair the times, or give the rate (--rate) without them"
        )


class _Bad(RecordingError):
    """A step that no even grid explains, and the row before it."""

    def __init__(self, row: int, message: str) -> None:
        super().__init__(message)
        self.row = row

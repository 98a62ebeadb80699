"""Statistics of a curve over many intervals at once, in time that does not grow with their overlap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Index = NDArray[np.int64]


@dataclass(frozen=True)
class Intervals:
    """Samples [start, stop) of each interval, inside of the recording, none empty."""

    start: Index
    stop: Index

    @property
    def count(self) -> Index:
        """Samples of each."""
        return self.stop - self.start

    def sums(self, values: Array) -> Array:
        """Sum over each interval."""
        sums = np.concatenate([[0.0], np.cumsum(values)])
        return np.asarray(sums[self.stop] - sums[self.start])


class Moments:
    """Mean, deviation, slope and extremes of one curve over intervals, over the samples that are seen."""

    def __init__(self, values: Array, seen: NDArray[np.bool_], intervals: Intervals) -> None:
        self._values, self._seen, self._intervals = values, seen, intervals
        # Sums of squares about a middle value keep their digits where the level is far above its changes.
        self._middle = float(np.median(values[seen])) if seen.any() else 0.0
        self._centred = np.where(seen, values - self._middle, 0.0)
        self.number = intervals.sums(seen.astype(np.float64))
        self._mean = _ratio(intervals.sums(self._centred), self.number)

    def mean(self) -> Array:
        """Return the mean; NaN where nothing is seen."""
        return self._mean + self._middle

    def deviation(self) -> Array:
        """Return the standard deviation (n - 1); NaN with fewer than two samples."""
        squares = self._intervals.sums(self._centred**2) - self.number * self._mean**2
        return np.sqrt(np.maximum(_ratio(squares, np.where(self.number > 1, self.number - 1, 0.0)), 0.0))

    def skewness(self) -> Array:
        """Return the third standardised moment (n); NaN where the curve varies too little for the sums' digits."""
        n, mean = self.number, self._mean
        cubes = self._centred**3
        square = _ratio(self._intervals.sums(self._centred**2), n) - mean**2
        cube = _ratio(self._intervals.sums(cubes), n) - 3.0 * mean * square - mean**3
        rounding = _ratio(np.full(n.shape, 1e-15 * np.abs(cubes).sum()), n)
        spread = np.maximum(square, 0.0) ** 1.5
        return np.asarray(np.divide(cube, spread, out=np.full(n.shape, np.nan), where=spread > 1e4 * rounding))

    def slope(self, sampling_rate: float) -> Array:
        """Return the slope of the line of least squares, per second; NaN with fewer than two samples."""
        time = (np.arange(self._values.size) - 0.5 * self._values.size) / sampling_rate
        t = np.where(self._seen, time, 0.0)
        mean_t = _ratio(self._intervals.sums(t), self.number)
        # the sums run about the recording's middle; the interval's own middle comes off here
        cross = self._intervals.sums(t * self._centred) - self.number * mean_t * self._mean
        square = self._intervals.sums(t * t) - self.number * mean_t**2
        return _ratio(cross, np.where(self.number > 1, square, 0.0))

    def smallest(self) -> Array:
        """Return the smallest value seen; NaN where nothing is."""
        return -extreme(np.where(self._seen, -self._values, -np.inf), self._intervals)

    def largest(self) -> Array:
        """Return the largest value seen; NaN where nothing is."""
        return extreme(np.where(self._seen, self._values, -np.inf), self._intervals)


def extreme(values: Array, intervals: Intervals) -> Array:
    """Return each interval's largest value, by a table of the maxima over powers of two; NaN where that is -inf."""
    n = intervals.count
    level = np.floor(np.log2(n)).astype(np.int64)
    found = np.empty(n.size)
    table, width = values, 1
    for k in range(int(level.max(initial=0)) + 1):
        chosen = level == k
        first, last = intervals.start[chosen], intervals.stop[chosen] - width
        found[chosen] = np.maximum(table[first], table[last])
        if table.size > width:
            table = np.maximum(table[: table.size - width], table[width:])
        width *= 2
    return np.where(np.isinf(found), np.nan, found)


def _ratio(a: Array, b: Array) -> Array:
    return np.asarray(np.divide(a, b, out=np.full(a.shape, np.nan), where=b > 0))

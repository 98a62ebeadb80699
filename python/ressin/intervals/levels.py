"""Statistics of a curve over many intervals at once, in time that does not grow with their overlap."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ressin._spans import Spans, ratio

Array = NDArray[np.float64]


class Moments:
    """Mean, deviation, slope and extremes of one curve over intervals, over the samples that are seen."""

    def __init__(self, values: Array, seen: NDArray[np.bool_], intervals: Spans) -> None:
        self._values, self._seen, self._intervals = values, seen, intervals
        # Sums of squares about a middle value keep their digits where the level is far above its changes.
        self._middle = float(np.median(values[seen])) if seen.any() else 0.0
        self._centred = np.where(seen, values - self._middle, 0.0)
        self.number = intervals.sums(seen.astype(np.float64))
        self._mean = ratio(intervals.sums(self._centred), self.number)

    def mean(self) -> Array:
        """Return the mean; NaN where nothing is seen."""
        return self._mean + self._middle

    def deviation(self) -> Array:
        """Return the standard deviation (n - 1); NaN with fewer than two samples."""
        squares = self._intervals.sums(self._centred**2) - self.number * self._mean**2
        return np.sqrt(np.maximum(ratio(squares, np.where(self.number > 1, self.number - 1, 0.0)), 0.0))

    def skewness(self) -> Array:
        """Return the third standardised moment (n); NaN where the curve varies too little for the sums' digits."""
        n, mean = self.number, self._mean
        cubes = self._centred**3
        square = ratio(self._intervals.sums(self._centred**2), n) - mean**2
        cube = ratio(self._intervals.sums(cubes), n) - 3.0 * mean * square - mean**3
        rounding = ratio(np.full(n.shape, 1e-15 * np.abs(cubes).sum()), n)
        spread = np.maximum(square, 0.0) ** 1.5
        return np.asarray(np.divide(cube, spread, out=np.full(n.shape, np.nan), where=spread > 1e4 * rounding))

    def slope(self, sampling_rate: float) -> Array:
        """Return the slope of the line of least squares, per second; NaN with fewer than two samples."""
        time = (np.arange(self._values.size) - 0.5 * self._values.size) / sampling_rate
        t = np.where(self._seen, time, 0.0)
        mean_t = ratio(self._intervals.sums(t), self.number)
        # the sums run about the recording's middle; the interval's own middle comes off here
        cross = self._intervals.sums(t * self._centred) - self.number * mean_t * self._mean
        square = self._intervals.sums(t * t) - self.number * mean_t**2
        return ratio(cross, np.where(self.number > 1, square, 0.0))

    def smallest(self) -> Array:
        """Return the smallest value seen; NaN where nothing is."""
        return -self._intervals.largest(np.where(self._seen, -self._values, np.nan))

    def largest(self) -> Array:
        """Return the largest value seen; NaN where nothing is."""
        return self._intervals.largest(np.where(self._seen, self._values, np.nan))

"""What a signal itself shows, in continuous time: its mean around any moment, its noise, where it is observed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_QUARTILE = (0.25, 0.31864)  # and of the absolute value of a normal variable
BLOCK = 0.25  # s over which the noise is counted, so that it is the same at all sampling rates


@dataclass(frozen=True)
class Curve:
    """A sampled curve as a step function: sample i from half an interval before to half an interval after i / rate.

    Attributes
    ----------
    sampling_rate
        Hz.
    sums, counts
        (n + 1,) integral of the curve and of what is observed of it, up to each step's edges, in samples; `counts` is
        None where all is.
    """

    sampling_rate: float
    sums: Array
    counts: Array | None

    @classmethod
    def of(cls, values: Array, observed: NDArray[np.bool_], sampling_rate: float) -> Curve:
        """Sum the observed samples up."""
        seen = np.where(observed, values, 0.0)
        return cls(
            sampling_rate,
            np.concatenate([[0.0], np.cumsum(seen)]),
            None if observed.all() else np.concatenate([[0.0], np.cumsum(observed, dtype=np.float64)]),
        )

    def mean(self, times: Array, width: float) -> Array:
        """Return the mean over `width` seconds around each time, NaN where nothing is observed there."""
        left, right = self._edges(times - 0.5 * width), self._edges(times + 0.5 * width)
        seen = self._seen(left, right)
        total = self._until(self.sums, right) - self._until(self.sums, left)
        return np.asarray(np.divide(total, seen, out=np.full(times.shape, np.nan), where=seen > 1e-9))

    def width_of(self, whole: float) -> float:
        """Return the width for `mean` that averages over `whole` seconds, where samples are means over an interval.

        Two averages in a row blur as much as one whose squared width is the sum of theirs, as far as variances tell.
        """
        interval = 1.0 / self.sampling_rate
        return float(max(np.sqrt(max(whole**2 - interval**2, 0.0)), interval))

    def observed_share(self, start: Array, stop: Array) -> Array:
        """Return which share of each stretch from `start` to `stop` (seconds, inside the recording) is observed."""
        left, right = self._edges(start), self._edges(stop)
        return np.divide(self._seen(left, right), right - left, out=np.ones(start.shape), where=right - left > 1e-9)

    def _seen(self, left: Array, right: Array) -> Array:
        """Return how many samples between two edges are observed."""
        if self.counts is None:
            return right - left
        return self._until(self.counts, right) - self._until(self.counts, left)

    def _edges(self, times: Array) -> Array:
        return np.clip(times * self.sampling_rate + 0.5, 0.0, self.sums.size - 1.0)

    def _until(self, sums: Array, at: Array) -> Array:
        left = np.minimum(at.astype(np.intp), sums.size - 2)
        return np.asarray(sums[left] + (at - left) * (sums[left + 1] - sums[left]))


def noise_of(signal: Curve, residual: Curve, quantum: float) -> float:
    """Estimate the standard deviation of the noise on means over a quarter of a second.

    The largest of four: the signal's second differences over a quarter and over half a second, over sqrt 6 (the latter
    for noise that the device has smoothed); the geometric mean of the residual and its differences, over sqrt 2; and
    what rounding to `quantum` makes. Quantiles of absolute values stand for standard deviations, so that responses and
    artefacts do not count: the median, and over half a second, where responses are bent, the lower quartile.
    """
    times = np.arange(0.5 * BLOCK, (signal.sums.size - 1.0) / signal.sampling_rate, BLOCK) - 0.5 / signal.sampling_rate
    means, rests = signal.mean(times, BLOCK), residual.mean(times, BLOCK)
    bends = _deviation(np.diff(means, n=2)) / np.sqrt(6.0)
    wide = _deviation(means[4:] - 2.0 * means[2:-2] + means[:-4], *_QUARTILE) / np.sqrt(6.0)
    rest = np.sqrt(_deviation(rests) * _deviation(np.diff(rests)) / np.sqrt(2.0))
    return float(max(bends, wide, rest, quantum / np.sqrt(12.0)))


def quantum_of(values: Array) -> float:
    """Return the smallest difference between two values of a signal beyond its rounding, zero for a constant one."""
    steps = np.diff(np.unique(values))
    steps = steps[steps > 1e-9 * steps.sum()] if steps.size else steps
    return float(steps.min()) if steps.size else 0.0


def _deviation(values: Array, share: float = 0.5, normal: float = 0.67449) -> float:
    """Return a quantile of the absolute values over that of a normal variable: the deviation of most values."""
    values = values[~np.isnan(values)]
    if not values.size:
        return 0.0
    return float(np.quantile(np.abs(values - np.median(values)), share)) / normal

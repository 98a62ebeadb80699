"""Stretches of samples: which are long; sums, means and maxima over many, in time that overlap does not add to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Index = NDArray[np.int64]


@dataclass(frozen=True)
class Spans:
    """Samples [start, stop) of each stretch, inside of the recording; one may be empty."""

    start: Index
    stop: Index

    @property
    def count(self) -> Index:
        """Samples of each."""
        return self.stop - self.start

    def sums(self, values: Array) -> Array:
        """Sum over each stretch."""
        sums = np.concatenate([[0.0], np.cumsum(values)])
        return np.asarray(sums[self.stop] - sums[self.start])

    def mean(self, values: Array) -> Array:
        """Mean of what is not NaN in each stretch; NaN where nothing is."""
        seen = np.isfinite(values)
        return ratio(self.sums(np.where(seen, values, 0.0)), self.sums(seen.astype(np.float64)))

    def largest(self, values: Array) -> Array:
        """Largest value of each stretch that is not NaN; NaN where there is none."""
        found = np.full(self.start.size, np.nan)
        some = self.count > 0
        if some.any():
            chosen = Spans(self.start[some], self.stop[some])
            found[some] = _extreme(np.where(np.isfinite(values), values, -np.inf), chosen)
        return found


def long_stretches(marked: NDArray[np.bool_], least: float) -> NDArray[np.bool_]:
    """Return the marks that belong to a stretch of at least `least` samples."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], marked, [False]])))
    long = np.diff(edges)[::2] >= least
    kept = np.zeros(marked.size + 1, dtype=np.int64)
    kept[edges[::2][long]], kept[edges[1::2][long]] = 1, -1
    return np.asarray(np.cumsum(kept)[:-1] > 0)


def _extreme(values: Array, spans: Spans) -> Array:
    """Return each stretch's largest value, by a table of the maxima over powers of two; NaN where that is -inf."""
    n = spans.count
    level = np.floor(np.log2(n)).astype(np.int64)
    found = np.empty(n.size)
    table, width = values, 1
    for k in range(int(level.max(initial=0)) + 1):
        chosen = level == k
        first, last = spans.start[chosen], spans.stop[chosen] - width
        found[chosen] = np.maximum(table[first], table[last])
        if table.size > width:
            table = np.maximum(table[: table.size - width], table[width:])
        width *= 2
    return np.where(np.isinf(found), np.nan, found)


def ratio(a: Array, b: Array) -> Array:
    """Return a / b where b > 0, else NaN."""
    return np.asarray(np.divide(a, b, out=np.full(a.shape, np.nan), where=b > 0))

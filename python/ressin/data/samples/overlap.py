"""Which samples share a stretch of a file: such samples must not stand on both sides of a fold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Index = NDArray[np.int64]

_SLACK = 1e-6  # s by which neighbours may overlap through rounding


def occasions(*columns: NDArray[np.str_]) -> NDArray[np.str_]:
    """Name what belongs together in any of several columns, (n,).

    Samples that share a value in one of the columns belong together, and so do those that a third one connects; each
    lot is named after its first value of the first column.
    """
    n = len(columns[0])
    root = np.arange(n)
    for _ in range(n):
        before = root
        for column in columns:
            _, code = np.unique(column, return_inverse=True)
            least = np.full(code.max(initial=-1) + 1, n)
            np.minimum.at(least, code, root)
            root = least[code]
        if np.array_equal(root, before):
            break
    return np.asarray(columns[0], dtype=str)[root] if n else np.asarray(columns[0], dtype=str)


def overlapping(file: NDArray[np.str_], start: NDArray[np.float64], end: NDArray[np.float64], chosen: Index) -> Index:
    """Return the samples outside of `chosen` that share a stretch of a file with one inside.

    Parameters
    ----------
    file
        (n,) file of each sample.
    start, end
        (n,) its stretch in seconds; one that is not known (NaN) is the whole file.
    chosen
        Samples, such as a test part.
    """
    begin = np.where(np.isnan(start), -np.inf, start)
    stop = np.where(np.isnan(end), np.inf, end)
    inside = np.zeros(len(file), np.bool_)
    inside[chosen] = True
    _, code = np.unique(file, return_inverse=True)
    chosen_of = np.bincount(code, inside)
    divided = (chosen_of > 0) & (chosen_of < np.bincount(code))
    found = []
    for number in np.flatnonzero(divided):
        rows = np.flatnonzero(code == number)
        own, others = rows[inside[rows]], rows[~inside[rows]]
        found.append(others[_meets(begin[own], stop[own], begin[others], stop[others])])
    return np.sort(np.concatenate(found)) if found else np.zeros(0, np.int64)


def _meets(
    begin: NDArray[np.float64], stop: NDArray[np.float64], start: NDArray[np.float64], end: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Whether the stretches [start, end) meet any of [begin, stop)."""
    # Of the stretches that begin before another ends, the one that ends last decides.
    order = np.argsort(begin, kind="stable")
    latest = np.concatenate([[-np.inf], np.maximum.accumulate(stop[order])])
    before = np.searchsorted(begin[order], end - _SLACK, side="left")
    return np.asarray(latest[before] > start + _SLACK)

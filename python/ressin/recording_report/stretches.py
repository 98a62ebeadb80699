"""Stretches of a recording that are not valid, few enough to draw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ressin.decomposition.validity import REASONS

if TYPE_CHECKING:
    from ressin.decomposition.validity import Validity

MOST = 10_000  # stretches that a picture shows apart


@dataclass(frozen=True)
class Stretch:
    """A stretch that is not valid.

    Attributes
    ----------
    start, end
        Seconds after the first sample.
    reasons
        Names out of `REASONS`, at least one.
    """

    start: float
    end: float
    reasons: tuple[str, ...]


def invalid_stretches(
    validity: Validity, sampling_rate: float, *, most: int = MOST, least_share: float = 0.0
) -> list[Stretch]:
    """Return the stretches that are not valid, in order of time.

    Parameters
    ----------
    validity
        Of the recording.
    sampling_rate
        Hz.
    most
        Where there are more stretches than that, they are those of `most` equal parts of the recording: a part is not
        valid as a whole, for all the reasons that hold in it.
    least_share
        Then, the share of a part's samples, 0 to 1, of which more must be not valid.
    """
    names = [name for name in REASONS if name in validity.reasons]
    codes = np.zeros(validity.valid.size, dtype=np.int64)
    for bit, name in enumerate(names):
        codes |= validity.reasons[name].astype(np.int64) << bit
    edges = np.arange(codes.size + 1)
    if np.count_nonzero(np.diff(codes)) > 2 * most:
        edges = np.unique(np.linspace(0, codes.size, most + 1).astype(np.int64))
        share = np.add.reduceat(codes != 0, edges[:-1], dtype=np.float64) / np.diff(edges)
        codes = np.where(share > least_share, np.bitwise_or.reduceat(codes, edges[:-1]), 0)
    first = np.flatnonzero(np.diff(codes, prepend=codes[:1] - 1))
    stop = np.append(first[1:], codes.size)
    return [
        Stretch(
            float(edges[a] / sampling_rate),
            float(edges[b] / sampling_rate),
            tuple(name for bit, name in enumerate(names) if codes[a] >> bit & 1),
        )
        for a, b in zip(first, stop, strict=True)
        if codes[a]
    ]

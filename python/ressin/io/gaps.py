"""Where a recording falls apart: the stretches between gaps that nothing of the signal reaches across."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LONG_GAP = 60.0  # s: six knots of the tonic part and more than any response; nothing of the signal reaches across
MIN_SAMPLES = 4


def stretches(signal: NDArray[np.float64], sampling_rate: float) -> list[tuple[int, int]]:
    """Find the stretches of a signal between samples that are missing for longer than `LONG_GAP`.

    Parameters
    ----------
    signal
        Samples, shape (n,), NaN where one is missing.
    sampling_rate
        Hz.

    Returns
    -------
    list of (int, int)
        First sample and end of each stretch of at least `MIN_SAMPLES` samples; the whole signal where no gap is long,
        or no stretch long enough.
    """
    present = np.flatnonzero(signal == signal)
    longest = max(1, round(LONG_GAP * sampling_rate))
    cuts = np.flatnonzero(np.diff(present) > longest)
    if not cuts.size:
        return [(0, signal.size)]
    starts = present[np.concatenate([[0], cuts + 1])]
    ends = present[np.concatenate([cuts, [present.size - 1]])] + 1
    long_enough = [(int(a), int(b)) for a, b in zip(starts, ends, strict=True) if b - a >= MIN_SAMPLES]
    return long_enough or [(0, signal.size)]

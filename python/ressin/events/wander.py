"""What a recording's level does by itself in the time that a response takes to rise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ressin.bateman import peak_time

if TYPE_CHECKING:
    from ressin.decomposition.result import Decomposition

_BLOCK = 0.25  # s of a mean


def wander_of(result: Decomposition) -> float:
    """Return the standard deviation of the level's own changes in the time of a rise, in the unit of the signal.

    Parameters
    ----------
    result
        The recording, decomposed.

    Returns
    -------
    float
        >= 0: of a level that walks at random, the deviation of its change in the time from a response's onset to its
        peak. From the median of the absolute second differences, over that time, of the signal less phasic part,
        as means over a quarter of a second; so a steady slope, slow swings and rare artefacts have no part in it, and
        the noise has. What the decomposition takes for responses is not in it: it is rather too small. 0 where too
        little is observed.
    """
    size = max(1, round(_BLOCK * result.sampling_rate))
    n = result.signal.size // size
    level = result.signal - result.phasic
    blocks = level[: n * size].reshape(n, size)
    seen = np.isfinite(blocks)
    means = np.divide(
        np.where(seen, blocks, 0.0).sum(axis=1), seen.sum(axis=1), out=np.full(n, np.nan), where=seen.any(axis=1)
    )
    rise = peak_time(result.settings.tau0, result.settings.tau1)
    lag = max(1, round(rise * result.sampling_rate / size))
    bends = np.abs(means[2 * lag :] - 2.0 * means[lag:-lag] + means[: -2 * lag]) if n > 2 * lag else np.empty(0)
    known = bends[np.isfinite(bends)]
    # 0.6745 is the median of the absolute value of a standard normal; a second difference has twice the variance
    return float(np.median(known)) / (0.6745 * np.sqrt(2.0)) if known.size else 0.0

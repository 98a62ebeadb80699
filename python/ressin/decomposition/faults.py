"""Faults of a recording that its signal shows by itself: saturation, steps, and a sensor off the skin."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d, uniform_filter1d

from ressin._spans import long_stretches

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

_BAND = 0.002  # of the signal's range that counts as its end
_NEXT = 4.0  # bands below it, in which a signal that turns by itself is as often as in that
_SHARE = 2.0  # how much more often than there a signal that is cut off is at its end
_LEAST = 0.005  # of the recording that is cut off
_BLOCK = 0.25  # s of a mean
_SIDE = 5  # blocks before and after a step
_LATER, _LEFT = (12, 24), 0.7  # blocks after which, and by what share, it is still there
_ABRUPT, _AT_ONCE = 0.8, 0.15  # share of a step that is made within so many seconds, or from one sample to the next
_DEVIATIONS, _OF_RANGE = 10.0, 0.02  # least step, in deviations of the blocks' changes and shares of the middle 90 %
_OFF_SHARE, _OFF_MOST = 0.03, 0.2  # of the recording's own level, and uS: no skin conducts so much less at once
_OFF_SECONDS = 5.0  # over which the level is taken


def piled_up(signal: Array, sampling_rate: float, seconds: float) -> Mask:
    """Return where a signal is cut off at an end of its range, although it may go on trembling there.

    A signal that turns by itself passes the last 0.2 % of its range (or less, where its noise is smaller) no more often
    than the bands next to it; one that is cut off stays in it.

    Parameters
    ----------
    signal
        (n,) NaN where missing.
    sampling_rate
        Hz.
    seconds
        Least length of a stretch.
    """
    cut = np.zeros(signal.size, dtype=bool)
    values = signal[np.isfinite(signal)]
    if values.size < 8:
        return cut
    levels = np.unique(values)
    if levels.size < 8:
        return cut
    width = _width(values, levels)
    with np.errstate(invalid="ignore"):
        for depth in (levels[-1] - signal, signal - levels[0]):
            inside = depth <= width
            number = np.count_nonzero(inside)
            near = np.count_nonzero((depth > width) & (depth <= (1.0 + _NEXT) * width))
            if number > _LEAST * values.size and number > _SHARE * near:
                if np.count_nonzero(depth == 0.0) > 0.9 * number:
                    inside = depth == 0.0
                cut |= long_stretches(inside, max(2.0, seconds * sampling_rate))
    return cut


def _width(values: Array, levels: Array) -> float:
    """Return how wide the band at an end is: below the noise, and not below half a step between values."""
    steps = np.abs(np.diff(values))
    moving = steps[steps > 0]
    noise = float(np.median(moving)) if moving.size else 0.0
    return max(min(_BAND * float(levels[-1] - levels[0]), noise), 0.5 * float(np.median(np.diff(levels))))


def stepped(signal: Array, sampling_rate: float) -> Mask:
    """Return where a signal steps to another level, faster than any response rises, and stays there.

    Four fifths of the change between the medians of the second before and the second after are made within 0.15 s, and
    seven tenths of it are left three and six seconds later. Nothing is found below 4 Hz.

    Parameters
    ----------
    signal
        (n,) NaN where missing.
    sampling_rate
        Hz.
    """
    found = np.zeros(signal.size, dtype=bool)
    size = round(_BLOCK * sampling_rate)
    n = signal.size // max(size, 1)
    if size < 1 or n < 2 * _SIDE + 2 or np.isnan(signal).all():
        return found
    means = signal[: n * size].reshape(n, size).mean(axis=1)
    sides = np.median(np.lib.stride_tricks.sliding_window_view(means, _SIDE), axis=1)
    before, after = sides[: -_SIDE - 1], sides[_SIDE + 1 :]  # of block k + _SIDE
    change, block = after - before, np.arange(before.size) + _SIDE
    reach = max(1, round(_AT_ONCE * sampling_rate))
    jumps = signal[reach:] - signal[:-reach]
    least = max(_DEVIATIONS * _deviation(np.diff(means)), _DEVIATIONS * _deviation(jumps), _OF_RANGE * _spread(signal))
    with np.errstate(invalid="ignore"):
        chosen = (np.abs(change) > least) & (_largest_near(jumps, block, size, change) >= _ABRUPT * np.abs(change))
        for later in _LATER:
            there = np.append(after[later:], np.full(min(later, after.size), after[-1]))[: after.size]
            chosen &= (there - before) * np.sign(change) >= _LEFT * np.abs(change)
    for k in range(-size, 2 * size):
        found[block[chosen] * size + k] = True
    return found


def _deviation(values: Array) -> float:
    """Return the standard deviation of most of the values, from the median of their sizes; 0 without any."""
    known = np.abs(values[np.isfinite(values)])
    return float(np.median(known)) / 0.6745 if known.size else 0.0


def _spread(signal: Array) -> float:
    low, high = np.nanquantile(signal, (0.05, 0.95))
    return float(high - low)


def _largest_near(jumps: Array, block: NDArray[np.int64], size: int, change: Array) -> Array:
    """Return the largest jump around each block, in the direction of its change."""
    centre = np.minimum(block * size + size // 2, jumps.size - 1)
    known = np.where(np.isfinite(jumps), jumps, 0.0)
    up, down = (maximum_filter1d(sign * known, 3 * size)[centre] for sign in (1.0, -1.0))
    return np.asarray(np.where(change > 0, up, down))


def off_skin(signal: Array, sampling_rate: float) -> Mask:
    """Return where the level is so far below the recording's own that the sensor touches no skin.

    That is below 0.2 uS and 3 % of the median of what is above that; nothing is found in a signal that is mostly below.

    Parameters
    ----------
    signal
        (n,) in microsiemens; NaN where missing.
    sampling_rate
        Hz.
    """
    off = np.zeros(signal.size, dtype=bool)
    seen = np.isfinite(signal)
    worn = signal[seen & (np.where(seen, signal, 0.0) > _OFF_MOST)]
    if not worn.size or worn.size < 0.1 * np.count_nonzero(seen):
        return off
    size = max(1, round(_OFF_SECONDS * sampling_rate))
    counts = uniform_filter1d(seen.astype(np.float64), size, mode="nearest")
    level = uniform_filter1d(np.where(seen, signal, 0.0), size, mode="nearest") / np.maximum(counts, 1.0 / size)
    least = min(_OFF_MOST, _OFF_SHARE * float(np.median(worn)))
    return np.asarray(seen & (np.maximum(level, np.where(seen, signal, 0.0)) < least))

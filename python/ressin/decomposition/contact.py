"""Where the electrodes lose contact for a moment: a level above the signal is none that was measured."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_DEVIATIONS = 2.999  # of the noise that the level may be above a sample: three, and rounding shall not decide
_BLOCK = 0.25  # s over which the programme counts its noise
_NORMAL = 0.67449  # median of the absolute value of a normal variable


def lost_contact(
    signal: Array, weights: Array | None, tonic: Array, *, interval: float, noise: float, bounded: bool
) -> Array:
    """Return what is to be added to a tonic part so that every sample could have been measured.

    Responses only add to the level, so where the level is above the signal by more than three deviations of its noise,
    electrodes conduct less than the skin does. What is missing there belongs to the contact, not to the skin: the
    level as measured is the signal plus those deviations. Nor is a measured level below zero.

    Parameters
    ----------
    signal, weights, tonic
        (n,) each; samples without weight say nothing. Weights of None are ones.
    interval
        Seconds between samples.
    noise
        Deviation of the noise on means over a quarter of a second, as the programme found it. The smaller counts: this,
        as white noise has it from sample to sample, or what `sample_noise` finds.
    bounded
        Whether the level cannot be negative.

    Returns
    -------
    ndarray
        (n,) zero but where contact is lost (below zero) or the level was negative (above zero).
    """
    seen = np.ones(signal.size, dtype=np.bool_) if weights is None else weights > 0
    block = max(1, int(_BLOCK / interval * (1.0 + 1e-12)))
    most = signal + _DEVIATIONS * min(sample_noise(signal, seen), noise * np.sqrt(block))
    level = np.where(seen, np.minimum(tonic, most), tonic)
    if bounded:
        level = np.maximum(level, 0.0)
    return np.asarray(level - tonic)


def sample_noise(signal: Array, seen: NDArray[np.bool_]) -> float:
    """Return the deviation of a signal's noise, from sample to sample: the median of its second differences.

    It is not below what rounding makes, a quantum over sqrt 12; the quantum is the least step between samples.
    """
    whole = seen[2:] & seen[1:-1] & seen[:-2]
    bends = np.abs(signal[2:] - 2.0 * signal[1:-1] + signal[:-2])[whole]
    steps = np.abs(np.diff(signal[seen]))
    steps = steps[steps > 1e-9 * steps.max(initial=0.0)]
    rounding = float(steps.min(initial=np.inf)) / np.sqrt(12.0) if steps.size else 0.0
    return max(float(np.median(bends)) / _NORMAL / np.sqrt(6.0) if bends.size else 0.0, rounding)


def taken_from_outliers(outliers: Array, contact: Array) -> Array:
    """Return which part of `contact` was an outlier before; the rest was residual."""
    return np.asarray(np.where(contact < 0, np.clip(outliers, contact, 0.0), np.clip(outliers, 0.0, contact)))

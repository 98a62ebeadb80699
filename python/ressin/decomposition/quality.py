"""Where the model does not suit a signal, in numbers and sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ressin.decomposition.validity import sentences

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ressin.decomposition.result import Decomposition

MAX_RESIDUAL_SHARE = 0.1
MAX_CORRELATION = 0.5
MAX_FAST_DECAY_SHARE = 0.015
BLOCK_SECONDS = 0.5
LOWEST_WITHIN = 60.0  # seconds to either side in which a response is taken to have come down
MIRRORED = -0.9  # correlation of the parts below which one is the other's reflection
BELOW_ZERO_SHARE = 0.01  # of the samples
TONIC_FALL = 0.2  # of the signal's deviation per second: what the tonic level may fall by itself
MAX_OUTLIER_SHARE = 0.05  # of the samples
MAX_SHIFTS_PER_MINUTE = 1.0
SHIFT_SECONDS = 1.0  # steps no further apart are one shift
NEGATIVE = -0.05  # uS
LARGER_THAN_RANGE = 1.5  # a response above the signal's range, as the tonic part dips under it
NOT_FINITE = "the parts hold numbers that are not finite"


@dataclass(frozen=True)
class Quality:
    """How well the model suits the signal.

    Attributes
    ----------
    residual_share
        Variance of the residual over that of the signal, 0 to about 1: what neither part explains.
    phasic_tonic_correlation
        Pearson correlation of the phasic with the tonic part, -1 to 1 (0 where one is constant): far from zero the
        two share slow changes, and the split between them depends on alpha, gamma and the knots.
    fast_decay_share
        Share, 0 to 1, of half-second steps in which the signal falls faster than the slow time constant allows, that
        is steeper than its height over tau0 and a fifth of its deviation per second, noise allowed for: movement
        artefacts, or a tau0 that is too long. The height is the one above the tonic part, but no more than above the
        signal's lowest level within a minute: fast falls pull the tonic part down, which would hide them.
        The robust programme's outliers and shifts are taken off the signal first.
    outlier_share
        Share of samples, 0 to 1, with an outlier or lost contact larger than the smallest response that the robust
        programme believes; 0 where the programme is cvxEDA's.
    n_shifts
        How often the robust programme's level shifts by more than that, steps within a second counted as one, contact
        lost for a moment aside; 0 where the programme is cvxEDA's.
    messages
        One sentence for each of these that is worth a look, and for parts that cannot be a tonic level and responses
        on it; empty where there is nothing to say.
    """

    residual_share: float
    phasic_tonic_correlation: float
    fast_decay_share: float
    outlier_share: float
    n_shifts: int
    messages: tuple[str, ...]

    def __str__(self) -> str:
        return "good" if not self.messages else " ".join(self.messages)


def assess(decomposition: Decomposition) -> Quality:
    """Compute the quality flags of a decomposition. Every threshold is written so that a NaN fails it."""
    seen = ~np.isnan(decomposition.signal)
    if decomposition.weights is not None:
        seen &= decomposition.weights > 0
    if not _all_finite(decomposition, seen):
        return Quality(math.nan, math.nan, math.nan, math.nan, 0, (f"{NOT_FINITE[0].upper()}{NOT_FINITE[1:]}.",))
    if not seen.any():
        return Quality(math.nan, math.nan, math.nan, math.nan, 0, ("No sample counts: nothing is known.",))
    deviation = _deviation(decomposition.signal[seen])
    residual_share = float(np.mean((decomposition.residual[seen] / deviation) ** 2)) if deviation > 0.0 else 0.0
    correlation = _correlation(decomposition.phasic[seen], decomposition.tonic[seen])
    fast = _fast_decay_share(decomposition, seen)
    outlier_share, n_shifts = _artefacts(decomposition, seen)
    messages = [
        *([] if deviation > 0.0 else ["The signal does not change: nothing is recorded."]),
        *_of_parts(decomposition, residual_share, correlation, fast),
        *_of_artefacts(decomposition, outlier_share, n_shifts),
        *sentences(decomposition.validity),
        *(() if decomposition.robust is None else decomposition.robust.notes),
    ]
    return Quality(residual_share, correlation, fast, outlier_share, n_shifts, tuple(messages))


def _all_finite(decomposition: Decomposition, seen: NDArray[np.bool_]) -> bool:
    """Whether all parts and what they are measured by are finite, the residual where a sample was seen."""
    d, rest = decomposition, []
    numbers = [d.sampling_rate, d.mean, d.scale, d.settings.tau0, d.settings.tau1]
    if d.weights is not None:
        rest.append(d.weights)
    if d.robust is not None:
        rest += [d.outliers[seen], d.shifts, d.contact]
        numbers += [d.robust.smallest_response, d.robust.noise]
    parts = (d.phasic, d.tonic, d.driver, d.residual[seen], d.spline, d.drift, *rest)
    return all(map(math.isfinite, numbers)) and all(bool(np.isfinite(part).all()) for part in parts)


def _deviation(values: NDArray[np.float64]) -> float:
    """Return the standard deviation, also where the squares are beyond the range of double precision."""
    largest = float(np.abs(values).max(initial=0.0))
    return float(np.std(values / largest)) * largest if largest > 0.0 else 0.0


def _of_parts(decomposition: Decomposition, residual_share: float, correlation: float, fast: float) -> Iterator[str]:
    yield from _of_signal(decomposition)
    reason = impossible(decomposition)
    if reason is not None:
        yield f"{reason[0].upper()}{reason[1:]}: the parts are not a level and responses on it."
    if not residual_share <= MAX_RESIDUAL_SHARE:
        yield f"The residual holds {residual_share:.0%} of the signal's variance: {_cause(decomposition)}."
    if not abs(correlation) <= MAX_CORRELATION and (reason is None or "mirrors" not in reason):
        others = "delta_knot, alpha and gamma" if decomposition.robust is None else "delta_knot"
        yield (
            f"Phasic and tonic part are correlated ({correlation:+.2f}): slow changes may sit in either; "
            f"compare other values of {others}."
        )
    if not fast <= MAX_FAST_DECAY_SHARE:
        slow = max(decomposition.settings.tau0, decomposition.settings.tau1)
        yield (
            f"The signal falls faster than a time constant of {slow:g} s allows in {fast:.1%} of the recording: "
            "movement artefacts, or a tau0 that is too long."
        )


def _of_signal(decomposition: Decomposition) -> Iterator[str]:
    """Say where the signal is no conductance, or the responses are larger than all that it does."""
    seen = decomposition.signal[~np.isnan(decomposition.signal)]
    share = float(np.mean(seen < NEGATIVE)) if seen.size else 0.0
    if share > 0.0 and decomposition.robust is None:  # the robust programme says it itself
        yield f"The signal is negative in {share:.0%} of the recording: it is no skin conductance in microsiemens."
    width, height = (float(seen.max() - seen.min()) if seen.size else 0.0), float(decomposition.phasic.max())
    if not height <= LARGER_THAN_RANGE * width and width > 0.0:
        yield (
            f"The phasic part rises by {height / width:.3g} times the range of the signal: the parts are not a level "
            "and responses on it."
        )


def _cause(decomposition: Decomposition) -> str:
    return "noise, artefacts, or alpha too large" if decomposition.robust is None else "noise"


def _of_artefacts(decomposition: Decomposition, outlier_share: float, n_shifts: int) -> Iterator[str]:
    minutes = decomposition.signal.size / decomposition.sampling_rate / 60.0
    if not outlier_share <= MAX_OUTLIER_SHARE:
        yield f"Outliers take {outlier_share:.0%} of the recording: the parts are interpolated there."
    if not n_shifts <= MAX_SHIFTS_PER_MINUTE * max(minutes, 1.0):
        yield f"The level shifts {n_shifts} times: loose contact, or a tonic level with steps."


def _artefacts(decomposition: Decomposition, seen: NDArray[np.bool_]) -> tuple[float, int]:
    """Return the share of outliers, and the number of shifts, beyond the smallest response."""
    if decomposition.robust is None:
        return 0.0, 0
    least = decomposition.robust.smallest_response
    share = float(np.mean(~(np.abs(decomposition.outliers + decomposition.contact)[seen] <= least)))
    steps = decomposition.shifts - decomposition.contact
    return share, _count_shifts(steps, least, decomposition.sampling_rate * SHIFT_SECONDS)


def _count_shifts(shifts: NDArray[np.float64], least: float, apart: float) -> int:
    """Count the groups of steps, `apart` samples from each other, that add up to more than `least`."""
    steps = np.diff(shifts)
    at = np.flatnonzero(np.abs(steps) > 1e-6 * least)
    if not at.size:
        return 0
    first = np.flatnonzero(np.diff(at, prepend=at[0] - apart - 1) > apart)  # of each group
    return int(np.count_nonzero(np.abs(np.add.reduceat(steps[at], first)) > least))


def impossible(decomposition: Decomposition) -> str | None:
    """Say why the parts cannot be a tonic level and responses on it, or return None where they can.

    Parts that are not finite; a tonic part below zero, beyond the noise and a twentieth of the signal's range, where
    the signal is never negative; or a tonic part that mirrors the phasic one.
    """
    signal, tonic, phasic, rest = (getattr(decomposition, name) for name in ("signal", "tonic", "phasic", "residual"))
    if not (np.isfinite(tonic).all() and np.isfinite(phasic).all()):
        return NOT_FINITE
    if decomposition.weights is not None or np.isnan(signal.min()):
        seen = ~np.isnan(signal)
        if decomposition.weights is not None:
            seen &= decomposition.weights > 0
        signal, tonic, phasic, rest = signal[seen], tonic[seen], phasic[seen], rest[seen]
    if not signal.size:
        return None
    lowest = float(signal.min())
    if lowest >= 0.0 and tonic.min() < 0.0:
        least = -max(3.0 * _deviation(rest), 0.05 * (float(signal.max()) - lowest))
        share = np.count_nonzero(~(tonic >= least)) / tonic.size
        if not share <= BELOW_ZERO_SHARE:
            return f"the tonic part is below zero in {share:.0%} of the recording, where the signal never is"
    correlation = _correlation(phasic, tonic)
    if not correlation >= MIRRORED:
        return f"the tonic part mirrors the phasic part (correlation {correlation:+.2f})"
    return None


def _correlation(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    sizes = float(np.abs(x).max(initial=0.0)), float(np.abs(y).max(initial=0.0))
    if not min(sizes) > 0.0:
        return 0.0
    x, y = x / sizes[0] - np.mean(x / sizes[0]), y / sizes[1] - np.mean(y / sizes[1])
    lengths = float(np.sqrt(np.sum(x * x))), float(np.sqrt(np.sum(y * y)))  # BLAS' sums depend on its threads
    spread = lengths[0] * sizes[0], lengths[1] * sizes[1]
    if min(spread) <= 1e-12 * max(spread):
        return 0.0
    return float(np.sum((x / lengths[0]) * (y / lengths[1])))


def _fast_decay_share(decomposition: Decomposition, seen: NDArray[np.bool_]) -> float:
    """Share of half-second steps that fall faster than height, tonic level and noise explain; see `Quality`."""
    size = max(1, round(BLOCK_SECONDS * decomposition.sampling_rate))
    n_blocks = seen.size // size
    if n_blocks < 3:
        return 0.0

    def blocks(x: NDArray[np.float64]) -> NDArray[np.float64]:
        counts = seen[: n_blocks * size].reshape(n_blocks, size).sum(axis=1)
        sums = np.where(seen, x, 0.0)[: n_blocks * size].reshape(n_blocks, size).sum(axis=1)
        return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)

    step = size / decomposition.sampling_rate
    signal = decomposition.signal - decomposition.outliers - decomposition.shifts
    level = blocks(signal)
    height = np.minimum(
        blocks(signal + decomposition.shifts - decomposition.tonic), level - _lowest_around(level, step)
    )
    slope = np.diff(level) / step
    noise = np.diff(blocks(decomposition.residual)) / step
    known = np.isfinite(slope) & np.isfinite(noise)
    if not known.any():
        return 0.0
    deviation = 1.4826 * float(np.median(np.abs(noise[known] - np.median(noise[known]))))
    slow = max(decomposition.settings.tau0, decomposition.settings.tau1)
    highest = np.maximum(np.maximum(height[:-1], height[1:]), 0.0)
    spread = TONIC_FALL * _deviation(decomposition.signal[seen])
    rounding = 1e-9 * float(np.nanmax(np.abs(decomposition.signal)))
    return float(np.mean(slope[known] < (-highest / slow)[known] - spread - 3.0 * deviation - rounding / step))


def _lowest_around(level: NDArray[np.float64], step: float) -> NDArray[np.float64]:
    """Smallest of the levels within a minute of each, of those that are known; `step` is in seconds."""
    from scipy.ndimage import minimum_filter1d  # here, so that a decomposition does not load it

    reach = 2 * round(LOWEST_WITHIN / step) + 1
    return np.asarray(minimum_filter1d(np.where(np.isnan(level), np.inf, level), reach, mode="nearest"))

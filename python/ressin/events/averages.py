"""Curves aligned at events: each trial, and each condition's mean with a bootstrap interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ressin.errors import InvalidInputError
from ressin.events.events import EventSource, read_events

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ressin.decomposition.result import Decomposition

Array = NDArray[np.float64]
Part = Literal["phasic", "tonic", "driver", "signal"]


@dataclass(frozen=True, eq=False)
class AlignedTrials:
    """Trials of one recording on a common time axis. Its arrays are read-only.

    Attributes
    ----------
    time
        (m,) seconds after the event.
    curves
        (n_trials, m) the part around each event, less its mean over the baseline where one was asked for; NaN outside
        of the recording and where the signal is missing.
    conditions
        n_trials names.
    onsets
        (n_trials,) seconds after the recording's first sample.
    part
        Which part.
    """

    time: Array
    curves: Array
    conditions: tuple[str, ...]
    onsets: Array
    part: Part

    def __post_init__(self) -> None:
        for array in (self.time, self.curves, self.onsets):
            array.setflags(write=False)

    def averages(self, *, level: float = 0.95, n_boot: int = 1000, seed: int = 0) -> pd.DataFrame:
        """Average the trials of each condition.

        Parameters
        ----------
        level
            Of the percentile interval, 0 to 1.
        n_boot
            Replicates, >= 100; each draws as many of a condition's trials as there are, with replacement.
        seed
            Of the draws.

        Returns
        -------
        DataFrame
            One row a condition and time: Condition, Time, Mean, Low, High, n_trials (those with a value there). The
            interval is NaN with fewer than two trials.

        Raises
        ------
        InvalidInputError
            A setting out of its range.
        """
        import pandas as pd

        if not 0.0 < level < 1.0:
            raise InvalidInputError(f"level is {level!r}; it must lie between 0 and 1")
        if n_boot < 100:
            raise InvalidInputError(f"n_boot is {n_boot}; at least 100 replicates are needed for an interval")
        rng = np.random.default_rng(seed)
        tables = []
        for name in dict.fromkeys(self.conditions):
            curves = self.curves[[one == name for one in self.conditions]]
            low, high = _interval(curves, level, n_boot, rng)
            counts = np.isfinite(curves).sum(axis=0)
            tables.append(
                pd.DataFrame(
                    {
                        "Condition": name,
                        "Time": self.time,
                        "Mean": _mean(curves, counts),
                        "Low": low,
                        "High": high,
                        "n_trials": counts,
                    }
                )
            )
        return pd.concat(tables, ignore_index=True)

    def plot(self) -> Figure:
        """Draw every trial and the conditions' means with their intervals; needs the `plot` extra."""
        from ressin.plots.events import plot_trials

        return plot_trials(self)


def align_trials(
    result: Decomposition,
    events: EventSource,
    *,
    part: Part = "phasic",
    window: tuple[float, float] = (-2.0, 10.0),
    baseline: float | None = None,
    unit: Literal["seconds", "samples"] = "seconds",
    start_time: float | None = None,
    conditions: Sequence[str] | None = None,
) -> AlignedTrials:
    """Cut a recording's part around each event.

    Parameters
    ----------
    result
        The recording, decomposed.
    events, unit, start_time, conditions
        As for `ressin.events.events.read_events`.
    part
        ``"phasic"``, ``"tonic"``, ``"driver"`` or ``"signal"``.
    window
        First and last time, seconds after the event; events between samples are aligned by linear interpolation.
    baseline
        Seconds before the event whose mean is taken off each trial, > 0; None takes nothing off.

    Returns
    -------
    AlignedTrials
        A row an event; events whose window lies wholly outside of the recording are left out.

    Raises
    ------
    InvalidInputError
        Wrong events or settings; no event's window in the recording.
    """
    if part not in get_args(Part):
        raise InvalidInputError(f"part is {part!r}; it must be one of {', '.join(map(repr, get_args(Part)))}")
    if not window[0] < window[1]:
        raise InvalidInputError(f"window is {window}; it must be (first, last), first < last, seconds")
    if baseline is not None and not baseline > 0:
        raise InvalidInputError(f"baseline is {baseline!r}; it must be seconds > 0 or None")
    rate = result.sampling_rate
    read = read_events(events, sampling_rate=rate, start_time=start_time, unit=unit, conditions=conditions)
    values = np.where(np.isnan(result.signal), np.nan, getattr(result, part))
    time = np.arange(np.ceil(window[0] * rate), np.floor(window[1] * rate) + 1) / rate
    curves = _around(values, read.onsets, time, rate)
    kept = np.asarray(np.isfinite(curves).any(axis=1))
    if not kept.any():
        raise InvalidInputError(f"no event's window lies in the recording of {values.size / rate:g} s")
    if baseline is not None:
        before = _around(values, read.onsets, np.arange(-max(1, round(baseline * rate)), 0) / rate, rate)
        curves = curves - _mean(before.T, np.isfinite(before.T).sum(axis=0))[:, None]
    names = tuple(name for name, keep in zip(read.conditions, kept, strict=True) if keep)
    return AlignedTrials(time, np.ascontiguousarray(curves[kept]), names, read.onsets[kept].copy(), part)


def _around(values: Array, onsets: Array, time: Array, rate: float) -> Array:
    at = (onsets[:, None] + time) * rate
    left = np.floor(at + 1e-9).astype(np.int64)
    share = np.clip(at - left, 0.0, 1.0)
    share[share < 1e-6] = 0.0
    padded = np.concatenate([values, [np.nan]])
    first = padded[np.where((left < 0) | (left >= values.size), values.size, left)]
    second = padded[np.where((left < -1) | (left >= values.size - 1), values.size, left + 1)]
    return np.asarray(np.where(share == 0.0, first, (1.0 - share) * first + share * second))


def _mean(curves: Array, counts: NDArray[np.int64]) -> Array:
    sums = np.nansum(curves, axis=0)
    return np.asarray(np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0))


def _interval(curves: Array, level: float, n_boot: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Percentiles of the means of resampled trials."""
    n = curves.shape[0]
    missing = np.full(curves.shape[1], np.nan)
    if n < 2:
        return missing, missing
    counts = rng.multinomial(n, np.full(n, 1.0 / n), size=n_boot).astype(np.float64)
    seen = np.isfinite(curves)
    weights = counts @ seen
    with np.errstate(invalid="ignore", divide="ignore"):
        means = np.where(weights > 0, counts @ np.where(seen, curves, 0.0) / weights, np.nan)
    known = seen.sum(axis=0) >= 2
    tails = (0.5 - 0.5 * level, 0.5 + 0.5 * level)
    low, high = missing.copy(), missing.copy()
    if known.any():
        low[known], high[known] = np.nanquantile(means[:, known], tails, axis=0)
    return low, high

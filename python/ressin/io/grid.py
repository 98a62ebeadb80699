"""The even grid behind a column of times: its step, where samples are missing, how far the times deviate from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ressin.errors import RecordingError

_WINDOW = 8  # samples on each side over which a lasting shift of the clock is told from a single late time
_BLOCK = 1 << 16  # times that are looked at together: what fits into a cache
_MOST_MISSING = 20  # missing samples for each one that is there, beyond a million

Complain = Callable[[int, str], RecordingError]  # from the row before a bad step, and what is wrong with it


@dataclass(frozen=True)
class Grid:
    """Evenly spaced times, some of which may have no sample.

    Attributes
    ----------
    step
        From one place to the next, in the unit of the times.
    places
        Place of each sample, rising; None where they are 0, 1, 2 ...
    jitter
        Largest deviation of a time from its place, in steps.
    note
        What is unusual, "" where nothing is.
    """

    step: float
    places: NDArray[np.int64] | None
    jitter: float
    note: str = ""


def find_grid(times: NDArray[np.float64], complain: Complain) -> Grid:
    """Find the even grid of some times.

    Parameters
    ----------
    times
        Shape (n,), n >= 2, finite.
    complain
        Makes the error for a step that no even grid explains.

    Raises
    ------
    RecordingError
        If a time falls, is doubled, or the rate changes: what `complain` makes.

    Notes
    -----
    Times that repeat (whole seconds) or come in bursts (packets of a radio link) give the mean rate over the packets.
    Otherwise the usual step is the median; a longer step is a gap where the times after it stay later by at least one
    step than those before it let expect, and only a late time where they do not.
    """
    steps = np.diff(times)
    even = _even(times, steps)
    if even is not None:
        return even
    if (steps < 0).any():
        falling = np.flatnonzero(steps <= 0)
        raise complain(int(falling[0]), "does not rise" + _more(falling.size))
    rising = steps[steps > 0]
    if not rising.size:
        raise complain(0, "does not rise")
    if rising.size < steps.size:
        return _with_repeats(times, steps, complain)
    starts = _burst_starts(steps)
    if starts is not None:
        return _packets(times, starts, "the samples come in bursts", complain)
    return _steady(times, steps, complain)


def _even(times: NDArray[np.float64], steps: NDArray[np.float64]) -> Grid | None:
    """Return the grid of times whose steps are all about the same, as most are; None where they are not."""
    mean = float(times[-1] - times[0]) / steps.size
    if not (steps.min() > 0.75 * mean and steps.max() < 1.25 * mean):
        return None
    marks = np.linspace(0, steps.size, 21 if steps.size >= 640 else 2).astype(np.int64)
    if (np.abs(np.diff(times[marks]) / np.diff(marks) - mean) > 0.1 * mean).any():
        return None
    low = high = 0.0
    for start in range(0, times.size, _BLOCK):
        drift = times[start : start + _BLOCK] - times[0]
        drift -= mean * np.arange(start, start + drift.size)
        low, high = min(low, float(drift.min())), max(high, float(drift.max()))
    return Grid(mean, None, max(high, -low) / mean)


def _with_repeats(times: NDArray[np.float64], steps: NDArray[np.float64], complain: Complain) -> Grid:
    """Fit times of which some are the same: rounded ones, or a doubled sample."""
    starts = np.concatenate([[0], np.flatnonzero(steps > 0) + 1])
    if np.median(np.diff(np.append(starts, times.size))) >= 2:
        return _packets(times, starts, "several samples share each time", complain)
    n = times.size
    mean = (times[-1] - times[0]) / (n - 1)
    off = np.abs(times - times[0] - mean * np.arange(n)).max()
    repeats = np.flatnonzero(steps == 0)
    rising = steps[steps > 0]
    if n >= 50 and repeats.size > 0.05 * n and off <= 2 * np.median(rising):
        return Grid(mean, None, off / mean, "the times are rounded to more than a sample")
    if repeats.size < 0.05 * n and np.median(np.abs(rising - np.median(rising))) > 0.15 * np.median(rising):
        return _steady(times, steps, complain)  # uneven times that fall together here and there
    raise complain(int(repeats[0]), "does not rise" + _more(repeats.size))


def _burst_starts(steps: NDArray[np.float64]) -> NDArray[np.int64] | None:
    """First sample of each packet, where short steps and long ones alternate as in packets; None where not."""
    long = np.flatnonzero(steps > 4 * np.median(steps))
    if long.size < 4:
        return None
    starts = np.concatenate([[0], long + 1])
    sizes = np.diff(np.append(starts, steps.size + 1))
    usual = np.median(sizes[1:-1])
    alike = np.abs(sizes[1:-1] - usual) <= max(1.0, 0.1 * usual)
    whole = usual >= 2 and alike.mean() >= 0.7 and sizes[[0, -1]].max() <= usual + 1
    periods = steps[long]
    regular = np.abs(periods - np.median(periods)) <= 0.5 * np.median(periods)
    inside = steps.sum() - periods.sum()
    return starts if whole and regular.mean() >= 0.7 and inside < 0.5 * steps.sum() else None


def _packets(times: NDArray[np.float64], starts: NDArray[np.int64], what: str, complain: Complain) -> Grid:
    """Give samples that come in packets the mean rate of the packets; a packet that is missing is a gap."""
    stamps, sizes = times[starts], np.diff(np.append(starts, times.size))
    spans = np.diff(stamps)
    if spans.size < 2:
        raise complain(int(starts[-1]) - 1, "has too few different values to tell the rate")
    usual = float(np.median(spans))
    whole = (spans < 1.5 * usual) & (np.arange(spans.size) > 0)  # the first packet may have begun before the file
    if not whole.any():
        whole = spans < 1.5 * usual
    rate = sizes[:-1][whole].sum() / spans[whole].sum()
    odd = np.flatnonzero(whole & (np.abs(sizes[:-1] - rate * spans) > np.maximum(2.0, 0.5 * rate * spans)))
    if odd.size > 0.1 * spans.size:
        raise complain(int(starts[odd[0]]), "has very different numbers of samples from value to value")
    missing = np.rint(rate * spans - sizes[:-1]).astype(np.int64)
    missing[(spans < 1.5 * usual) | (missing < 0.5 * rate * usual)] = 0
    return Grid(
        1.0 / rate, _places(times.size, starts[1:], missing, complain), float(sizes.max()), f"{what}: mean rate"
    )


def _steady(times: NDArray[np.float64], steps: NDArray[np.float64], complain: Complain) -> Grid:
    """Fit times with about the same step everywhere, but for gaps and late ones."""
    usual = float(np.median(steps))
    spread = float(np.median(np.abs(steps - usual))) / usual
    even = spread < 0.15
    near = (steps > 0.5 * usual) & (steps < 1.5 * usual) if even else steps < 5 * usual
    step = float(steps[near].mean())
    long = np.flatnonzero(steps > (1.5 if even else 1.5 + 4 * spread) * step)
    if even and long.size >= 0.05 * steps.size:
        rounded = _rounded(times, usual)
        if rounded is not None:
            return rounded
    missing = np.rint(_lasting(times, long, step)).astype(np.int64)
    gaps, missing = long[missing > 0], missing[missing > 0]
    if even:
        short = np.flatnonzero(steps < 0.5 * step)
        early = short[_lasting(times, short, step) < -0.75]
        if early.size:
            row = int(early[0])
            raise complain(row, f"steps by {steps[row]:g} where the usual step is {usual:g}" + _more(early.size))
    places = _places(times.size, gaps + 1, missing, complain)
    inside = np.ones(steps.size, dtype=bool)
    inside[gaps] = False
    step = float(steps[inside].mean())
    _check_rate_stays(steps, inside, step, complain)
    at = np.arange(times.size) if places is None else places
    drift = times - times[0] - step * at
    return Grid(step, places, float(np.abs(drift).max()) / step if places is None else _local(drift, gaps) / step)


def _rounded(times: NDArray[np.float64], usual: float) -> Grid | None:
    """Return the grid of even times that were rounded to a power of ten of about their step; None where they were not.

    At 8 Hz, 0.0, 0.1, 0.2, 0.4, 0.5 ... has no gap at every third time.
    """
    some = times[:1000] - times[0]
    powers = 10.0 ** np.arange(9, -7, -1)
    exact = [p for p in powers.tolist() if p < 1.5 * usual and np.abs(some / p - np.rint(some / p)).max() < 1e-4]
    mean = float(times[-1] - times[0]) / (times.size - 1)
    off = float(np.abs(times - times[0] - mean * np.arange(times.size)).max())
    if not exact or exact[0] < 0.2 * usual or off > 1.5 * exact[0]:
        return None
    return Grid(mean, None, off / mean, f"the times are rounded to {exact[0]:g}")


def _lasting(times: NDArray[np.float64], rows: NDArray[np.int64], step: float) -> NDArray[np.float64]:
    """By how many steps the times after some rows stay later than those before let expect.

    Both means are over up to `_WINDOW` samples, not beyond the neighbouring rows of the list.
    """
    if not rows.size:
        return np.zeros(0)
    n = times.size
    sums = np.concatenate([[0.0], np.cumsum(times - times[0] - step * np.arange(n))])
    before = np.maximum(np.concatenate([[0], rows[:-1] + 1]), rows + 1 - _WINDOW)
    after = np.minimum(np.concatenate([rows[1:] + 1, [n]]), rows + 1 + _WINDOW)
    lead = (sums[rows + 1] - sums[before]) / (rows + 1 - before)
    follow = (sums[after] - sums[rows + 1]) / (after - rows - 1)
    return np.asarray((follow - lead) / step)


def _places(
    n: int, rows: NDArray[np.int64], missing: NDArray[np.int64], complain: Complain
) -> NDArray[np.int64] | None:
    """Places of n samples with some missing before some rows."""
    total = int(missing.sum())
    if not total:
        return None
    if total > 1_000_000 + _MOST_MISSING * n:
        worst = int(rows[int(missing.argmax())])
        raise complain(worst - 1, f"jumps by {int(missing.max()):,} samples, {n} are there")
    shift = np.zeros(n, dtype=np.int64)
    shift[rows] = missing
    return np.arange(n) + np.cumsum(shift)


def _check_rate_stays(steps: NDArray[np.float64], inside: NDArray[np.bool_], step: float, complain: Complain) -> None:
    """Refuse a file whose rate changes: the mean step of a twentieth of it differs from the whole's by 10 %."""
    n_blocks = min(20, steps.size // 32)
    if n_blocks < 2:
        return
    for block in np.array_split(np.arange(steps.size), n_blocks):
        own = steps[block][inside[block]]
        if own.size < 16:
            continue
        noise = 3 * own.std() / np.sqrt(own.size)
        if abs(own.mean() - step) > 0.1 * step + noise:
            raise complain(
                int(block[0]), f"steps by {own.mean():g} on average from there, by {step:g} in the whole file"
            )


def _local(drift: NDArray[np.float64], gaps: NDArray[np.int64]) -> float:
    """Largest deviation within the stretches between gaps, each with its own start."""
    return max(float(np.abs(part - part[0]).max()) for part in np.split(drift, gaps + 1))


def _more(count: int) -> str:
    return f" (and at {count - 1} more places)" if count > 1 else ""

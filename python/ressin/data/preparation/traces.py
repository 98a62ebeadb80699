"""From the file of a PMEmo recording to evenly sampled values, and notes on what was unusual."""

from dataclasses import dataclass

import numpy as np

from ressin.data.sources.tables import NumberTable
from ressin.errors import RecordingError

NOMINAL_RATE = 50.0
JITTER = 0.3  # a time stamp may lie this share of a sampling interval off the even grid


@dataclass(frozen=True)
class Trace:
    """Signals on one even time grid.

    Attributes
    ----------
    sampling_rate
        Hz.
    names
        Name of each signal, from the header.
    values
        samples x signals, float64, NaN where there is no value.
    notes
        Pairs (kind, sentence) about what was unusual but could be used.
    """

    sampling_rate: float
    names: tuple[str, ...]
    values: np.ndarray
    notes: tuple[tuple[str, str], ...] = ()


def trace_of(table: NumberTable, name: str) -> Trace:
    """Read the first column as time in seconds, the others as signals on an even grid.

    Rows that are missing from the grid become NaN; a last line that may be cut off is left out. The rate is the
    inverse of the mean time step, rounded to a whole number where the whole number fits the times as well.

    Parameters
    ----------
    table
        Numbers as read; at least two columns.
    name
        How messages call the file.

    Raises
    ------
    RecordingError
        Fewer than two columns or rows, time missing, going back or uneven, infinite values.
    """
    if len(table.names) < 2:
        raise RecordingError(f"{name}: 1 column ({table.names[0]!r}), needs time and a signal")
    rows = table.values[:-1] if table.unfinished else table.values
    time, values = rows[:, 0], rows[:, 1:]
    if len(time) < 2:
        raise RecordingError(f"{name}: {len(time)} whole row(s), needs at least 2 to tell the sampling rate")
    if not np.isfinite(time).all():
        row = int(np.flatnonzero(~np.isfinite(time))[0])
        raise RecordingError(f"{name}: no time in data row {row + 1}")
    steps = np.diff(time)
    if steps.min() <= 0:
        row = int(np.argmin(steps > 0))
        raise RecordingError(
            f"{name}: time does not advance from {time[row]:g} s to {time[row + 1]:g} s (row {row + 2})"
        )
    if np.isinf(values).any():
        row = int(np.flatnonzero(np.isinf(values).any(axis=1))[0])
        raise RecordingError(f"{name}: an infinite value in data row {row + 1}")
    rate = _rate_of(time, steps)
    place = (time - time[0]) * rate
    grid = np.rint(place).astype(np.int64)
    worst = int(np.argmax(np.abs(place - grid)))
    if abs(place[worst] - grid[worst]) > JITTER or np.diff(grid).min() < 1:
        raise RecordingError(f"{name}: uneven time: {time[worst]:g} s is off the grid of {rate:g} Hz")
    notes = _notes(table, rate, grid)
    if grid[-1] + 1 != len(grid):
        if grid[-1] > 100 * len(grid):
            raise RecordingError(f"{name}: time runs from {time[0]:g} to {time[-1]:g} s in {len(time)} rows")
        even = np.full((int(grid[-1]) + 1, values.shape[1]), np.nan)
        even[grid] = values
        values = even
    return Trace(rate, table.names[1:], values, notes)


def _rate_of(time: np.ndarray, steps: np.ndarray) -> float:
    """Compute the rate in Hz: the inverse of the mean step of rows next to each other, whole where that fits."""
    usual = float(np.median(steps))
    near = steps < 1.5 * usual
    rate = float(1.0 / steps[near].mean())
    drift = abs(rate - round(rate)) * float(time[-1] - time[0])  # samples, over the whole recording
    return float(round(rate)) if round(rate) >= 1 and drift < JITTER / 2 else rate


def _notes(table: NumberTable, rate: float, grid: np.ndarray) -> tuple[tuple[str, str], ...]:
    notes = []
    if table.encoding != "utf-8":
        notes.append(("encoding", f"header is not plain UTF-8; read as {table.encoding}"))
    if rate != NOMINAL_RATE:
        notes.append(("rate", f"sampled at {rate:g} Hz where PMEmo has {NOMINAL_RATE:g} Hz; kept at its own rate"))
    if table.unfinished:
        notes.append(("truncated", "the last line has no end; its row, which may be cut off, was left out"))
    absent = int(grid[-1]) + 1 - len(grid)
    if absent:
        notes.append(("gaps", f"{absent} row(s) are missing from the time grid"))
    return tuple(notes)

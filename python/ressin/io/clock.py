"""The sampling rate, from a column of times."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ressin.errors import RecordingError
from ressin.io.dialect import bare_name
from ressin.io.table import Table

_UNITS = {  # seconds in one unit
    "s": 1.0, "sec": 1.0, "secs": 1.0, "second": 1.0, "seconds": 1.0,
    "ms": 1e-3, "msec": 1e-3, "millis": 1e-3, "milliseconds": 1e-3,
    "us": 1e-6, "\u00b5s": 1e-6, "\u03bcs": 1e-6, "microseconds": 1e-6, "usec": 1e-6,
    "ns": 1e-9, "nanoseconds": 1e-9,
    "min": 60.0, "minutes": 60.0,
}  # fmt: skip


@dataclass(frozen=True)
class FileClock:
    """Rate and start, from a column of times.

    Attributes
    ----------
    sampling_rate
        Samples per second (Hz).
    start_time
        Seconds since 1970-01-01 UTC of the first sample, or None where the times count from elsewhere.
    note
        What was found, in a sentence.
    """

    sampling_rate: float
    start_time: float | None
    note: str


def read_clock(table: Table, index: int) -> FileClock:
    """Find the rate from a column of times.

    Raises
    ------
    RecordingError
        If a time is missing, times do not rise, a step differs from the usual one by more than half of it (a gap, a
        doubled sample), or the unit of the times cannot be told. The message names the place and says what to do.
    """
    ticks, seconds_per_tick, absolute = _ticks(table, index)
    if ticks.size < 2:
        raise RecordingError(
            f"{table.path}, {table.label(index)}: one time is not enough to tell the rate; give it (--rate)"
        )
    _check_regular(table, index, ticks)
    step = (ticks[-1] - ticks[0]) / (ticks.size - 1)
    unit_note = ""
    if seconds_per_tick is None:
        seconds_per_tick, unit_note = _guess_unit(table, index, float(ticks[0]), step)
    rate = _snapped(1.0 / (step * seconds_per_tick), ticks.size)
    note = f"{rate:.6g} Hz from {table.label(index)}{unit_note}"
    jitter = float(np.max(np.abs(ticks - ticks[0] - step * np.arange(ticks.size)))) / step
    if jitter > 0.01:
        note += f" (times deviate from an even grid by up to {100 * jitter:.0f} % of a sample)"
    start = float(ticks[0]) * seconds_per_tick
    return FileClock(rate, start if absolute or 3e8 < start < 1e10 else None, note)


def _ticks(table: Table, index: int) -> tuple[NDArray[np.float64], float | None, bool]:
    """Return the times as numbers, the seconds in one of them if known, and whether they count from 1970."""
    cells = table.cells(index)
    if cells.isna().any():
        row = int(np.argmax(cells.isna().to_numpy()))
        raise RecordingError(f"{table.path}, {table.place(row)}, {table.label(index)}: the time is missing; {_ADVICE}")
    if table.cells_are_time(index):
        return _epoch_seconds(pd.to_datetime(cells, utc=True)), 1.0, True
    if table.is_numeric(index):
        return table.numbers(index), _stated_unit(table, index), False
    text = cells.astype(str).str.strip()
    times = pd.to_datetime(text, utc=True, errors="coerce", format="ISO8601")
    if times.notna().iloc[0]:
        _refuse_text(table, index, text, times)
        return _epoch_seconds(times), 1.0, True
    spans = pd.to_timedelta(text.str.replace(",", "."), errors="coerce")
    _refuse_text(table, index, text, spans)
    return np.asarray(spans.dt.total_seconds(), dtype=np.float64), 1.0, False


def _epoch_seconds(times: pd.Series) -> NDArray[np.float64]:
    """Return seconds since 1970 in float64: to about 0.2 microseconds in this century."""
    return np.asarray(times.astype("datetime64[ns, UTC]").astype("int64"), dtype=np.float64) / 1e9


def _refuse_text(table: Table, index: int, text: pd.Series, parsed: pd.Series) -> None:
    bad = parsed.isna().to_numpy()
    if bad.any():
        row = int(np.argmax(bad))
        raise RecordingError(
            f"{table.path}, {table.place(row)}, {table.label(index)}: {text.iloc[row]!r} is not a time; write seconds, "
            f"2024-05-01T12:00:00.25 or 12:00:00.25, or give the rate (--rate), and the column is not used"
        )


_ADVICE = "repair the times, or give the rate (--rate) if the samples are evenly spaced all the same"


def _check_regular(table: Table, index: int, ticks: NDArray[np.float64]) -> None:
    """Refuse the first step that is not within half of the usual step, the median."""
    steps = np.diff(ticks)
    usual = float(np.median(steps))
    if not usual > 0:
        falls = np.flatnonzero(steps <= 0)
        raise _irregular(table, index, ticks, int(falls[0]), "does not rise")
    wrong = np.flatnonzero((steps <= 0.5 * usual) | (steps >= 1.5 * usual))
    if wrong.size:
        row = int(wrong[0])
        what = "does not rise" if steps[row] <= 0 else f"steps by {steps[row]:g} where the usual step is {usual:g}"
        raise _irregular(table, index, ticks, row, what, wrong.size)


def _irregular(
    table: Table, index: int, ticks: NDArray[np.float64], row: int, what: str, count: int = 1
) -> RecordingError:
    more = f" (and at {count - 1} more places)" if count > 1 else ""
    return RecordingError(
        f"{table.path}, {table.place(row + 1)}, {table.label(index)}: the time {what}, from {ticks[row]:.10g} to "
        f"{ticks[row + 1]:.10g}{more}; a recording is evenly sampled: {_ADVICE}"
    )


def _stated_unit(table: Table, index: int) -> float | None:
    """Return the seconds in one tick if the header says so: ``time(s)``, ``timestamp_ms``, ``seconds``."""
    words = [table.units[index].lower(), *re.split(r"[\s_.\-]+", bare_name(table.names[index]).lower())[::-1]]
    return next((_UNITS[word] for word in words if word in _UNITS), None)


def _guess_unit(table: Table, index: int, first: float, step: float) -> tuple[float, str]:
    """Tell seconds, milliseconds, microseconds and nanoseconds apart by the date or by the step.

    A first time that is a date between 1980 and 2200 in one of the units decides. Otherwise steps below one are seconds
    (over 1 Hz) and steps above one are not (under 1 Hz is no rate for skin conductance); of the finer units the
    coarsest is taken that gives at most 10 kHz.
    """
    for unit in ("s", "ms", "us", "ns"):
        if 3.2e8 < first * _UNITS[unit] < 7.3e9:
            return _UNITS[unit], f", {unit} since 1970"
    if step < 1.0:
        return 1.0, ", in seconds"
    for unit in ("ms", "us", "ns"):
        if step > 1.0 and 1.0 <= 1.0 / (step * _UNITS[unit]) <= 10_000:
            return _UNITS[unit], f", in {unit} judged by its step of {step:g}"
    raise RecordingError(
        f"{table.path}, {table.label(index)}: a step of {step:g} does not tell the rate (seconds, milliseconds or a "
        "count of samples?); write the unit behind the column's name, as in 'time (ms)', or give the rate (--rate)"
    )


def _snapped(rate: float, n: int) -> float:
    """Return the nearest whole rate if it moves no sample by more than a tenth of an interval, else the rate itself."""
    whole = round(rate)
    return float(whole) if whole >= 1 and abs(rate / whole - 1.0) * n < 0.1 else rate

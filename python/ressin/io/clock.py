"""The sampling rate, the start and the gaps, from columns of times."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ressin.errors import RecordingError
from ressin.io.clock_parts import find_parts, kind_of, part_seconds, wrap_of
from ressin.io.dialect import bare_name
from ressin.io.grid import find_grid
from ressin.io.table import Table
from ressin.io.times import epoch_seconds, is_date_alone, is_shown_minutes, over_wraps, parse_times

_DAY = 86_400.0
SECONDS_IN = {  # seconds in one unit
    "s": 1.0, "sec": 1.0, "secs": 1.0, "second": 1.0, "seconds": 1.0,
    "ms": 1e-3, "msec": 1e-3, "msecs": 1e-3, "millis": 1e-3, "millisecond": 1e-3, "milliseconds": 1e-3,
    "us": 1e-6, "\u00b5s": 1e-6, "\u03bcs": 1e-6, "microsecond": 1e-6, "microseconds": 1e-6, "usec": 1e-6,
    "micros": 1e-6,
    "ns": 1e-9, "nanosecond": 1e-9, "nanoseconds": 1e-9, "nanos": 1e-9, "nsec": 1e-9,
    "min": 60.0, "mins": 60.0, "minute": 60.0, "minutes": 60.0,
    "h": 3600.0, "hr": 3600.0, "hrs": 3600.0, "hour": 3600.0, "hours": 3600.0,
    "d": _DAY, "day": _DAY, "days": _DAY, "datenum": _DAY,
}  # fmt: skip
_DAYS_OF_1970 = {"Excel's": 25_569.0, "MATLAB's": 719_529.0}
_SLOWEST = 0.2  # Hz: below it a file holds averages, not a recording of skin conductance
_SHORTEST = 2.0  # s


@dataclass(frozen=True)
class FileClock:
    """Rate, start and gaps, from columns of times.

    Attributes
    ----------
    sampling_rate
        Samples per second (Hz).
    start_time
        Seconds since 1970-01-01 UTC of the first sample, or None where the times count from elsewhere.
    begins
        The first sample's time in seconds where the times count from elsewhere and do not begin there; or None.
    note
        What was found, in a sentence.
    source
        Which columns, or "the file", or "given".
    places
        Place of each sample on the even grid; None where none is missing.
    jitter
        Largest deviation of a time from its place, in samples.
    is_plain
        Whether every sample has a time of its own, neither rounded nor in bursts.
    columns, tick
        The columns that hold the times, none where no time is used, and the seconds in one of their ticks.
    """

    sampling_rate: float
    start_time: float | None
    note: str
    source: str = ""
    places: NDArray[np.int64] | None = None
    jitter: float = 0.0
    is_plain: bool = True
    columns: tuple[int, ...] = ()
    tick: float = 1.0
    begins: float | None = None


@dataclass(frozen=True)
class _Ticks:
    """Times as numbers: seconds in one of them if known, whether they count from 1970, what to call them."""

    values: NDArray[np.float64]
    seconds: float | None
    absolute: bool
    label: str
    place: int  # index of the column that messages name
    note: str = ""
    is_of_day: bool = False  # whether they count from a midnight


def read_clock(table: Table, candidates: Sequence[int], given: float | None = None) -> FileClock:
    """Find rate, start and gaps from the columns that may hold the time.

    Parameters
    ----------
    table
        The columns of the file.
    candidates
        Indices of columns, the likeliest first. A column of dates and one of times of day are taken together; of
        several clocks the first is taken that runs from sample to sample.
    given
        The rate in Hz where the caller gives it: used where the file's unit of time cannot be told.

    Raises
    ------
    RecordingError
        If a time is missing, falls or is doubled, the rate changes, or the unit of the times cannot be told. The
        message names the place and says what to do.
    """
    coarse: FileClock | None = None
    first_error: RecordingError | None = None
    for group in _grouped(table, candidates):
        try:
            found = _one_clock(table, group, given)
        except RecordingError as error:
            first_error = first_error or error
            continue
        if found.is_plain:
            return found
        coarse = coarse or found
    if coarse is not None:
        return coarse
    assert first_error is not None, "a clock is looked for in at least one column"
    raise first_error


def _grouped(table: Table, candidates: Sequence[int]) -> list[list[int]]:
    """Candidates one by one, those that are one time together first: a date and a time of day, hours, minutes ..."""
    dates = [i for i in candidates if is_date_alone(table.first_text(i))]
    clocks = [i for i in candidates if ":" in table.first_text(i) and i not in dates and len(table.first_text(i)) < 17]
    pair = [[dates[0], clocks[0]]] if dates and clocks else []
    parts = find_parts(table)
    if parts and set(parts) <= set(candidates):
        pair.insert(0, parts)
    return pair + [[i] for i in candidates if not any(i in group for group in pair)]


def _one_clock(table: Table, columns: list[int], given: float | None) -> FileClock:
    ticks = _ticks(table, columns)
    if ticks.values.size < 2:
        raise RecordingError(f"{table.path}, {ticks.label}: one time is not enough to tell the rate; give it (--rate)")

    def complain(row: int, what: str) -> RecordingError:
        return _irregular(table, ticks, row, what)

    grid = find_grid(ticks.values, complain)
    seconds, unit_note, zero = ticks.seconds, "", 0.0
    first, n = float(ticks.values[0]), ticks.values.size
    absolute = ticks.absolute
    if seconds is None:
        seconds, unit_note, zero, absolute = _guess_unit(table, ticks, first, grid.step, given)
    elif seconds == _DAY and not absolute:
        zero = next((day for day in _DAYS_OF_1970.values() if 3650 < first - day < 84_000), 0.0)
        absolute = zero > 0
    last = n - 1 if grid.places is None else int(grid.places[-1])
    rate = _snapped(1.0 / (grid.step * seconds), last + 1)
    notes = [f"{rate:.6g} Hz from {ticks.label}{unit_note}", ticks.note]
    if grid.note:
        notes.append(grid.note)
    elif grid.jitter > 0.01:
        notes[0] += f" (times deviate from an even grid by up to {100 * grid.jitter:.0f} % of a sample)"
    start = (first - zero) * seconds
    known = absolute or (not zero and 3e8 < start < 1e10)
    return FileClock(
        rate, start if known else None, "; ".join(filter(None, notes)), ticks.label, grid.places, grid.jitter,
        is_plain=not grid.note, columns=tuple(columns), tick=seconds,
        begins=None if known or abs(start) < 1.5 / rate or (ticks.is_of_day and start >= _DAY) else start,
    )  # fmt: skip


def row_times(table: Table, clock: FileClock) -> NDArray[np.float64]:
    """Return the time of each row in seconds, by the columns and the unit of a clock that was read before.

    Raises
    ------
    RecordingError
        At a time that is missing or none.
    """
    return _ticks(table, list(clock.columns)).values * clock.tick


def _ticks(table: Table, columns: list[int]) -> _Ticks:
    label = table.label(columns[0]) if len(columns) == 1 else f"columns {table.listing(columns)}"
    numbers = [column for column in columns if kind_of(table, column)] if len(columns) > 1 else []
    texts = [_ticks_of(table, column, label) for column in columns if column not in numbers]
    if numbers:
        seconds, absolute = part_seconds(table, numbers)
        texts.append(_Ticks(seconds, 1.0, absolute, label, numbers[-1]))
    ticks = reduce(_together, texts)
    is_dated = texts[0].absolute or is_date_alone(table.first_text(columns[0]))
    if (len(columns) == 1 and not ticks.is_of_day) or (is_dated and np.ptp(texts[0].values) > 0):
        return ticks
    return _over_wraps(ticks, wrap_of(table, numbers) if len(numbers) == len(columns) else _DAY)


def _over_wraps(ticks: _Ticks, wrap: float) -> _Ticks:
    """Add what lies between wherever times begin anew, as times of day do at midnight where no date rises."""
    values, times = over_wraps(ticks.values, wrap)
    note = f"the times pass {'midnight' if wrap == _DAY else 'the hour'} {times} time(s)" if times else ""
    return replace(ticks, values=values, note="; ".join(filter(None, [ticks.note, note])))


def _together(days: _Ticks, clock: _Ticks) -> _Ticks:
    """Add a time of day, or a fraction of a second, to a date or a time."""
    if clock.absolute:
        return clock
    note = "; ".join(filter(None, [days.note, clock.note]))
    return replace(clock, values=days.values + clock.values, absolute=days.absolute, note=note)


def _ticks_of(table: Table, index: int, label: str) -> _Ticks:
    cells = table.cells(index)
    if cells.isna().any():
        row = int(np.argmax(cells.isna().to_numpy()))
        raise RecordingError(f"{table.path}, {table.place(row)}, {table.label(index)}: the time is missing; {_ADVICE}")
    if table.cells_are_time(index):
        if cells.dtype.kind == "m":
            return _Ticks(np.asarray(cells.dt.total_seconds(), dtype=np.float64), 1.0, False, label, index)
        return _Ticks(_typed_seconds(table, index, cells), 1.0, True, label, index)
    if table.is_numeric(index):
        return _Ticks(table.numbers(index), _stated_unit(table, index), False, label, index)
    text = cells.astype(str).str.strip()
    if is_shown_minutes(text.iloc[0]):
        raise RecordingError(
            f"{table.path}, {table.label(index)}: {text.iloc[0]!r} is a time as a spreadsheet shows it, rounded and "
            "without its hours, and no clock; export the cells as numbers, or give the rate (--rate)"
        )
    times = parse_times(text)
    seconds = np.full(len(text), np.nan) if times is None else times.seconds
    bad = np.isnan(seconds)
    if bad.any():
        row = int(np.argmax(bad))
        raise RecordingError(
            f"{table.path}, {table.place(row)}, {table.label(index)}: {text.iloc[row][:60]!r} is not a time; write "
            "seconds, 2024-05-01T12:00:00.25 or 12:00:00.25, or give the rate (--rate), and the column is not used"
        )
    assert times is not None
    if times.absolute or is_date_alone(text.iloc[0]):
        return _Ticks(seconds, 1.0, times.absolute, label, index, times.note)
    return _Ticks(seconds, 1.0, False, label, index, times.note, is_of_day=True)


def _typed_seconds(table: Table, index: int, cells: pd.Series) -> NDArray[np.float64]:
    try:
        return epoch_seconds(pd.to_datetime(cells, utc=True))
    except (ValueError, OverflowError, TypeError) as error:  # dates that nanoseconds cannot hold
        raise RecordingError(f"{table.path}, {table.label(index)}: the times cannot be read ({error})") from error


_ADVICE = "repair the times, or give the rate (--rate) if the samples are evenly spaced all the same"


def _irregular(table: Table, ticks: _Ticks, row: int, what: str) -> RecordingError:
    return RecordingError(
        f"{table.path}, {table.place(row + 1)}, {ticks.label}: the time {what}, from {ticks.values[row]:.10g} to "
        f"{ticks.values[row + 1]:.10g}; a recording is evenly sampled: {_ADVICE}{table.hint_for_clock()}"
    )


def _stated_unit(table: Table, index: int) -> float | None:
    """Return the seconds in one tick if the header says so: ``time(s)``, ``timestamp_ms``, ``seconds``."""
    words = [table.units[index].lower(), *re.split(r"[\s_.\-]+", bare_name(table.names[index]).lower())[::-1]]
    return next((SECONDS_IN[word] for word in words if word in SECONDS_IN), None)


def _guess_unit(
    table: Table, ticks: _Ticks, first: float, step: float, given: float | None
) -> tuple[float, str, float, bool]:
    """Tell the unit of times that do not state it.

    A first time that is a date between 1980 and 2200 in seconds, milliseconds, microseconds or nanoseconds decides, and
    so do days since Excel's or MATLAB's zero with steps that would be no rate in seconds. Otherwise steps below one
    are seconds (over 1 Hz) unless the recording then lasts under two seconds and a coarser unit makes it one; steps
    above one are not seconds (under 1 Hz is no rate for skin conductance): of the finer units the coarsest is taken
    that gives at most 10 kHz.

    Returns
    -------
    seconds : float
        In one tick.
    note : str
        What was decided.
    zero : float
        The tick of 1970-01-01.
    absolute : bool
        Whether the times count from a known date.

    Notes
    -----
    Where the caller gives a rate, a unit that makes it right is taken, and steps of one may number the samples.
    """
    for unit in ("s", "ms", "us", "ns"):
        if 3.2e8 < first * SECONDS_IN[unit] < 7.3e9:
            return SECONDS_IN[unit], f", {unit} since 1970", 0.0, True
    for whose, zero in _DAYS_OF_1970.items():
        if 3650 < first - zero < 84_000 and step < 3e-5:
            return _DAY, f", {whose} days", zero, True
    if given is not None:
        fits = [unit for unit in ("s", "ms", "us", "ns", "min", "h", "d") if _fits(step * SECONDS_IN[unit], given)]
        if fits:
            return SECONDS_IN[fits[0]], f", in {fits[0]}", 0.0, False
        if step == 1.0:  # a number of each sample
            return 1 / given, "", 0.0, False
    span = step * ticks.values.size
    coarser = [
        u for u in ("min", "h", "d") if 1 <= 1 / (step * SECONDS_IN[u]) <= 2000 and span * SECONDS_IN[u] >= _SHORTEST
    ]
    if step < 1.0 and span < _SHORTEST and coarser:
        raise RecordingError(
            f"{table.path}, {ticks.label}: in seconds these times are {span:.3g} s at {1 / step:.4g} Hz, too short for "
            f"a recording; if they are {' or '.join(_LONG[u] for u in coarser)}, write the unit behind the column's "
            f"name, as in 'time ({coarser[0]})', or give the rate (--rate)"
        )
    if step < 1.0:
        return 1.0, ", in seconds", 0.0, False
    for unit in ("ms", "us", "ns"):
        if step > 1.0 and 1.0 <= 1.0 / (step * SECONDS_IN[unit]) <= 10_000:
            return SECONDS_IN[unit], f", in {unit} judged by its step of {step:g}", 0.0, False
    raise RecordingError(
        f"{table.path}, {ticks.label}: a step of {step:g} does not tell the rate (seconds, milliseconds or a "
        "count of samples?); write the unit behind the column's name, as in 'time (ms)', or give the rate (--rate)"
    )


_LONG = {"min": "minutes", "h": "hours", "d": "days"}


def _fits(interval: float, rate: float) -> bool:
    return abs(interval * rate - 1.0) <= 0.01


def _snapped(rate: float, n: int) -> float:
    """Return the nearest whole rate if it moves no sample by more than a tenth of an interval, else the rate itself."""
    whole = round(rate)
    return float(whole) if whole >= 1 and abs(rate / whole - 1.0) * n < 0.1 else rate


def refuse_averages(path: str, rate: float) -> None:
    """Refuse a file whose values are seconds apart.

    Raises
    ------
    RecordingError
        Below `_SLOWEST`.
    """
    if rate < _SLOWEST:
        raise RecordingError(
            f"{path}: one value every {1 / rate:.4g} s: these are aggregates, not a recording of skin conductance; "
            "give the file of the samples themselves"
        )


def clock_warnings(rate: float, n: int) -> list[str]:
    """Say what is unusual about a rate and a length."""
    odd = []
    if not 1.0 <= rate <= 5000.0:
        odd.append(f"{rate:.6g} Hz is an unusual rate for skin conductance")
    if n / rate < _SHORTEST:
        odd.append(f"{n / rate:.3g} s are short for a recording of skin conductance")
    return odd

"""A recording from a file of any format that is read here."""

from __future__ import annotations

import math
import os
from pathlib import Path

from ressin.errors import RecordingError
from ressin.io.arrays import read_npy, read_parquet
from ressin.io.clock import FileClock, read_clock
from ressin.io.columns import find_signal, time_columns
from ressin.io.source import content_stem, kind_of, read_bytes
from ressin.io.table import Table
from ressin.io.text import read_text
from ressin.recording import Recording


def read_recording(
    path: str | os.PathLike[str], *, sampling_rate: float | None = None, column: str | None = None
) -> Recording:
    """Read one signal from a file, and say what was found out about it.

    Parameters
    ----------
    path
        CSV, TSV or TXT (any separator, with or without header and comments, decimal commas, UTF-8, UTF-16 or
        Windows-1252), Empatica's E4 ``EDA.csv``, Parquet, or ``.npy``; each also gzipped. The content decides, not
        the name.
    sampling_rate
        Samples per second (Hz), > 0. None takes it from the file: Empatica's second line, or a column of times in
        seconds, milliseconds, microseconds, nanoseconds or ISO 8601, which must be even. A given rate wins over the
        file.
    column
        Name of the column of samples, or its number from 1. None finds it: the column named EDA or GSR or skin
        conductance (in any case, with any unit behind), else the only column with EDA or GSR in its name, else the
        only column of numbers that is not the time.

    Returns
    -------
    Recording
        The samples, NaN where a cell is empty, with `notes` that say what was taken.

    Raises
    ------
    RecordingError
        If the file is missing, empty, cut short or damaged; if a cell of the column is no number, a row has too few
        or too many fields, the times are uneven; if the column or the rate cannot be told. The message names the
        file, the place, the value and what would be right.
    MissingExtraError
        If a Parquet file is given and pyarrow is not installed.

    Examples
    --------
    >>> from ressin.io import read_recording
    >>> recording = read_recording("EDA.csv")  # doctest: +SKIP
    >>> recording.sampling_rate, recording.notes  # doctest: +SKIP
    (4.0, ('Empatica E4 layout: start time on line 1, rate on line 2, microsiemens below',))
    """
    if sampling_rate is not None and not (math.isfinite(sampling_rate) and sampling_rate > 0):
        raise RecordingError(f"{path}: sampling_rate is {sampling_rate!r}; it must be a positive number of Hz")
    file = Path(path)
    table = _read_table(file)
    index, found = find_signal(table, column)
    signal = table.numbers(index)
    clock = _clock(table, index, sampling_rate)
    missing = int((signal != signal).sum())
    if missing == signal.size:
        raise RecordingError(f"{path}, {table.label(index)}: all {missing} samples are missing; name another column")
    notes = [*table.notes, found, clock.note, f"{missing} of {signal.size} samples are missing" if missing else ""]
    start = clock.start_time if clock.start_time is not None else table.start_time
    return Recording(
        signal, clock.sampling_rate, content_stem(file), table.units[index] or "uS", start, tuple(filter(None, notes))
    )


def _read_table(file: Path) -> Table:
    data = read_bytes(file)
    kind = kind_of(file, data)
    if kind == "npy":
        return read_npy(str(file), data)
    if kind == "parquet":
        return read_parquet(str(file), data)
    return read_text(str(file), data)


def _clock(table: Table, signal: int, given: float | None) -> FileClock:
    """Take the rate that was given, else the file's own, else the one of its time column."""
    times = [index for index in time_columns(table) if index != signal]
    if given is not None:
        return FileClock(given, None, _compare(table, times, given))
    if table.sampling_rate is not None:
        return FileClock(table.sampling_rate, table.start_time, f"{table.sampling_rate:g} Hz from the file")
    if not times:
        raise RecordingError(
            f"{table.path}: the rate is not in the file (no column of times among {table.listing()}); "
            "give it in Hz with sampling_rate= or --rate"
        )
    return read_clock(table, times[0])


def _compare(table: Table, times: list[int], given: float) -> str:
    """Say where the file disagrees with the rate that was given."""
    if table.sampling_rate is not None:
        stated = table.sampling_rate
    elif not times:
        return ""
    else:
        try:
            stated = read_clock(table, times[0]).sampling_rate
        except RecordingError as error:
            return f"the rate of {given:g} Hz was given, and the times in the file were not used ({error})"
    if abs(stated - given) <= 1e-3 * given:
        return ""
    return f"the rate of {given:g} Hz was given, but the file says {stated:.6g} Hz"

"""A recording from a file of any layout that is read here."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ressin.errors import InvalidInputError, NotEdaError, RecordingError, RessinError
from ressin.io.choice import choose_rows, refuse_several_people, table_of
from ressin.io.clock import FileClock, clock_warnings, refuse_averages
from ressin.io.columns import find_signal, time_columns
from ressin.io.conductance import Conductance, as_conductance
from ressin.io.layout import Layout, Match
from ressin.io.layouts.registry import find_layout
from ressin.io.rate import take_clock
from ressin.io.source import Content, content_stem, inside, open_content
from ressin.io.table import Table
from ressin.io.temperature import skin_temperature
from ressin.reading import MAX_BYTES, Reading
from ressin.recording import Channel, Clock, Gap, Marker, Recording


def read_recording(
    path: str | os.PathLike[str],
    *,
    sampling_rate: float | None = None,
    column: str | int | None = None,
    unit: str | None = None,
    where: str | None = None,
    force_rate: bool = False,
    max_bytes: int = MAX_BYTES,
) -> Recording:
    """Read the skin conductance from a file, and say what was found out about it.

    Parameters
    ----------
    path
        A file of one of the layouts in the documentation's table; ``-`` for standard input; a member of a zip archive
        as ``study.zip/S1/EDA.csv``; a folder or a zip archive that holds one EDA.csv, as a session of
        Empatica's does. The content decides, not the name.
    sampling_rate
        Samples per second (Hz), > 0. None takes it from the file: its header, or a column of times. One that
        contradicts the file by more than 1 % is refused unless `force_rate` is set.
    column
        Name of the column of samples, or its number from 1. None finds it: the column that states siemens and is named
        EDA, GSR or skin conductance, else the only one that states siemens, else the only one named so, else the only
        column of numbers that is neither the time nor named after another signal.
    unit
        Unit of the samples where the file does not state it or states it wrong, such as ``"kOhm"``.
    where
        ``"column=value"``: only the rows with that value, of a table that holds several recordings.
    force_rate
        Whether `sampling_rate` wins over the file.
    max_bytes
        Largest size of the file, packed or unpacked.

    Returns
    -------
    Recording
        The samples, NaN where one is missing: an empty cell, a value that stands for one (-9999), a gap of the clock.
        Conductance and resistance of any unit are in microsiemens; `notes` and `warnings` say what was decided. Only
        the channel of the skin conductance is listed; `open_recording` has all.

    Raises
    ------
    RecordingError
        If the file is missing, empty, too large or damaged; if a cell of the column is no number, a row has too few
        or too many fields, the times do not run; if the column, the rate or the unit cannot be told or is none of
        skin conductance. The message names the file, the place, the value and what would be right.
    MissingExtraError
        If the layout needs a package that is not installed.

    Examples
    --------
    >>> from ressin.io import read_recording
    >>> recording = read_recording("EDA.csv")  # doctest: +SKIP
    >>> recording.sampling_rate, recording.notes  # doctest: +SKIP
    (4.0, ('Empatica E4 layout: start time on line 1, rate on line 2, microsiemens below',))
    """
    wanted = _wanted(path, sampling_rate, column, unit, where, force_rate, max_bytes)
    content, layout, _, tables = _opened(path, wanted)
    return _recording(content, layout, tables, wanted)


def open_recording(
    path: str | os.PathLike[str],
    *,
    sampling_rate: float | None = None,
    column: str | int | None = None,
    unit: str | None = None,
    where: str | None = None,
    force_rate: bool = False,
    max_bytes: int = MAX_BYTES,
) -> Recording:
    """Read everything that a file holds: all its channels, markers and clock, and the skin conductance.

    Parameters
    ----------
    path, sampling_rate, column, unit, where, force_rate, max_bytes
        As for `read_recording`.

    Returns
    -------
    Recording
        As from `read_recording`, with all the channels. Where the file has no skin conductance, or it cannot be told
        which channel is it, `refusal` says so and `signal` is empty.

    Raises
    ------
    RecordingError, MissingExtraError
        If the file cannot be read at all.
    """
    wanted = _wanted(path, sampling_rate, column, unit, where, force_rate, max_bytes)
    content, layout, match, tables = _opened(path, wanted)
    channels = tuple(channel for table in tables for part in (table, *table.companions) for channel in _channels(part))
    try:
        found = _recording(content, layout, tables, wanted)
    except RessinError as error:
        found = Recording(
            np.zeros(0), math.nan, content_stem(content.path), "", refusal=str(error), layout=layout.name,
            device=next((table.device for table in tables if table.device), ""),
            notes=tuple(note for table in tables for note in table.notes),
        )  # fmt: skip
    return replace(found, channels=channels, notes=(*found.notes, f"layout {layout.name}: {match.reason}"))


def _wanted(path: str | os.PathLike[str], *options: Any) -> Reading:
    try:
        return Reading(*options)
    except InvalidInputError as error:
        raise RecordingError(f"{path}: {error}") from None


def _opened(path: str | os.PathLike[str], wanted: Reading) -> tuple[Content, Layout, Match, Sequence[Table]]:
    content = open_content(inside(Path(path)), wanted.max_bytes)
    layout, match = layout_of(content)
    return content, layout, match, tables_of(content, layout, wanted)


def layout_of(content: Content) -> tuple[Layout, Match]:
    """Return the layout that fits a file best, and why; as `find_layout`."""
    return find_layout(content)


def tables_of(content: Content, layout: Layout, wanted: Reading) -> Sequence[Table]:
    """Make a file's tables; whatever a library raises over it becomes a RecordingError here."""
    with one_error(content.path, layout.name):
        tables = layout.read(content)
        for table in tables:
            _check_stated(table)
            choose_rows(table, wanted.where)
        return tables


def _check_stated(table: Table) -> None:
    """Leave a rate out that a file states and that is none."""
    rate = table.sampling_rate
    if rate is not None and not (math.isfinite(rate) and rate > 0):
        table.notes.append(f"the file states a rate of {rate:g} Hz, which is none: not used")
        table.sampling_rate = None


class one_error:  # used as a statement
    """Turn whatever is raised over a damaged file into a RecordingError that names it."""

    def __init__(self, path: Path, layout: str) -> None:
        self.path, self.layout = path, layout

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, RecursionError) or (
            isinstance(error, Exception) and not isinstance(error, (RessinError, MemoryError))
        ):
            said = str(error).strip().splitlines()
            raise RecordingError(
                f"{self.path}: cannot be read as {self.layout} ({type(error).__name__}"
                f"{': ' + said[0][:200] if said else ''}); is the file whole? copy or export it again"
            ) from error


@dataclass(frozen=True)
class Taken:
    """The column of skin conductance of some tables.

    Attributes
    ----------
    table, index
        The table that has it, and which column it is.
    found
        How it was found, "" where there was no choice.
    conductance
        Its samples, row by row, in their unit.
    """

    table: Table
    index: int
    found: str
    conductance: Conductance


def take_signal(tables: Sequence[Table], wanted: Reading) -> Taken:
    """Find the column of skin conductance and convert it.

    Raises
    ------
    RecordingError
        If there is none or it cannot be told which, or it is in none of its units.
    """
    table = table_of(tables, wanted.column_text)
    if table.not_eda and wanted.column is None:
        raise NotEdaError(f"{table.path}: {table.not_eda}")
    refuse_several_people(table)
    index, found = find_signal(table, wanted.column_text)
    table.prefetch([index, *[i for i in time_columns(table) if i != index]])
    return Taken(table, index, found, as_conductance(table, index, wanted.unit, wanted.column is not None))


def _recording(content: Content, layout: Layout, tables: Sequence[Table], wanted: Reading) -> Recording:
    with one_error(content.path, layout.name):
        taken = take_signal(tables, wanted)
        table, index, conductance = taken.table, taken.index, taken.conductance
        clock = take_clock(table, index, wanted)
        refuse_averages(table.path, clock.sampling_rate)
        signal = _on_grid(conductance.signal, clock.places)
        gaps = _gaps(clock.places)
        notes = [*table.notes, taken.found, *conductance.notes, clock.note, _gaps_note(gaps), _missing_note(signal)]
        start = clock.start_time if clock.start_time is not None else table.start_time
        others = [*table.companions, *(other for other in tables if other is not table)]
        temperature, warmth = skin_temperature(table, others, clock.places, clock.sampling_rate, start, signal.size)
        notes.append(warmth)
        channel = Channel(table.names[index], table.units[index], clock.sampling_rate, conductance.signal)
        return Recording(
            signal, clock.sampling_rate, content_stem(content.path), conductance.unit, start,
            tuple(filter(None, notes)), (channel,),
            Clock(clock.source, start, table.origin, gaps, clock.jitter, clock.begins),
            _markers(table, clock), table.device, layout.name,
            (*conductance.warnings, *clock_warnings(clock.sampling_rate, signal.size)), temperature=temperature,
        )  # fmt: skip


def _on_grid(signal: NDArray[np.float64], places: NDArray[np.int64] | None) -> NDArray[np.float64]:
    if places is None:
        return signal
    grid = np.full(int(places[-1]) + 1, np.nan)
    grid[places] = signal
    return grid


def _gaps(places: NDArray[np.int64] | None) -> tuple[Gap, ...]:
    if places is None:
        return ()
    steps = np.diff(places)
    before = np.flatnonzero(steps > 1)
    return tuple(Gap(int(places[row]) + 1, int(steps[row]) - 1) for row in before)


def _gaps_note(gaps: tuple[Gap, ...]) -> str:
    if not gaps:
        return ""
    first = gaps[0]
    more = f", the first from sample {first.first} on" if len(gaps) > 1 else f" from sample {first.first} on"
    return f"{len(gaps)} gap(s) of the clock, {sum(gap.n_samples for gap in gaps)} samples{more}"


def _missing_note(signal: NDArray[np.float64]) -> str:
    missing = int((signal != signal).sum())
    return f"{missing} of {signal.size} samples are missing" if missing else ""


def _markers(table: Table, clock: FileClock) -> tuple[Marker, ...]:
    """Events in order of time: those that the file lists, those behind rows, and those of columns of markers."""
    found = [(row, text) for row, text in table.row_markers if table.kept is None]
    for index in table.marker_columns:
        found += _column_markers(table, index)
    places = clock.places
    at = [(row if places is None else int(places[row])) / clock.sampling_rate for row, _ in found]
    own = [Marker(time, text) for time, (_, text) in zip(at, found, strict=True)]
    return tuple(sorted([*table.markers, *own], key=lambda marker: marker.time))


def _column_markers(table: Table, index: int) -> list[tuple[int, str]]:
    """Rows where a column of markers takes a value that is neither empty nor 0, and the value."""
    cells = table.cells(index)
    numbers = pd.to_numeric(cells, errors="coerce")
    set_ = (cells.notna() & (cells.astype(str).str.strip() != "") & (numbers != 0)).to_numpy()
    changed = np.concatenate([[True], (cells.astype(str).to_numpy()[1:] != cells.astype(str).to_numpy()[:-1])])
    return [(int(row), _label(cells.iloc[row])) for row in np.flatnonzero(set_ & changed)]


def _label(value: object) -> str:
    return f"{value:g}" if isinstance(value, (float, np.floating)) else str(value).strip()


def _channels(table: Table) -> list[Channel]:
    """All columns of a table; a column of text has no values."""
    table.prefetch(range(len(table.names)))
    return [
        Channel(name, table.units[index], table.sampling_rate, _values_of(table, index))
        for index, name in enumerate(table.names)
    ]


def _values_of(table: Table, index: int) -> NDArray[np.float64]:
    if table.cells_are_time(index) or not table.is_numeric(index):
        return np.zeros(0)
    return pd.to_numeric(table.cells(index), errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)

"""Which column of a table holds the skin conductance, and which the time."""

from __future__ import annotations

import re

from ressin.errors import RecordingError
from ressin.io.dialect import bare_name
from ressin.io.table import Table

# Names that mean skin conductance on their own, without case, blanks and underscores.
_EDA_NAMES = {
    "eda",
    "edaraw",
    "raweda",
    "gsr",
    "gsrraw",
    "rawgsr",
    "electrodermalactivity",
    "skinconductance",
    "galvanicskinresponse",
    "conductance",
}
_EDA_WORDS = {"eda", "gsr", "skinconductance", "electrodermal"}
_TIME_NAMES = {
    "t",
    "sec",
    "secs",
    "second",
    "seconds",
    "ms",
    "msec",
    "milliseconds",
    "epoch",
    "unix",
    "date",
    "datetime",
    "zeit",
    "uhrzeit",
    "temps",
    "tiempo",
    "tempo",
}
_TIME_WORDS = {"time", "timestamp", "timestamps", "datetime", "unixtime", "systemtime", "localtime", "zeitstempel"}


def find_signal(table: Table, column: str | None) -> tuple[int, str]:
    """Find the column of samples.

    Parameters
    ----------
    table
        The columns of the file.
    column
        The name of the column, or its number from 1, as the caller gave it; None to find it by its name.

    Returns
    -------
    index : int
        Index of the column.
    note : str
        How it was found, empty where there was no choice.

    Raises
    ------
    RecordingError
        If the column that was asked for does not exist, or more than one or none could hold the signal; the message
        lists the columns.
    """
    if column is not None:
        return _given(table, column), ""
    others = [i for i in range(len(table.names)) if i not in time_columns(table)]
    exact = [i for i in others if _squeezed(table.names[i]) in _EDA_NAMES]
    partly = [i for i in others if _EDA_WORDS & set(_words(table.names[i]))]
    for found in (exact, partly):
        if len(found) == 1:
            return found[0], f"signal from {table.label(found[0])}" if len(table.names) > 1 else ""
        if found:
            raise _ambiguous(table, found)
    numeric = [i for i in others if table.is_numeric(i)]
    if len(numeric) == 1:
        return numeric[0], f"signal from {table.label(numeric[0])}, the only one of numbers" if len(
            table.names
        ) > 1 else ""
    if not numeric and len(others) == 1:
        table.numbers(others[0])  # refuses its first cell that is text, by name
        return others[0], ""
    if not numeric:
        raise RecordingError(f"{table.path}: no column of numbers besides the time; the columns are {table.listing()}")
    raise _ambiguous(table, numeric)


def time_columns(table: Table) -> list[int]:
    """Return the columns that hold the time, the likeliest first; in a file without names, the first of several."""
    if not table.named:
        return [0] if len(table.names) > 1 and _rises(table, 0) else []
    typed = [i for i in range(len(table.names)) if table.cells_are_time(i)]
    plain = [i for i, name in enumerate(table.names) if _squeezed(name) in _TIME_NAMES | _TIME_WORDS]
    wordy = [i for i, name in enumerate(table.names) if _TIME_WORDS & set(_words(name))]
    return list(dict.fromkeys(typed + plain + wordy))


def _given(table: Table, column: str) -> int:
    names = [i for i, name in enumerate(table.names) if name == column] if table.named else []
    names = names or [i for i, name in enumerate(table.names) if table.named and bare_name(name) == bare_name(column)]
    if len(names) == 1:
        return names[0]
    if len(names) > 1:
        numbers = " and ".join(str(i + 1) for i in names)
        raise RecordingError(
            f"{table.path}: columns {numbers} are all named {column!r}; give the number of one instead"
        )
    if column.isdecimal() and 1 <= int(column) <= len(table.names):
        return int(column) - 1
    raise RecordingError(f"{table.path}: there is no column {column!r}; the columns are {table.listing()}")


def _ambiguous(table: Table, candidates: list[int]) -> RecordingError:
    return RecordingError(
        f"{table.path}: {len(candidates)} columns could be the signal: {table.listing(candidates)}; "
        f"name one with column= or --column{table.ambiguity_hint}"
    )


def _rises(table: Table, index: int) -> bool:
    """Whether a column without a name looks like time: rising from cell to cell over its first thousand cells."""
    if table.cells_are_time(index):
        return True
    if not table.is_numeric(index):
        return table.holds_clock(index)
    head = table.numbers(index)[:1000]
    return head.size >= 3 and bool((head[1:] > head[:-1]).all())


def _squeezed(name: str) -> str:
    return re.sub(r"[\s_.\-]+", "", bare_name(name)).lower()


def _words(name: str) -> list[str]:
    """Split a name at everything but letters and between ``aB``: ``Shimmer_GSR_CAL`` and ``frameTime``."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return [word.lower() for word in re.findall(r"[A-Za-z]+", spaced)]

"""Which table of a file, and which of its rows, are the recording."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ressin.errors import NotEdaError, RecordingError
from ressin.io.columns import find_signal, is_named, words_of
from ressin.io.table import Table

_ANYBODY = {"id", "user", "patient"}  # they may number the rows as well
_PEOPLE = {
    "participant",
    "subject",
    "respondent",
    "subj",
    "pid",
    "participantid",
    "subjectid",
    "person",
    "proband",
    "vp",
}


def table_of(tables: Sequence[Table], column: str | None) -> Table:
    """Of a file with several clocks, the table that holds the skin conductance."""
    if len(tables) == 1:
        return tables[0]
    found: list[tuple[Table, int]] = []
    for table in tables:
        if column is None and (table.not_eda or not is_named(table)):
            continue
        try:
            found.append((table, find_signal(table, column)[0]))
        except RecordingError:
            if column is None:
                raise
    if len(found) == 1:
        return found[0][0]
    path = tables[0].path
    names = "; ".join(table.listing() for table in tables)
    if found:
        parts = ", ".join(repr(f"{t.part}/{t.names[i]}" if t.part else t.names[i]) for t, i in found)
        raise RecordingError(f"{path}: {len(found)} channels could be the signal: {parts}; name one: --column")
    raise NotEdaError(
        f"{path}: no channel is named after skin conductance; the channels are {names}; name one: --column"
    )


def choose_rows(table: Table, where: str | None) -> None:
    """Keep the rows that `where` names.

    Raises
    ------
    RecordingError
        If it is no column=value, the column does not exist, or no row has the value.
    """
    if where is None:
        return
    name, sign, value = where.partition("=")
    if not sign:
        raise RecordingError(f"{table.path}: where is {where!r}; it must be column=value")
    index, _ = find_signal(table, name.strip())
    cells = table.cells(index)
    same = (cells.astype(str).str.strip() == value.strip()).to_numpy()
    if not same.any() and pd.api.types.is_numeric_dtype(cells.dtype):
        try:
            same = (cells == float(value)).to_numpy()
        except ValueError:
            same = np.zeros(len(cells), dtype=bool)
    if not same.any():
        raise RecordingError(
            f"{table.path}: no row has {value.strip()!r} in {table.label(index)}; it has {_values(table, index)}"
        )
    table.keep(same)
    table.notes.append(f"{int(same.sum())} rows with {value.strip()} in {table.label(index)}")


def _values(table: Table, index: int) -> str:
    values = [str(value) for value in pd.unique(table.cells(index).dropna())]
    return ", ".join(values[:10]) + (f" and {len(values) - 10} more" if len(values) > 10 else "")


def refuse_several_people(table: Table) -> None:
    """Refuse a table of several people's recordings one below the other."""
    for index, name in enumerate(table.names):
        words = words_of([name]) if table.named else set()
        if not words & _PEOPLE and not (words and words <= _ANYBODY):
            continue
        n = table.cells(index).nunique()
        if n > 1 and (words & _PEOPLE or n <= table.n_rows / 8):
            first = str(table.cells(index).dropna().iloc[0])
            raise RecordingError(
                f"{table.path}: {table.label(index)} has several values ({_values(table, index)}): the file holds "
                f"several recordings; choose one with where= or --where '{name}={first}'"
            )

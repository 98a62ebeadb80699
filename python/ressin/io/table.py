"""What every file format is turned into first: named columns, and where in the file each cell is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ressin.errors import RecordingError, shown
from ressin.io.grouped import is_grouped
from ressin.io.missing import is_missing
from ressin.io.times import is_time_text
from ressin.recording import Marker

_LISTED = 20  # columns that a message names
_LONGEST = 100  # characters of a name in a message


@dataclass
class Table(ABC):
    """Columns of one file.

    Attributes
    ----------
    path
        The file, as it was given: every message begins with it.
    names
        Name of each column, in file order; ``"1"``, ``"2"`` ... where the file has no names.
    named
        Whether the names come from the file.
    units
        Unit of each column as the file states it, ``""`` where it does not.
    n_rows
        Number of rows of data.
    notes
        What the reader of this format had to find out.
    sampling_rate
        Rate in Hz where the file itself states it, else None.
    start_time
        Seconds since 1970-01-01 UTC of the first row where the file itself states it, else None.
    ambiguity_hint
        What else to think of where several columns could hold the signal, in brackets; "" where there is nothing.
    origin
        What `start_time` counts from.
    signal, clock
        The column of skin conductance and those of its times, where the layout says which they are; else None. An empty
        `clock` says that no column is one.
    marker_columns
        Columns that hold events.
    markers
        Events that the file lists apart, in seconds after the first row.
    row_markers
        Events that stand in rows of data: the row, and what is written there.
    device
        What wrote the file, as far as it tells.
    not_eda
        What the file holds instead of skin conductance, where its layout says so; "" where it does not.
    kept
        Rows of the file that are this table's; None where all are.
    missing_rows
        For a column, the rows that hold no sample whatever is written there.
    companions
        Other signals of the same session, from files beside this one.
    n_left_out
        Lines at the end of the text that are no rows: words, or one that was cut short.
    part
        Name of the part of the file that this is (a sheet, a stream), "" where it is all of it: ``part/column`` names
        a column that others have as well.
    """

    path: str
    names: tuple[str, ...]
    named: bool
    units: tuple[str, ...]
    n_rows: int
    notes: list[str] = field(default_factory=list)
    sampling_rate: float | None = None
    start_time: float | None = None
    ambiguity_hint: str = ""
    origin: str = "1970-01-01 UTC"
    signal: int | None = None
    clock: tuple[int, ...] | None = None
    marker_columns: tuple[int, ...] = ()
    markers: list[Marker] = field(default_factory=list)
    row_markers: list[tuple[int, str]] = field(default_factory=list)
    device: str = ""
    not_eda: str = ""
    kept: NDArray[np.int64] | None = None
    missing_rows: dict[int, NDArray[np.int64]] = field(default_factory=dict)
    companions: list[Table] = field(default_factory=list)
    n_left_out: int = 0
    part: str = ""

    def set_missing(self, index: int, rows: NDArray[np.int64]) -> None:
        """Say that some cells of a column hold no sample, whatever is written there."""
        self.missing_rows[index] = rows

    def cells(self, index: int) -> pd.Series:
        """Return one column as the file holds it: numbers, timestamps or text."""
        cells = self._all_cells(index)
        return cells if self.kept is None else cells.iloc[self.kept].reset_index(drop=True)

    @abstractmethod
    def _all_cells(self, index: int) -> pd.Series:
        """Return one column with the rows that are not kept."""

    def keep(self, rows: NDArray[np.bool_]) -> None:
        """Keep some of the rows."""
        kept = np.flatnonzero(rows)
        self.kept = kept if self.kept is None else self.kept[kept]
        self.n_rows = int(kept.size)

    def prefetch(self, indices: Sequence[int]) -> None:
        """Say which columns will be asked for, so that they can be parsed together."""
        del indices  # nothing is to be parsed

    def place(self, row: int) -> str:
        """Name a row of data in the words of this format."""
        return self._place(row if self.kept is None else int(self.kept[row]))

    def _place(self, row: int) -> str:
        return f"row {row + 1}"

    def head(self, index: int) -> pd.Series:
        """Return the cells of a column's first thousand that are not empty; where all are, the first that are not."""
        cells = self.cells(index)
        head: pd.Series = cells.iloc[:1000].dropna()
        return head if len(head) else cells.dropna().iloc[:1000]

    def first_text(self, index: int) -> str:
        """Return the first cell of a column if it is text, else ""."""
        head = self.head(index)
        return str(head.iloc[0]).strip() if len(head) and isinstance(head.iloc[0], str) else ""

    def head_numbers(self, index: int) -> NDArray[np.float64]:
        """Return the first thousand cells as numbers, NaN where one is none."""
        head = self.head(index)
        if head.dtype.kind == "c":
            return np.real(head.to_numpy())
        return pd.to_numeric(head, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)

    def hint_for_clock(self) -> str:
        """Say what else to think of where the times do not run, from "; " on."""
        return ""

    def label(self, index: int) -> str:
        """Name a column for a message: ``column 'EDA'`` or, without names, ``column 2``."""
        return f"column {_short(self.names[index])!r}" if self.named else f"column {index + 1}"

    def listing(self, indices: Sequence[int] | None = None) -> str:
        """Name columns for a message, all or some of them; of many, the first."""
        names = self.names if indices is None else [self.names[i] for i in indices]
        some = ", ".join(repr(_short(name)) if self.named else name for name in names[:_LISTED])
        return some if len(names) <= _LISTED else f"{some} and {len(names) - _LISTED} more"

    def is_numeric(self, index: int) -> bool:
        """Whether a column can hold samples, judged by its first thousand cells that are not empty."""
        head = self.head(index)
        return len(head) > 0 and not _is_time(head) and bool(np.isfinite(self.head_numbers(index)).any())

    def cells_are_time(self, index: int) -> bool:
        """Whether a column is of a time type (Parquet, structured arrays)."""
        return _is_time(self.cells(index))

    def holds_clock(self, index: int) -> bool:
        """Whether a column holds text that begins as a date or a time of day does."""
        return is_time_text(self.first_text(index))

    def numbers(self, index: int) -> NDArray[np.float64]:
        """Return one column as float64, NaN where a cell is empty.

        Raises
        ------
        RecordingError
            At the first cell that is not a finite number: the message names file, place, column and value.
        """
        cells = self.cells(index)
        if cells.dtype.kind == "c":
            raise RecordingError(
                f"{self.path}, {self.label(index)}: the numbers are complex; a recording has real samples"
            )
        if _is_time(cells) or cells.dtype.kind == "b":
            raise RecordingError(
                f"{self.path}, {self.label(index)}: holds {cells.dtype}, not samples; name another column"
            )
        if cells.dtype == np.float64 and index not in self.missing_rows:
            plain = cells.to_numpy()
            if not np.isinf(plain).any():
                return plain
        values = pd.to_numeric(cells, errors="coerce")
        bad = (values.isna() & cells.notna()).to_numpy(copy=True)
        bad[bad] = [not (isinstance(cell, str) and is_missing(cell)) for cell in cells[bad]]
        if bad.any():
            row = int(np.argmax(bad))
            self._refuse(row, index, cells.iloc[row], "is not a number")
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
        infinite = np.isinf(numbers)
        if infinite.any():
            row = int(np.argmax(infinite))
            self._refuse(row, index, cells.iloc[row], "is not a finite number")
        if index in self.missing_rows:
            numbers = numbers.copy()
            numbers[self.missing_rows[index]] = np.nan
        return numbers

    def _refuse(self, row: int, index: int, value: object, complaint: str) -> None:
        text = shown(value) if isinstance(value, str) else str(value)
        if isinstance(value, str) and is_grouped(value):
            complaint += " for sure: its mark may be a decimal sign, or stand between thousands"
        raise RecordingError(
            f"{self.path}, {self.place(row)}, {self.label(index)}: {text} {complaint}; every sample is a number "
            "(leave the cell empty, or write nan, where one is missing)"
        )


def _short(name: str) -> str:
    """Return the beginning of a name that would fill a screen, as one does where a header was read as one field."""
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 3]}..."


def _is_time(cells: pd.Series) -> bool:
    return cells.dtype.kind in "mM"


class FrameTable(Table):
    """A table whose cells are already in memory (NumPy and Parquet files)."""

    def __init__(self, path: str, frame: pd.DataFrame, *, named: bool, units: tuple[str, ...] | None = None) -> None:
        names = tuple(str(name) for name in frame.columns)
        super().__init__(path, names, named, units or ("",) * len(names), len(frame))
        self._frame = frame

    def add_column(self, name: str, unit: str, values: NDArray[np.float64]) -> None:
        """Add a column behind the others."""
        self._frame = self._frame.assign(**{f"{name} {len(self.names)}": values})
        self.names, self.units = (*self.names, name), (*self.units, unit)

    def _all_cells(self, index: int) -> pd.Series:
        return self._frame.iloc[:, index]

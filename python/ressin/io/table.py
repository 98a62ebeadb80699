"""What every file format is turned into first: named columns, and where in the file each cell is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ressin.errors import RecordingError, shown
from ressin.io.dialect import is_clock
from ressin.io.missing import is_missing

_LISTED = 20  # columns that a message names


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

    @abstractmethod
    def cells(self, index: int) -> pd.Series:
        """Return one column as the file holds it: numbers, timestamps or text."""

    def place(self, row: int) -> str:
        """Name a row of data in the words of this format."""
        return f"row {row + 1}"

    def label(self, index: int) -> str:
        """Name a column for a message: ``column 'EDA'`` or, without names, ``column 2``."""
        return f"column {self.names[index]!r}" if self.named else f"column {index + 1}"

    def listing(self, indices: Sequence[int] | None = None) -> str:
        """Name columns for a message, all or some of them; of many, the first."""
        names = self.names if indices is None else [self.names[i] for i in indices]
        shown = ", ".join(repr(name) if self.named else name for name in names[:_LISTED])
        return shown if len(names) <= _LISTED else f"{shown} and {len(names) - _LISTED} more"

    def is_numeric(self, index: int) -> bool:
        """Whether a column can hold samples, judged by its first thousand cells that are not empty."""
        head = self.cells(index).dropna().iloc[:1000]
        return len(head) > 0 and bool(pd.to_numeric(head, errors="coerce").notna().any()) and not _is_time(head)

    def cells_are_time(self, index: int) -> bool:
        """Whether a column is of a time type (Parquet, structured arrays)."""
        return _is_time(self.cells(index))

    def holds_clock(self, index: int) -> bool:
        """Whether a column holds text that begins as a date or a time of day does."""
        head = self.cells(index).dropna().iloc[:1]
        return len(head) > 0 and is_clock(str(head.iloc[0]))

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
        return numbers

    def _refuse(self, row: int, index: int, value: object, complaint: str) -> None:
        text = shown(value) if isinstance(value, str) else str(value)
        raise RecordingError(
            f"{self.path}, {self.place(row)}, {self.label(index)}: {text} {complaint}; every sample is a number "
            "(leave the cell empty, or write nan, where one is missing)"
        )


def _is_time(cells: pd.Series) -> bool:
    return cells.dtype.kind in "mM"


class FrameTable(Table):
    """A table whose cells are already in memory (NumPy and Parquet files)."""

    def __init__(self, path: str, frame: pd.DataFrame, *, named: bool, units: tuple[str, ...] | None = None) -> None:
        names = tuple(str(name) for name in frame.columns)
        super().__init__(path, names, named, units or ("",) * len(names), len(frame))
        self._frame = frame

    def cells(self, index: int) -> pd.Series:
        """Return one column as the file holds it."""
        return self._frame.iloc[:, index]

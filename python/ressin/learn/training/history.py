"""The history of a training: one row per iteration, as a table, a CSV file and a TensorBoard log."""

from __future__ import annotations

import csv
import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ressin._files.atomic import replacing
from ressin.errors import InvalidInputError, MissingExtraError, OutputError

if TYPE_CHECKING:
    import pandas as pd
    from torch.utils.tensorboard import SummaryWriter

LOGS = ("csv", "tensorboard")
SMOOTHED = 20  # iterations behind a shown loss and accuracy


@dataclass(frozen=True)
class Row:
    """One iteration.

    Attributes
    ----------
    step
        From 0.
    epoch
        How often the training part had been seen after it.
    learning_rate
        Used in it.
    loss, accuracy
        Of its batch, before the update.
    samples_per_second
        Since the step before.
    validation_loss, validation_accuracy
        After it, where it was computed; else NaN.
    """

    step: int
    epoch: float
    learning_rate: float
    loss: float
    accuracy: float
    samples_per_second: float
    validation_loss: float = math.nan
    validation_accuracy: float = math.nan


COLUMNS = tuple(item.name for item in dataclasses.fields(Row))


class History:
    """Rows in order of their steps."""

    def __init__(self, rows: list[Row] | None = None) -> None:
        self.rows: list[Row] = rows or []

    def to_frame(self) -> pd.DataFrame:
        """Return the rows as a table."""
        import pandas as pd

        return pd.DataFrame([dataclasses.astuple(row) for row in self.rows], columns=COLUMNS)

    def smoothed(self) -> tuple[float, float]:
        """Mean loss and accuracy of the last 20 rows."""
        last = self.rows[-SMOOTHED:]
        return sum(row.loss for row in last) / len(last), sum(row.accuracy for row in last) / len(last)

    def as_lists(self) -> dict[str, list[Any]]:
        """Return columns of plain values; NaN becomes None."""
        columns = {name: [getattr(row, name) for row in self.rows] for name in COLUMNS}
        return {name: [None if value != value else value for value in column] for name, column in columns.items()}

    @classmethod
    def from_lists(cls, columns: Any) -> History:
        """Rebuild what `as_lists` gave.

        Raises
        ------
        InvalidInputError
            If a column is missing, or one is longer than another, or a value is not a number.
        """
        if not isinstance(columns, dict) or set(columns) != set(COLUMNS):
            raise InvalidInputError(f"a history has the columns {', '.join(COLUMNS)}")
        lists = [columns[name] for name in COLUMNS]
        if len({len(column) for column in lists}) != 1:
            raise InvalidInputError("the columns of a history differ in length")
        if not all(value is None or type(value) in (int, float) for column in lists for value in column):
            raise InvalidInputError("a history holds something that is not a number")
        rows = []
        for step, *others in zip(*lists, strict=True):
            rows.append(Row(int(step), *(math.nan if value is None else float(value) for value in others)))
        return cls(rows)


class Logs:
    """Writes rows as they come to ``log.csv`` and ``tensorboard/`` in a folder.

    Parameters
    ----------
    folder
        Must exist.
    kinds
        Any of ``"csv"`` and ``"tensorboard"``.
    history
        The history so far, where a training is resumed: the files are brought to exactly that state.
    """

    def __init__(self, folder: Path, kinds: tuple[str, ...], history: History) -> None:
        unknown = set(kinds) - set(LOGS)
        if unknown:
            raise InvalidInputError(f"log {sorted(unknown)[0]!r} is not known: {', '.join(LOGS)}")
        self._path = folder / "log.csv" if "csv" in kinds else None
        self._board = _open_board(folder, len(history.rows)) if "tensorboard" in kinds else None
        if self._path is not None:
            with replacing(self._path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows([COLUMNS, *map(_cells, history.rows)])

    def write(self, row: Row) -> None:
        """Append a row.

        Raises
        ------
        OutputError
            If the file cannot be written.
        """
        if self._path is not None:
            try:
                with self._path.open("a", newline="", encoding="utf-8") as file:
                    csv.writer(file).writerow(_cells(row))
            except OSError as error:
                raise OutputError(f"cannot write {self._path}: {error.strerror}") from error
        if self._board is not None:
            for name in COLUMNS[2:]:
                value = getattr(row, name)
                if value == value:
                    self._board.add_scalar(f"training/{name}", value, row.step)

    def close(self) -> None:
        """Finish the files."""
        if self._board is not None:
            self._board.close()


def _cells(row: Row) -> list[str]:
    return ["" if value != value else repr(value) for value in dataclasses.astuple(row)]


def _open_board(folder: Path, start: int) -> SummaryWriter:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise MissingExtraError("tensorboard", "train", "a TensorBoard log") from error
    open_writer: Callable[..., SummaryWriter] = SummaryWriter
    return open_writer(folder / "tensorboard", purge_step=start or None)

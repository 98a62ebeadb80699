"""Rows of a manifest that is being made, the small tables it is made from, and the file it becomes."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from ressin._files.limits import read_limited, write_bytes
from ressin.data.sources.manifest_check import NUMBERS, TEXTS, TIMES
from ressin.data.sources.tables import decode, number, rows_of
from ressin.errors import RecordingError

Row = dict[str, str]
COLUMNS = ("recording", "subject", "stimulus", *TIMES, *(name for name in (*TEXTS, *NUMBERS)))


@dataclass(frozen=True)
class Found:
    """What a folder holds.

    Attributes
    ----------
    rows
        Of the manifest: column and text.
    left_out
        What could not be used, with the reason, one sentence each.
    """

    rows: tuple[Row, ...]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cutting:
    """How rows are divided, in seconds; None: as the data set has them."""

    window: float | None = None
    step: float | None = None

    @property
    def columns(self) -> Row:
        """The columns of a manifest's row that divide it."""
        given = {"window": self.window, "step": self.step}
        return {name: "" if value is None else shown(value) for name, value in given.items()}

    def starts(self, start: float, end: float) -> Iterator[tuple[float, float]]:
        """Give start and end of each window between two times."""
        if self.window is None:
            yield start, end
            return
        step = self.step or self.window
        for place in range(max(0, math.floor((end - start - self.window) / step + 1e-9) + 1)):
            yield start + place * step, start + place * step + self.window


def write_manifest(path: str | Path, rows: Sequence[Row]) -> None:
    """Write rows as a CSV manifest, with the columns that some row fills.

    Raises
    ------
    OutputError
        When the file cannot be written.
    """
    filled = dict.fromkeys(name for row in rows for name, text in row.items() if text)
    columns = [*(name for name in dict.fromkeys(COLUMNS) if name in filled), *(n for n in filled if n not in COLUMNS)]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(rows)
    write_bytes(Path(path), text.getvalue().encode())


def with_windows(found: Found, cutting: Cutting) -> Found:
    """Divide the rows that have no windows of their own."""
    rows = tuple(row if row.get("window") else {**row, **cutting.columns} for row in found.rows)
    return Found(rows, found.left_out)


def read_table(path: Path) -> list[Row]:
    """Read a small CSV table (comma, semicolon or tab) with a header as rows of text.

    Raises
    ------
    RecordingError
        When it cannot be read, is empty, or a row has another number of fields than the header.
    """
    text, _ = decode(read_limited(path))
    lines = list(rows_of(text))
    if not lines:
        raise RecordingError(f"{path}: the table is empty")
    header = [cell.strip() for cell in lines[0][1]]
    rows = []
    for line, cells in lines[1:]:
        if len(cells) != len(header):
            raise RecordingError(f"{path}: line {line} has {len(cells)} field(s), the header has {len(header)}")
        rows.append(dict(zip(header, (cell.strip() for cell in cells), strict=True)))
    return rows


def value_of(row: Row, column: str, path: Path) -> float:
    """Read a number from a table's row; NaN where it is missing.

    Raises
    ------
    RecordingError
        When there is no such column, or its cell is no number.
    """
    if column not in row:
        raise RecordingError(f"{path}: column {column!r} is missing; there are {', '.join(map(repr, row))}")
    try:
        return number(row[column])
    except ValueError:
        raise RecordingError(f"{path}, column {column!r}: {row[column]!r} is not a number") from None


def shown(value: float) -> str:
    """Write a number for a manifest; "" where it is missing."""
    return "" if math.isnan(value) else f"{value:.15g}"


def mean(values: Sequence[float]) -> float:
    """Average what is not missing; NaN where nothing is."""
    known = [value for value in values if not math.isnan(value)]
    return math.fsum(known) / len(known) if known else math.nan


def local_to_unix(day: str, clock: str, *, standard_hours: int, europe: bool) -> float:
    """Convert a local date and time to seconds since 1970, with daylight saving as Europe or the USA have it.

    Parameters
    ----------
    day, clock
        ``"2017-05-22"`` and ``"09:39:46.6"``.
    standard_hours
        Of the zone against UTC, in winter.
    europe
        Last Sundays of March and October, or (USA) second of March and first of November.
    """
    whole, _, fraction = clock.partition(".")
    local = datetime.strptime(f"{day} {whole}", "%Y-%m-%d %H:%M:%S")
    if europe:
        began, ended = _sunday(local.year, 4, 1) - timedelta(7), _sunday(local.year, 11, 1) - timedelta(7)
    else:
        began, ended = _sunday(local.year, 3, 8), _sunday(local.year, 11, 1)
    summer = began + timedelta(hours=2) <= local < ended + timedelta(hours=2)
    utc = local - timedelta(hours=standard_hours + summer)
    return utc.replace(tzinfo=timezone.utc).timestamp() + (float(f"0.{fraction}") if fraction else 0.0)


def _sunday(year: int, month: int, day: int) -> datetime:
    """First Sunday on or after a day."""
    date = datetime(year, month, day)  # a wall clock's, without a zone
    return date + timedelta(days=(6 - date.weekday()) % 7)

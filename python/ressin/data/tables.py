"""CSV as people leave it: any encoding, ragged rows, a cut-off end; what is wrong is said with its line."""

import codecs
import csv
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from ressin.errors import RecordingError

MISSING_WORDS = frozenset({"", "nan", "na", "null", "none", "-nan", "n/a"})


@dataclass(frozen=True)
class NumberTable:
    """A table of numbers: header names, values (rows x columns, float64, NaN where a cell is empty), encoding."""

    names: tuple[str, ...]
    values: np.ndarray
    encoding: str


def decode(data: bytes) -> tuple[str, str]:
    """Decode text, trying what spreadsheets on the usual systems write.

    Returns
    -------
    text, encoding
        `encoding` is ``"utf-8"`` for plain files; otherwise the one that worked, in this order: UTF-16 or
        UTF-8 with a byte order mark, UTF-8, GB 18030 (a Chinese system), Latin-1 (which always works).
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", errors="replace"), "utf-16"
    if data.startswith(codecs.BOM_UTF8):
        return data[3:].decode("utf-8", errors="replace"), "utf-8-sig"
    for encoding in ("utf-8", "gb18030"):
        try:
            return data.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1"), "latin-1"


def read_numbers(data: bytes, name: str) -> NumberTable:
    """Parse a CSV file with one header row and numbers below.

    The quick way (Arrow) takes clean UTF-8 files; whatever it does not take is parsed line by line, so
    that the error names the line.

    Parameters
    ----------
    data
        Content of the file.
    name
        How messages call it.

    Raises
    ------
    RecordingError
        Empty file, header only, a row with the wrong number of fields, a field that is not a number.
    """
    if not data.strip():
        raise RecordingError(f"{name}: the file is empty")
    if not data.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        table = _quick(data)
        if table is not None:
            return table
    return _line_by_line(data, name)


def _quick(data: bytes) -> NumberTable | None:
    """Arrow's reader; None for anything but a clean rectangle of numbers."""
    try:
        table = pacsv.read_csv(pa.BufferReader(data), read_options=pacsv.ReadOptions(use_threads=False))
    except (pa.ArrowInvalid, UnicodeDecodeError):
        return None
    if table.num_rows == 0:
        return None
    columns = []
    for column in table.columns:
        if not (pa.types.is_floating(column.type) or pa.types.is_integer(column.type) or pa.types.is_null(column.type)):
            return None
        columns.append(column.cast(pa.float64()).to_numpy())
    try:
        names = tuple(name.strip() for name in table.column_names)
    except UnicodeDecodeError:
        return None
    return NumberTable(names, np.column_stack(columns), "utf-8")


def _line_by_line(data: bytes, name: str) -> NumberTable:
    text, encoding = decode(data)
    rows = rows_of(text)
    _, header = next(rows, (0, []))
    values = [_numbers_of(row, line, len(header), name) for line, row in rows]
    if not values:
        raise RecordingError(f"{name}: a header and no rows")
    return NumberTable(tuple(cell.strip() for cell in header), np.array(values, dtype=np.float64), encoding)


def _numbers_of(row: Sequence[str], line: int, width: int, name: str) -> list[float]:
    if len(row) != width:
        raise RecordingError(
            f"{name}: line {line} has {len(row)} field(s) where the header has {width} (the file may be cut off there)"
        )
    numbers = []
    for place, cell in enumerate(row, start=1):
        try:
            numbers.append(number(cell))
        except ValueError as error:
            raise RecordingError(f"{name}: line {line}, field {place}: {cell[:40]!r} is not a number") from error
    return numbers


def number(cell: str) -> float:
    """Read one cell as a number; empty cells and the usual words for missing are NaN.

    Raises
    ------
    ValueError
        When it is neither.
    """
    stripped = cell.strip()
    if stripped.lower() in MISSING_WORDS:
        return math.nan
    if "_" in stripped:  # Python would read 1_000 as a number; no instrument writes that
        raise ValueError(stripped)
    return float(stripped)


def rows_of(text: str) -> Iterator[tuple[int, list[str]]]:
    """Walk over the non-empty rows of a CSV text, comma, semicolon or tab, with their line numbers (header is 1)."""
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise RecordingError(f"line {reader.line_num}: {error}") from error
        if row is None:
            return
        if any(cell.strip() for cell in row):
            yield reader.line_num, row

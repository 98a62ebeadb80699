"""CSV files of a data set: any encoding, ragged rows, a cut-off end; errors name the line."""

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
from ressin.io.missing import SPELLINGS, is_missing


@dataclass(frozen=True)
class NumberTable:
    """A table of numbers.

    Attributes
    ----------
    names
        From the header.
    values
        rows x columns, float64, NaN where a cell is empty.
    encoding
        Of the text.
    unfinished
        True when the last line has no line end: it may be cut off in the middle of a number.
    """

    names: tuple[str, ...]
    values: np.ndarray
    encoding: str
    unfinished: bool = False


def decode(data: bytes) -> tuple[str, str]:
    """Decode text in one of the encodings that spreadsheets write.

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

    Arrow parses clean UTF-8 files quickly; all others are parsed line by line, so that the error names
    the line.

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
    return read_many([data])[0] or _line_by_line(data, name)


def read_many(contents: Sequence[bytes]) -> list[NumberTable | None]:
    """Parse many clean CSV files in one go; None for each file that needs `read_numbers`.

    The bodies of files with equally many columns are concatenated and parsed by Arrow once, which costs a fraction
    of starting its reader for every file. The rows are assigned to the files by counting line ends; where the counts do
    not agree (a blank line, a broken row, a text cell), the files are left to `read_numbers`, which says what is wrong.
    """
    found: list[NumberTable | None] = [None] * len(contents)
    groups: dict[int, list[tuple[int, tuple[str, ...], bytes]]] = {}
    for place, data in enumerate(contents):
        head, _, body = data.partition(b"\n")
        if not body or not head.isascii() or b'"' in body or head.count(b'"') not in (0, 2 * (head.count(b",") + 1)):
            continue
        names = tuple(name.strip().strip('"').strip() for name in head.decode("ascii").split(","))
        groups.setdefault(len(names), []).append((place, names, body if body.endswith(b"\n") else body + b"\n"))
    for width, group in groups.items():
        counts = [body.count(b"\n") for _, _, body in group]
        values = _body_values(b"".join(body for _, _, body in group), width)
        if values is None or len(values) != sum(counts):
            continue
        ends = np.cumsum(counts)
        for (place, names, _), start, end in zip(group, ends - counts, ends, strict=True):
            found[place] = NumberTable(names, values[start:end], "utf-8", not contents[place].endswith(b"\n"))
    return found


def _body_values(body: bytes, width: int) -> np.ndarray | None:
    """Parse rows of numbers without a header; None for anything else."""
    names = [f"c{place}" for place in range(width)]
    read = pacsv.ReadOptions(column_names=names, use_threads=False, block_size=max(len(body), 1))
    convert = pacsv.ConvertOptions(column_types=dict.fromkeys(names, pa.float64()), null_values=SPELLINGS)
    try:
        table = pacsv.read_csv(pa.BufferReader(body), read_options=read, convert_options=convert)
    except (pa.ArrowInvalid, UnicodeDecodeError):
        return None
    return np.column_stack([column.to_numpy() for column in table.columns])


def _line_by_line(data: bytes, name: str) -> NumberTable:
    text, encoding = decode(data)
    rows = rows_of(text)
    _, header = next(rows, (0, []))
    values = [_numbers_of(row, line, len(header), name) for line, row in rows]
    if not values:
        raise RecordingError(f"{name}: a header and no rows")
    return NumberTable(
        tuple(cell.strip() for cell in header),
        np.array(values, dtype=np.float64),
        encoding,
        not text.endswith(("\n", "\r")),
    )


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
    if is_missing(stripped):
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

"""Tables from text: CSV, TSV, TXT and the one-column files of Empatica's E4."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import numpy as np
import pandas as pd

from ressin.errors import RecordingError
from ressin.io.dialect import Dialect, find_dialect, is_number
from ressin.io.encoding import as_utf8
from ressin.io.missing import SPELLINGS
from ressin.io.table import Table


class TextTable(Table):
    """A table whose columns are parsed from the text when they are asked for.

    Attributes
    ----------
    body
        The rows of data alone, UTF-8 with newline line ends, without comments and header.
    dialect
        Separator and decimal sign.
    lines
        Line number in the file of each row of data; None where the rows are consecutive lines from `first_line`.
    """

    def __init__(
        self, path: str, body: bytes, dialect: Dialect, names: tuple[str, ...], first_line: int, n_rows: int
    ) -> None:
        named = dialect.header is not None
        super().__init__(path, names, named, dialect.units or ("",) * len(names), n_rows)
        self.body = body
        self.dialect = dialect
        self.first_line = first_line
        self.lines: np.ndarray[tuple[int], np.dtype[np.int64]] | None = None
        self._parsed: dict[int, pd.Series] = {}

    def cells(self, index: int) -> pd.Series:
        """Parse one column; numbers where every cell is one, else text."""
        if index not in self._parsed:
            self._parsed[index] = self._parse(index)
        return self._parsed[index]

    def _parse(self, index: int) -> pd.Series:
        try:
            column: pd.Series = pd.read_csv(
                io.BytesIO(self.body),
                header=None,
                names=list(range(len(self.names))),
                keep_default_na=False,
                na_values=SPELLINGS,
                usecols=[index],
                sep=self.dialect.separator,
                decimal=self.dialect.decimal,
                skipinitialspace=True,
                skip_blank_lines=False,
                low_memory=False,
                **_exactly(),
            )[index]
        except pd.errors.ParserError as error:
            raise RecordingError(f"{self.path}, {self.label(index)}: cannot be read: {error}") from error
        return column

    def place(self, row: int) -> str:
        """Name a row by its line in the file."""
        return f"line {self.line(row)}"

    def line(self, row: int) -> int:
        """Return the line number in the file, from 1, of a row of data, from 0."""
        return self.first_line + row if self.lines is None else int(self.lines[row])


def read_text(path: str, data: bytes) -> Table:
    """Read a delimited text file, finding out its encoding, separator, decimal sign and header.

    Raises
    ------
    RecordingError
        If it is not text, has no rows of data, or a row has another number of fields than the others.
    """
    text, encoding_note = as_utf8(path, data)
    rows, lines = _data_lines(text)
    if not rows.strip():
        raise RecordingError(f"{path}: there are no rows of data, only {len(text.splitlines())} empty or comment lines")
    head = rows[: 1 << 16].decode("utf-8", "replace").splitlines()[:100]
    empatica = _empatica(path, rows, head, lines)
    if empatica is not None:
        return empatica
    dialect = find_dialect(head, _last_comment(text))
    body, skipped = _below_header(rows, dialect.n_header_lines)
    if dialect.whitespace:
        body = re.sub(rb"[ \t]+", b"\t", re.sub(rb"(?m)^[ \t]+|[ \t]+$", b"", body))
    if not body.strip():
        raise RecordingError(f"{path}: there are no rows of data below the header on line {_line(lines, 0)}")
    names = dialect.header or tuple(str(i + 1) for i in range(dialect.n_fields))
    n_rows = body.count(b"\n") + (not body.endswith(b"\n"))
    table = TextTable(path, body, dialect, names, _line(lines, skipped), n_rows)
    table.lines = None if lines is None else lines[skipped:]
    _check_field_counts(table)
    if len(names) == 1 and table.lines is not None and is_number(head[dialect.n_header_lines]):
        _check_blank_lines(table, text)
    if not table.named and dialect.separator == ",":
        table.ambiguity_hint = (
            " (if the commas are decimal signs: write semicolons between columns, or a header above a single one)"
        )
    table.notes += ([encoding_note] if encoding_note else []) + dialect.notes
    return table


def _exactly() -> dict[str, Any]:
    """Return what makes `pandas.read_csv` round a decimal to the nearest float64; from pandas 3.1 it always does."""
    # The option is deprecated there: "all float precision modes now use the same converter".
    major, minor = pd.__version__.split(".")[:2]
    return {} if (int(major), int(minor)) >= (3, 1) else {"float_precision": "round_trip"}


_COMMENT = re.compile(rb"(?m)^[ \t]*(?:[#%].*)?\n|^[ \t]*[#%].*\Z")


def _data_lines(text: bytes) -> tuple[bytes, np.ndarray[tuple[int], np.dtype[np.int64]] | None]:
    """Drop comment lines (# or %) and blank lines; also give the line number of each line kept, or None if all are."""
    if _COMMENT.search(text) is None:
        return text, None
    kept: list[bytes] = []
    numbers: list[int] = []
    for number, line in enumerate(text.split(b"\n"), start=1):
        content = line.lstrip(b" \t")
        if content and not content.startswith((b"#", b"%")):
            kept.append(line)
            numbers.append(number)
    return b"\n".join(kept), np.asarray(numbers, dtype=np.int64)


def _last_comment(text: bytes) -> str | None:
    """Return the last comment line above the data without its mark: some programs write their header there."""
    comment = None
    for line in text[: 1 << 16].decode("utf-8", "replace").splitlines():
        content = line.strip()
        if content.startswith(("#", "%")):
            comment = content.lstrip("#%").strip()
        elif content:
            break
    return comment or None


def _below_header(rows: bytes, n_lines: int) -> tuple[bytes, int]:
    start = 0
    for _ in range(n_lines):
        end = rows.find(b"\n", start)
        start = len(rows) if end < 0 else end + 1
    return rows[start:], n_lines


def _line(lines: np.ndarray[tuple[int], np.dtype[np.int64]] | None, row: int) -> int:
    """Return the line number of a kept line; the next one where the row is past the end."""
    if lines is None:
        return row + 1
    return int(lines[row]) if row < lines.size else int(lines[-1]) + 1


def _check_field_counts(table: TextTable) -> None:
    """Refuse the first row with another number of fields than the header or the rows above it."""
    expected = len(table.names)
    counts = _field_counts(table)
    wrong = np.flatnonzero(counts != expected)
    if not wrong.size:
        return
    row = int(wrong[0])
    above = "the header names" if table.dialect.header is not None else "the rows above have"
    if row == table.n_rows - 1 and counts[row] < expected:
        hint = "it is the last line: the file was probably cut short; remove the line or copy the file again"
    else:
        hint = f"give every line {expected} fields (quote a text that contains {table.dialect.separator!r})"
    raise RecordingError(f"{table.path}, {table.place(row)}: {counts[row]} field(s) where {above} {expected}; {hint}")


def _check_blank_lines(table: TextTable, text: bytes) -> None:
    """Refuse a blank line between samples of a one-column file: it may be a missing sample or mean nothing."""
    assert table.lines is not None
    file_lines = text.split(b"\n")
    for row in np.flatnonzero(np.diff(table.lines) > 1):
        for number in range(table.line(int(row)) + 1, table.line(int(row) + 1)):
            if not file_lines[number - 1].strip():
                raise RecordingError(
                    f"{table.path}, line {number}: is blank between two samples; write nan there if a sample is "
                    "missing, else remove the line"
                )


def _field_counts(table: TextTable) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Count the fields of each row; separators inside quoted texts do not count."""
    body = table.body if table.body.endswith(b"\n") else table.body + b"\n"
    characters = np.frombuffer(body, dtype=np.uint8)
    ends = np.flatnonzero(characters == ord("\n"))
    separators = np.flatnonzero(characters == ord(table.dialect.separator))
    counts = np.diff(np.searchsorted(separators, ends), prepend=0) + 1
    quotes = np.flatnonzero(characters == ord('"'))
    for row in np.unique(np.searchsorted(ends, quotes)):
        start = 0 if row == 0 else ends[row - 1] + 1
        counts[row] = _quoted_count(table, int(row), body[start : ends[row]].decode("utf-8"))
    return np.asarray(counts, dtype=np.int64)


def _quoted_count(table: TextTable, row: int, line: str) -> int:
    """Count the fields of a line with quotes in it."""
    try:
        return len(next(csv.reader([line], delimiter=table.dialect.separator, skipinitialspace=True, strict=True)))
    except csv.Error as error:
        raise RecordingError(
            f"{table.path}, {table.place(row)}: a quoted text that does not end where its field does ({error})"
        ) from error


def _empatica(
    path: str, rows: bytes, head: list[str], lines: np.ndarray[tuple[int], np.dtype[np.int64]] | None
) -> Table | None:
    """Recognise Empatica's layout: one column, a unix time on line 1, the rate in Hz on line 2, then microsiemens."""
    if len(head) < 2 or not all(is_number(line) and "," not in line for line in head[:2]):
        return None
    start, rate = float(head[0]), float(head[1])
    if not (3e8 < start < 1e10 and 0 < rate <= 10_000):  # unix seconds from 1979 to 2286; a rate, not a sample
        return None
    body, skipped = _below_header(rows, 2)
    if not body.strip():
        raise RecordingError(
            f"{path}: Empatica layout with start {start:.0f} and rate {rate:g} Hz, but without samples"
        )
    dialect = Dialect(",", ".", None, 0, 1)
    n_rows = body.count(b"\n") + (not body.endswith(b"\n"))
    table = TextTable(path, body, dialect, ("1",), _line(lines, 2), n_rows)
    table.lines = None if lines is None else lines[skipped:]
    _check_field_counts(table)
    table.units, table.sampling_rate, table.start_time = ("uS",), rate, start
    table.notes.append("Empatica E4 layout: start time on line 1, rate on line 2, microsiemens below")
    return table

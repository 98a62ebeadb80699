"""Tables from delimited text: CSV, TSV, TXT."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ressin.errors import RecordingError
from ressin.io.dialect import Dialect, find_dialect, is_number
from ressin.io.grouped import without_groups
from ressin.io.missing import SPELLINGS
from ressin.io.numbers import parse_numbers
from ressin.io.rows import LARGE, Rows, check_counts, count_of, drop_summary, is_short, mend
from ressin.io.source import Content
from ressin.io.table import Table

_HEAD_ROWS = 1000
_BLOCK = 1 << 18  # bytes that are looked at together: what fits into a cache


class TextTable(Table):
    """A table whose columns are parsed from the text when they are asked for.

    Attributes
    ----------
    separator, decimal
        Between fields, and between a number's whole and its fraction.
    lines
        Line number in the file of each row of data.
    """

    def __init__(self, rows: Rows, decimal: str, units: tuple[str, ...]) -> None:
        units = (*units, *[""] * len(rows.names))[: len(rows.names)]
        super().__init__(rows.path, rows.names, rows.named, units, int(rows.lines.size))
        self.separator = rows.separator
        self.decimal = decimal
        self.lines = rows.lines
        self.notes += rows.notes
        self.row_markers += rows.markers
        self.n_left_out = rows.n_left_out
        self._rows = rows
        self._parsed: dict[int, pd.Series] = {}
        self._head: pd.DataFrame | None = None

    def _all_cells(self, index: int) -> pd.Series:
        """Parse one column; numbers where every cell is one, else text."""
        self.prefetch([index])
        return self._parsed[index]

    def prefetch(self, indices: Sequence[int]) -> None:
        """Parse columns in one pass over the text."""
        wanted = sorted({index for index in indices if index not in self._parsed})
        if wanted and self._rows.size > LARGE and self.decimal == "." and all(map(self._begins_with_numbers, wanted)):
            rows = memoryview(self._rows.text)[self._rows.start :]
            self._parsed |= parse_numbers(rows, self.separator, len(self.names), wanted) or self._numbers(wanted)
            wanted = [index for index in wanted if index not in self._parsed]
        if wanted:
            self._check_counts()
            frame = self._read(usecols=wanted, keep_default_na=False, na_values=SPELLINGS, low_memory=False)
            self._parsed |= {index: self._ungrouped(index, frame[index]) for index in wanted}

    def _ungrouped(self, index: int, cells: pd.Series) -> pd.Series:
        """Return a column of numbers whose thousands are marked as numbers, any other as it is."""
        if pd.api.types.is_numeric_dtype(cells.dtype):
            return cells
        plain = without_groups(cells, self.decimal)
        numbers = None if plain is None else pd.to_numeric(plain, errors="coerce")
        if numbers is None:
            return cells
        self.notes.append(f"{self.label(index)} has marks between thousands")
        return numbers

    def _numbers(self, wanted: list[int]) -> dict[int, pd.Series]:
        """Parse columns that are short numbers throughout; none where a cell is anything else."""
        if not is_short(self._rows):
            return {}
        some = len(wanted) < len(self.names)
        if some or self._first_row().count(self.separator.encode()) != len(self.names) - 1:
            self._check_counts()  # else pandas refuses a row with more fields, and there are no more separators
        options: dict[str, Any] = {"usecols": wanted} if some else {}
        try:
            frame: pd.DataFrame = pd.read_csv(
                self._stream(), header=None, names=list(range(len(self.names))), sep=self.separator,
                skipinitialspace=True, skip_blank_lines=False, na_filter=False, dtype=np.float64, index_col=False,
                **options,
            )  # fmt: skip
        except (pd.errors.ParserError, ValueError, OverflowError):
            return {}
        return {index: frame[index] for index in wanted}

    def _stream(self) -> io.BytesIO:
        """Return the rows as a file that is read from them on: the text itself, which is not copied."""
        stream = io.BytesIO(self._rows.text)
        stream.seek(self._rows.start)
        return stream

    def _first_row(self) -> bytes:
        start = self._rows.start
        return self._rows.text[start : self._rows.text.find(b"\n", start)]

    def _check_counts(self) -> None:
        if not self._rows.is_checked:
            check_counts(self._rows)
            self._rows.is_checked = True

    def _begins_with_numbers(self, index: int) -> bool:
        numbers = pd.to_numeric(self._first_cells(index), errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        return bool(np.isfinite(numbers).any())

    def _first_cells(self, index: int) -> pd.Series:
        """Return the cells of a column's first rows that are not empty, as text."""
        if self._head is None:
            self._head = self._read(nrows=_HEAD_ROWS, dtype=str, keep_default_na=False, na_values=SPELLINGS)
        return self._head[index].dropna()

    def first_text(self, index: int) -> str:
        """Return the first cell of a column if it is text, else ""; at once, for files of thousands of columns."""
        if self.kept is None and self._head is not None:
            cell = next((cell for cell in self._head[index].array if isinstance(cell, str)), None)
            if cell is not None:
                return cell.strip()
        return super().first_text(index)

    def head(self, index: int) -> pd.Series:
        """Return the first cells of a column that are not empty, as text, without parsing the whole file."""
        if self.kept is not None:
            return super().head(index)
        head = self._first_cells(index)
        return head if len(head) else super().head(index)

    def head_numbers(self, index: int) -> NDArray[np.float64]:
        """Return the first thousand cells as numbers, NaN where one is none."""
        head = self.head(index)
        if not pd.api.types.is_numeric_dtype(head.dtype):
            text = head.astype(str)
            head = text.str.replace(",", ".", regex=False) if self.decimal == "," else text
            numbers = pd.to_numeric(head, errors="coerce")
            odd = numbers.isna().any() or (self.decimal == "," and text.str.contains(".", regex=False).any())
            plain = without_groups(text, self.decimal) if odd else None
            head = numbers if plain is None else plain
        return pd.to_numeric(head, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)

    def cells_are_time(self, index: int) -> bool:
        """Whether a column is of a time type: none of a text is."""
        return False

    def _read(self, **options: Any) -> pd.DataFrame:
        try:
            frame: pd.DataFrame = pd.read_csv(
                self._stream(),
                header=None,
                names=list(range(len(self.names))),
                sep=self.separator,
                decimal=self.decimal,
                skipinitialspace=True,
                skip_blank_lines=False,
                **options,
                **({} if "usecols" in options and is_short(self._rows) else _exactly()),
            )
        except (pd.errors.ParserError, ValueError, OverflowError) as error:
            which = [self.label(index) for index in options.get("usecols", [])]
            raise RecordingError(f"{self.path}, {', '.join(which) or 'first rows'}: cannot be read: {error}") from error
        return frame

    def _place(self, row: int) -> str:
        """Name a row by its line in the file."""
        return f"line {self.lines[row]}"


def read_plain(content: Content) -> Table:
    """Read a delimited text file, finding out its encoding, separator, decimal sign and header.

    Raises
    ------
    RecordingError
        If it is not text, has no rows of data, or a row has another number of fields than the others.
    """
    path, text = str(content.path), content.text
    rows, lines = data_lines(text)
    if not rows or rows.isspace():
        raise RecordingError(f"{path}: there are no rows of data, only {len(text.splitlines())} empty or comment lines")
    head = _first_lines(rows)
    dialect = find_dialect(head, _last_comment(text))
    header_line = head[dialect.n_header_lines - 1].encode() if dialect.n_header_lines else None
    table = delimited(path, rows, dialect, lines, header_line)
    table.sampling_rate = dialect.stated_rate
    if len(table.names) == 1 and lines is not None and is_number(head[dialect.n_header_lines]):
        _check_blank_lines(table, text)
    if not table.named and dialect.separator == ",":
        table.ambiguity_hint = (
            " (if the commas are decimal signs: write semicolons between columns, or a header above a single one)"
        )
    table.notes = [note for note in [content.encoding_note] if note] + dialect.notes + table.notes
    return table


def read_below(
    content: Content,
    first_line: int,
    *,
    separator: str,
    names: Sequence[str] | None = None,
    units: Sequence[str] = (),
    decimal: str | None = None,
    body: bytes | None = None,
) -> TextTable:
    """Make a table of the lines of a text from one on, whose form the layout knows.

    Parameters
    ----------
    content
        The file.
    first_line
        Number of the first line of data, from 1.
    separator
        Between fields.
    names, units
        Of the columns; without names they are numbered.
    decimal
        Between a number's whole and its fraction; None finds it.
    body
        The lines, where they are not as they stand in the file.

    Raises
    ------
    RecordingError
        As `delimited`.
    """
    text = content.text[_start_of(content.text, first_line - 1) :] if body is None else body
    sample = _first_lines(text)[:50]
    fields = [cell.strip() for line in sample for cell in line.split(separator)]
    numbers = [cell for cell in fields if is_number(cell)]
    commas = any("," in cell for cell in numbers) and separator != "," and not any("." in cell for cell in numbers)
    n_fields = len(names) if names is not None else len(sample[0].split(separator)) if sample else 0
    header = None if names is None else tuple(name.strip() or str(i + 1) for i, name in enumerate(names))
    dialect = Dialect(separator, decimal or ("," if commas else "."), header, 0, n_fields, tuple(units) or None)
    lines = np.arange(first_line, first_line + text.count(b"\n") + 1)
    if b"\n\n" in text or text.startswith(b"\n"):
        text, kept = data_lines(text)
        lines = lines if kept is None else lines[kept - 1]
    table = delimited(str(content.path), text, dialect, lines)
    table.notes = [note for note in [content.encoding_note] if note] + table.notes
    return table


def delimited(
    path: str,
    text: bytes,
    dialect: Dialect,
    lines: NDArray[np.int64] | None = None,
    header_line: bytes | None = None,
) -> TextTable:
    """Make a table of a text whose form is known.

    Parameters
    ----------
    path
        For messages.
    text
        UTF-8 with newline line ends, without comments.
    dialect
        Its form; `n_header_lines` lines on top are skipped.
    lines
        Line number in the file of each line of `text`; None where they are consecutive from 1.
    header_line
        Looked for further down, where a logger has written it again.

    Raises
    ------
    RecordingError
        If there are no rows, or a row has another number of fields than the others.
    """
    start = _start_of(text, dialect.n_header_lines)
    if dialect.whitespace:
        ending = b"\n" if text.endswith(b"\n") else b""
        lines_of = text[start:].removesuffix(b"\n").split(b"\n")
        text, start = b"\n".join([b"\t".join(line.split()) for line in lines_of]) + ending, 0
    if not text[start : start + _BLOCK].strip() and not text[start:].strip():
        number = 1 if lines is None else int(lines[0])
        raise RecordingError(f"{path}: there are no rows of data below the header on line {number}")
    n_rows = count_of(text, "\n", start) + (not text.endswith(b"\n"))
    numbers = np.arange(1, dialect.n_header_lines + n_rows + 1) if lines is None else lines
    names = dialect.header or tuple(str(i + 1) for i in range(dialect.n_fields))
    rows = Rows(
        path, text, numbers[dialect.n_header_lines :][:n_rows], dialect.separator, names, dialect.header is not None,
        ends_whole=text.endswith(b"\n"), start=start,
    )  # fmt: skip
    mend(rows, header_line)
    drop_summary(rows)
    return TextTable(rows, dialect.decimal, dialect.units or ())


def _exactly() -> dict[str, Any]:
    """Return what makes `pandas.read_csv` round a decimal to the nearest float64; from pandas 3.1 it always does."""
    # The option is deprecated there: "all float precision modes now use the same converter".
    major, minor = pd.__version__.split(".")[:2]
    return {} if (int(major), int(minor)) >= (3, 1) else {"float_precision": "round_trip"}


def data_lines(text: bytes) -> tuple[bytes, NDArray[np.int64] | None]:
    """Drop comment lines (# or %) and blank lines; also give the line number of each line kept, or None if all are."""
    if not _has_comments(text):
        return text, None
    kept: list[bytes] = []
    numbers: list[int] = []
    for number, line in enumerate(text.split(b"\n"), start=1):
        content = line.lstrip(b" \t")
        if content and not content.startswith((b"#", b"%")):
            kept.append(line)
            numbers.append(number)
    ending = b"\n" if text.endswith(b"\n") and kept else b""
    return b"\n".join(kept) + ending, np.asarray(numbers, dtype=np.int64)


_NO_DATA = ord("%")  # what a line that is no data begins with is at most this: # % newline, blank, tab


def _has_comments(text: bytes) -> bool:
    """Whether a line is blank or begins with # or %, after blanks."""
    if not text or _is_no_data(text, 0):
        return True
    for start in range(0, len(text) - 1, _BLOCK):
        characters = np.frombuffer(text, dtype=np.uint8, count=min(_BLOCK + 1, len(text) - start), offset=start)
        odd = (characters[:-1] == ord("\n")) & (characters[1:] <= _NO_DATA)
        if odd.any() and any(_is_no_data(text, start + place + 1) for place in np.flatnonzero(odd).tolist()):
            return True
    return False


def _is_no_data(text: bytes, start: int) -> bool:
    end = text.find(b"\n", start)
    line = text[start : len(text) if end < 0 else end].lstrip(b" \t")
    return not line or line.startswith((b"#", b"%"))


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


def _first_lines(text: bytes) -> list[str]:
    """Return up to a hundred first lines, whole: those of 64 KiB, and ten where they are longer."""
    end = count = 0
    while count < 100 and (end < 1 << 16 or count < 10) and end < len(text):
        end = text.find(b"\n", end) + 1 or len(text)
        count += 1
    return text[:end].decode("utf-8", "replace").splitlines()


def _start_of(text: bytes, n_lines: int) -> int:
    """Return where the line after some begins."""
    start = 0
    for _ in range(n_lines):
        end = text.find(b"\n", start)
        start = len(text) if end < 0 else end + 1
    return start


def _check_blank_lines(table: TextTable, text: bytes) -> None:
    """Refuse a blank line between samples of a one-column file: it may be a missing sample or mean nothing."""
    file_lines = text.split(b"\n")
    for row in np.flatnonzero(np.diff(table.lines) > 1):
        for number in range(int(table.lines[row]) + 1, int(table.lines[row + 1])):
            if not file_lines[number - 1].strip():
                raise RecordingError(
                    f"{table.path}, line {number}: is blank between two samples; write nan there if a sample is "
                    "missing, else remove the line"
                )

"""Rows of a text that are not like the others: mended where it is plain what they are, else refused by place."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ressin.errors import RecordingError
from ressin.io.grouped import is_grouped
from ressin.io.missing import is_missing

_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?\Z")
_MARKER = re.compile(r"marker|event|trigger|comment|note|label|annotation|remark|tag", re.IGNORECASE)
LARGE = 1 << 22  # bytes from which on a parser of several threads is worth its import
_SHORT = 15  # digits: a whole number of so many is exact in float64
_BLOCK = 1 << 18  # bytes that are looked at together: what fits into a cache
_MOST_SUMMARY = 5  # lines at the end that may hold words where numbers are due


@dataclass
class Rows:
    """The rows of data of a text.

    Attributes
    ----------
    path
        The file, for messages.
    text
        The rows, newline line ends, with what stands above them.
    lines
        Line number in the file of each row.
    separator
        Between fields.
    names
        Of the columns.
    named
        Whether they are from a header.
    notes
        What was mended.
    markers
        Texts beyond the last column: row and text.
    ends_whole
        Whether the last line has its end.
    n_left_out
        Lines at the end that were left out: words, or one that was cut short.
    is_checked
        Whether the fields of every row were counted; where not, a large text has as many separators as its rows need,
        and the parser that refuses any other number of fields comes first.
    start
        Where in `text` the rows begin.
    """

    path: str
    text: bytes
    lines: NDArray[np.int64]
    separator: str
    names: tuple[str, ...]
    named: bool
    ends_whole: bool
    notes: list[str] = field(default_factory=list)
    markers: list[tuple[int, str]] = field(default_factory=list)
    n_left_out: int = 0
    is_checked: bool = True
    start: int = 0

    @property
    def body(self) -> bytes:
        """The rows alone, which are cut off from what stands above them here."""
        if self.start:
            self.body = self.text[self.start :]
        return self.text

    @body.setter
    def body(self, rows: bytes) -> None:
        self.text, self.start = rows, 0

    @property
    def size(self) -> int:
        """Bytes of the rows."""
        return len(self.text) - self.start

    def has(self, part: bytes) -> bool:
        """Whether some bytes are among the rows."""
        return self.text.find(part, self.start) >= 0


def mend(rows: Rows, header_line: bytes | None) -> None:
    """Make all rows have as many fields as there are columns.

    A header that is repeated further down, a last line that was cut off, words beyond the last column and empty fields
    at all ends of lines are taken for what they are; a short row is filled up where the last columns hold markers.

    Raises
    ------
    RecordingError
        At the first row with another number of fields that is none of these.
    """
    if header_line is not None:
        _drop_repeated_headers(rows, header_line)
    expected = len(rows.names)
    if _are_probably_alike(rows):
        rows.is_checked = False
        return
    counts = _field_counts(rows)
    if (counts == expected).all():
        return
    _fit_trailing_separators(rows, counts)
    expected = len(rows.names)
    wrong = np.flatnonzero(counts != expected).tolist()
    if wrong:
        split = rows.body.rstrip(b"\n").split(b"\n")
        for row in wrong:
            _mend_row(rows, split, row, int(counts[row]), expected)
        rows.body = b"\n".join(split) + b"\n"
        if rows.markers:
            rows.notes.append(f"words beyond the last column on {len(rows.markers)} line(s): taken as markers")


def _are_probably_alike(rows: Rows) -> bool:
    """Whether a large text without quotes has as many separators as all its rows need."""
    if rows.size < LARGE or not rows.text.endswith(b"\n") or rows.has(b'"'):
        return False
    return count_of(rows.text, rows.separator, rows.start) == (len(rows.names) - 1) * rows.lines.size


def count_of(text: bytes, mark: str, first: int = 0) -> int:
    """Count a character of one byte; where it is frequent, in a third of the time of `bytes.count`."""
    starts = range(first, len(text), _BLOCK)
    blocks = (np.frombuffer(text, dtype=np.uint8, count=min(_BLOCK, len(text) - k), offset=k) for k in starts)
    return sum(int(np.count_nonzero(block == ord(mark))) for block in blocks)


def check_counts(rows: Rows) -> None:
    """Refuse the first row with another number of fields than there are columns."""
    wrong = np.flatnonzero(_field_counts(rows) != len(rows.names))
    if wrong.size:
        row = int(wrong[0])
        raise RecordingError(
            f"{rows.path}, line {rows.lines[row]}: another number of fields than the {len(rows.names)} of the header "
            f"or of the rows above; give every line {len(rows.names)}"
        )


def _drop_repeated_headers(rows: Rows, header_line: bytes) -> None:
    header_line = header_line.strip()
    letter = re.search(rb"[A-Za-z]", header_line)
    if letter and not rows.has(letter.group()):  # found out at once where all are numbers
        return
    if (len(rows.names) < 2 and not re.search(rb"[A-Za-z]", header_line)) or not rows.has(header_line):
        return
    split = rows.body.rstrip(b"\n").split(b"\n")
    same = np.array([line.strip() == header_line for line in split])
    if same.any():
        rows.notes.append(f"the header is repeated on {_lines_text(rows.lines[same])}: left out")
        _keep(rows, split, ~same)


def _keep(rows: Rows, split: list[bytes], kept: NDArray[np.bool_]) -> None:
    rows.body = b"\n".join([split[i] for i in np.flatnonzero(kept)]) + b"\n"
    rows.lines = rows.lines[: kept.size][kept]


def _fit_trailing_separators(rows: Rows, counts: NDArray[np.int64]) -> None:
    """Let the columns be as many as the fields of most rows, where the one more or less is an empty last one."""
    expected = len(rows.names)
    usual = int(np.bincount(counts).argmax())
    if usual == expected + 1 and _ends_with_separator(rows, counts, usual):
        rows.names = (*rows.names, "")
    elif usual == expected - 1 and rows.named and not _is_named(rows.names[-1], expected):
        rows.names = rows.names[:-1]


def _is_named(name: str, number: int) -> bool:
    return name not in ("", str(number))


def _ends_with_separator(rows: Rows, counts: NDArray[np.int64], usual: int) -> bool:
    some = rows.body[: 1 << 16].split(b"\n")[:-1][: counts.size]
    long = [line for line, count in zip(some, counts, strict=False) if count == usual]
    return bool(long) and all(line.rstrip(b" ").endswith(rows.separator.encode()) for line in long)


def _mend_row(rows: Rows, split: list[bytes], row: int, count: int, expected: int) -> None:
    """Cut a long row, fill a short one, drop the last one where it is incomplete, or raise."""
    fields = _fields(split[row].decode("utf-8"), rows.separator)
    if count > expected:
        extra = [cell.strip() for cell in fields[expected:] if cell.strip()]
        if not any(_NUMBER.match(cell) for cell in extra):
            quoted = [
                '"' + cell.replace('"', '""') + '"' if rows.separator in cell else cell for cell in fields[:expected]
            ]
            split[row] = rows.separator.join(quoted).encode()
            rows.markers += [(row, " ".join(extra))] if extra else []
            return
    elif all(_may_be_absent(rows, i) for i in range(count, expected)):
        split[row] += rows.separator.encode() * (expected - count)
        return
    elif row == len(split) - 1 and row and _holds_number(split[row - 1].decode("utf-8"), rows.separator):
        number = rows.lines[row]
        rows.notes.append(f"the last line, {number}, was cut short ({count} of {expected} fields): left out")
        rows.lines = rows.lines[:-1]
        rows.n_left_out += 1
        del split[row]
        return
    above = "the header names" if rows.named else "the rows above have"
    hint = f"give every line {expected} fields (quote a text that contains {rows.separator!r})"
    raise RecordingError(f"{rows.path}, line {rows.lines[row]}: {count} field(s) where {above} {expected}; {hint}")


def _holds_number(line: str, separator: str) -> bool:
    return any(_NUMBER.match(cell.strip()) for cell in _fields(line, separator))


def _may_be_absent(rows: Rows, index: int) -> bool:
    """Whether a column holds markers by its name, which loggers leave out where there is none."""
    return rows.named and (_MARKER.search(rows.names[index]) is not None or not _is_named(rows.names[index], index + 1))


def _fields(line: str, separator: str) -> list[str]:
    return next(csv.reader([line], delimiter=separator)) if '"' in line else line.split(separator)


def _field_counts(rows: Rows) -> NDArray[np.int64]:
    """Count the fields of each row; separators inside quoted texts do not count."""
    if not rows.body.endswith(b"\n"):
        rows.body += b"\n"
    characters = np.frombuffer(rows.body, dtype=np.uint8)
    cuts = np.flatnonzero((characters == ord("\n")) | (characters == ord(rows.separator)))
    is_end = characters[cuts] == ord("\n")
    ends = cuts[is_end]
    quoted = b'"' in rows.body
    per_row = len(rows.names) - 1
    if not quoted and cuts.size == (per_row + 1) * ends.size and is_end[per_row :: per_row + 1].all():
        return np.full(ends.size, per_row + 1)
    counts = np.diff(np.flatnonzero(is_end), prepend=-1)
    if quoted:
        quotes = np.flatnonzero(characters == ord('"'))
        for row in np.unique(np.searchsorted(ends, quotes)):
            start = 0 if row == 0 else ends[row - 1] + 1
            counts[row] = _quoted_count(rows, int(row), rows.body[start : ends[row]].decode("utf-8"))
    return np.asarray(counts, dtype=np.int64)


def _quoted_count(rows: Rows, row: int, line: str) -> int:
    """Count the fields of a line with quotes in it."""
    try:
        return len(next(csv.reader([line], delimiter=rows.separator, skipinitialspace=True, strict=True)))
    except csv.Error as error:
        raise RecordingError(
            f"{rows.path}, line {rows.lines[row]}: a quoted text that does not end where its field does ({error})"
        ) from error


def is_short(rows: Rows) -> bool:
    """Whether no field has more than 15 digits or an exponent.

    Then pandas' quick parser rounds each number to the nearest float64: a whole number below 2^53 divided by a power of
    ten below 10^23, both exact, is one rounding.
    """
    if rows.has(b"e") or rows.has(b"E"):
        return False
    size = len(rows.text)
    for start in range(rows.start, size, _BLOCK - _SHORT - 2):  # blocks overlap by a field that is too long
        characters = np.frombuffer(rows.text, dtype=np.uint8, count=min(_BLOCK, size - start), offset=start)
        inside = (characters != ord("\n")) & (characters != ord(rows.separator))
        for step in (1, 2, 4, 8, 1):  # runs of 2, 4, 8, 16, 17 characters: 15 digits, a sign and a point are 17
            inside = inside[:-step] & inside[step:]
        if inside.any():
            return False
    return True


def drop_summary(rows: Rows) -> None:
    """Leave out up to five last lines with words where all above have numbers, and a last number that was cut off."""
    tail = rows.text[max(rows.start, len(rows.text) - (1 << 16)) :].rstrip(b"\n").decode("utf-8", "replace").split("\n")
    tail = tail[1:] if rows.size > 1 << 16 else tail
    if len(tail) < _MOST_SUMMARY + 3:
        return
    above = [_fields(line, rows.separator) for line in tail[:-_MOST_SUMMARY][-50:]]
    width = len(rows.names)
    numeric = [c for c in range(width) if all(len(r) > c and _NUMBER.match(r[c].strip()) for r in above)]
    odd = 0
    for line in reversed(tail[-_MOST_SUMMARY:]):
        cells = _fields(line, rows.separator)
        if not any(c >= len(cells) or _is_word(cells[c]) for c in numeric):
            break
        odd += 1
    if numeric and 0 < odd < _MOST_SUMMARY:
        rows.notes.append(f"{odd} line(s) at the end hold words ({tail[-odd].strip()[:40]!r}): left out")
        rows.n_left_out += odd
        _drop_last(rows, odd)
    elif not rows.ends_whole and width - 1 in numeric and _is_cut(above, _fields(tail[-1], rows.separator)):
        rows.notes.append(
            f"the last number, on line {rows.lines[-1]}, has fewer digits than all above: left out as cut off"
        )
        _drop_last(rows, 1)


def _is_word(cell: str) -> bool:
    cell = cell.strip()
    return not (
        _NUMBER.match(cell) or is_grouped(cell) or is_missing(cell) or cell.lower().lstrip("+-") in ("inf", "infinity")
    )


def _is_cut(above: list[list[str]], last: list[str]) -> bool:
    """Whether a last number has fewer decimals than all above, which have the same number of them."""
    decimals = {len(re.split(r"[.,]", row[-1].strip())[-1]) if re.search(r"[.,]", row[-1]) else 0 for row in above}
    return len(decimals) == 1 and len(re.split(r"[.,]", last[-1].strip() + ".")[1]) < decimals.pop()


def _drop_last(rows: Rows, count: int) -> None:
    body = rows.body.rstrip(b"\n")
    for _ in range(count):
        body = body[: body.rfind(b"\n")]
    rows.body = body + b"\n"
    rows.lines = rows.lines[:-count]


def _lines_text(lines: NDArray[np.int64]) -> str:
    shown = ", ".join(map(str, lines[:5].tolist()))
    return f"line {shown}" if lines.size == 1 else f"lines {shown}{' ...' if lines.size > 5 else ''}"

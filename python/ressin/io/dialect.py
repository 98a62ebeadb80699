"""How a text file separates its fields, writes its decimals and names its columns."""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import dataclass, field

from ressin.io.grouped import decimal_sign, is_grouped
from ressin.io.missing import is_missing
from ressin.io.preamble import lines_above, rate_above, tells
from ressin.io.times import is_time_text
from ressin.io.units import parse_unit, unit_in_name

_SEPARATORS = {"\t": "tab", ";": "semicolon", ",": "comma", "|": "bar"}
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?\Z")
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?\Z")
_INFINITE = {"inf", "-inf"}
_UNIT = re.compile(r"\s*[(\[]([^()\[\]]*)[)\]]\s*\Z")


@dataclass
class Dialect:
    """The form of a delimited text file.

    Attributes
    ----------
    separator
        Character between two fields; a tab where they are separated by runs of blanks.
    decimal
        ``"."`` or ``","``.
    header
        Names of the columns, or None where there are none.
    n_header_lines
        Lines (comments and blank ones not counted) above the first row of data.
    n_fields
        Fields in a row.
    units
        Unit of each column from its name or from a line of units; None without header.
    whitespace
        Whether runs of blanks separate the fields.
    notes
        What was found out.
    stated_rate
        Rate in Hz that a line above the header states.
    """

    separator: str
    decimal: str
    header: tuple[str, ...] | None
    n_header_lines: int
    n_fields: int
    units: tuple[str, ...] | None = None
    whitespace: bool = False
    notes: list[str] = field(default_factory=list)
    stated_rate: float | None = None


def is_number(cell: str) -> bool:
    """Whether a cell is a number with a decimal point or comma."""
    return _NUMBER.match(cell.strip()) is not None


def find_dialect(head: list[str], comment: str | None) -> Dialect:
    """Find the dialect from the first lines of a file.

    Parameters
    ----------
    head
        First lines, without comments and blank lines, at least one.
    comment
        Last comment line above them, without its mark: taken for the header where the file has none and it has one
        word per column.
    """
    n_skip, stated = _stated_separator(head)
    lines = head[n_skip:] or head
    separator, whitespace = (stated, False) if stated else _find_separator(lines)
    rows = [_split(line, separator, whitespace) for line in lines]
    header_lines = _count_header_lines(rows)
    above = lines_above(rows, _is_value)
    if above is not None and (above[1] > header_lines or (tells(rows[above[0]]) and not tells(rows[0]))):
        return _below_others(rows, above, n_skip, separator, whitespace)
    data = rows[header_lines:] or rows
    n_fields = len(rows[0]) if header_lines else Counter(map(len, data)).most_common(1)[0][0]
    decimal = _find_decimal(data, separator)
    names = rows[0] if header_lines else _commented_names(comment, n_fields)
    dialect = Dialect(separator, decimal, None, n_skip + header_lines, n_fields, whitespace=whitespace)
    _note_form(dialect)
    if names is not None:
        _name(dialect, names, rows[1:header_lines])
    if names is None:
        dialect.notes.append("no header")
    elif not header_lines:
        dialect.notes.append("header in a comment line")
    elif header_lines > 1:
        dialect.notes.append(f"{header_lines - 1} line(s) of units below the header")
    return dialect


def _below_others(
    rows: list[list[str]], above: tuple[int, int], n_skip: int, separator: str, whitespace: bool
) -> Dialect:
    """Return the dialect of a table whose header stands below other lines."""
    header, first = above
    data, names = rows[first:], rows[header]
    dialect = Dialect(
        separator, _find_decimal(data, separator), None, n_skip + first, len(names), whitespace=whitespace
    )
    _note_form(dialect)
    _name(dialect, names, rows[header + 1 : first])
    if header:
        dialect.notes.append(f"{header} line(s) above the header left out")
        dialect.stated_rate = rate_above(rows[:header])
    return dialect


def _name(dialect: Dialect, names: list[str], below: list[list[str]]) -> None:
    """Take names and units from the header and the lines of units below it."""
    dialect.header = tuple(name.strip() or str(i + 1) for i, name in enumerate(names))
    dialect.units = tuple(_unit_of(name, [row[i] for row in below if i < len(row)]) for i, name in enumerate(names))


def _note_form(dialect: Dialect) -> None:
    if dialect.n_fields > 1:
        dialect.notes.append("blank-separated" if dialect.whitespace else f"{_SEPARATORS[dialect.separator]}-separated")
    if dialect.decimal == ",":
        dialect.notes.append("decimal commas")


def bare_name(name: str) -> str:
    """Return a column name without the unit in brackets behind it: ``EDA`` of ``EDA (uS)``."""
    return _UNIT.sub("", name).strip()


def _stated_separator(head: list[str]) -> tuple[int, str | None]:
    """Read the line ``sep=;`` that spreadsheets put first."""
    match = re.match(r"\"?sep=(.)\"?\s*\Z", head[0].strip("\ufeff \n"), re.IGNORECASE) or re.match(r"sep=(\t)", head[0])
    if match and match.group(1) in _SEPARATORS:
        return 1, match.group(1)
    return 0, None


def _find_separator(lines: list[str]) -> tuple[str, bool]:
    """Take the first separator that cuts most lines into the same number of fields, at least two.

    A comma comes after tab and semicolon, because between those it is a decimal sign; blanks come last, because they
    also stand in names and timestamps.
    """
    for separator in _SEPARATORS:
        if _is_steady([len(_split(line, separator, False)) for line in lines]) and not _is_decimal_sign(
            lines, separator
        ):
            return separator, False
    if _is_steady([len(line.split()) for line in lines]):
        return "\t", True
    return "\t", False  # one column


def _is_steady(counts: list[int]) -> bool:
    common, times = Counter(counts).most_common(1)[0]
    return common >= 2 and times > len(counts) / 2


def _is_decimal_sign(lines: list[str], separator: str) -> bool:
    """Whether commas are decimal signs because the header has one field and every line below is one decimal number."""
    below = [line for line in lines if _DECIMAL_COMMA.match(line.strip())]
    return separator == "," and "," not in lines[0] and len(below) >= len(lines) - 1 > 0


def _split(line: str, separator: str, whitespace: bool) -> list[str]:
    if whitespace:
        return line.split()
    if '"' not in line:
        return [cell.strip() for cell in line.split(separator)]
    return [cell.strip() for cell in next(csv.reader([line], delimiter=separator))]


def _count_header_lines(rows: list[list[str]]) -> int:
    """Count the lines on top that are words: a header and up to two lines of formats or units below it."""
    if not _is_header(rows[0]):
        return 0
    count = 1
    while count < min(3, len(rows) - 1) and len(rows[count]) == len(rows[0]) > 1 and _is_words(rows[count]):
        count += 1
    # Words all the way down are a column of text, not a header of several lines: its first row is refused by name.
    return count if count < len(rows) and any(map(_is_value, rows[count])) else 1


def _is_header(row: list[str]) -> bool:
    return any(map(_is_word, row))


def _is_words(row: list[str]) -> bool:
    """Whether a row is words, with a field here and there left empty."""
    filled = [cell for cell in row if cell.strip()]
    return len(filled) > len(row) / 2 and all(map(_is_word, filled))


def _is_word(cell: str) -> bool:
    return not (_is_value(cell) or is_missing(cell) or cell.strip().lower() in _INFINITE)


def _is_value(cell: str) -> bool:
    return is_number(cell) or is_grouped(cell) or is_time_text(cell)


def _find_decimal(rows: list[list[str]], separator: str) -> str:
    """Decide for a decimal comma where the separator is another and no number has a point."""
    signs = [sign for row in rows for cell in row if (sign := decimal_sign(cell))]  # 1.234,56 tells it
    if signs:
        return Counter(signs).most_common(1)[0][0]
    cells = [cell for row in rows for cell in row if is_number(cell)]
    commas = any("," in cell for cell in cells)
    points = any("." in cell and not is_grouped(cell) for cell in cells)
    points = points or (any("." in cell for cell in cells) and all(is_grouped(c) for c in cells if "," in c))
    alone = all(len(row) == 1 for row in rows)
    quoted = separator == "," and any(re.search(r",(?!\d{3}\Z)", cell) for cell in cells)  # 1,234 may be a thousand
    return "," if commas and not points and (separator != "," or alone or quoted) else "."


def _commented_names(comment: str | None, n_fields: int) -> list[str] | None:
    """Take a comment line for the header where it has one name per column and none of them is a number."""
    if comment is None:
        return None
    for separator, whitespace in [(s, False) for s in _SEPARATORS] + [("", True)]:
        names = _split(comment, separator, whitespace)
        if len(names) == n_fields >= 2 and not any(map(_is_value, names)):
            return names
    return None


def _unit_of(name: str, below: list[str]) -> str:
    """Return the unit in a name, or on the line of units, in the spelling that ressin uses."""
    return usual_unit(unit_in_name(name) or (below[-1].strip().strip("()[]{}") if below else ""))


def usual_unit(text: str) -> str:
    """Return a unit in its usual spelling where it is a known one, else as it is."""
    unit = parse_unit(text)
    return unit.text if unit.kind and unit.kind != "time" else text.strip()

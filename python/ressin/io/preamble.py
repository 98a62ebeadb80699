"""Lines above the header of a table: a title, the subject, the device, the rate."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

from ressin.io.missing import is_missing
from ressin.io.units import parse_unit
from ressin.io.words import HEADER

_RATE = re.compile(
    r"(?:(?:sampl\w*|data|output|acquisition)[ _-]*(?:rate|freq\w*)|abtast(?:rate|frequenz)|\bfs)"
    r"\s*(?:[(\[]Hz[)\]])?\s*[:=]+\s*(\d+(?:[.,]\d+)?)\s*(?:Hz|S/s)?\s*\Z",
    re.IGNORECASE,
)
_FORMS = {"cal", "raw", "uncal", "string", "float", "int", "double"}
_LONGEST = 90  # lines that may stand above


def lines_above(rows: Sequence[list[str]], is_value: Callable[[str], bool]) -> tuple[int, int] | None:
    """Find the header of a table that stands below other lines.

    Parameters
    ----------
    rows
        The fields of the first lines.
    is_value
        Whether a field is a number or a time.

    Returns
    -------
    header, data : int
        Index of the row of names, and of the first row of data; None where the table begins at the top, or what stands
        above the data is no header.
    """
    n_fields = Counter(map(len, rows)).most_common(1)[0][0]
    below = [row for row in rows[len(rows) // 2 :] if len(row) == n_fields]
    numeric = [i for i in range(n_fields) if below and sum(is_value(row[i]) for row in below) > 0.8 * len(below)]

    def is_data(row: list[str]) -> bool:
        cells = [row[i] for i in numeric] if len(row) == n_fields else []
        return any(map(is_value, cells)) and all(is_value(cell) or is_missing(cell) for cell in cells)

    data = next((i for i, row in enumerate(rows[:_LONGEST]) if is_data(row)), 0)
    names = [i for i in range(data) if _may_be_names(rows[i], numeric, n_fields, is_value)]
    if not names or any(i > names[-1] and any(map(str.strip, rows[i])) for i in range(names[-1] + 1, data)):
        return None
    header = names[-1]
    while header and header - 1 in names and all(_is_unit(rows[header][i]) for i in numeric):
        header -= 1
    return header, data


def tells(row: list[str]) -> bool:
    """Whether a row has words that a header of a recording has."""
    return any(word in HEADER for cell in row for word in re.findall(r"[^\W\d_]+", cell.lower()))


def _may_be_names(row: list[str], numeric: list[int], n_fields: int, is_value: Callable[[str], bool]) -> bool:
    """Whether a row names all the columns of numbers, but for a first one such as an index, and holds no number."""
    filled = [row[i] for i in numeric[1 if len(numeric) > 1 else 0 :]] if len(row) == n_fields else [""]
    return all(cell.strip() for cell in filled) and not any(map(is_value, row))


def _is_unit(cell: str) -> bool:
    bare = cell.strip().strip("()[]")
    return not bare or bool(parse_unit(bare).kind) or bare.lower() in _FORMS


def rate_above(rows: Sequence[list[str]]) -> float | None:
    """Return the rate in Hz that a line above the header states: ``Sampling rate (Hz);8``, ``Sample Rate: 8 Hz``."""
    for row in rows:
        found = _RATE.search(": ".join(cell.strip().rstrip(":=") for cell in row if cell.strip()))
        if found:
            return float(found.group(1).replace(",", ".")) or None
    return None

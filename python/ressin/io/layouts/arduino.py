"""The Arduino IDE's serial monitor with time stamps, ``14:03:00.125 -> 459``; names and values, ``gsr:459``."""

from __future__ import annotations

import re

import numpy as np

from ressin.io.dialect import Dialect, is_number, usual_unit
from ressin.io.layout import Layout, Match
from ressin.io.source import Content
from ressin.io.table import Table
from ressin.io.text import delimited
from ressin.io.units import unit_in_name

_LINE = re.compile(r"\s*\d{1,2}:\d{2}:\d{2}[.,]\d+ -> ")
_PAIRS = re.compile(r"\s*(?:[A-Za-z_][\w ]*?\s*[:=]\s*[+-]?[\d.]+(?:[eE][+-]?\d+)?\s*(?:[,;\t ]\s*|\Z))+\Z")
_LONGEST = 500  # characters of a line of names and values
_FIELD = re.compile(r"([A-Za-z_][\w ]*?)\s*[:=]\s*([+-]?[\d.]+(?:[eE][+-]?\d+)?)")


def sniff(content: Content) -> Match | None:
    """Lines of a time of day, an arrow and numbers."""
    head = [line for line in content.head[:50] if line.strip()]
    if len(head) < 3:
        return None
    if sum(_LINE.match(line) is not None for line in head) >= 0.9 * len(head):
        return Match(0.9, "lines of a time of day and an arrow")
    pairs = sum(len(line) < _LONGEST and _PAIRS.match(line) is not None for line in head)
    return Match(0.85, "lines of names and values") if pairs >= 0.9 * len(head) else None


def read(content: Content) -> list[Table]:
    """Read the numbers behind the arrow, or all where there is none; a sketch that prints ``GSR:459`` names them."""
    text = content.text.decode("utf-8")
    stamped = any(" -> " in line for line in content.head[:50])
    kept, numbers, names = [], [], None
    for number, line in enumerate(text.splitlines(), start=1):
        stamp, arrow, rest = line.partition(" -> ") if stamped else ("", "-", line)
        named = _FIELD.findall(rest)
        cells = [value for _, value in named] or re.split(r"[\s,;]+", rest.strip())
        if arrow and all(is_number(cell) for cell in cells):
            names = names or [name for name, _ in named] or [f"value {i + 1}" for i in range(len(cells))]
            kept.append("\t".join([*([stamp.strip()] if stamped else []), *cells]))
            numbers.append(number)
    header = (*(["time"] if stamped else []), *(names or []))
    dialect = Dialect("\t", ".", header, 0, len(header))
    table = delimited(str(content.path), ("\n".join(kept) + "\n").encode(), dialect, np.asarray(numbers))
    skipped = len([line for line in text.splitlines() if line.strip()]) - len(kept)
    if skipped:
        table.notes.append(f"{skipped} line(s) without numbers{' behind the arrow' if stamped else ''}: left out")
    table.clock, table.device = (0,) if stamped else None, "Arduino"
    table.units = tuple(usual_unit(unit_in_name(name)) for name in header)
    return [table]


LAYOUT = Layout(
    name="arduino-serial", extensions=".txt .log", device="Arduino (serial monitor)",
    rate="the times of day, or a value named so",
    unit="unknown", markers="-", sniff=sniff, read=read,
)  # fmt: skip

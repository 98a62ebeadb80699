"""Ledalab's text: time in seconds, conductance in microsiemens and events, without a header."""

from __future__ import annotations

import numpy as np

from ressin.io.dialect import is_number
from ressin.io.layout import Layout, Match
from ressin.io.source import Content
from ressin.io.table import Table
from ressin.io.text import read_plain


def _rows(content: Content) -> list[list[str]]:
    lines = content.head[1:] if len(content.head) > 1 and content.head[0].startswith("#") else content.head
    return [line.split() if "\t" not in line else line.split("\t") for line in lines[:200]]


def sniff(content: Content) -> Match | None:
    """Three columns of numbers: a time that rises, a conductance, and whole numbers that are mostly 0."""
    rows = _rows(content)
    if len(rows) < 4 or any(len(row) != 3 or not all(is_number(cell) for cell in row) for row in rows):
        return None
    numbers = np.array([[float(cell.replace(",", ".")) for cell in row] for row in rows])
    if not np.isfinite(numbers).all():
        return None
    time, value, event = numbers.T
    rises = bool((np.diff(time) > 0).all()) and time[1] - time[0] < 5
    marks = (event == np.rint(event)).all() and np.mean(event == 0) > 0.5
    good = rises and marks and bool((value > 0).all()) and np.mean(value == np.rint(value)) < 0.5
    return Match(0.6, "three columns of numbers: a time, a conductance, events that are mostly 0") if good else None


def read(content: Content) -> list[Table]:
    """Read the conductance; the third column holds the events."""
    table = read_plain(content)
    table.signal, table.clock, table.marker_columns = 1, (0,), (2,)
    table.units = ("s", "uS", "")
    table.notes.append("Ledalab's three columns: time, conductance in uS, events")
    return [table]


LAYOUT = Layout(
    name="ledalab-text", extensions=".txt", device="Ledalab", rate="the first column (s)", unit="uS",
    markers="the third column", sniff=sniff, read=read,
)  # fmt: skip

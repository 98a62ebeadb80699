"""Tobii Pro Lab: rows of all sensors, most of them without a value of GSR."""

from __future__ import annotations

import re

from ressin.io.layout import Layout, Match
from ressin.io.source import Content
from ressin.io.table import Table
from ressin.io.text import read_plain

_TIME = re.compile(r"Recording ?timestamp", re.IGNORECASE)
_GSR = re.compile(r"Galvanic skin response|\bGSR\b", re.IGNORECASE)


def sniff(content: Content) -> Match | None:
    """Look for the columns Recording timestamp and Galvanic skin response."""
    head = content.head[0] if content.head else ""
    return Match(0.9, "the columns Recording timestamp and GSR") if _TIME.search(head) and _GSR.search(head) else None


def read(content: Content) -> list[Table]:
    """Read the rows with a value of GSR, which Tobii Pro Lab writes in microsiemens."""
    table = read_plain(content)
    signal = next(i for i, name in enumerate(table.names) if _GSR.search(name))
    time = next(i for i, name in enumerate(table.names) if _TIME.search(name))
    table.signal, table.clock, table.device = signal, (time,), "Tobii Pro Lab"
    units = list(table.units)
    units[signal] = units[signal] or "uS"
    table.units = tuple(units)
    table.marker_columns = tuple(i for i, name in enumerate(table.names) if name == "Event")
    rows = table.cells(signal).notna().to_numpy(copy=True)
    if not rows.all():
        table.keep(rows)
        table.notes.append(f"the {int(rows.sum())} of {rows.size} rows that hold a value of GSR")
    return [table]


LAYOUT = Layout(
    name="tobii", extensions=".tsv .txt", device="Tobii Pro Lab (Shimmer)", rate="Recording timestamp", unit="uS",
    markers="the column Event", sniff=sniff, read=read,
)  # fmt: skip

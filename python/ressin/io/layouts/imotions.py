"""iMotions: rows of all sensors interleaved, each with its EventSource."""

from __future__ import annotations

import re

import numpy as np

from ressin.errors import RecordingError
from ressin.io.columns import find_signal
from ressin.io.layout import Layout, Match
from ressin.io.source import Content
from ressin.io.table import Table
from ressin.io.text import read_plain

_MARKERS = ("SlideEvent", "StimulusName", "SourceStimuliName", "LiveMarker", "MarkerText", "MarkerName")


def sniff(content: Content) -> Match | None:
    """Look for A header with EventSource and Timestamp, below lines that begin with #."""
    for line in content.head[:200]:
        if not line.startswith("#") and line.strip():
            names = re.split(r"[\t,;]", line.replace('"', ""))
            return (
                Match(0.9, "columns EventSource and Timestamp") if {"EventSource", "Timestamp"} <= set(names) else None
            )
    return None


def read(content: Content) -> list[Table]:
    """Read the rows of the sensor of skin conductance."""
    table = read_plain(content)
    table.device = "iMotions"
    table.units = tuple(unit or _usual(name) for name, unit in zip(table.names, table.units, strict=True))
    source = table.names.index("EventSource")
    try:
        signal, _ = find_signal(table, None)
    except RecordingError:
        return [table]
    table.signal = signal
    origins = table.cells(source).astype(str).str.strip()
    rows = _rows_of(table, signal, origins.to_numpy())
    table.marker_columns = tuple(i for i, name in enumerate(table.names) if name in _MARKERS)
    if not rows.all():
        names = ", ".join(sorted(set(origins[rows])))
        table.keep(rows)
        table.notes.append(f"rows of EventSource {names} alone, {int(rows.sum())} of {rows.size}")
    return [table]


def _usual(name: str) -> str:
    """Return the unit that iMotions gives a column of GSR, whose name does not state it from version 9 on."""
    words = set(name.lower().split())
    if "raw" in words:
        return "counts" if "gsr" in words else ""
    return "uS" if {"gsr", "conductance"} <= words else "kOhm" if {"gsr", "resistance"} <= words else ""


def _rows_of(table: Table, signal: int, origins: np.ndarray) -> np.ndarray:
    """Rows of the source that the column's name says in brackets, else those where the column is filled."""
    name = table.names[signal].lower()
    named = [origin for origin in set(origins) if origin and f"({origin.lower()})" in name]
    if named:
        return np.asarray(np.isin(origins, named))
    return table.cells(signal).notna().to_numpy(copy=True)


LAYOUT = Layout(
    name="imotions", extensions=".txt .csv", device="iMotions", rate="the column Timestamp", unit="the name",
    markers="SlideEvent, StimulusName, markers", sniff=sniff, read=read,
)  # fmt: skip

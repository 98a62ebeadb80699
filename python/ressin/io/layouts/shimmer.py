"""Shimmer's Consensys: a line of the separator, names that begin with the device, lines of formats and units."""

from __future__ import annotations

import re

from ressin.io.layout import Layout, Match
from ressin.io.source import Content
from ressin.io.table import Table
from ressin.io.text import read_plain

_NAME = re.compile(r'"?(Shimmer_\w+?)_(?:Timestamp|GSR|Event|System)')


def sniff(content: Content) -> Match | None:
    """Columns named Shimmer_..._GSR and a line of units below."""
    head = content.head[:4]
    for line in head[:2]:
        if _NAME.search(line) and "GSR" in line:
            return Match(0.9, "columns named Shimmer_..._GSR")
    return None


def read(content: Content) -> list[Table]:
    """Read the table; the line of units says which column is in uS, and the events are markers."""
    table = read_plain(content)
    table.marker_columns = tuple(i for i, name in enumerate(table.names) if "Event_Marker" in name)
    device = next((match.group(1) for name in table.names if (match := _NAME.match(name))), "Shimmer")
    table.device = f"Shimmer ({device})"
    return [table]


LAYOUT = Layout(
    name="shimmer-consensys", extensions=".csv .txt", device="Shimmer3 GSR+ (Consensys)",
    rate="the column Timestamp", unit="the line of units", markers="the column Event_Marker", sniff=sniff, read=read,
)  # fmt: skip

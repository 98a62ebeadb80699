"""Shimmer's Consensys: a line of the separator, names that begin with the device, lines of formats and units."""

from __future__ import annotations

import re

from ressin.io.dialect import usual_unit
from ressin.io.layout import Layout, Match
from ressin.io.source import Content
from ressin.io.table import Table
from ressin.io.text import read_below, read_plain

_NAME = re.compile(r'"?(Shimmer_\w+?)_(?:Timestamp|GSR|Event|System)')


def sniff(content: Content) -> Match | None:
    """Columns named Shimmer_..._GSR and a line of units below, or four lines of device, signal, form and unit."""
    head = content.head[:4]
    if _in_four_lines(content):
        return Match(0.9, "lines of devices, signals, CAL or RAW, and units")
    for line in head[:2]:
        if _NAME.search(line) and "GSR" in line:
            return Match(0.9, "columns named Shimmer_..._GSR")
    return None


def read(content: Content) -> list[Table]:
    """Read the table; the line of units says which column is in uS, and the events are markers."""
    if _in_four_lines(content):
        return [_read_four_lines(content)]
    table = read_plain(content)
    table.marker_columns = tuple(i for i, name in enumerate(table.names) if "Event_Marker" in name)
    device = next((match.group(1) for name in table.names if (match := _NAME.match(name))), "Shimmer")
    table.device = f"Shimmer ({device})"
    return [table]


def _fields(line: str) -> list[str]:
    return [cell.strip().strip('"') for cell in line.split("\t" if "\t" in line else ",")]


def _in_four_lines(content: Content) -> bool:
    """Whether the header is that of ShimmerConnect and of Shimmer's libraries for MATLAB and LabVIEW."""
    rows = [_fields(line) for line in content.head[:4]]
    if len(rows) < 4 or len({len(row) for row in rows}) != 1 or not any("GSR" in cell for cell in rows[1]):
        return False
    forms = {cell.upper() for cell in rows[2] if cell}
    return bool(forms) and forms <= {"CAL", "RAW", "UNCAL", "CALIBRATED", "UNCALIBRATED"}


def _read_four_lines(content: Content) -> Table:
    devices, signals, forms, units = (_fields(line) for line in content.head[:4])
    names = [" ".join(filter(None, cells)) for cells in zip(signals, forms, strict=True)]
    separator = "\t" if "\t" in content.head[0] else ","
    table = read_below(content, 5, separator=separator, names=names, units=[usual_unit(unit) for unit in units])
    table.device = f"Shimmer ({devices[0]})"
    return table


LAYOUT = Layout(
    name="shimmer-consensys", extensions=".csv .txt", device="Shimmer3 GSR+ (Consensys)",
    rate="the column Timestamp", unit="the line of units", markers="the column Event_Marker", sniff=sniff, read=read,
)  # fmt: skip

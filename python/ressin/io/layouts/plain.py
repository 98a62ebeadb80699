"""Delimited text of any national habit, without a device's own layout."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from ressin.io.columns import time_columns
from ressin.io.layout import Layout, Match
from ressin.io.source import Content
from ressin.io.table import FrameTable, Table
from ressin.io.text import read_plain

_RATE = re.compile(
    r"sampl\w*[ _](?:rate|freq\w*)\s*(?:[(\[]Hz[)\]])?\s*[:=]+\s*(\d+(?:\.\d+)?)\s*(?:Hz)?\s*\Z", re.IGNORECASE
)
_WIDE = 20  # fields for each line from which on lines are taken for columns
_MARKERS = ("marker", "markers", "event", "events", "trigger", "triggers", "annotation")


def sniff(content: Content) -> Match | None:
    """Any text."""
    return Match(0.1, "it is text") if content.head else None


def read(content: Content) -> list[Table]:
    """Read a table of text; one of a few very long lines is read with its lines as columns."""
    if len(content.head) <= 3 and content.text.count(b"\n") <= 3:
        turned = _transposed(content)
        if turned is not None:
            return [turned]
    table = read_plain(content)
    mark_columns(table)
    table.sampling_rate = _commented_rate(content) or table.sampling_rate
    return [table]


def _commented_rate(content: Content) -> float | None:
    """Return the rate that a comment above the data states: ``# Sampling Rate (Hz):= 1000.00``."""
    for line in content.head[:60]:
        if line.strip() and not line.lstrip().startswith(("#", "%")):
            return None
        found = _RATE.search(line)
        if found and float(found.group(1)) > 0:
            return float(found.group(1))
    return None


def mark_columns(table: Table) -> None:
    """Note the columns of events: those named so that are not the only column beside the time."""
    found = [i for i, name in enumerate(table.names) if table.named and name.strip().lower() in _MARKERS]
    if len(found) < len(table.names) - len(time_columns(table)):
        table.marker_columns = tuple(found)


def _transposed(content: Content) -> Table | None:
    lines = [line for line in content.text.decode("utf-8").splitlines() if line.strip()]
    separator = next((mark for mark in "\t;," if lines and mark in lines[0]), None)
    cells = [line.split(separator) for line in lines]
    width = len(cells[0]) if cells else 0
    if width < _WIDE * len(cells) or len(cells) < 2 or any(len(row) != width for row in cells):
        return None
    numbers = [pd.to_numeric(pd.Series(row), errors="coerce").to_numpy(dtype=np.float64) for row in cells]
    named = all(np.isnan(row[0]) for row in numbers)
    body = [row[1:] for row in numbers] if named else numbers
    if any(np.isnan(row).any() for row in body):
        return None
    names = [row[0].strip() if named else str(i + 1) for i, row in enumerate(cells)]
    table = FrameTable(str(content.path), pd.DataFrame(np.column_stack(body), columns=names), named=named)
    table.notes.append(f"{len(cells)} lines of {width} fields: read with the lines as columns")
    return table


LAYOUT = Layout(
    name="plain", extensions=".csv .tsv .txt .dat", device="spreadsheets, loggers, scripts",
    rate="a column of times, or `--rate`", unit="brackets or last word of the name, or a line of units",
    markers="a column named marker, event or trigger; words beyond the last column", sniff=sniff, read=read,
)  # fmt: skip

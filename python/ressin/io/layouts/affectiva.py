"""Affectiva Q sensor (.eda): a header of lines, then acceleration, battery, temperature and EDA."""

from __future__ import annotations

import re

import pandas as pd

from ressin.errors import RecordingError
from ressin.io.layout import Layout, Match
from ressin.io.source import Content
from ressin.io.table import Table
from ressin.io.text import read_below

_START = re.compile(r"Start Time:\s*(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\s*Offset:\s*([+-]?\d+))?")
_NAMES = ("Z (g)", "Y (g)", "X (g)", "Battery", "Temperature (\u00b0C)", "EDA (uS)")
_UNITS = ("g", "g", "g", "", "\u00b0C", "uS")


def sniff(content: Content) -> Match | None:
    """Look for the names of the columns that the Q writes, with a line of dashes below."""
    head = "\n".join(content.head[:12])
    good = "Z-axis" in head and "EDA(uS)" in head.replace(" ", "") and "Sampling Rate:" in head
    return Match(1.0, "the header of the Q sensor") if good else None


def read(content: Content) -> list[Table]:
    """Read the samples; rows of commas alone are presses of the button."""
    head = content.head
    first = next((i + 1 for i, line in enumerate(head[:20]) if line.startswith("---")), None)
    rate = next((m.group(1) for line in head[:12] if (m := re.match(r"Sampling Rate:\s*([\d.]+)", line))), None)
    if first is None or rate is None or not float(rate) > 0:
        raise RecordingError(
            f"{content.path}: the header of the Q sensor lacks its rate or its end; copy the file again"
        )
    body = b"\n".join(content.text.split(b"\n")[first:])
    pressed, kept = _presses(body)
    table = read_below(content, first + 1, separator=",", names=_NAMES, units=_UNITS, body=kept)
    table.row_markers += [(row, "button") for row in pressed]
    table.sampling_rate, table.signal, table.clock, table.device = float(rate), 5, (), "Affectiva Q"
    table.start_time = _start(head)
    return [table]


def _presses(body: bytes) -> tuple[list[int], bytes]:
    """Rows before which the button was pressed, and the text without the lines that say so."""
    pressed: list[int] = []
    kept: list[bytes] = []
    for line in body.split(b"\n"):
        if line.strip() and not line.strip(b", \t"):
            pressed.append(len(kept))
        else:
            kept.append(line)
    return pressed, b"\n".join(kept)


def _start(head: list[str]) -> float | None:
    found = _START.search("\n".join(head[:12]))
    if found is None:
        return None
    local = pd.to_datetime(found.group(1), errors="coerce", utc=True)
    return float(local.timestamp() - 3600 * int(found.group(2) or 0)) if isinstance(local, pd.Timestamp) else None


LAYOUT = Layout(
    name="affectiva-q", extensions=".eda", device="Affectiva Q", rate="Sampling Rate:", unit="uS",
    markers="the button", sniff=sniff, read=read,
)  # fmt: skip

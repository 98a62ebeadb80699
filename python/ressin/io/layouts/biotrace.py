"""Mind Media BioTrace+ (NeXus) as text: client, session and output rate on top, then a table."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from ressin.errors import RecordingError
from ressin.io.dialect import is_number, usual_unit
from ressin.io.layout import Layout, Match
from ressin.io.source import Content
from ressin.io.table import Table
from ressin.io.text import read_below
from ressin.io.times import is_time_text, parse_times
from ressin.io.units import unit_in_name

_RATE = re.compile(r"Output rate:\s*([\d.]+)\s*Samples/sec", re.IGNORECASE)
_MICROSIEMENS = re.compile(r"SC/GSR|\bSC\b|GSR|skin conductance", re.IGNORECASE)


def sniff(content: Content) -> Match | None:
    """Look for the words of the first lines."""
    head = "\n".join(content.head[:12])
    return Match(1.0, "the header of BioTrace+") if "BioTrace" in head or _RATE.search(head) else None


def read(content: Content) -> list[Table]:
    """Read the table; SC/GSR is in microsiemens in BioTrace+."""
    head = content.head[:60]
    found = _RATE.search("\n".join(head))
    first = next((i for i, line in enumerate(head) if line.count("\t") and _is_row(line)), None)
    if found is None or first is None:
        raise RecordingError(
            f"{content.path}: BioTrace+ layout without an output rate or rows; export it again as text"
        )
    top = next(i for i in range(first - 1, -1, -1) if head[i].strip())
    names = [name.strip() for name in head[top].split("\t")]
    table = read_below(content, first + 1, separator="\t", names=names)
    table.units = tuple(
        usual_unit(unit_in_name(n)) if _known(n) else "uS" if _MICROSIEMENS.search(n) else "" for n in table.names
    )
    table.sampling_rate, table.device, table.start_time = float(found.group(1)), "Mind Media NeXus", _start(head)
    table.clock = (0,) if re.match(r"time", names[0], re.IGNORECASE) else ()
    table.marker_columns = tuple(i for i, n in enumerate(table.names) if re.search(r"marker|event|segment", n, re.I))
    return [table]


def _known(name: str) -> bool:
    return usual_unit(unit_in_name(name)) in ("uS", "nS", "mS", "kOhm", "MOhm", "Ohm")


def _is_row(line: str) -> bool:
    cells = [cell.strip() for cell in line.split("\t") if cell.strip()]
    return len(cells) >= 2 and (is_number(cells[0]) or is_time_text(cells[0])) and is_number(cells[1])


def _start(head: list[str]) -> float | None:
    about = dict(re.split(r":\s*", line.strip(), maxsplit=1) for line in head if re.match(r"(Date|Time):", line))
    if len(about) < 2:
        return None
    times = parse_times(pd.Series([f"{about['Date'].strip()} {about['Time'].strip()}"]))
    return float(times.seconds[0]) if times and times.absolute and np.isfinite(times.seconds[0]) else None


LAYOUT = Layout(
    name="biotrace-text", extensions=".txt", device="Mind Media NeXus (BioTrace+)", rate="Output rate:", unit="uS",
    markers="the columns marker, event, segment", sniff=sniff, read=read,
)  # fmt: skip

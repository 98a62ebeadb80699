"""BIOPAC AcqKnowledge as text: the interval on line 2, names and units of channels in pairs of lines."""

from __future__ import annotations

import re

from ressin.errors import RecordingError
from ressin.io.dialect import is_number, usual_unit
from ressin.io.layout import Layout, Match
from ressin.io.source import Content
from ressin.io.table import Table
from ressin.io.text import read_below

_INTERVAL = re.compile(r"\s*([\d.,eE+\-]+)\s*(msec|sec|min|usec)/sample\s*\Z")
_RATE = re.compile(r"\s*([\d.,eE+\-]+)\s*samples?/(sec|second|min)\w*\s*\Z")
_SECONDS = {"usec": 1e-6, "msec": 1e-3, "sec": 1.0, "second": 1.0, "min": 60.0}


def sniff(content: Content) -> Match | None:
    """Look for the interval of a sample on line 2, the number of channels on line 3."""
    head = content.head[:3]
    good = len(head) == 3 and _rate(head[1]) is not None and re.match(r"\s*\d+ channels?", head[2])
    return Match(1.0, "the interval of a sample on line 2, the channels on line 3") if good else None


def _rate(line: str) -> float | None:
    for pattern, inverse in ((_INTERVAL, True), (_RATE, False)):
        found = pattern.match(line)
        if found and is_number(found.group(1)):
            number, seconds = float(found.group(1).replace(",", ".")), _SECONDS[found.group(2)]
            return None if not number > 0 else 1.0 / (number * seconds) if inverse else number / seconds
    return None


def read(content: Content) -> list[Table]:
    """Read the channels below the header."""
    head = content.head
    rate = _rate(head[1])
    n = int(head[2].split()[0])
    if len(head) < 4 + 2 * n:
        raise RecordingError(f"{content.path}: states {n} channels, but ends before their names; was it cut short?")
    names = [head[3 + 2 * i].strip() for i in range(n)]
    units = [usual_unit(head[4 + 2 * i]) for i in range(n)]
    first = 3 + 2 * n
    separator = "\t" if "\t" in head[first] else ","
    columns = [cell.strip() for cell in head[first].split(separator)]
    timed = bool(columns) and not columns[0].upper().startswith("CH")
    first += 1
    while first < len(head) and not is_number(head[first].split(separator)[0].strip()):
        first += 1  # the line with the number of samples of each channel
    named = [f"time ({columns[0]})", *names] if timed else names
    table = read_below(content, first + 1, separator=separator, names=named, units=[""] * timed + units)
    table.units = (columns[0] if timed else table.units[0], *table.units[1:])
    table.sampling_rate, table.device = rate, "BIOPAC AcqKnowledge"
    table.clock = (0,) if timed else ()
    return [table]


LAYOUT = Layout(
    name="acqknowledge-text", extensions=".txt", device="BIOPAC MP (AcqKnowledge)", rate="line 2", unit="the header",
    markers="-", sniff=sniff, read=read,
)  # fmt: skip

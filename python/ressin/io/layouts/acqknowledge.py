"""BIOPAC AcqKnowledge as text: the interval of a sample on top, names and units of channels in pairs of lines."""

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
from ressin.io.times import parse_times

_INTERVAL = re.compile(r"\s*([\d.,eE+\-]+)\s*(msec|sec|min|usec)/sample\s*\Z")
_RATE = re.compile(r"\s*([\d.,eE+\-]+)\s*samples?/(sec|second|min)\w*\s*\Z")
_SECONDS = {"usec": 1e-6, "msec": 1e-3, "sec": 1.0, "second": 1.0, "min": 60.0}


def sniff(content: Content) -> Match | None:
    """Look for the interval of a sample, and the number of channels on the next line."""
    found = _place(content.head)
    return None if found is None else Match(1.0, f"the interval of a sample on line {found + 1}, the channels below")


def _place(head: list[str]) -> int | None:
    """Return the index of the line with the interval: below the file's name and, from AcqKnowledge 5 on, its date."""
    lines = head[:5]
    places = [i for i in range(len(lines) - 1) if _rate(lines[i]) and re.match(r"\s*\d+ channels?", lines[i + 1])]
    return places[0] if places else None


def _rate(line: str) -> float | None:
    for pattern, inverse in ((_INTERVAL, True), (_RATE, False)):
        found = pattern.match(line)
        if found and is_number(found.group(1)):
            number, seconds = float(found.group(1).replace(",", ".")), _SECONDS[found.group(2)]
            return None if not number > 0 else 1.0 / (number * seconds) if inverse else number / seconds
    return None


def read(content: Content) -> list[Table]:
    """Read the channels below the header."""
    place = _place(content.head)
    assert place is not None, "sniffed"
    before, head = place - 1, content.head[place - 1 :] if place else ["", *content.head]
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
    while first < len(head) and _is_no_row(content, head[first], separator, before + first):
        first += 1  # the line with the number of samples of each channel
    named = [f"time ({columns[0]})", *names] if timed else names
    table = read_below(content, before + first + 1, separator=separator, names=named, units=[""] * timed + units)
    table.units = (columns[0] if timed else table.units[0], *table.units[1:])
    table.sampling_rate, table.device = rate, "BIOPAC AcqKnowledge"
    table.clock = (0,) if timed else ()
    table.start_time = next((start for line in head[:1] if (start := _start(line)) is not None), None)
    return [table]


def _is_no_row(content: Content, line: str, separator: str, n_before: int) -> bool:
    """Whether a line is none of samples: it has no number first, or the number of lines below it in every field."""
    cells = [cell.strip() for cell in line.split(separator)]
    if not is_number(cells[0]):
        return True
    filled = {cell for cell in cells if cell}
    n_below = content.text.count(b"\n") + (not content.text.endswith(b"\n")) - n_before - 1
    return len(filled) == 1 and filled.pop() in (str(n_below), str(n_below - 1))


def _start(line: str) -> float | None:
    """Return the start in seconds since 1970 of ``Recording on: 2025-02-21 11:05:38.634``."""
    found = re.match(r"Recording on:\s*(.+?)\s*\Z", line)
    times = parse_times(pd.Series([found.group(1)])) if found else None
    return float(times.seconds[0]) if times and times.absolute and np.isfinite(times.seconds[0]) else None


LAYOUT = Layout(
    name="acqknowledge-text", extensions=".txt", device="BIOPAC MP (AcqKnowledge)", rate="the line msec/sample",
    unit="the header", markers="-", sniff=sniff, read=read,
)  # fmt: skip

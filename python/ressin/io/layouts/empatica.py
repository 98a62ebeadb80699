"""Empatica E4: one column, the start on line 1, the rate on line 2, samples below."""

from __future__ import annotations

import math
import re

import numpy as np
import pandas as pd

from ressin.errors import NotEdaError, RecordingError
from ressin.io.dialect import Dialect, is_number
from ressin.io.layout import Layout, Match
from ressin.io.source import Content, content_stem
from ressin.io.table import Table
from ressin.io.text import TextTable, data_lines, delimited
from ressin.io.times import parse_times
from ressin.recording import Marker

_OTHERS = {
    "temp": "skin temperature (\u00b0C)", "hr": "heart rate (bpm)", "bvp": "blood volume pulse",
    "acc": "acceleration (1/64 g)", "ibi": "beat intervals (s)",
}  # fmt: skip
_STARTING_UP = 1.0  # s: zeros at the very start for so long are the device's start, not skin conductance


def sniff(content: Content) -> Match | None:
    """Look for A time, a rate and numbers, one to a line; of ACC.csv three, and of IBI.csv a time and IBI."""
    head = [line for line in content.head[:4] if line.strip()]
    if len(head) < 2:
        return None
    start = _start(head[0].split(",")[0])
    if start is None:
        return None
    if re.match(r"[^,]+,\s*IBI\b", head[0]):
        return Match(1.0, "a start time and IBI on line 1")
    rate = _rate(head[1])
    if rate is None or _start(head[1].split(",")[0]) is not None:
        return None
    return Match(1.0, "a start time on line 1, a rate in Hz on line 2")


def read(content: Content) -> list[Table]:
    """Read EDA.csv, and the other files of a session for what they are."""
    path = str(content.path)
    rows, lines = data_lines(content.text)
    head = rows[:4096].decode("utf-8", "replace").splitlines()
    kind, n_fields = _kind(content), len(head[0].split(","))
    dialect = Dialect(",", ".", None, 2, n_fields)
    if kind == "ibi":
        raise NotEdaError(f"{path}: holds {_OTHERS['ibi']}, no samples; the skin conductance is in EDA.csv beside it")
    start, rate = _start(head[0].split(",")[0]), _rate(head[1])
    assert start is not None, "sniffed"
    assert rate is not None, "sniffed"
    if len(head) < 3:
        raise RecordingError(
            f"{path}: Empatica layout with start {start:.0f} and rate {rate:g} Hz, but without samples"
        )
    _refuse_joined(path, rows)
    table = delimited(path, rows, dialect, lines)
    table.units, table.sampling_rate, table.start_time = ("uS" if not kind else "",) * n_fields, rate, start
    table.clock, table.device = (), "Empatica E4"
    table.notes.append("Empatica E4 layout: start time on line 1, rate on line 2, microsiemens below")
    if kind:
        if kind == "temp":
            table.names, table.named, table.units = ("TEMP",), True, ("\u00b0C",)
        table.not_eda = f"Empatica's {content.path.name} holds {_OTHERS[kind]}; the skin conductance is in EDA.csv"
        return [table]
    table.signal = 0
    _mark_start(table, rate)
    _add_tags(table, content, start)
    _add_temperature(table, content)
    return [table]


def _kind(content: Content) -> str:
    """Which signal of a session a file holds by its name, "" for EDA."""
    if re.match(r"[^,]+,\s*IBI\b", content.head[0]):
        return "ibi"
    if content.head[0].count(",") == 2:
        return "acc"
    words = re.split(r"[^a-z]+", content_stem(content.path).lower())
    return "" if "eda" in words else next((word for word in words if word in _OTHERS), "")


def _start(cell: str) -> float | None:
    """Seconds since 1970 on line 1: a number, or a date with a time."""
    cell = cell.strip().strip('"')
    if is_number(cell) and 3e8 < float(cell) < 1e10 and "," not in cell:
        return float(cell)
    times = None if is_number(cell) or len(cell) < 12 else parse_times(pd.Series([cell]))
    good = times is not None and times.absolute and not np.isnan(times.seconds[0])
    return float(times.seconds[0]) if good and times is not None else None


def _rate(line: str) -> float | None:
    cells = [cell.strip() for cell in line.split(",")]
    if not all(is_number(cell) for cell in cells) or len(set(cells)) > 1:
        return None
    rate = float(cells[0])
    return rate if math.isfinite(rate) and 0 < rate <= 10_000 else None


def _refuse_joined(path: str, rows: bytes) -> None:
    """Refuse sessions that were appended to each other: a time stands among the samples."""
    for match in re.finditer(rb"(?m)^1[0-9]{9}(\.[0-9]*)?(,|$)", rows):
        if match.start() > 0:
            line = rows.count(b"\n", 0, match.start()) + 1
            raise RecordingError(
                f"{path}, line {line}: another session begins there (a start time and a rate among the samples); cut "
                "the file into one for each session"
            )


def _mark_start(table: TextTable, rate: float) -> None:
    """Mark the zeros at the start as missing."""
    table.prefetch([0])
    head = table.numbers(0)[: math.ceil(_STARTING_UP * rate) + 1]
    zeros = int(np.argmax(head != 0)) if (head != 0).any() else 0
    if 0 < zeros <= _STARTING_UP * rate:
        table.set_missing(0, np.arange(zeros))
        table.notes.append(f"{zeros} zero(s) of the device's start are missing samples")


def _add_tags(table: Table, content: Content, start: float) -> None:
    """Take the button presses of tags.csv beside the file."""
    for line in (content.beside("tags.csv") or b"").decode("utf-8", "replace").split():
        if is_number(line):
            table.markers.append(Marker(float(line) - start, "tag"))


def _add_temperature(table: Table, content: Content) -> None:
    """Take TEMP.csv beside the file; one that is damaged is no reason to refuse the skin conductance."""
    beside = content.beside("TEMP.csv")
    if beside is None or content_stem(content.path).lower() != "eda":
        return
    other = Content(content.path.with_name("TEMP.csv"), beside, content.limit)
    try:
        if sniff(other) is None:
            raise RecordingError("it is not as Empatica writes it")
        table.companions += read(other)
    except RecordingError as error:
        table.notes.append(f"TEMP.csv beside it is not used: {error}")


LAYOUT = Layout(
    name="empatica-e4", extensions=".csv", device="Empatica E4", rate="line 2", unit="uS (TEMP, HR, BVP are refused)",
    markers="tags.csv beside it", sniff=sniff, read=read,
)  # fmt: skip

"""ADInstruments LabChart as text: blocks, each with Interval=, ChannelTitle= and UnitName= above its rows."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ressin.errors import RecordingError
from ressin.io.dialect import is_number, usual_unit
from ressin.io.layout import Layout, Match
from ressin.io.source import Content
from ressin.io.table import FrameTable, Table
from ressin.io.text import TextTable, read_below

_UNIX = 25_569  # 1970-01-01 in Excel's days


def sniff(content: Content) -> Match | None:
    """Interval= on line 1."""
    head = content.head[:12]
    good = bool(head) and head[0].startswith("Interval=") and any(line.startswith("ChannelTitle=") for line in head)
    return Match(1.0, "Interval= and ChannelTitle= on top") if good else None


def read(content: Content) -> list[Table]:
    """Read the blocks; where there are several, each at its time of the day."""
    lines = content.text.split(b"\n")
    tops = [i for i, line in enumerate(lines) if line.startswith(b"Interval=")]
    blocks = [_block(content, lines, top, end) for top, end in zip(tops, [*tops[1:], len(lines)], strict=True)]
    table, rate, start = blocks[0]
    if len(blocks) == 1:
        table.sampling_rate, table.start_time, table.device = rate, start, "ADInstruments LabChart"
        table.clock = (0,)
        return [table]
    return [_joined(str(content.path), blocks)]


def _block(content: Content, lines: list[bytes], top: int, end: int) -> tuple[TextTable, float, float | None]:
    header: dict[str, list[str]] = {}
    first = top
    while first < end and b"=" in lines[first].split(b"\t")[0]:
        key, *cells = lines[first].decode("utf-8").split("\t")
        header[key.rstrip("=")] = [cell.strip() for cell in cells]
        first += 1
    path = f"{content.path}, line {top + 1}"
    interval = (header.get("Interval") or [""])[0].split()
    if not interval or not is_number(interval[0]) or "ChannelTitle" not in header:
        raise RecordingError(f"{path}: a block without an interval or names of channels; export it again from LabChart")
    scale = {"ms": 1e-3, "us": 1e-6, "\u00b5s": 1e-6, "min": 60.0}.get(interval[1] if len(interval) > 1 else "s", 1.0)
    rate = 1.0 / (float(interval[0].replace(",", ".")) * scale)
    names = [name for name in header["ChannelTitle"] if name]
    stated = header.get("UnitName") or [cell.split()[-1] if cell.split() else "" for cell in header.get("Range", [])]
    units = [usual_unit(unit) for unit in stated][: len(names)]
    body = b"\n".join(lines[first:end])
    table = read_below(content, first + 1, separator="\t", names=["Time", *names], units=["s", *units], body=body)
    days = (header.get("ExcelDateTime") or [""])[0]
    start = (float(days.replace(",", ".")) - _UNIX) * 86_400.0 if is_number(days) else None
    return table, round(rate, 9), start


def _joined(path: str, blocks: list[tuple[TextTable, float, float | None]]) -> Table:
    """Put blocks of the same channels one behind the other, at their times."""
    table, rate, start = blocks[0]
    starts = [other for _, _, other in blocks]
    if start is None or None in starts or any(block.names != table.names for block, _, _ in blocks):
        raise RecordingError(f"{path}: holds {len(blocks)} blocks without their times of day; export them one by one")
    if any(other != rate for _, other, _ in blocks):
        raise RecordingError(f"{path}: holds {len(blocks)} blocks of different rates; export them one by one")
    parts = []
    for block, _, begin in blocks:
        assert begin is not None, "checked above"
        columns = np.column_stack([block.numbers(i) for i in range(len(block.names))])
        columns[:, 0] += -columns[0, 0] + begin - start
        parts.append(columns)
    frame = pd.DataFrame(np.concatenate(parts), columns=list(table.names))
    joined = FrameTable(path, frame, named=True, units=table.units)
    joined.sampling_rate, joined.start_time, joined.clock = rate, start, (0,)
    joined.device = "ADInstruments LabChart"
    joined.notes = [*table.notes, f"{len(blocks)} blocks, each at its time of day"]
    return joined


LAYOUT = Layout(
    name="labchart-text", extensions=".txt", device="ADInstruments PowerLab (LabChart)", rate="Interval=",
    unit="UnitName=", markers="comments at ends of lines", sniff=sniff, read=read,
)  # fmt: skip

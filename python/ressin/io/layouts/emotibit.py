"""EmotiBit: a parsed file for each signal, or the raw file with all of them in packets."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from ressin.errors import RecordingError
from ressin.io.dialect import is_number
from ressin.io.layout import Layout, Match
from ressin.io.source import Content
from ressin.io.table import FrameTable, Table
from ressin.io.text import read_plain
from ressin.recording import Marker

_PARSED = ("LocalTimestamp", "EmotiBitTimestamp", "PacketNumber", "TypeTag")
_RAW = re.compile(r"\d+(?:\.\d+)?,\d+,\d+,[A-Z%][A-Z0-9%],\d+,\d+(?:,|\Z)")
_OTHERS = {
    "EL": "the level of skin conductance alone", "ER": "the response of skin conductance alone", "T1": "temperature",
    "TH": "temperature", "T0": "temperature", "PI": "photoplethysmogram", "PR": "photoplethysmogram",
    "PG": "photoplethysmogram", "HR": "heart rate", "BI": "beat intervals", "AX": "acceleration", "AY": "acceleration",
    "AZ": "acceleration", "GX": "rotation", "GY": "rotation", "GZ": "rotation",
}  # fmt: skip


def sniff(content: Content) -> Match | None:
    """Look for the columns of a parsed file, or lines of packets."""
    head = content.head[:20]
    if head and all(name in head[0] for name in _PARSED):
        return Match(0.95, "the columns of a parsed EmotiBit file")
    packets = sum(_RAW.match(line) is not None for line in head)
    return Match(0.9, "lines of EmotiBit packets") if len(head) >= 3 and packets >= 0.8 * len(head) else None


def read(content: Content) -> list[Table]:
    """Read EA, the electrodermal activity in uS."""
    return [_parsed(content) if content.head[0].startswith(_PARSED[0]) else _raw(content)]


def _parsed(content: Content) -> Table:
    table = read_plain(content)
    tag = table.names[-1]
    table.signal, table.clock, table.device = len(table.names) - 1, (0, 1), "EmotiBit"
    table.units = (*("s" if n == _PARSED[0] else "ms" if n == _PARSED[1] else "" for n in table.names[:-1]), "uS")
    if tag != "EA":
        table.not_eda = (
            f"EmotiBit's {tag} is {_OTHERS.get(tag, 'another signal')}; the skin conductance is in ..._EA.csv"
        )
    return table


def _raw(content: Content) -> Table:
    """Take the samples of the EA packets, each at its packet's time, and the notes of the user."""
    packets: list[tuple[float, int]] = []  # time in ms of the last sample, number of samples
    values: list[str] = []
    notes: list[tuple[float, str]] = []
    for line in content.text.decode("utf-8").splitlines():
        cells = line.split(",")
        if len(cells) > 6 and is_number(cells[0]):
            if cells[3] == "EA":
                packets.append((float(cells[0]), len(cells) - 6))
                values += cells[6:]
            elif cells[3] == "UN":
                notes.append((float(cells[0]), ",".join(cells[6:])))
    numbers = pd.to_numeric(pd.Series(values, dtype=object), errors="coerce").to_numpy(dtype=np.float64)
    if not numbers.size:
        raise RecordingError(f"{content.path}: an EmotiBit file without EA packets: no skin conductance is in it")
    stamps = _spread(packets)
    frame = pd.DataFrame({"EmotiBitTimestamp": stamps, "EA": numbers})
    table = FrameTable(str(content.path), frame, named=True, units=("ms", "uS"))
    table.signal, table.clock, table.device = 1, (0,), "EmotiBit"
    table.markers = [Marker((time - float(stamps[0])) / 1000.0, text) for time, text in notes]
    table.notes.append(f"{numbers.size} samples of the EA packets")
    return table


def _spread(packets: list[tuple[float, int]]) -> np.ndarray:
    """Return the time of every sample: a packet's is that of its last, the others come before it at the usual step."""
    ends, counts = (np.array(column, dtype=np.float64) for column in zip(*packets, strict=True))
    step = float(np.median(np.diff(ends) / counts[1:])) if ends.size > 1 else 0.0
    back = np.concatenate([np.arange(count - 1, -1, -1) for count in counts])
    return np.repeat(ends, counts.astype(int)) - step * back


LAYOUT = Layout(
    name="emotibit", extensions=".csv", device="EmotiBit", rate="LocalTimestamp or EmotiBitTimestamp", unit="uS",
    markers="UN packets", sniff=sniff, read=read,
)  # fmt: skip

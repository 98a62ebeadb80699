"""Lab Streaming Layer recordings (.xdf)."""

from __future__ import annotations

import io
import logging
import re
from typing import Any

import numpy as np
import pandas as pd

from ressin._extras import require
from ressin.errors import RecordingError
from ressin.io.dialect import usual_unit
from ressin.io.layout import Layout, Match
from ressin.io.source import Content
from ressin.io.table import FrameTable, Table
from ressin.recording import Marker

_DAMAGE = re.compile(r"corrupt|truncat|unexpected end|end of file", re.IGNORECASE)
_EVENTS = re.compile(r"marker|event|trigger|stim", re.IGNORECASE)


def sniff(content: Content) -> Match | None:
    """XDF's first bytes."""
    return Match(1.0, "it begins as an XDF file does") if content.data.startswith(b"XDF:") else None


def read(content: Content) -> list[Table]:
    """Read each stream of numbers as a table with its own clock; streams of text are markers."""
    pyxdf = require("pyxdf", "devices", "reading .xdf files")
    with _Listening("pyxdf") as said:
        streams, _ = pyxdf.load_xdf(io.BytesIO(content.data), dejitter_timestamps=False, verbose=False)
    events = [stream for stream in streams if _is_events(stream)]
    tables = [_table(str(content.path), stream) for stream in streams if not _is_events(stream) and _n(stream)]
    if not tables:
        raise RecordingError(f"{content.path}: holds no stream of numbers with samples")
    for table, start in tables:
        table.notes += ["the file is damaged or was cut short: what is behind is missing"] if said.damage else []
        for stream in events:
            for time, values in zip(stream["time_stamps"], stream["time_series"], strict=True):
                label = values[0] if isinstance(values[0], str) else f"{values[0]:g}"
                table.markers.append(Marker(float(time) - start, label))
    return [table for table, _ in tables]


class _Listening(logging.Handler):
    """Hears what a library logs, which then is not printed."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._logger, self.damage = logging.getLogger(name), False

    def __enter__(self) -> _Listening:
        self._logger.addHandler(self)
        self._propagated, self._logger.propagate = self._logger.propagate, False
        return self

    def __exit__(self, *_: object) -> None:
        self._logger.removeHandler(self)
        self._logger.propagate = self._propagated

    def emit(self, record: logging.LogRecord) -> None:
        """Note whether a part of the file could not be read."""
        self.damage = self.damage or bool(_DAMAGE.search(record.getMessage()))


def _is_events(stream: dict[str, Any]) -> bool:
    """Whether a stream is texts, or numbers that its type calls markers."""
    return _first(stream, "channel_format") == "string" or bool(_EVENTS.search(_first(stream, "type")))


def _table(path: str, stream: dict[str, Any]) -> tuple[Table, float]:
    values = np.asarray(stream["time_series"], dtype=np.float64).reshape(len(stream["time_stamps"]), -1)
    times = np.asarray(stream["time_stamps"], dtype=np.float64)
    names, units = _channels(stream, values.shape[1])
    frame = pd.DataFrame({0: times, **{i + 1: values[:, i] for i in range(values.shape[1])}})
    table = FrameTable(path, frame, named=True, units=("s", *map(usual_unit, units)))
    table.names, table.clock = ("LSL clock", *names), (0,)
    table.device, table.part = f"LSL stream {_first(stream, 'name')}", _first(stream, "name")
    if not stream.get("footer"):
        table.notes.append("the stream has no end: it was not stopped, or the file was cut short")
    kind = _first(stream, "type").lower()
    if values.shape[1] == 1 and kind in ("eda", "gsr", "sc"):
        table.signal = 1
    table.notes.append(f"stream {_first(stream, 'name')!r} of type {_first(stream, 'type')}, of nominally "
                       f"{float(_first(stream, 'nominal_srate') or 0):g} Hz")  # fmt: skip
    return table, float(times[0])


def _channels(stream: dict[str, Any], n: int) -> tuple[list[str], list[str]]:
    """Names and units from the stream's description, numbers where it has none."""
    described = stream["info"].get("desc") or [None]
    channels = (((described[0] or {}).get("channels") or [{}])[0] or {}).get("channel") or []
    names = [(c.get("label") or [""])[0] or "" for c in channels][:n]
    units = [(c.get("unit") or [""])[0] or "" for c in channels][:n]
    if len(names) < n:
        kind = _first(stream, "type")
        names = [kind if n == 1 else f"{kind} {i + 1}" for i in range(n)]
    return [name or str(i + 1) for i, name in enumerate(names)], (units + [""] * n)[:n]


def _first(stream: dict[str, Any], key: str) -> str:
    return str((stream["info"].get(key) or [""])[0])


def _n(stream: dict[str, Any]) -> int:
    return len(stream["time_stamps"])


LAYOUT = Layout(
    name="xdf", extensions=".xdf", device="Lab Streaming Layer (LabRecorder)", rate="the times of the samples",
    unit="the stream's description", markers="streams of text", sniff=sniff, read=read, grows=False,
    library="pyxdf (extra devices)",
)  # fmt: skip

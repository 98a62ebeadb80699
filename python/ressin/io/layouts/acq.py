"""BIOPAC AcqKnowledge's own files (.acq)."""

from __future__ import annotations

import io

import pandas as pd

from ressin._extras import require
from ressin.errors import RecordingError
from ressin.io.dialect import usual_unit
from ressin.io.layout import Layout, Match
from ressin.io.source import Content, content_suffix
from ressin.io.table import FrameTable, Table
from ressin.recording import Marker

_VERSIONS = range(30, 250)


def sniff(content: Content) -> Match | None:
    """Look for the suffix, and a version that AcqKnowledge has written behind two bytes."""
    if len(content.data) < 64:
        return None
    version = min(int.from_bytes(content.data[2:6], order) for order in ("little", "big"))
    if version not in _VERSIONS or content_suffix(content.path) != ".acq":
        return None
    return Match(0.9, f"it begins as AcqKnowledge's version {version} does")


def read(content: Content) -> list[Table]:
    """Read the channels, each rate a table, and the event markers."""
    bioread = require("bioread", "devices", "reading .acq files")
    file = bioread.read(io.BytesIO(content.data))
    if not file.channels:
        raise RecordingError(f"{content.path}: holds no channels; was it cut short? copy it again")
    rates = list(dict.fromkeys(float(channel.samples_per_second) for channel in file.channels))
    tables: list[Table] = []
    for rate in rates:
        channels = [channel for channel in file.channels if float(channel.samples_per_second) == rate]
        frame = pd.DataFrame({i: channel.data for i, channel in enumerate(channels)})
        table = FrameTable(str(content.path), frame, named=True, units=tuple(usual_unit(c.units) for c in channels))
        table.names = tuple(channel.name for channel in channels)
        table.sampling_rate, table.clock, table.device = rate, (), "BIOPAC AcqKnowledge"
        started = getattr(file, "earliest_marker_created_at", None)
        table.start_time = started.timestamp() if started is not None else None
        base = float(file.samples_per_second)
        table.markers = [Marker(m.sample_index / base, m.text) for m in getattr(file, "event_markers", None) or []]
        tables.append(table)
    return tables


LAYOUT = Layout(
    name="acq", extensions=".acq", device="BIOPAC MP (AcqKnowledge)", rate="the header, by channel", unit="the header",
    markers="event markers", sniff=sniff, read=read, grows=False, library="bioread (extra devices)",
)  # fmt: skip

"""Empatica EmbracePlus's raw data (.avro)."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd

from ressin._extras import require
from ressin.errors import RecordingError
from ressin.io.layout import Layout, Match
from ressin.io.source import Content
from ressin.io.table import FrameTable, Table
from ressin.recording import Marker


def sniff(content: Content) -> Match | None:
    """Avro's first bytes."""
    return Match(1.0, "it begins as an Avro file does") if content.data.startswith(b"Obj\x01") else None


def read(content: Content) -> list[Table]:
    """Read rawData.eda, in uS, with its rate, start and the tags."""
    fastavro = require("fastavro", "devices", "reading EmbracePlus .avro files")
    record = next(iter(fastavro.reader(io.BytesIO(content.data))), None)
    raw = record.get("rawData") if isinstance(record, dict) else None
    if not isinstance(raw, dict) or not isinstance(raw.get("eda"), dict):
        raise RecordingError(f"{content.path}: is an Avro file without rawData.eda: not an EmbracePlus recording")
    eda = raw["eda"]
    values = np.asarray(eda["values"], dtype=np.float64)
    if not values.size:
        raise RecordingError(f"{content.path}: an EmbracePlus file without samples of EDA: the sensor was off")
    table = FrameTable(str(content.path), pd.DataFrame({"eda": values}), named=True, units=("uS",))
    start = float(eda["timestampStart"]) / 1e6
    table.signal, table.clock, table.device = 0, (), "Empatica EmbracePlus"
    table.sampling_rate, table.start_time = float(eda["samplingFrequency"]), start
    tags = (raw.get("tags") or {}).get("tagsTimeMicros") or []
    table.markers = [Marker(float(time) / 1e6 - start, "tag") for time in tags]
    return [table]


LAYOUT = Layout(
    name="embraceplus-avro", extensions=".avro", device="Empatica EmbracePlus", rate="samplingFrequency", unit="uS",
    markers="tags", sniff=sniff, read=read, grows=False, library="fastavro (extra devices)",
)  # fmt: skip

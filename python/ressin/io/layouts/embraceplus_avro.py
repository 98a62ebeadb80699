"""Empatica EmbracePlus's raw data (.avro)."""

from __future__ import annotations

import datetime
import io
from typing import Any

import numpy as np
import pandas as pd

from ressin._extras import require
from ressin.errors import NotEdaError, RecordingError
from ressin.io.dialect import usual_unit
from ressin.io.layout import Layout, Match
from ressin.io.source import Content
from ressin.io.table import FrameTable, Table
from ressin.io.units import unit_in_name
from ressin.recording import Marker

_UNITS = {"eda": "uS", "temperature": "\u00b0C"}


def sniff(content: Content) -> Match | None:
    """Avro's first bytes."""
    return Match(1.0, "it begins as an Avro file does") if content.data.startswith(b"Obj\x01") else None


def read(content: Content) -> list[Table]:
    """Read the signals of rawData, each with its rate and start, and the tags; other records as a table."""
    fastavro = require("fastavro", "devices", "reading EmbracePlus .avro files")
    path = str(content.path)
    records = list(fastavro.reader(io.BytesIO(content.data)))
    raw = records[0].get("rawData") if records and isinstance(records[0], dict) else None
    if not isinstance(raw, dict):
        return [_records(path, records)]
    if len(records) > 1:
        raise RecordingError(f"{path}: holds {len(records)} EmbracePlus recordings; the device writes one to a file")
    signals = {n: s for n, s in raw.items() if isinstance(s, dict) and _is_sampled(s)}
    if "eda" not in signals:
        raise NotEdaError(
            f"{path}: an EmbracePlus file without samples of EDA (it has {', '.join(signals) or 'no signals'}): the "
            "sensor was off; give another file of the recording"
        )
    tables = [_signal(path, name, signals[name]) for name in signals]
    for table in tables:
        start = float(signals[table.names[0]]["timestampStart"]) / 1e6
        tags = (raw.get("tags") or {}).get("tagsTimeMicros") or []
        table.markers = [Marker(float(time) / 1e6 - start, "tag") for time in tags] if start else []
    return tables


def _is_sampled(signal: dict[str, Any]) -> bool:
    return bool(signal.get("values")) and "samplingFrequency" in signal and "timestampStart" in signal


def _signal(path: str, name: str, signal: dict[str, Any]) -> Table:
    values = np.asarray(signal["values"], dtype=np.float64)
    table = FrameTable(path, pd.DataFrame({name: values}), named=True, units=(_UNITS.get(name, ""),))
    table.sampling_rate, table.start_time = float(signal["samplingFrequency"]), float(signal["timestampStart"]) / 1e6
    table.start_time = table.start_time or None  # 0 where the clock was not set
    table.clock, table.device = (), "Empatica EmbracePlus"
    if name == "eda":
        table.signal = 0
    else:
        table.not_eda = f"the channel is {name}"
    return table


def _records(path: str, records: list[Any]) -> Table:
    """Read records of numbers and texts, one to a sample."""
    rows = [record for record in records if isinstance(record, dict)]
    plain = [n for n, v in (rows[0] if rows else {}).items() if isinstance(v, (int, float, str, datetime.datetime))]
    if len(rows) < 2 or not plain:
        raise NotEdaError(f"{path}: is an Avro file without rawData.eda: not an EmbracePlus recording, and no table")
    units = tuple(usual_unit(unit_in_name(name)) for name in plain)
    return FrameTable(path, pd.DataFrame(rows)[plain], named=True, units=units)


LAYOUT = Layout(
    name="embraceplus-avro", extensions=".avro", device="Empatica EmbracePlus", rate="samplingFrequency", unit="uS",
    markers="tags", sniff=sniff, read=read, grows=False, library="fastavro (extra devices)",
)  # fmt: skip

"""OpenSignals' HDF5 files: a group for each device, its channels in raw/ with their sensors as attributes."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pandas as pd

from ressin._extras import require
from ressin.errors import RecordingError
from ressin.io.layout import Layout, Match
from ressin.io.layouts.opensignals import counted_seconds, in_microsiemens, start_of
from ressin.io.source import Content
from ressin.io.table import FrameTable, Table

_MARKS = (b"sampling rate", b"nsamples", b"channel_")


def sniff(content: Content) -> Match | None:
    """HDF5's first bytes, and the names that OpenSignals gives."""
    data = content.data
    if not data.startswith(b"\x89HDF\r\n\x1a\n") or not all(mark in data for mark in _MARKS):
        return None
    return Match(1.1, "an HDF5 file with the attributes of OpenSignals")


def read(content: Content) -> list[Table]:
    """Read each device; EDA is converted by the sensor's transfer function, or left as counts where none is known."""
    h5py = require("h5py", "devices", "reading OpenSignals' .h5 files")
    with h5py.File(io.BytesIO(content.data), "r") as file:
        devices = [group for group in file.values() if "sampling rate" in group.attrs and "raw" in group]
        if not devices:
            raise RecordingError(f"{content.path}: no group of a device with a sampling rate and raw/ is in it")
        return [_table(str(content.path), group) for group in devices]


def _table(path: str, group: Any) -> Table:
    about = {name: _plain(value) for name, value in group.attrs.items()}
    rate, device = float(about["sampling rate"]), str(about.get("device", ""))
    raw = {name: np.squeeze(np.asarray(item[()], dtype=np.float64)) for name, item in group["raw"].items()}
    channels = sorted((name for name in raw if name.startswith("channel_")), key=lambda name: int(name[8:]))
    if not channels or raw[channels[0]].ndim != 1:
        raise RecordingError(f"{path}: {group.name}/raw holds no channels with samples; was the recording empty?")
    columns, names, units, notes = {}, [], [], []
    for place, channel in enumerate(channels):
        sensor = str(_plain(group["raw"][channel].attrs.get("sensor", b""))).strip()
        values, unit = raw[channel], ""
        if sensor.upper().startswith("EDA"):
            values, unit, note = in_microsiemens(values, device, _bits(about, group["raw"][channel], place))
            notes.append(f"{sensor} is {channel}: {note}")
        columns[place] = values
        names.append(channel if sensor.upper() in ("", "RAW", "CUSTOM") else sensor)
        units.append(unit)
    seconds = counted_seconds(raw["nSeq"], rate) if "nSeq" in raw else None
    if seconds is not None:
        columns[len(channels)], names, units = seconds, [*names, "nSeq"], [*units, "s"]
    table = FrameTable(path, pd.DataFrame(columns), named=True, units=tuple(units))
    table.names, table.clock = tuple(names), () if seconds is None else (len(channels),)
    table.sampling_rate, table.device, table.notes = rate, f"{device or 'OpenSignals'} ({group.name.strip('/')})", notes
    table.start_time = start_of(str(about.get("date", "")), str(about.get("time", "")))
    return table


def _bits(about: dict[str, Any], dataset: Any, place: int) -> int | None:
    """Return the resolution of a channel: the device lists one for each, or one for all."""
    own = dataset.attrs.get("resolution", about.get("resolution"))
    listed = np.atleast_1d(own).reshape(-1) if own is not None else np.zeros(0)
    if listed.size == 1:
        return int(listed[0])
    return int(listed[place]) if place < listed.size else None


def _plain(value: Any) -> Any:
    value = value.item() if isinstance(value, np.ndarray) and value.size == 1 else value
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


LAYOUT = Layout(
    name="opensignals-h5", extensions=".h5", device="BITalino, biosignalsplux", rate="an attribute of the device",
    unit="the sensor's transfer function", markers="-", sniff=sniff, read=read, grows=False,
    library="h5py (extra devices)",
)  # fmt: skip

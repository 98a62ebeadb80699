"""OpenSignals (BITalino, biosignalsplux): a JSON header in comments, columns of counts."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd

from ressin.errors import RecordingError
from ressin.io.layout import Layout, Match
from ressin.io.source import Content
from ressin.io.table import FrameTable, Table
from ressin.io.text import TextTable, read_below
from ressin.io.times import parse_times

# EDA sensor data sheets: volts on the electrode chain divided by the gain give uS. VCC in V, gain in V/uS.
_TRANSFER = {"biosignalsplux": (3.0, 0.12), "bitalino": (3.3, 0.132)}


def sniff(content: Content) -> Match | None:
    """Look for the first line's words, and JSON below."""
    head = content.head[:2]
    good = len(head) == 2 and head[0].startswith("# OpenSignals") and "{" in head[1]
    return Match(1.0, "the first line names OpenSignals") if good else None


def read(content: Content) -> list[Table]:
    """Read each device's EDA channel by the sensor's transfer function, or as counts where none is known."""
    path = str(content.path)
    devices = _header(path, content.head[1])
    first = next((i for i, line in enumerate(content.head) if line.startswith("# EndOfHeader")), None)
    if first is None:
        raise RecordingError(f"{path}: the OpenSignals header has no end (# EndOfHeader); was the file cut short?")
    names = [name for about in devices for name in about["column"]]
    table = read_below(content, first + 2, separator="\t", names=names)
    about = devices[0]
    table.device = f"{about.get('device', 'OpenSignals')} ({about.get('device name', '')})"
    table.sampling_rate = float(about["sampling rate"])
    table.start_time = _start(about)
    table.clock = ()
    counter = [i for i, name in enumerate(names) if name == "nSeq"]
    return [_in_microsiemens(table, devices, counter)]


def _header(path: str, line: str) -> list[dict[str, Any]]:
    try:
        devices = list(json.loads(line.lstrip("# ")).values())
        for about in devices:
            float(about["sampling rate"])
            list(about["column"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RecordingError(f"{path}, line 2: is not the JSON header of OpenSignals ({error})") from error
    return devices


def _in_microsiemens(table: TextTable, devices: list[dict[str, Any]], counter: list[int]) -> Table:
    """Name the columns after their sensors and convert those of EDA."""
    frame, units, names = {}, [], []
    notes: list[str] = []
    place = 0
    for about in devices:
        labels = list(about.get("label", []))
        for name in about["column"]:
            values = table.numbers(place)
            channel = labels.index(name) if name in labels else None
            sensor = about["sensor"][channel] if channel is not None else name
            unit = ""
            if channel is not None and str(sensor).upper() == "EDA":
                values, unit, note = _transfer(values, about, channel)
                notes.append(f"{sensor} is {name}: {note}")
            names.append(str(sensor))
            units.append(unit)
            frame[place] = values
            place += 1
    result = FrameTable(table.path, pd.DataFrame(frame), named=True, units=tuple(units))
    result.names = tuple(names)
    for field in ("sampling_rate", "start_time", "device", "clock"):
        setattr(result, field, getattr(table, field))
    result.notes = [*table.notes, *notes, *_lost(frame, counter)]
    return result


def _transfer(values: np.ndarray, about: dict[str, Any], channel: int) -> tuple[np.ndarray, str, str]:
    device = str(about.get("device", "")).lower()
    known = next((numbers for name, numbers in _TRANSFER.items() if name in device), None)
    resolution = about.get("resolution", [])
    if known is None or channel >= len(resolution):
        return values, "counts", f"its counts have no known transfer function ({about.get('device', 'no device')})"
    bits, (vcc, gain) = int(resolution[channel]), known
    return values / 2.0**bits * vcc / gain, "uS", f"counts / 2^{bits} * {vcc:g} V / {gain:g} V/uS"


def _lost(frame: dict[int, np.ndarray], counter: list[int]) -> list[str]:
    """Say where the counter of samples jumps: OpenSignals counts to 15 on BITalino, to 2^16 - 1 elsewhere."""
    if not counter:
        return []
    steps = np.diff(frame[counter[0]])
    lost = int(np.count_nonzero((steps != 1) & (steps > 0)))
    return [f"the counter of samples jumps {lost} time(s): samples were lost there"] if lost else []


def _start(about: dict[str, Any]) -> float | None:
    date = "-".join(part.zfill(2) for part in str(about.get("date", "")).split("-"))
    times = parse_times(pd.Series([f"{date} {about.get('time', '')}"]))
    return float(times.seconds[0]) if times is not None and np.isfinite(times.seconds[0]) else None


LAYOUT = Layout(
    name="opensignals", extensions=".txt", device="BITalino, biosignalsplux", rate="the JSON header",
    unit="the sensor's transfer function", markers="-", sniff=sniff, read=read,
)  # fmt: skip

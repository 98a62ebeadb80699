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
    if not names:
        raise RecordingError(f"{path}, line 2: the header of OpenSignals names no device and no column; record it anew")
    table = read_below(content, first + 2, separator="\t", names=names)
    about = devices[0]
    table.device = f"{about.get('device', 'OpenSignals')} ({about.get('device name', '')})"
    table.sampling_rate = float(about["sampling rate"])
    table.start_time = start_of(str(about.get("date", "")), str(about.get("time", "")))
    return [_in_microsiemens(table, devices)]


def _header(path: str, line: str) -> list[dict[str, Any]]:
    try:
        devices = list(json.loads(line.lstrip("# ")).values())
        for about in devices:
            float(about["sampling rate"])
            list(about["column"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RecordingError(f"{path}, line 2: is not the JSON header of OpenSignals ({error})") from error
    return devices


def _in_microsiemens(table: TextTable, devices: list[dict[str, Any]]) -> Table:
    """Name the columns after their sensors and convert those of EDA; the counter of samples is their clock."""
    columns = [(about, name) for about in devices for name in about["column"]]
    frame = {place: table.numbers(place) for place in range(len(columns))}
    names, units, notes = [], [""] * len(columns), []
    for place, (about, name) in enumerate(columns):
        sensor = _sensor(about, name)
        names.append(name if sensor.upper() in ("", "RAW", "CUSTOM") else sensor)
        if sensor.upper() == "EDA":
            frame[place], units[place], note = in_microsiemens(
                frame[place], str(about.get("device", "")), _bits(about, name)
            )
            notes.append(f"{sensor} is {name}: {note}")
    counter = next((place for place, (_, name) in enumerate(columns) if name == "nSeq"), None)
    clock = counted_seconds(frame[counter], float(table.sampling_rate or 1.0)) if counter is not None else None
    if clock is not None and counter is not None:
        frame[counter], units[counter] = clock, "s"
    result = FrameTable(table.path, pd.DataFrame(frame), named=True, units=tuple(units))
    result.names, result.clock = tuple(names), () if clock is None or counter is None else (counter,)
    for field in ("sampling_rate", "start_time", "device", "n_left_out"):
        setattr(result, field, getattr(table, field))
    result.notes = [*table.notes, *notes]
    return result


def _sensor(about: dict[str, Any], name: str) -> str:
    """Return the sensor of a column, "" of one that is none's."""
    labels, sensors = list(about.get("label", [])), list(about.get("sensor", []))
    place = labels.index(name) if name in labels else len(sensors)
    return str(sensors[place]) if place < len(sensors) else ""


def in_microsiemens(values: np.ndarray, device: str, bits: int | None) -> tuple[np.ndarray, str, str]:
    """Return an EDA sensor's counts in uS, the unit, and how; as they are where no transfer function is known."""
    known = next((numbers for name, numbers in _TRANSFER.items() if name in device.lower()), None)
    if known is None or bits is None:
        return values, "counts", f"its counts have no known transfer function ({device or 'no device'})"
    vcc, gain = known
    return values / 2.0**bits * vcc / gain, "uS", f"counts / 2^{bits} * {vcc:g} V / {gain:g} V/uS"


def _bits(about: dict[str, Any], name: str) -> int | None:
    """Return the resolution of a column in bits: BITalino lists that of all columns, biosignalsplux of the channels."""
    resolution = list(about.get("resolution", []))
    listed = list(about["column"]) if len(resolution) == len(about["column"]) else list(about.get("label", []))
    place = listed.index(name) if name in listed else len(resolution)
    return int(resolution[place]) if place < len(resolution) else None


def counted_seconds(counter: np.ndarray, rate: float) -> np.ndarray | None:
    """Return the counter of samples as seconds; None where it does not count.

    BITalino counts to 15, others to a power of 2 less one: where it falls, it began anew.
    """
    period = 2.0 ** np.ceil(np.log2(max(float(counter.max()), 1.0) + 1.0))
    steps = np.diff(counter) % period
    if not steps.size or (steps == 0).any() or np.count_nonzero(steps == 1) < 0.5 * steps.size:
        return None
    return np.concatenate([[0.0], np.cumsum(steps)]) / rate


def start_of(date: str, time: str) -> float | None:
    """Seconds since 1970 of a date such as 2023-1-5 and a time of day; None where they are none."""
    times = parse_times(pd.Series([f"{'-'.join(part.zfill(2) for part in date.split('-'))} {time}"]))
    return float(times.seconds[0]) if times is not None and np.isfinite(times.seconds[0]) else None


LAYOUT = Layout(
    name="opensignals", extensions=".txt", device="BITalino, biosignalsplux", rate="the JSON header",
    unit="the sensor's transfer function", markers="-", sniff=sniff, read=read,
)  # fmt: skip

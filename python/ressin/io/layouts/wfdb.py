"""WFDB (PhysioNet): a header .hea that describes signals in .dat files beside it."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from ressin.errors import RecordingError
from ressin.io.dialect import usual_unit
from ressin.io.layout import Layout, Match
from ressin.io.source import Content
from ressin.io.table import FrameTable, Table
from ressin.io.times import parse_times

_RECORD = re.compile(r"(\S+?)(?:/\d+)?\s+(\d+)(?:\s+([\d.eE+]+)\S*(?:\s+(\d+))?(?:\s+(\S+)(?:\s+(\S+))?)?)?\s*\Z")
_GAIN = re.compile(r"([\d.eE+\-]+)?(?:\((-?\d+)\))?(?:/(\S+))?\Z")
_FORMAT = re.compile(r"(\d+)(?:x(\d+))?(?::(\d+))?(?:\+(\d+))?\Z")
_TYPES = {"16": "<i2", "61": ">i2", "32": "<i4", "80": "u1"}
_MISSING = {"16": -(2**15), "24": -(2**23), "61": -(2**15), "32": -(2**31), "212": -(2**11)}


def sniff(content: Content) -> Match | None:
    """Look for the suffix .hea, and a first line of a record."""
    lines = [line for line in content.head[:20] if line.strip() and not line.startswith("#")]
    good = content.path.suffix.lower() == ".hea" and lines and _RECORD.match(lines[0])
    return Match(0.95, "the header of a WFDB record") if good else None


def read(content: Content) -> list[Table]:
    """Read the signals in their physical units."""
    path = str(content.path)
    lines = [line for line in content.text.decode("utf-8").splitlines() if line.strip() and not line.startswith("#")]
    record = _RECORD.match(lines[0])
    assert record is not None, "sniffed"
    n, rate = int(record.group(2)), float(record.group(3) or 250)
    signals = [line.split(maxsplit=8) for line in lines[1 : n + 1]]
    if "/" in lines[0].split()[0] or len(signals) < n or any(len(signal) < 2 for signal in signals):
        raise RecordingError(f"{path}: a WFDB header of several segments, or cut short; read it with the wfdb package")
    columns: list[np.ndarray] = []
    for file in dict.fromkeys(signal[0] for signal in signals):
        own = [signal for signal in signals if signal[0] == file]
        columns += _columns(content, file, own)
    units, names = zip(*[_unit_and_name(i, signal) for i, signal in enumerate(signals)], strict=True)
    start = _start(record.group(6), record.group(5))
    stated = int(record.group(4) or 0)
    tables: list[Table] = []
    for times in dict.fromkeys(_form(path, signal)[1] for signal in signals):  # samples of a signal in each frame
        places = [i for i, signal in enumerate(signals) if _form(path, signal)[1] == times]
        frame = pd.DataFrame({i: columns[i] for i in places})
        table = FrameTable(path, frame, named=True, units=tuple(usual_unit(units[i]) for i in places))
        table.names, table.sampling_rate, table.clock = tuple(names[i] for i in places), rate * times, ()
        table.device, table.start_time = "WFDB", start
        if stated * times > table.n_rows:
            table.notes.append(
                f"the header states {stated * times} samples, {table.n_rows} are there: the file was cut short"
            )
        tables.append(table)
    return tables


def _start(date: str | None, time: str | None) -> float | None:
    times = parse_times(pd.Series([f"{date} {time}"])) if date and time else None
    return float(times.seconds[0]) if times and np.isfinite(times.seconds[0]) else None


def _form(path: str, signal: list[str]) -> tuple[str, int, int]:
    """Return the format of a signal's samples, how many are in each frame, and how many bytes stand before the first.

    ``16x4+512`` is format 16, four samples in a frame, 512 bytes before; signals that are skewed are refused.
    """
    form = _FORMAT.match(signal[1])
    if form is None or form.group(1) not in (*_TYPES, "212", "24") or int(form.group(3) or 0):
        raise RecordingError(f"{path}: samples of WFDB format {signal[1]}; read it with the wfdb package, and save CSV")
    return form.group(1), int(form.group(2) or 1), int(form.group(4) or 0)


def _columns(content: Content, file: str, signals: list[list[str]]) -> list[np.ndarray]:
    """Read one file of interleaved samples."""
    data = content.beside(file)
    if data is None or file in ("", "~", "-"):
        raise RecordingError(f"{content.path}: {file}, which holds its samples, is not beside it; copy it there")
    forms = [_form(str(content.path), signal) for signal in signals]
    code, _, before = forms[0]
    if any(form[0] != code for form in forms):
        raise RecordingError(
            f"{content.path}: {file} has samples of several WFDB formats; read it with the wfdb package"
        )
    samples = _samples(data[before:], code)
    sizes = [form[1] for form in forms]
    whole = samples[: samples.size // sum(sizes) * sum(sizes)].reshape(-1, sum(sizes)).astype(np.float64)
    columns = []
    for signal, first, size in zip(signals, np.cumsum([0, *sizes]), sizes, strict=False):
        gain = _GAIN.match(signal[2]) if len(signal) > 2 else None
        per_unit = float(gain.group(1) or 200) if gain else 200.0
        zero = float(gain.group(2) or (signal[4] if len(signal) > 4 else 0)) if gain else 0.0
        raw = whole[:, first : first + size].reshape(-1)
        raw = np.where(raw == _MISSING.get(code, np.nan), np.nan, raw - (128 if code == "80" else 0))
        columns.append((raw - zero) / (per_unit or 200.0))
    return columns


def _samples(data: bytes, code: str) -> np.ndarray:
    if code == "212":
        return _format_212(data)
    if code == "24":
        triples = np.frombuffer(data[: len(data) // 3 * 3], dtype=np.uint8).reshape(-1, 3).astype(np.int32)
        return (triples[:, 0] | triples[:, 1] << 8 | triples[:, 2] << 16) - (triples[:, 2] >> 7 << 24)
    width = np.dtype(_TYPES[code]).itemsize
    return np.frombuffer(data[: len(data) // width * width], _TYPES[code])


def _format_212(data: bytes) -> np.ndarray:
    """Pairs of 12-bit samples in three bytes."""
    triples = np.frombuffer(data[: len(data) // 3 * 3], dtype=np.uint8).reshape(-1, 3).astype(np.int32)
    first = triples[:, 0] | ((triples[:, 1] & 0x0F) << 8)
    second = triples[:, 2] | ((triples[:, 1] & 0xF0) << 4)
    pairs = np.column_stack([first, second]).reshape(-1)
    return np.where(pairs > 2047, pairs - 4096, pairs)


def _unit_and_name(index: int, signal: list[str]) -> tuple[str, str]:
    gain = _GAIN.match(signal[2]) if len(signal) > 2 else None
    name = signal[8].strip() if len(signal) > 8 else str(index + 1)
    return (gain.group(3) if gain and gain.group(3) else "mV"), name


LAYOUT = Layout(
    name="wfdb", extensions=".hea with .dat", device="PhysioNet", rate="the header", unit="the header", markers="-",
    sniff=sniff, read=read, grows=False,
)  # fmt: skip

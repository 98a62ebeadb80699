"""Unisens: unisens.xml describes the binary files of a folder."""

from __future__ import annotations

import re
from xml.parsers import expat

import numpy as np
import pandas as pd

from ressin.errors import RecordingError
from ressin.io.dialect import usual_unit
from ressin.io.layout import Layout, Match
from ressin.io.source import Content
from ressin.io.table import FrameTable, Table
from ressin.io.times import parse_times

_TYPES = {
    "int8": "i1", "uint8": "u1", "int16": "i2", "uint16": "u2", "int32": "i4", "uint32": "u4", "float": "f4",
    "double": "f8",
}  # fmt: skip


def sniff(content: Content) -> Match | None:
    """Look for the element unisens."""
    head = "\n".join(content.head[:10])
    return Match(1.0, "the element unisens") if re.search(r"<unisens[\s>]", head) else None


def read(content: Content) -> list[Table]:
    """Read the signals of class eda that lie beside the file."""
    path = str(content.path)
    start, entries = _entries(path, content.data)
    eda = [entry for entry in entries if "eda" in f"{entry.get('contentClass', '')} {entry.get('id', '')}".lower()]
    if not eda:
        names = ", ".join(entry.get("id", "?") for entry in entries)
        raise RecordingError(f"{path}: a Unisens data set without a signal of class eda; it has {names or 'none'}")
    return [_table(content, entry, start) for entry in eda]


def _entries(path: str, data: bytes) -> tuple[float | None, list[dict[str, str]]]:
    """Return the start and the signal entries, each with the names of its channels and its order of bytes."""
    entries: list[dict[str, str]] = []
    root: dict[str, str] = {}

    def begin(name: str, attributes: dict[str, str]) -> None:
        name = name.split(":")[-1]
        if name == "unisens":
            root.update(attributes)
        elif name == "signalEntry":
            entries.append(dict(attributes))
        elif entries and name == "channel":
            entries[-1]["channels"] = "\n".join(
                filter(None, [entries[-1].get("channels", ""), attributes.get("name", "")])
            )
        elif entries and name == "binFileFormat":
            entries[-1]["order"] = attributes.get("endianess", "LITTLE")

    def refuse(*_: object) -> None:
        raise RecordingError(f"{path}: an XML file that defines entities is not read")

    parser = expat.ParserCreate()
    parser.StartElementHandler = begin
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise RecordingError(f"{path}: the XML is damaged ({error}); copy it again") from error
    times = parse_times(pd.Series([root.get("timestampStart", "")])) if root.get("timestampStart") else None
    return (float(times.seconds[0]) if times and np.isfinite(times.seconds[0]) else None), entries


def _table(content: Content, entry: dict[str, str], start: float | None) -> Table:
    path, file = str(content.path), entry.get("id", "")
    kind = _TYPES.get(entry.get("dataType", "").lower())
    if kind is None or not file.endswith(".bin"):
        raise RecordingError(
            f"{path}: {file} holds {entry.get('dataType', 'no type')}; export it as CSV with UnisensViewer"
        )
    data = content.beside(file)
    if data is None:
        raise RecordingError(f"{path}: {file}, which holds the skin conductance, is not beside it; copy it there")
    order = ">" if entry.get("order", "LITTLE").upper() == "BIG" else "<"
    names = entry.get("channels", "eda").split("\n")
    dtype = np.dtype(order + kind)
    samples = np.frombuffer(data[: len(data) // (dtype.itemsize * len(names)) * dtype.itemsize * len(names)], dtype)
    values = (samples.reshape(-1, len(names)) - float(entry.get("baseline", 0))) * float(entry.get("lsbValue", 1))
    units = (usual_unit(entry.get("unit", "")),) * len(names)
    table = FrameTable(path, pd.DataFrame({i: values[:, i] for i in range(len(names))}), named=True, units=units)
    table.names, table.clock, table.device = tuple(names), (), "Unisens (movisens)"
    if len(data) % (dtype.itemsize * len(names)):
        table.notes.append("the last sample is incomplete: the file was cut short")
    table.sampling_rate, table.start_time = float(entry["sampleRate"]), start
    return table


LAYOUT = Layout(
    name="unisens", extensions="unisens.xml with .bin", device="movisens EdaMove", rate="sampleRate", unit="unit",
    markers="-", sniff=sniff, read=read, grows=False,
)  # fmt: skip

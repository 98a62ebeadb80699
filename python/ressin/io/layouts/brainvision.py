"""BrainVision: a header .vhdr, samples in .eeg, markers in .vmrk."""

from __future__ import annotations

import configparser
import re

import numpy as np
import pandas as pd

from ressin.errors import RecordingError
from ressin.io.dialect import usual_unit
from ressin.io.layout import Layout, Match
from ressin.io.source import Content
from ressin.io.table import FrameTable, Table
from ressin.recording import Marker

_TYPES = {"INT_16": "<i2", "UINT_16": "<u2", "INT_32": "<i4", "IEEE_FLOAT_32": "<f4", "IEEE_FLOAT_64": "<f8"}


def sniff(content: Content) -> Match | None:
    """Look for the first line of a header."""
    first = content.head[0] if content.head else ""
    return (
        Match(1.0, "the header of a BrainVision recording")
        if re.match(r"Brain ?Vision Data Exchange Header", first)
        else None
    )


def read(content: Content) -> list[Table]:
    """Read the channels in their units."""
    path = str(content.path)
    header = configparser.ConfigParser(interpolation=None, strict=False, comment_prefixes=(";",), delimiters=("=",))
    header.optionxform = str  # type: ignore[assignment,method-assign]
    text = content.text.decode("utf-8").split("[Comment]")[0]
    header.read_string("\n".join(text.splitlines()[1:]))
    common = header["Common Infos"]
    kind = header.get("Binary Infos", "BinaryFormat", fallback="INT_16")
    if common.get("DataFormat", "BINARY") != "BINARY" or kind not in _TYPES:
        raise RecordingError(f"{path}: BrainVision samples as {kind}; export them as CSV, or read them with MNE-Python")
    data = content.beside(common["DataFile"].replace("$b", content.path.stem))
    if data is None:
        raise RecordingError(f"{path}: {common['DataFile']}, which holds its samples, is not beside it; copy it there")
    n = int(common["NumberOfChannels"])
    dtype = np.dtype(_TYPES[kind])
    samples = np.frombuffer(data[: len(data) // (dtype.itemsize * n) * dtype.itemsize * n], dtype)
    vectorized = common.get("DataOrientation", "MULTIPLEXED") == "VECTORIZED"
    columns = samples.reshape(n, -1).T if vectorized else samples.reshape(-1, n)
    channels = [_channel(header["Channel Infos"][f"Ch{i + 1}"]) for i in range(n)]
    frame = pd.DataFrame({i: columns[:, i].astype(np.float64) * scale for i, (_, scale, _) in enumerate(channels)})
    table = FrameTable(path, frame, named=True, units=tuple(usual_unit(unit) for _, _, unit in channels))
    table.names = tuple(name for name, _, _ in channels)
    table.sampling_rate, table.clock, table.device = 1e6 / float(common["SamplingInterval"]), (), "BrainVision"
    if len(data) % (dtype.itemsize * n):
        table.notes.append("the last sample is incomplete: the file was cut short")
    table.markers = _markers(content, common.get("MarkerFile", ""), table.sampling_rate)
    return [table]


def _channel(line: str) -> tuple[str, float, str]:
    r"""Return name, resolution and unit of ``name,reference,resolution,unit``; a comma in a name is ``\1``."""
    name, _, resolution, unit = [*line.split(","), "", "", ""][:4]
    return name.replace("\\1", ","), float(resolution or 1), unit.strip() or "\u00b5V"


def _markers(content: Content, file: str, rate: float) -> list[Marker]:
    data = content.beside(file.replace("$b", content.path.stem)) if file else None
    found = re.findall(r"(?m)^Mk\d+=([^,\n]*),([^,\n]*),(\d+)", (data or b"").decode("utf-8", "replace"))
    return [
        Marker((int(place) - 1) / rate, text.strip() or kind) for kind, text, place in found if kind != "New Segment"
    ]


LAYOUT = Layout(
    name="brainvision", extensions=".vhdr with .eeg", device="Brain Products", rate="SamplingInterval",
    unit="channel infos", markers=".vmrk", sniff=sniff, read=read, grows=False,
)  # fmt: skip

"""EDF, EDF+ and BDF."""

from __future__ import annotations

import datetime
import io
import warnings

import numpy as np
import pandas as pd

from ressin._extras import require
from ressin.io.dialect import usual_unit
from ressin.io.layout import Layout, Match
from ressin.io.source import Content
from ressin.io.table import FrameTable, Table
from ressin.recording import Marker


def sniff(content: Content) -> Match | None:
    """Look for the first bytes of EDF or BDF, and the size of the header."""
    data = content.data
    if data[:8] not in (b"0       ", b"\xffBIOSEMI") or not data[184:192].strip().isdigit():
        return None
    return Match(1.0, "it begins as an EDF or BDF file does")


def read(content: Content) -> list[Table]:
    """Read the signals in their physical units, each rate a table, and the annotations."""
    edfio = require("edfio", "devices", "reading EDF and BDF files")
    reader = edfio.read_bdf if content.data.startswith(b"\xff") else edfio.read_edf
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        file = reader(io.BytesIO(content.data))
    notes = [str(warning.message) for warning in said if issubclass(warning.category, UserWarning)]
    onsets = _record_onsets(content.data) if content.data[192:197] in (b"EDF+D", b"BDF+D") else np.zeros(0)
    first, start = float(onsets[0]) if onsets.size else 0.0, _start(file)
    markers = [Marker(float(a.onset) - first, a.text) for a in file.annotations]
    tables: list[Table] = []
    for rate in dict.fromkeys(float(signal.sampling_frequency) for signal in file.signals):
        signals = [signal for signal in file.signals if float(signal.sampling_frequency) == rate]
        frame = pd.DataFrame({i: np.asarray(signal.data, dtype=np.float64) for i, signal in enumerate(signals)})
        units = tuple(usual_unit(signal.physical_dimension) for signal in signals)
        table = FrameTable(str(content.path), frame, named=True, units=units)
        table.names = tuple(signal.label for signal in signals)
        table.sampling_rate, table.clock = rate, ()
        table.start_time = None if start is None else start + first
        if onsets.size:
            _add_clock(table, onsets, round(rate * file.data_record_duration))
        table.markers, table.device = markers, str(getattr(file, "recording", "") or "").strip()[:80]
        table.notes += notes  # such as that the last data record was cut short
        tables.append(table)
    return tables


def _record_onsets(data: bytes) -> np.ndarray:
    """Seconds after the start at which each data record of a discontinuous file begins, from its annotations."""
    n, width = int(data[252:256]), 3 if data.startswith(b"\xff") else 2
    labels = [data[256 + 16 * i : 272 + 16 * i].strip() for i in range(n)]
    sizes = [width * int(data[256 + 216 * n + 8 * i : 264 + 216 * n + 8 * i]) for i in range(n)]
    first = next(i for i, label in enumerate(labels) if label in (b"EDF Annotations", b"BDF Annotations"))
    head, record = int(data[184:192]), sum(sizes)
    places = range(head + sum(sizes[:first]), len(data) - record + sum(sizes[:first]) + 1, record)
    return np.array([float(data[p : p + sizes[first]].split(b"\x14", 1)[0]) for p in places])


def _add_clock(table: FrameTable, onsets: np.ndarray, per_record: int) -> None:
    """Give each sample its time: the onset of its data record and its place in it."""
    inside = np.arange(per_record) / float(table.sampling_rate or 1.0)
    times = (onsets[: table.n_rows // per_record, None] + inside).reshape(-1)
    table.add_column("record clock", "s", times)
    table.clock = (len(table.names) - 1,)
    table.notes.append("the data records are discontinuous (EDF+D)")


def _start(file: object) -> float | None:
    """Seconds since 1970 of the start; None where the date is anonymised or is none."""
    try:
        date, time = file.startdate, file.starttime  # type: ignore[attr-defined]
    except (ValueError, AttributeError):  # an anonymised date
        return None
    return datetime.datetime.combine(date, time, tzinfo=datetime.timezone.utc).timestamp()


LAYOUT = Layout(
    name="edf", extensions=".edf .bdf", device="EDF, EDF+, BioSemi", rate="the header, by channel",
    unit="physical dimension", markers="annotations", sniff=sniff, read=read, grows=False,
    library="edfio (extra devices)",
)  # fmt: skip

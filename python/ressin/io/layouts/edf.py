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
    start = _start(file)
    markers = [Marker(float(a.onset), a.text) for a in file.annotations]
    tables: list[Table] = []
    for rate in dict.fromkeys(float(signal.sampling_frequency) for signal in file.signals):
        signals = [signal for signal in file.signals if float(signal.sampling_frequency) == rate]
        frame = pd.DataFrame({i: np.asarray(signal.data, dtype=np.float64) for i, signal in enumerate(signals)})
        units = tuple(usual_unit(signal.physical_dimension) for signal in signals)
        table = FrameTable(str(content.path), frame, named=True, units=units)
        table.names = tuple(signal.label for signal in signals)
        table.sampling_rate, table.start_time, table.clock = rate, start, ()
        table.markers, table.device = markers, str(getattr(file, "recording", "") or "").strip()[:80]
        table.notes += notes  # such as that the last data record was cut short
        tables.append(table)
    return tables


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

"""Gazepoint Biometrics: GSR in ohm with its validity, at the eye tracker's rate."""

from __future__ import annotations

import numpy as np

from ressin.io.layout import Layout, Match
from ressin.io.source import Content
from ressin.io.table import Table
from ressin.io.text import read_plain


def sniff(content: Content) -> Match | None:
    """Look for the columns TIMETICK, GSR and GSRV."""
    names = [name.strip().strip('"') for name in content.head[0].split(",")] if content.head else []
    good = "GSR" in names and ("GSRV" in names or any(name.startswith("TIMETICK") for name in names))
    return Match(0.9, "the columns TIMETICK, GSR and GSRV") if good else None


def read(content: Content) -> list[Table]:
    """Read GSR_US, or where there is none GSR, which Gazepoint writes in ohm; samples with GSRV 0 are missing."""
    table = read_plain(content)
    names = [name.strip() for name in table.names]
    signal = names.index("GSR_US" if "GSR_US" in names else "GSR")
    table.signal, table.device = signal, "Gazepoint Biometrics"
    table.clock = tuple(i for i, name in enumerate(names) if name.startswith("TIME(") or name == "TIME")
    units = list(table.units)
    units[signal] = "uS" if names[signal] == "GSR_US" else "Ohm"
    for index in table.clock:
        units[index] = "s"
    table.units = tuple(units)
    table.marker_columns = tuple(i for i, name in enumerate(names) if name == "USER" or name == "TTL0")
    if "GSRV" in names:
        invalid = np.flatnonzero(table.numbers(names.index("GSRV")) == 0)
        table.set_missing(signal, invalid)
        if invalid.size:
            table.notes.append(f"{invalid.size} samples with GSRV 0 are missing")
    return [table]


LAYOUT = Layout(
    name="gazepoint", extensions=".csv", device="Gazepoint Biometrics", rate="the column TIME (s)", unit="Ohm, uS",
    markers="the column USER", sniff=sniff, read=read,
)  # fmt: skip

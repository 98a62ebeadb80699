"""MATLAB files, v5: exports of Ledalab, PsPM, AcqKnowledge and LabChart, and plain arrays."""

from __future__ import annotations

import io

from ressin.io.layout import Layout, Match
from ressin.io.mat_exports import tables_of
from ressin.io.source import Content
from ressin.io.table import Table


def sniff(content: Content) -> Match | None:
    """MATLAB's first words."""
    return Match(1.0, "it begins as a MATLAB 5 file does") if content.data.startswith(b"MATLAB 5.0") else None


def read(content: Content) -> list[Table]:
    """Read the variables by the shape that a programme's export has, else arrays of numbers by their names."""
    from scipy.io import loadmat

    found = loadmat(io.BytesIO(content.data), squeeze_me=True, struct_as_record=False, chars_as_strings=True)
    return tables_of(str(content.path), {name: value for name, value in found.items() if not name.startswith("__")})


LAYOUT = Layout(
    name="matlab", extensions=".mat", device="Ledalab, PsPM, AcqKnowledge, LabChart, MATLAB",
    rate="the header, a variable fs, or the times", unit="the header", markers="event (Ledalab), marker (PsPM)",
    sniff=sniff, read=read, grows=False, library="scipy",
)  # fmt: skip

"""MATLAB files, v4 and v5: exports of Ledalab, PsPM, AcqKnowledge and LabChart, and plain arrays."""

from __future__ import annotations

import io
import struct

from ressin.io.layout import Layout, Match
from ressin.io.mat_exports import tables_of
from ressin.io.source import Content, content_suffix
from ressin.io.table import Table


def sniff(content: Content) -> Match | None:
    """MATLAB's first words; of version 4, which has none, the first variable's type, size and name."""
    if content.data.startswith(b"MATLAB 5.0"):
        return Match(1.0, "it begins as a MATLAB 5 file does")
    if content_suffix(content.path) != ".mat" or len(content.data) < 24:
        return None
    for order in "<>":
        kind, rows, columns, imaginary, name = struct.unpack(f"{order}5i", content.data[:20])
        if 0 <= kind < 5000 and rows > 0 and columns > 0 and imaginary in (0, 1) and 1 < name <= 64:
            return Match(0.9, "it begins as a variable of a MATLAB 4 file does")
    return None


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

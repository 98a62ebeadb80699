"""NumPy arrays (.npy)."""

from __future__ import annotations

from ressin.io.arrays import read_npy
from ressin.io.layout import Layout, Match
from ressin.io.source import Content
from ressin.io.table import Table


def sniff(content: Content) -> Match | None:
    """NumPy's first bytes."""
    return Match(1.0, "it begins as a NumPy array does") if content.data.startswith(b"\x93NUMPY") else None


def read(content: Content) -> list[Table]:
    """Read columns, or a structured array with names."""
    return [read_npy(str(content.path), content.data)]


LAYOUT = Layout(
    name="numpy", extensions=".npy", device="Python", rate="a first column that rises, or `--rate`", unit="unknown",
    markers="-", sniff=sniff, read=read, grows=False,
)  # fmt: skip

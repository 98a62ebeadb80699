"""What NeuroKit2 writes: EDA_Raw and its parts, without a clock."""

from __future__ import annotations

from ressin.io.layout import Layout, Match
from ressin.io.source import Content
from ressin.io.table import Table
from ressin.io.text import read_plain


def sniff(content: Content) -> Match | None:
    """Look for the columns EDA_Raw and EDA_Clean."""
    names = [name.strip().strip('"') for name in content.head[0].split(",")] if content.head else []
    return Match(0.8, "the columns EDA_Raw and EDA_Clean") if {"EDA_Raw", "EDA_Clean"} <= set(names) else None


def read(content: Content) -> list[Table]:
    """Read EDA_Raw; the row numbers and SCR_RiseTime are no clock."""
    table = read_plain(content)
    table.signal, table.device = table.names.index("EDA_Raw"), "NeuroKit2"
    table.marker_columns = tuple(i for i, name in enumerate(table.names) if name == "Event_Onset")
    return [table]


LAYOUT = Layout(
    name="neurokit", extensions=".csv", device="NeuroKit2", rate="a column of times, or `--rate`", unit="unknown",
    markers="Event_Onset", sniff=sniff, read=read,
)  # fmt: skip

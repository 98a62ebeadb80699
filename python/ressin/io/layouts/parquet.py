"""Parquet files, ressin's own among them."""

from __future__ import annotations

from ressin.io.arrays import read_parquet
from ressin.io.layout import Layout, Match
from ressin.io.source import Content
from ressin.io.table import Table
from ressin.reading import MAX_BYTES


def sniff(content: Content) -> Match | None:
    """Parquet's first bytes."""
    return Match(1.0, "it begins as a Parquet file does") if content.data.startswith(b"PAR1") else None


def read(content: Content) -> list[Table]:
    """Read the columns; ressin's own metadata gives the rate, fields' metadata the units."""
    return [read_parquet(str(content.path), content.data, None if content.limit == MAX_BYTES else content.limit)]


LAYOUT = Layout(
    name="parquet", extensions=".parquet", device="pandas, Arrow, ressin", rate="a column of times, or the metadata",
    unit="the fields' metadata, or the name", markers="a column named marker or event", sniff=sniff, read=read,
    grows=False,
    library="pyarrow (extra data)",
)  # fmt: skip

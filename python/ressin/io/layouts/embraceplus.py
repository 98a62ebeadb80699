"""Empatica EmbracePlus as CSV: a sample to a row; the aggregates of Empatica's portal are told apart."""

from __future__ import annotations

from ressin.errors import NotEdaError
from ressin.io.layout import Layout, Match
from ressin.io.source import Content
from ressin.io.table import Table
from ressin.io.text import read_plain

_TIMES = ("unix_timestamp", "timestamp_us", "unix_timestamp_us")
_VALUES = ("eda", "eda_usiemens")


def _names(content: Content) -> list[str]:
    return [name.strip().strip('"').lower() for name in content.head[0].split(",")] if content.head else []


def sniff(content: Content) -> Match | None:
    """Look for the columns of the portal's aggregates, or unix_timestamp and eda."""
    names = _names(content)
    if "missing_value_reason" in names:
        return Match(0.95, "the columns of the aggregates for each minute")
    if any(name in names for name in _TIMES) and any(name in names for name in _VALUES):
        return Match(0.9, "columns unix_timestamp and eda")
    return None


def read(content: Content) -> list[Table]:
    """Read the samples; refuse the aggregates."""
    names = _names(content)
    if "missing_value_reason" in names:
        raise NotEdaError(
            f"{content.path}: holds aggregates for each minute, not a recording; the samples are in the .avro files of "
            "the folder raw_data: ressin decompose raw_data/*.avro"
        )
    table = read_plain(content)
    table.signal = next(i for i, name in enumerate(names) if name in _VALUES)
    table.units = tuple("uS" if i == table.signal else unit for i, unit in enumerate(table.units))
    table.device = "Empatica EmbracePlus"
    return [table]


LAYOUT = Layout(
    name="embraceplus-csv", extensions=".csv", device="Empatica EmbracePlus", rate="the column unix_timestamp",
    unit="uS", markers="-", sniff=sniff, read=read,
)  # fmt: skip

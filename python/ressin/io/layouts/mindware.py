"""MindWare as text: a line with the sample rate, then a table with the time in seconds."""

from __future__ import annotations

import re

from ressin.io.layout import Layout, Match
from ressin.io.source import Content
from ressin.io.table import Table
from ressin.io.text import read_below

_RATE = re.compile(r"\s*Sampl(?:e|ing) Rate(?: \(Hz\))?:?\s+([\d.]+)\s*\Z", re.IGNORECASE)


def _header(content: Content) -> tuple[float, int] | None:
    """Return the rate, and the index of the line with the names of columns."""
    rate = next((float(m.group(1)) for line in content.head[:20] if (m := _RATE.match(line))), None)
    top = next((i for i, line in enumerate(content.head[:40]) if re.match(r"Time \(s\)\t", line)), None)
    return None if rate is None or top is None or not rate > 0 else (rate, top)


def sniff(content: Content) -> Match | None:
    """Look for A sample rate, and a table that begins with Time (s)."""
    return Match(0.9, "a line with the sample rate above a table of Time (s)") if _header(content) else None


def read(content: Content) -> list[Table]:
    """Read the table; GSC is the skin conductance, which MindWare's amplifiers record in microsiemens."""
    found = _header(content)
    assert found is not None, "sniffed"
    rate, top = found
    names = [name.strip() for name in content.head[top].split("\t")]
    table = read_below(content, top + 2, separator="\t", names=names)
    table.units = tuple("uS" if re.search(r"GSC|GSR|EDA|SCL", name) else "" for name in table.names)
    table.sampling_rate, table.clock, table.device = rate, (0,), "MindWare"
    return [table]


LAYOUT = Layout(
    name="mindware-text", extensions=".txt", device="MindWare (BioLab)", rate="Sample Rate:", unit="uS",
    markers="-", sniff=sniff, read=read,
)  # fmt: skip

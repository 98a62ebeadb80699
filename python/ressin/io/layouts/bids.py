"""BIDS physiological recordings: columns without a header, described by the .json beside them."""

from __future__ import annotations

import json
import math
from typing import Any

from ressin.errors import NotEdaError, RecordingError
from ressin.io.dialect import usual_unit
from ressin.io.layout import Layout, Match
from ressin.io.source import Content
from ressin.io.table import Table
from ressin.io.text import read_below

_TRIGGERS = ("trigger", "stim", "marker", "event")


def _sidecar_name(content: Content) -> str:
    name = content.path.name
    return name.removesuffix(".gz").removesuffix(".tsv") + ".json"


def sniff(content: Content) -> Match | None:
    """Look for a name that ends with _physio.tsv or _stim.tsv, or the .json beside it names the columns."""
    name = content.path.name.lower()
    if name.endswith(".json") and content.data.lstrip()[:1] == b"{":
        return Match(0.9, "JSON: the description of a recording, not its samples")
    if not name.removesuffix(".gz").endswith(".tsv"):
        return None
    beside = content.beside(_sidecar_name(content))
    if beside is not None and b'"SamplingFrequency"' in beside and b'"Columns"' in beside:
        return Match(0.95, f"{_sidecar_name(content)} beside it names the columns")
    return Match(0.9, "a BIDS name") if name.removesuffix(".gz").endswith("_physio.tsv") else None


def read(content: Content) -> list[Table]:
    """Read the columns that the .json names, with their units, its rate and its start."""
    path = str(content.path)
    if content.path.name.lower().endswith(".json"):
        raise NotEdaError(f"{path}: is a description in JSON; the samples are in the .tsv.gz beside it")
    about = _sidecar(content)
    columns = [str(name) for name in about["Columns"]]
    units = [usual_unit(str(_described(about, name).get("Units", ""))) for name in columns]
    table = read_below(content, 1, separator="\t", names=columns, units=units)
    table.sampling_rate = float(about["SamplingFrequency"])
    start = about.get("StartTime")
    table.start_time = None if start is None else float(start)
    table.origin, table.clock = "the first volume or stimulus (BIDS StartTime)", ()
    table.marker_columns = tuple(i for i, name in enumerate(columns) if name.lower() in _TRIGGERS)
    table.device = " ".join(str(about[k]) for k in ("Manufacturer", "ManufacturersModelName") if k in about)
    table.notes.append(f"columns, rate and start from {_sidecar_name(content)}")
    return [table]


def _sidecar(content: Content) -> dict[str, Any]:
    name = _sidecar_name(content)
    data = content.beside(name)
    if data is None:
        raise RecordingError(
            f"{content.path}: {name}, which names its columns and its rate, is not beside it; copy it there"
        )
    try:
        about = json.loads(data)
        rate = float(about["SamplingFrequency"])
        if not (math.isfinite(rate) and rate > 0) or not isinstance(about["Columns"], list) or not about["Columns"]:
            raise ValueError("SamplingFrequency or Columns are not what BIDS says")
        float(about.get("StartTime") or 0)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise RecordingError(f"{content.path}: {name} beside it does not describe it ({error})") from error
    return dict(about)


def _described(about: dict[str, Any], name: str) -> dict[str, Any]:
    found = about.get(name)
    return found if isinstance(found, dict) else {}


LAYOUT = Layout(
    name="bids-physio", extensions=".tsv.gz .tsv with .json", device="BIDS data sets", rate="SamplingFrequency",
    unit="Units of the .json", markers="the columns trigger, stim", sniff=sniff, read=read,
)  # fmt: skip

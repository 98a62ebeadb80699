"""BIDS physiological recordings: columns without a header, described by the .json beside them."""

from __future__ import annotations

import json
import math
from typing import Any

from ressin.errors import NotEdaError, RecordingError
from ressin.io.dialect import usual_unit
from ressin.io.layout import Layout, Match
from ressin.io.source import Content, read_bytes
from ressin.io.table import Table
from ressin.io.text import read_below

_LEVELS = 4  # folders: datatype, session, subject, data set
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
        raise NotEdaError(
            f"{path}: is a description in JSON; the samples are in the .tsv.gz beside it (samples that are in the JSON "
            "itself are not read: export them as CSV)"
        )
    about, names = _sidecar(content)
    columns = [str(name) for name in about["Columns"]]
    units = [usual_unit(str(_described(about, name).get("Units", ""))) for name in columns]
    table = read_below(content, 1, separator="\t", names=columns, units=units)
    table.sampling_rate = float(about["SamplingFrequency"])
    start = about.get("StartTime")
    table.start_time = None if start is None else float(start)
    table.origin, table.clock = "the first volume or stimulus (BIDS StartTime)", ()
    table.marker_columns = tuple(i for i, name in enumerate(columns) if name.lower() in _TRIGGERS)
    table.device = " ".join(str(about[k]) for k in ("Manufacturer", "ManufacturersModelName") if k in about)
    table.notes.append(f"columns, rate and start from {', '.join(names)}")
    return [table]


def _sidecars(content: Content) -> dict[str, bytes]:
    """Return the descriptions that hold for a file by BIDS's inheritance principle, the most general first.

    Beside it or in one of the folders above, up to that of the data set, with no entity that the file has not.
    """
    found: dict[str, bytes] = {}
    entities = set(_sidecar_name(content).removesuffix(".json").split("_"))
    for folder in list(content.path.absolute().parents)[:_LEVELS] if content.path.is_file() else []:
        beside = sorted(folder.glob("*_physio.json"), key=lambda path: (len(path.name.split("_")), path.name))
        for path in reversed([p for p in beside if set(p.stem.split("_")) <= entities]):
            found = {path.name: read_bytes(path, content.limit), **found}
        if (folder / "dataset_description.json").is_file():
            break
    data = content.beside(_sidecar_name(content))
    return found if data is None else {**found, _sidecar_name(content): data}


def _sidecar(content: Content) -> tuple[dict[str, Any], list[str]]:
    """Return the description, and the names of the files that it is from."""
    name = _sidecar_name(content)
    parts = _sidecars(content)
    if not parts:
        raise RecordingError(
            f"{content.path}: {name}, which names its columns and its rate, is neither beside it nor in the folders "
            "above; copy it there"
        )
    try:
        about: dict[str, Any] = {}
        for data in parts.values():
            about |= json.loads(data)
        rate = float(about["SamplingFrequency"])
        if not (math.isfinite(rate) and rate > 0) or not isinstance(about["Columns"], list) or not about["Columns"]:
            raise ValueError("SamplingFrequency or Columns are not what BIDS says")
        float(about.get("StartTime") or 0)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise RecordingError(f"{content.path}: {', '.join(parts)} does not describe it ({error})") from error
    return about, list(parts)


def _described(about: dict[str, Any], name: str) -> dict[str, Any]:
    found = about.get(name)
    return found if isinstance(found, dict) else {}


LAYOUT = Layout(
    name="bids-physio", extensions=".tsv.gz .tsv with .json", device="BIDS data sets", rate="SamplingFrequency",
    unit="Units of the .json", markers="the columns trigger, stim", sniff=sniff, read=read,
)  # fmt: skip

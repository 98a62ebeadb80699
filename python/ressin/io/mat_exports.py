"""Variables of MATLAB files, of any version, as tables: the exports of programmes, and plain arrays."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

from ressin.errors import RecordingError
from ressin.io.clock import SECONDS_IN
from ressin.io.dialect import usual_unit
from ressin.io.table import FrameTable, Table
from ressin.recording import Marker

_RATES = ("sr", "fs", "srate", "samplingrate", "sampling_rate", "samplerate", "sample_rate", "freq", "frequency")
_NAMES = ("name", "label", "labels", "channel", "chantype", "title", "sensor", "type")
_DATA = ("data", "values", "signal", "samples", "y")
_UNITS = ("unit", "units")
_LABELS = ("labels", "label", "names", "channels", "channelnames", "channel", "titles", "columns", "varnames")
_RATE_WORDS = {word for name in _RATES for word in name.split("_")}
_DEEPEST = 4  # structures within each other
_MOST_CELLS = 256


def tables_of(path: str, variables: dict[str, Any]) -> list[Table]:
    """Make tables of the variables of a MATLAB file, of any version.

    Raises
    ------
    RecordingError
        If none of them is a recording.
    """
    for make in (_ledalab, _pspm, _biopac, _labchart, _channel_list):
        tables = make(path, variables)
        if tables:
            return tables
    return _arrays(path, variables)


def _table(path: str, columns: dict[str, np.ndarray], units: list[str], rate: float | None, device: str) -> Table:
    frame = pd.DataFrame(dict(enumerate(columns.values())))
    table = FrameTable(path, frame, named=True, units=tuple(map(usual_unit, units)))
    table.names, table.sampling_rate, table.device = tuple(columns), rate, device
    if rate is not None:
        table.clock = ()
    return table


def _vector(value: Any) -> np.ndarray:
    return np.asarray(value, dtype=np.float64).reshape(-1)


def _ledalab(path: str, variables: dict[str, Any]) -> list[Table]:
    """Read ``data`` with fields time, conductance and event."""
    data: Any = variables.get("data")
    if not (hasattr(data, "conductance") and hasattr(data, "time")):
        return []
    columns = {"time": _vector(data.time), "conductance": _vector(data.conductance)}
    table = _table(path, columns, ["s", "uS"], None, "Ledalab")
    table.signal, table.clock = 1, (0,)
    first = float(columns["time"][0])
    for event in np.atleast_1d(getattr(data, "event", [])):
        if hasattr(event, "time") and np.size(event.time) == 1:
            label = getattr(event, "name", "") or getattr(event, "nid", "")
            table.markers.append(Marker(float(event.time) - first, str(label)))
    return [table]


def _pspm(path: str, variables: dict[str, Any]) -> list[Table]:
    """Read ``data``, a cell of channels, each with its samples and a header of type, units and rate."""
    channels = [c for c in np.atleast_1d(variables.get("data", [])) if hasattr(c, "header") and hasattr(c, "data")]
    tables = []
    markers: list[Marker] = []
    for channel in channels:
        kind = str(getattr(channel.header, "chantype", ""))
        if kind == "marker":
            markers = [Marker(float(time), "marker") for time in _vector(channel.data)]
            continue
        unit = str(getattr(channel.header, "units", ""))
        table = _table(path, {kind: _vector(channel.data)}, [unit], float(channel.header.sr), "PsPM")
        if kind == "scr":
            table.signal = 0
            table.units = (table.units[0] or "uS",)
        else:
            table.not_eda = f"the channel is {kind or 'without a type'}"
        tables.append(table)
    for table in tables:
        table.markers = markers
    return tables


def _biopac(path: str, variables: dict[str, Any]) -> list[Table]:
    """AcqKnowledge: ``data`` (n, channels), ``labels``, ``units``, ``isi`` and ``isi_units``."""
    if not {"data", "labels", "units", "isi"} <= set(variables):
        return []
    names = [str(name).strip() for name in np.atleast_1d(variables["labels"])]
    units = [str(unit).strip() for unit in np.atleast_1d(variables["units"])]
    data = np.asarray(variables["data"], dtype=np.float64)
    data = data.reshape(-1, 1) if data.ndim == 1 else data
    stated = str(variables.get("isi_units", "ms")).strip()
    seconds = SECONDS_IN.get(stated.lower())
    if seconds is None:
        raise RecordingError(f"{path}: isi_units is {stated!r}, which is no unit of time; write ms or s there")
    columns = {name or str(i + 1): data[:, i] for i, name in enumerate(names)}
    return [_table(path, columns, units, 1.0 / (float(variables["isi"]) * seconds), "BIOPAC AcqKnowledge")]


def _labchart(path: str, variables: dict[str, Any]) -> list[Table]:
    """LabChart: ``data`` in one row, cut by ``datastart`` and ``dataend``, ``titles``, ``samplerate``, ``unittext``."""
    if not {"data", "datastart", "dataend", "titles", "samplerate"} <= set(variables):
        return []
    starts, ends = np.atleast_1d(variables["datastart"]), np.atleast_1d(variables["dataend"])
    if starts.ndim == 2 and starts.shape[1] > 1:
        raise RecordingError(f"{path}: holds {starts.shape[1]} blocks; export them one by one from LabChart")
    texts = [str(text).strip() for text in np.atleast_1d(variables.get("unittext", ""))]
    map_ = np.atleast_1d(variables.get("unittextmap", np.ones(starts.size))).reshape(-1)
    data, rates = _vector(variables["data"]), np.atleast_1d(variables["samplerate"]).reshape(-1)
    start = (float(np.atleast_1d(variables["blocktimes"])[0]) - 719_529) * 86_400 if "blocktimes" in variables else None
    tables = []
    for i, name in enumerate(np.atleast_1d(variables["titles"])):
        samples = data[int(starts.reshape(-1)[i]) - 1 : int(ends.reshape(-1)[i])]
        unit = texts[int(map_[i]) - 1] if 0 < map_[i] <= len(texts) else ""
        table = _table(path, {str(name).strip(): samples}, [unit], float(rates[i]), "ADInstruments LabChart")
        table.start_time = start
        tables.append(table)
    return tables


def _channel_list(path: str, variables: dict[str, Any]) -> list[Table]:
    """Read an array of structures, or one structure of them, of which each holds a channel with its name and rate."""
    for value in variables.values():
        parts = [
            part for part in np.atleast_1d(np.asarray(value, dtype=object)).reshape(-1) if hasattr(part, "__dict__")
        ]
        tables = [table for part in parts if (table := _channel(path, part)) is not None]
        if len(parts) > 1 and len(tables) == len(parts):
            return tables
    return []


def _channel(path: str, part: Any) -> Table | None:
    """Make a table of a structure with a vector, its name and its rate; None where it is none."""
    fields = {name.lower(): value for name, value in vars(part).items()}
    name = next((fields[key] for key in _NAMES if isinstance(fields.get(key), str)), "")
    data = next((fields[key] for key in _DATA if np.size(fields.get(key, 0)) > 1), None)
    rate = next((fields[key] for key in _RATES if key in fields and _is_positive(fields[key])), None)
    if not name or data is None or np.asarray(data).dtype.kind not in "fiu":
        return None
    unit = next((fields[key] for key in _UNITS if isinstance(fields.get(key), str)), "")
    return _table(path, {name: _vector(data)}, [unit], None if rate is None else float(np.squeeze(rate)), "")


def _arrays(path: str, variables: dict[str, Any]) -> list[Table]:
    """Arrays of numbers, in structures and cells too: those of one length are the columns of a table.

    A single number named fs is the rate of the longest arrays, one named fs_EDA or EDA.fs that of the array EDA.
    """
    flat = _flat(variables)
    columns: dict[str, np.ndarray] = {}
    for name, value in flat.items():
        array = np.asarray(value)
        if array.dtype.kind == "c" and array.size > 1:
            raise RecordingError(
                f"{path}: {name} holds complex numbers; a recording has real samples: save real({name})"
            )
        if array.dtype.kind not in "fiu" or array.size < 2 or array.ndim > 2:
            continue
        array = array.T if array.ndim == 2 and array.shape[0] < array.shape[1] else array
        if array.ndim == 1:
            columns[name] = array.astype(np.float64)
        else:
            labels = _labels(flat, name, array.shape[1])
            columns |= {label: array[:, i].astype(np.float64) for i, label in enumerate(labels)}
    if not columns:
        raise RecordingError(
            f"{path}: no array of numbers is in it; its variables are {', '.join(variables) or 'none'}"
        )
    rates = {name: float(v) for name, v in flat.items() if _is_rate(name) and np.size(v) == 1 and _is_positive(v)}
    lengths = sorted({len(values) for values in columns.values()}, reverse=True)
    tables = []
    for length in lengths:
        group = {n: v for n, v in columns.items() if len(v) == length}
        units = [_unit_of(name, group, flat) for name in group]
        tables.append(_table(path, group, units, _rate_of(group, rates, length == lengths[0]), ""))
    if len(flat) == 1 and len(tables) == 1:  # one matrix: its columns have no names
        tables[0].names, tables[0].named = tuple(str(i + 1) for i in range(len(columns))), len(columns) == 1
    return tables


def _flat(variables: dict[str, Any], depth: int = 0) -> dict[str, Any]:
    """Lay open structures, as ``rec.gsr``, and cells of arrays, as ``data 1``."""
    found: dict[str, Any] = {}
    for name, value in variables.items():
        fields = vars(value) if hasattr(value, "__dict__") and not isinstance(value, np.ndarray) else None
        if fields is not None and depth < _DEEPEST:
            inner = {f"{name}.{field}": part for field, part in fields.items() if not field.startswith("_")}
            found |= _flat(inner, depth + 1)
        elif _is_cell(value):
            cells = {f"{name} {i + 1}": cell for i, cell in enumerate(value.reshape(-1))}
            found |= _flat(cells, depth + 1) if depth < _DEEPEST else {}
        else:
            found[name] = value
    return found


def _is_cell(value: Any) -> bool:
    """Whether a value is a cell array that may hold arrays; one of texts is a list of names."""
    is_cell = isinstance(value, np.ndarray) and value.dtype == object and value.size <= _MOST_CELLS
    return is_cell and not all(isinstance(cell, str) for cell in value.reshape(-1))


def _parts(name: str) -> list[str]:
    return re.split(r"[._\s]+", name.lower())


def _is_rate(name: str) -> bool:
    parts = _parts(name)
    whole = {"_".join(parts[i:j]) for i in range(len(parts)) for j in range(i + 1, len(parts) + 1)}
    return bool(whole & set(_RATES))


def _is_positive(value: Any) -> bool:
    number = np.asarray(value).reshape(-1)[0]
    return isinstance(number, (int, float, np.number)) and bool(np.isfinite(number) and number > 0)


def _rate_of(group: dict[str, np.ndarray], rates: dict[str, float], is_longest: bool) -> float | None:
    """Return the rate that names one of some arrays, else the one that names none and is that of the longest."""
    named: dict[str, set[str]] = {name: set(_parts(name)) - _RATE_WORDS for name in rates}
    words = [set(_parts(name)) for name in group]
    own = {name for name, rest in named.items() if rest and any(rest <= own for own in words)}
    general = {name for name, rest in named.items() if not rest}
    closest = max((len(named[name]) for name in own), default=0)
    found = {rates[name] for name in own if len(named[name]) == closest}
    found = found or {rates[name] for name in general if is_longest}
    return found.pop() if len(found) == 1 else None


def _unit_of(column: str, group: dict[str, np.ndarray], flat: dict[str, Any]) -> str:
    """Return the text named unit that names an array, as EDA.unit does EDA.data, or the only one of the file."""
    stated = {
        n: set(_parts(n)) - set(_UNITS) for n, v in flat.items() if isinstance(v, str) and _parts(n)[-1] in _UNITS
    }
    words = set(_parts(column))
    own = [name for name, rest in stated.items() if rest and rest <= words]
    general = [name for name, rest in stated.items() if not rest] if len(group) == 1 else []
    found = sorted(own, key=lambda name: len(stated[name]))[-1:] or general
    return str(flat[found[0]]) if found else ""


def _labels(flat: dict[str, Any], name: str, n: int) -> list[str]:
    """Name the columns of a matrix by the texts beside it that are as many, else by their numbers."""
    above = name.rpartition(".")[0]
    lead = f"{above}." if above else ""
    for other, value in flat.items():
        texts = [str(text).strip() for text in np.atleast_1d(value)] if np.asarray(value).dtype.kind in "UO" else []
        if other.rpartition(".")[0] == above and _parts(other)[-1] in _LABELS and len(set(texts)) == len(texts) == n:
            return [lead + text for text in texts]
    one_each = re.compile(rf"{re.escape(lead)}\w+ \d+\.labels?")  # chanlocs of EEGLAB
    listed = [
        lead + str(value) for other, value in flat.items() if isinstance(value, str) and one_each.fullmatch(other)
    ]
    return listed if len(listed) == n else [f"{name} {i + 1}" for i in range(n)]

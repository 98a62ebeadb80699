"""Variables of MATLAB files, of any version, as tables: the exports of programmes, and plain arrays."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

from ressin.errors import RecordingError
from ressin.io.dialect import usual_unit
from ressin.io.table import FrameTable, Table
from ressin.recording import Marker

_RATES = ("sr", "fs", "srate", "samplingrate", "sampling_rate", "samplerate", "sample_rate", "freq", "frequency")
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
    for make in (_ledalab, _pspm, _biopac, _labchart):
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
    seconds = {"ms": 1e-3, "s": 1.0, "sec": 1.0, "us": 1e-6}[str(variables.get("isi_units", "ms")).strip()]
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


def _arrays(path: str, variables: dict[str, Any]) -> list[Table]:
    """Arrays of numbers, in structures and cells too: those of one length are the columns of a table.

    A single number named fs is the rate of the longest arrays, one named fs_EDA or EDA.fs that of the array EDA.
    """
    flat = _flat(variables)
    columns: dict[str, np.ndarray] = {}
    for name, value in flat.items():
        array = np.asarray(value)
        if array.dtype.kind not in "fiu" or array.size < 2 or array.ndim > 2:
            continue
        array = array.T if array.ndim == 2 and array.shape[0] < array.shape[1] else array
        if array.ndim == 1:
            columns[name] = array.astype(np.float64)
        else:
            columns |= {f"{name} {i + 1}": array[:, i].astype(np.float64) for i in range(array.shape[1])}
    if not columns:
        raise RecordingError(
            f"{path}: no array of numbers is in it; its variables are {', '.join(variables) or 'none'}"
        )
    rates = {name: float(v) for name, v in flat.items() if _is_rate(name) and np.size(v) == 1 and _is_positive(v)}
    lengths = sorted({len(values) for values in columns.values()}, reverse=True)
    tables = []
    for length in lengths:
        group = {n: v for n, v in columns.items() if len(v) == length}
        tables.append(_table(path, group, [""] * len(group), _rate_of(group, rates, length == lengths[0]), ""))
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
        elif isinstance(value, np.ndarray) and value.dtype == object and value.size <= _MOST_CELLS:
            cells = {f"{name} {i + 1}": cell for i, cell in enumerate(value.reshape(-1))}
            found |= _flat(cells, depth + 1) if depth < _DEEPEST else {}
        else:
            found[name] = value
    return found


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
    words = {part for name in group for part in _parts(name)}
    own = {rate for name, rate in rates.items() if (set(_parts(name)) - _RATE_WORDS) & words}
    general = {rate for name, rate in rates.items() if not set(_parts(name)) - _RATE_WORDS}
    found = own or (general if is_longest else set())
    return found.pop() if len(found) == 1 else None

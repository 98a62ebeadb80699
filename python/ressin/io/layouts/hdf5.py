"""HDF5 files, MATLAB 7.3 among them."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any

import numpy as np

from ressin._extras import require
from ressin.errors import RecordingError
from ressin.io.dialect import usual_unit
from ressin.io.layout import Layout, Match
from ressin.io.mat_exports import tables_of
from ressin.io.source import Content
from ressin.io.table import Table

_RATES = ("sampling_rate", "sampling rate", "samplingrate", "sample_rate", "samplerate", "fs", "sr", "srate")
_UNITS = ("unit", "units")
_MOST = 256  # datasets that are looked at


def sniff(content: Content) -> Match | None:
    """HDF5's first bytes, or those behind MATLAB's header."""
    mark = b"\x89HDF\r\n\x1a\n"
    if content.data.startswith(mark) or content.data[512:520] == mark:
        return Match(1.0, "it begins as an HDF5 file does")
    return None


def read(content: Content) -> list[Table]:
    """Read the datasets; attributes give rate and unit, MATLAB's structures are laid open."""
    h5py = require("h5py", "devices", "reading HDF5 and MATLAB 7.3 files")
    with h5py.File(io.BytesIO(content.data), "r") as file:
        if content.data.startswith(b"MATLAB 7.3"):
            variables = {name: _plain(file, item, h5py) for name, item in file.items() if not name.startswith("#")}
            return tables_of(str(content.path), variables)
        return _datasets(str(content.path), file, h5py)


def _plain(file: Any, item: Any, h5py: Any) -> Any:
    """Return A MATLAB variable as SciPy gives those of v5: arrays turned, texts, structures, cells."""
    if isinstance(item, h5py.Group):
        return SimpleNamespace(**{name: _plain(file, value, h5py) for name, value in item.items()})
    values = item[()]
    kind = item.attrs.get("MATLAB_class", b"")
    if kind == b"char":
        return "".join(map(chr, np.asarray(values).T.reshape(-1).astype(int))) if values.dtype.kind in "iu" else ""
    if getattr(values, "dtype", None) is not None and values.dtype == h5py.ref_dtype:
        cells = [_plain(file, file[reference], h5py) for reference in values.reshape(-1)]
        array = np.empty(len(cells), dtype=object)
        array[:] = cells
        return array
    return np.squeeze(np.asarray(values).T)


def _datasets(path: str, file: Any, h5py: Any) -> list[Table]:
    found: dict[str, Any] = {}

    def take(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and item.dtype.kind in "fiu" and 0 < item.ndim <= 2 and len(found) < _MOST:
            found[name] = item
        elif isinstance(item, h5py.Dataset) and item.dtype.names and item.ndim == 1:
            found.update(
                {f"{name}/{field}": item[field] for field in item.dtype.names if item.dtype[field].kind in "fiu"}
            )

    file.visititems(take)
    rates = {name: _rate(file, name) for name in found}
    tables: list[Table] = []
    for rate in dict.fromkeys(rates.values()):
        own = [name for name in found if rates[name] == rate]
        variables: dict[str, Any] = {_short(name, found): np.squeeze(np.asarray(found[name])) for name in own}
        if rate is not None:
            variables["fs"] = rate
        tables += tables_of(path, variables) if any(np.size(value) > 1 for value in variables.values()) else []
    if not tables:
        raise RecordingError(f"{path}: no dataset of numbers is in it; it has {', '.join(found) or 'none at all'}")
    units = {_short(name, found): _attribute(item, _UNITS) for name, item in found.items()}
    for table in tables:
        stated = [units.get(name) for name in table.names]
        table.units = tuple(
            usual_unit(_text(unit)) if unit is not None else table.units[i] for i, unit in enumerate(stated)
        )
    return tables


def _rate(file: Any, name: str) -> float | None:
    """Return the rate that a dataset states, or else the nearest group that it is in."""
    parts = name.split("/")
    paths = ["/".join(parts[:depth]) for depth in range(len(parts), 0, -1)]
    items = [file[path] for path in paths if path in file]  # a field of a table is none
    rates = (_attribute(item, _RATES) for item in (*items, file))
    return next((float(np.squeeze(rate)) for rate in rates if rate is not None), None)


def _short(name: str, found: dict[str, Any]) -> str:
    """Return the last part of a dataset's path where no other has the same, else all of it."""
    return name.split("/")[-1] if _alone(name, found) else name


def _alone(name: str, found: dict[str, Any]) -> bool:
    return sum(other.split("/")[-1] == name.split("/")[-1] for other in found) == 1


def _attribute(item: Any, names: tuple[str, ...]) -> Any:
    attributes = getattr(item, "attrs", {})
    return next((attributes[key] for key in attributes if key.lower() in names), None)


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


LAYOUT = Layout(
    name="hdf5", extensions=".h5 .hdf5 .mat (7.3)", device="MATLAB 7.3, Python", rate="an attribute, fs, or the times",
    unit="an attribute", markers="as .mat", sniff=sniff, read=read, grows=False, library="h5py (extra devices)",
)  # fmt: skip

"""Decompositions to files: the samples as CSV or Parquet, the evidence as JSON."""

from __future__ import annotations

import gzip
import json
import math
import os
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ressin._core import __version__
from ressin._files.atomic import replacing
from ressin.errors import MissingExtraError, OutputError
from ressin.io.source import content_suffix

if TYPE_CHECKING:
    import pandas as pd

    from ressin.decomposition.result import Decomposition
    from ressin.decomposition.windows import Windows

_CHUNK = 100_000  # rows that are formatted at a time
_FORMATS = (".csv", ".tsv", ".txt", ".parquet")


def write_decomposition(
    decomposition: Decomposition,
    path: str | os.PathLike[str],
    *,
    unit: str = "uS",
    start_time: float | None = None,
    own_time: float | None = None,
) -> None:
    """Write the samples of a decomposition, one row each, as CSV, TSV or Parquet.

    Parameters
    ----------
    decomposition
        What to write.
    path
        Where to: ``.csv``, ``.tsv`` or ``.txt`` (each also with ``.gz``) or ``.parquet``. A file that stands there is
        replaced once the new one is whole.
    unit
        Unit of the signal; "" where it is not known: then no name has one.
    start_time
        Seconds since 1970-01-01 UTC of the first sample, where it is known: for a column of times and the metadata of
        Parquet.
    own_time
        Seconds of the first sample by the recording's own clock, where that counts from elsewhere: for a column of its
        times.

    Raises
    ------
    OutputError
        If the suffix is another one, or the file cannot be written; what stood at `path` is untouched.
    MissingExtraError
        If Parquet is asked for and pyarrow is not installed.

    Notes
    -----
    Columns: the index of the Series that was decomposed, or the time in UTC where the start is known (Timestamp), or
    the seconds of the recording's own clock where that does not begin at zero (Time_Recorded); time in seconds after
    the first sample, the signal and its parts under NeuroKit's names. In text the unit stands behind each name, as in
    ``EDA_Tonic (uS)``, and numbers have ten significant digits. In Parquet they are
    exact, each field's metadata has its ``unit``, and the schema's metadata has the rate, the start and the evidence
    under ``ressin``. The driver's unit is that of the signal per second: an impulse of the driver that lasts one
    sample adds driver / sampling_rate times the Bateman response to the phasic part. Where the programme is the robust
    one there are also EDA_Outliers, EDA_Shifts and EDA_Tonic_Unshifted, the tonic part without its shifts.
    """
    check_table_format(path)
    frame = _frame(decomposition, start_time, own_time)
    units = _units(unit)
    if content_suffix(Path(path)) == ".parquet":
        _write_parquet(decomposition, frame, units, path, start_time)
        return
    frame.columns = [_with_unit(name, units.get(name, "")) for name in frame.columns]
    separator = "," if content_suffix(Path(path)) == ".csv" else "\t"
    with replacing(path) as temporary:
        _write_text(frame, temporary, separator)


def write_evidence(
    decomposition: Decomposition,
    path: str | os.PathLike[str],
    *,
    extra: Mapping[str, object] | None = None,
) -> None:
    """Write the evidence of a decomposition as JSON: settings, status, residuals, gap, quality.

    Parameters
    ----------
    decomposition
        What to write about.
    path
        Where to. A file that stands there is replaced once the new one is whole.
    extra
        More entries for the top level, such as where the recording came from; they come first.

    Raises
    ------
    OutputError
        If the file cannot be written; what stood at `path` is untouched.

    Notes
    -----
    A number that is not finite is written as null, because JSON has no number for it.
    """
    content = {"ressin": __version__, **(extra or {}), **decomposition.summary()}
    write_json(content, path)


def write_json(content: Mapping[str, object], path: str | os.PathLike[str]) -> None:
    """Write a mapping as indented JSON; numbers that are not finite become null.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    text = json.dumps(_plain(content), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    with replacing(path) as temporary:  # what UTF-8 does not have (bytes of a file's name) is an escape in JSON, too
        temporary.write_bytes(text.encode("utf-8", "backslashreplace"))


def write_scrs(scrs: pd.DataFrame, path: str | os.PathLike[str], *, unit: str = "uS") -> None:
    """Write a table of SCR events (see `ressin.decomposition.scrs.find_scrs`) as CSV, with units behind the names.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    units = dict.fromkeys(("SCR_Onsets", "SCR_Peaks", "SCR_Recovery"), "sample")
    units |= dict.fromkeys(("SCR_RiseTime", "SCR_RecoveryTime", "SCR_OnsetTime", "SCR_PeakTime"), "s")
    units |= dict.fromkeys(("SCR_Height", "SCR_Amplitude", "SCR_SignalRise"), unit)
    table = scrs.rename(columns={name: _with_unit(name, text) for name, text in units.items()})
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False, float_format="%.10g", lineterminator="\n")


def write_windows(
    windows: Windows, samples: str | os.PathLike[str], evidence: str | os.PathLike[str], *, unit: str = "uS"
) -> None:
    """Write a recording as the average over its windows, and a row of evidence for each window, as CSV.

    Parameters
    ----------
    windows
        What to write.
    samples
        Where the samples go: Time, EDA_Raw and the columns of `Windows.average`, one row each, units behind the names.
    evidence
        Where the evidence goes: the rows of `Windows.evidence`.
    unit
        Unit of the signal.

    Raises
    ------
    OutputError
        If a file cannot be written.
    """
    frame = windows.average()
    frame.insert(0, "Time", np.arange(len(frame)) / windows.sampling_rate)
    frame.insert(1, "EDA_Raw", windows.signal)
    units = {**_units(unit), "EDA_Phasic_SD": unit, "EDA_Tonic_SD": unit}
    frame.columns = [_with_unit(name, units.get(name, "")) for name in frame.columns]
    named = {"start": "start (s)"}
    named |= {name: _with_unit(name, unit) for name in ("mean", "scale", "smallest_response", "noise")}
    rows = windows.evidence().rename(columns=named)
    with replacing(samples) as temporary:
        _write_text(frame, temporary, ",")
    with replacing(evidence) as temporary:
        rows.to_csv(temporary, float_format="%.10g", lineterminator="\n")


def check_table_format(path: str | os.PathLike[str]) -> None:
    """Refuse the name of a table whose format is not written here, before any work is done for it.

    Raises
    ------
    OutputError
        If the suffix is not one of those of `write_decomposition`.
    """
    if content_suffix(Path(path)) not in _FORMATS or str(path).lower().endswith(".parquet.gz"):
        raise OutputError(
            f"cannot write {path}: the suffix says the format, and it must be one of .csv, .tsv, .txt "
            "(each also with .gz) or .parquet"
        )


def _frame(decomposition: Decomposition, start_time: float | None, own_time: float | None) -> pd.DataFrame:
    frame = decomposition.to_frame().reset_index(drop=True)
    frame.insert(0, "Time", decomposition.time)
    frame.insert(1, "EDA_Raw", decomposition.signal)
    index = _index_of(decomposition, start_time)
    if index is not None:
        frame.insert(0, str(index.name), index)
    elif own_time is not None:
        frame.insert(0, "Time_Recorded", own_time + decomposition.time)
    return frame


def _index_of(decomposition: Decomposition, start_time: float | None) -> pd.Series | None:
    """Return the index of the input: a Series's own, or the UTC times of a recording whose start is known."""
    import pandas as pd

    if decomposition.index is not None:
        own = decomposition.index
        name = own.name if own.name is not None else "Timestamp" if isinstance(own, pd.DatetimeIndex) else "Index"
        return pd.Series(own.to_numpy() if own.dtype.kind != "M" else own, name=name)
    if start_time is None:
        return None
    nanoseconds = np.rint((start_time + decomposition.time) * 1e6).astype(np.int64) * 1000  # of whole microseconds
    return pd.Series(pd.to_datetime(nanoseconds, unit="ns", utc=True), name="Timestamp")


def columns_of(decomposition: Decomposition, unit: str) -> tuple[dict[str, NDArray[np.float64]], dict[str, str]]:
    """Return the samples and parts of a decomposition by name, without times, and the unit of each."""
    frame = decomposition.to_frame()
    parts = {str(name): frame[name].to_numpy(dtype=np.float64) for name in frame.columns}
    return {"EDA_Raw": decomposition.signal, **parts}, _units(unit)


def _units(unit: str) -> dict[str, str]:
    bands = [f"EDA_{part}_{end}" for part in ("Tonic", "Phasic") for end in ("Low", "High")]
    robust = ("EDA_Outliers", "EDA_Shifts", "EDA_Tonic_Unshifted")
    parts = dict.fromkeys(("EDA_Raw", "EDA_Tonic", "EDA_Phasic", "EDA_Residual", *robust, *bands), unit)
    return {"Time": "s", "Time_Recorded": "s", **parts, "EDA_SMNA": f"{unit}/s" if unit else ""}


def _with_unit(name: str, unit: str) -> str:
    """Write a unit behind a name, nothing where it is not known."""
    return f"{name} ({unit})" if unit else name


def _write_text(frame: pd.DataFrame, path: Path, separator: str) -> None:
    """Write columns of numbers with ten digits, empty for NaN (pandas takes five times as long for the same)."""
    frame = frame.assign(**{name: _iso(frame[name]) for name in frame.columns if frame[name].dtype.kind == "M"})
    numeric = [frame[name].dtype.kind in "fiu" for name in frame.columns]
    row = separator.join(["%.10g" if is_number else "%s" for is_number in numeric]) + "\n"
    packed = path.suffix.lower() == ".gz"
    with path.open("wb") as file, gzip.GzipFile("", "wb", 6, file, 0) if packed else nullcontext(file) as stream:
        stream.write((separator.join(frame.columns) + "\n").encode())
        for start in range(0, len(frame), _CHUNK):
            columns = [frame[name].iloc[start : start + _CHUNK].tolist() for name in frame.columns]
            stream.write("".join([row % cells for cells in zip(*columns, strict=True)]).replace("nan", "").encode())


def _iso(times: pd.Series) -> pd.Series:
    """Write times as ISO 8601 to the microsecond, with their zone."""
    text: pd.Series = times.dt.strftime("%Y-%m-%dT%H:%M:%S.%f%z")
    zoned: pd.Series = text.str.replace(r"\+0000\Z", "Z", regex=True)
    return zoned


def _write_parquet(
    decomposition: Decomposition,
    frame: pd.DataFrame,
    units: dict[str, str],
    path: str | os.PathLike[str],
    start_time: float | None,
) -> None:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise MissingExtraError("pyarrow", "data", "writing Parquet") from error
    kinds = pa.Schema.from_pandas(frame, preserve_index=False)
    fields = [
        pa.field(name, pa.float64(), metadata={"unit": units[name]}) if name in units else kinds.field(name)
        for name in frame.columns
    ]
    evidence = {
        "version": __version__,
        "sampling_rate": decomposition.sampling_rate,
        "start_time": start_time,
        **decomposition.summary(),
    }
    schema = pa.schema(fields, metadata={"ressin": json.dumps(_plain(evidence), allow_nan=False)})
    table = pa.Table.from_pandas(frame, schema=schema, preserve_index=False).replace_schema_metadata(schema.metadata)
    with replacing(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def _plain(value: object) -> object:
    """Turn NumPy scalars, arrays and tuples into what JSON knows."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value

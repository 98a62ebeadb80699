"""Tables from NumPy and Parquet files."""

from __future__ import annotations

import io
import math
from typing import Any

import numpy as np
import pandas as pd

from ressin._files.json_text import parse_json
from ressin._files.parquet_size import parquet_bytes
from ressin.errors import MissingExtraError, RecordingError
from ressin.io.dialect import usual_unit
from ressin.io.table import FrameTable, Table
from ressin.io.units import unit_in_name

MAX_PARQUET_BYTES = 8 * 2**30  # a day of six columns at 2 kHz


def read_npy(path: str, data: bytes) -> Table:
    """Read a NumPy array of shape (n,), (n, columns) or (1, n), or a one-dimensional structured array.

    Raises
    ------
    RecordingError
        If the file is cut short, holds Python objects (which would have to be unpickled) or has another shape.
    """
    try:
        array = np.load(io.BytesIO(data), allow_pickle=False)
    except (ValueError, EOFError, OSError, OverflowError, MemoryError) as error:  # the last two: sizes made up
        if "pickle" in str(error) or "Object arrays" in str(error):
            reason = "it holds Python objects, which are not loaded; save it as numbers: np.save(path, x.astype(float))"
        else:
            reason = f"not a whole NumPy file ({error}); was it cut short? save or copy it again"
        raise RecordingError(f"{path}: {reason}") from error
    if array.dtype.names is not None and array.ndim == 1:
        names = array.dtype.names
        units = tuple(usual_unit(unit_in_name(name)) for name in names)
        return FrameTable(path, pd.DataFrame({name: array[name] for name in names}), named=True, units=units)
    if array.dtype.kind not in "fiuc":
        raise RecordingError(f"{path}: the array is of dtype {array.dtype}; a recording is real numbers")
    if array.ndim not in (1, 2):
        raise RecordingError(
            f"{path}: the array has shape {array.shape}; a recording is (n_samples,) or (n_samples, columns)"
        )
    if array.size == 0:
        raise RecordingError(f"{path}: the array is empty, shape {array.shape}")
    columns = array.reshape(-1, 1) if array.ndim == 1 or array.shape[0] == 1 else array
    if columns.dtype.byteorder not in "=|" or not columns.dtype.isnative:
        columns = columns.astype(columns.dtype.newbyteorder("="))
    frame = pd.DataFrame(columns, columns=[str(i + 1) for i in range(columns.shape[1])])
    table = FrameTable(path, frame, named=False)
    if columns.shape[1] > columns.shape[0]:
        table.ambiguity_hint = f" (the array has shape {array.shape}, more columns than rows: save its transpose, x.T)"
    table.notes.append(f"NumPy array of shape {array.shape}, {array.dtype}")
    return table


def read_parquet(path: str, data: bytes, limit: int | None = None) -> Table:
    """Read a Parquet file; columns of timestamps stay timestamps, and ressin's own metadata gives the rate.

    Raises
    ------
    MissingExtraError
        If pyarrow is not installed.
    RecordingError
        If the file is cut short or damaged, or has no rows.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise MissingExtraError("pyarrow", "data", "reading Parquet") from error
    try:
        size = parquet_bytes(pa.BufferReader(data))
        most = MAX_PARQUET_BYTES if limit is None else limit
        if size > most:
            raise RecordingError(
                f"{path}: takes {size / 2**20:,.0f} MiB in memory, at most {most / 2**20:,.0f} MiB is read; raise "
                "the limit with max_bytes= or --max-mib"
            )
        parquet = pq.read_table(pa.BufferReader(data))
    except (pa.ArrowException, OSError) as error:
        first_line = str(error).strip().splitlines()[0]
        raise RecordingError(
            f"{path}: not a whole Parquet file ({first_line}); was it cut short? copy it again"
        ) from error
    stated = [(field.metadata or {}).get(b"unit", b"").decode("utf-8", "replace") for field in parquet.schema]
    units = tuple(
        unit or usual_unit(unit_in_name(name)) for unit, name in zip(stated, parquet.schema.names, strict=True)
    )
    frame = parquet.to_pandas(ignore_metadata=True)
    if not len(frame):
        raise RecordingError(f"{path}: the table has no rows")
    table = FrameTable(path, frame, named=True, units=units)
    own = (parquet.schema.metadata or {}).get(b"ressin")
    if own is not None:
        table.sampling_rate, table.start_time = _stated(path, own)
        table.notes.append("rate and start from the metadata that ressin wrote")
    return table


def _stated(path: str, own: bytes) -> tuple[float | None, float | None]:
    """Rate in Hz and start in seconds since 1970 from ressin's own metadata, which are checked.

    Raises
    ------
    RecordingError
        If it is not the JSON that ressin writes.
    """
    try:
        stated = parse_json(own)
        rate, start = (_number(stated.get(name)) for name in ("sampling_rate", "start_time"))
    except (ValueError, AttributeError, TypeError, OverflowError, RecursionError) as error:
        raise RecordingError(f"{path}: the metadata named 'ressin' is not what ressin writes ({error})") from error
    if rate is not None and rate <= 0.0:
        raise RecordingError(f"{path}: the metadata named 'ressin' says {rate:g} Hz; a rate is above 0")
    return rate, start


def _number(value: Any) -> float | None:
    if value is None:
        return None
    if not math.isfinite(value):
        raise ValueError(f"{value!r} is not finite")
    return float(value)

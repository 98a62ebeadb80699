"""Tables of music features that came with the data: a key in the first column, a number in every other."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from ressin._files.limits import MAX_TABLE_BYTES, check_unfolded, read_limited
from ressin.data.sources.pmemo_songs import song_id
from ressin.data.store.schema import MAX_FEATURES
from ressin.errors import RecordingError


def read_feature_table(path: Path, name: str) -> tuple[dict[str, np.ndarray], tuple[str, ...], list[str]]:
    """Read a CSV or Parquet table of features.

    Parameters
    ----------
    path
        The file.
    name
        How messages call it.

    Returns
    -------
    rows, names, problems
        Features (float32) by key, the features' names, and what is wrong with single rows (they are left out).

    Raises
    ------
    RecordingError
        When the file is missing, too large, not a table, or a column is not numeric or has no or a doubled name.
    """
    check_unfolded(path, MAX_TABLE_BYTES)
    try:
        if path.suffix.lower() == ".parquet":
            table = pq.read_table(path)
        else:
            data = read_limited(path)
            first = (
                data.split(b"\n", 1)[0].split(b",")[0].decode("utf-8", "replace").strip().strip('"').lstrip("\ufeff")
            )
            options = pacsv.ConvertOptions(column_types={first: pa.string()})
            table = pacsv.read_csv(pa.BufferReader(data), convert_options=options)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise RecordingError(f"{name}: not a readable table ({str(error)[:200]})") from error
    names = tuple(table.column_names[1:])
    _check_columns(table, names, name)
    values = np.column_stack([column.cast(pa.float64()).to_numpy() for column in table.columns[1:]]).astype(np.float32)
    rows: dict[str, np.ndarray] = {}
    problems = []
    for number, (key, row) in enumerate(
        zip(table.column(0).cast(pa.string()).to_pylist(), values, strict=True), start=1
    ):
        if key is None or not key.strip():
            problems.append(f"data row {number}: no key")
        elif song_id(key) in rows:
            problems.append(f"data row {number}: {key} a second time; the first is used")
        elif not np.isfinite(row).all():
            column = names[int(np.flatnonzero(~np.isfinite(row))[0])]
            problems.append(f"data row {number} ({key}): no finite number in column {column!r}")
        else:
            rows[song_id(key)] = row
    return rows, names, problems


def _check_columns(table: pa.Table, names: tuple[str, ...], name: str) -> None:
    if not names or table.num_rows == 0:
        raise RecordingError(
            f"{name}: {table.num_columns} column(s) and {table.num_rows} row(s); needs a key and features"
        )
    if len(names) > MAX_FEATURES:
        raise RecordingError(f"{name}: {len(names):,} features, at most {MAX_FEATURES:,} are read")
    doubled = (
        {column for column in names if not column.strip() or names.count(column) > 1}
        if len(set(names)) < len(names) or "" in names
        else set()
    )
    if doubled:
        raise RecordingError(f"{name}: column names must be there and differ: {sorted(doubled)[:3]}")
    for column, field in zip(names, table.schema.types[1:], strict=True):
        if not (pa.types.is_floating(field) or pa.types.is_integer(field) or pa.types.is_null(field)):
            raise RecordingError(f"{name}: column {column!r} holds {field}, not numbers")

"""Large columns of numbers parsed by Arrow, where it is installed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ressin.io.missing import SPELLINGS


def parse_numbers(
    body: bytes | memoryview, separator: str, n_columns: int, wanted: Sequence[int]
) -> dict[int, pd.Series]:
    """Parse columns of numbers with several threads, each to the nearest float64.

    Parameters
    ----------
    body
        Rows of `n_columns` fields, UTF-8 with newline line ends.
    separator
        Between fields.
    n_columns
        Number of fields in a row.
    wanted
        The columns, from 0.

    Returns
    -------
    dict
        The columns; none where Arrow is not installed, or a field is not a number as Arrow writes them (blanks around
        it, a plus sign, a word): another parser then says which.
    """
    try:
        import pyarrow as pa
        from pyarrow import csv
    except ImportError:
        return {}
    names = [str(i) for i in range(n_columns)]
    columns = [names[i] for i in wanted]
    try:
        table = csv.read_csv(
            pa.BufferReader(body),
            read_options=csv.ReadOptions(column_names=names, block_size=1 << 23),
            parse_options=csv.ParseOptions(delimiter=separator, ignore_empty_lines=False),
            convert_options=csv.ConvertOptions(
                check_utf8=False, column_types=dict.fromkeys(columns, pa.float64()), null_values=SPELLINGS,
                include_columns=columns,
            ),
        )  # fmt: skip
    except pa.ArrowException:
        return {}
    return {i: pd.Series(_as_array(table.column(name)), copy=False) for i, name in zip(wanted, columns, strict=True)}


def _as_array(column: object) -> np.ndarray:
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)  # type: ignore[attr-defined]

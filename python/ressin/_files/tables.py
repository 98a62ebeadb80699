"""Small tables of a caller's own, such as events and intervals, and tables of measures: CSV, TSV, Parquet."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ressin._files.atomic import replacing
from ressin.errors import InvalidInputError, MissingExtraError

if TYPE_CHECKING:
    import pandas as pd

_SEPARATORS = {".tsv": "\t", ".csv": ","}


def read_table(path: str | os.PathLike[str], what: str) -> pd.DataFrame:
    """Read a table; the suffix tells its format, and where it tells none the separator is found.

    Parameters
    ----------
    path
        ``.csv``, ``.tsv``, ``.txt`` or ``.parquet``.
    what
        What it holds, for messages: ``"events"``.

    Raises
    ------
    InvalidInputError
        If there is no such file, or it is no table.
    MissingExtraError
        If it is Parquet and pyarrow is not installed.
    """
    import pandas as pd

    source = Path(path)
    if not source.is_file():
        raise InvalidInputError(f"{source}: no such file of {what}")
    try:
        if source.suffix.lower() == ".parquet":
            _need_pyarrow("reading Parquet")
            return pd.read_parquet(source)
        separator = _SEPARATORS.get(source.suffix.lower())
        return pd.read_csv(source, sep=separator, engine="c" if separator else "python", encoding="utf-8-sig")
    except (ValueError, pd.errors.ParserError, OSError) as error:  # undecodable and empty files are ValueErrors
        raise InvalidInputError(f"{source}: no table of {what}: {error}") from error


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table whole or not at all: ``.csv``, ``.tsv`` or ``.parquet``, by the suffix.

    Raises
    ------
    OutputError
        If it cannot be written; what stood there is untouched.
    MissingExtraError
        If it is Parquet and pyarrow is not installed.
    """
    if path.suffix == ".parquet":
        _need_pyarrow("writing Parquet")
    with replacing(path) as temporary:
        if path.suffix == ".parquet":
            table.to_parquet(temporary, index=False)
        else:
            table.to_csv(temporary, sep=_SEPARATORS[path.suffix], index=False, float_format="%.10g")


def _need_pyarrow(purpose: str) -> None:
    try:
        import pyarrow  # noqa: F401
    except ModuleNotFoundError as error:
        raise MissingExtraError("pyarrow", "data", purpose) from error

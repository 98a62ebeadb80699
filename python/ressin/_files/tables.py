"""Small tables of a caller's own, such as events and intervals, and tables of measures: CSV, TSV, Parquet."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from ressin._files.atomic import replacing
from ressin.errors import InvalidInputError, MissingExtraError

if TYPE_CHECKING:
    import pandas as pd

_LINES, _LINE = 50, 10_000  # lines that are looked at, and characters of one
_SEPARATORS = {".tsv": "\t", ".csv": ","}


def read_table(path: str | os.PathLike[str], what: str) -> pd.DataFrame:
    """Read a table; the suffix tells its format, and the first line its separator: comma, semicolon or tab.

    With a semicolon or a tab, a comma between digits is a decimal comma.

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
        separator, decimal, above = _dialect(source)
        return pd.read_csv(
            source, sep=separator, decimal=decimal, skiprows=above, encoding="utf-8-sig", skipinitialspace=True
        )
    except (ValueError, pd.errors.ParserError, OSError) as error:  # undecodable and empty files are ValueErrors
        raise InvalidInputError(f"{source}: no table of {what}: {error}") from error


def _dialect(path: Path) -> tuple[str, str, int]:
    """Return the separator, the decimal sign and how many lines to skip, from the first lines."""
    with path.open(encoding="utf-8-sig") as file:
        lines = [line for line in (file.readline(_LINE) for _ in range(_LINES)) if line]
    above = 1 if lines and lines[0].lower().startswith("sep=") else 0  # what Excel writes above a table
    header, body = (lines[above : above + 1] or [""])[0], "".join(lines[above + 1 :])
    separator = max((_SEPARATORS.get(path.suffix.lower(), "\t"), "\t", ";", ","), key=header.count)
    comma = separator != "," and re.search(r"\d,\d", body) and not re.search(r"\d\.\d", body)
    return separator, "," if comma else ".", above


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

"""Numbers with marks between their thousands: ``1.234,56``, ``1,234.56``, ``1 234,56``, ``1'234.56``."""

from __future__ import annotations

import re

import pandas as pd

from ressin.io.missing import is_missing

_MARKS = ".,'\u2019 \u00a0\u202f\u2009"
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?\Z")
_GROUPED = re.compile(rf"\A[+-]?\d{{1,3}}([{_MARKS}])\d{{3}}(?:\1\d{{3}})*(?:([.,])\d*)?\Z")


_SOME = 100  # cells that are looked at before a whole column is


def decimal_sign(cell: str) -> str:
    """Return the decimal sign of a number whose thousands are marked by another sign, ``,`` of ``1.234,5``; else ""."""
    found = _GROUPED.match(cell.strip())
    return found.group(2) or "" if found and found.group(1) != found.group(2) else ""


def is_grouped(cell: str) -> bool:
    """Whether a text is a number with marks between its thousands; ``1,234`` may be one."""
    found = _GROUPED.match(cell.strip())
    return found is not None and found.group(1) != found.group(2)


def _are_numbers(cells: pd.Series) -> bool:
    return all(is_missing(cell) or _NUMBER.match(cell.strip()) or is_grouped(cell) for cell in cells)


def without_groups(cells: pd.Series, decimal: str) -> pd.Series | None:
    """Return the cells of a column without the marks between thousands, with a decimal point.

    Parameters
    ----------
    cells
        Texts and numbers.
    decimal
        The file's decimal sign.

    Returns
    -------
    Series or None
        Texts of numbers; None where the column has no marked thousands, or not throughout: each number from 1000 on is
        marked, all with one mark that is not the decimal sign, and a decimal sign, two marks in one number, or a whole
        number of three digits tells them from decimals.
    """
    if len(cells) > _SOME and not _are_numbers(cells.dropna().iloc[:_SOME].astype(str)):
        return None
    text = cells.dropna().astype(str).str.strip()
    text = text[~text.map(is_missing).astype(bool)]
    point = re.escape(decimal)
    plain = text.str.match(rf"[+-]?\d{{1,3}}(?:{point}\d*)?\Z|[+-]?{point}\d+\Z")
    parts = text[~plain].str.extract(_GROUPED)
    marks = set(parts[0])
    if len(marks) != 1 or marks & {decimal} or parts[0].isna().any() or not set(parts[1].dropna()) <= {decimal}:
        return None
    mark = marks.pop()
    told = text.str.contains(decimal, regex=False) | (text.str.count(re.escape(mark)) > 1)
    if not (told | (plain & (text.str.len() == 3))).any():
        return None
    return cells.where(
        cells.isna(),
        cells.astype(str).str.replace(mark, "", regex=False).str.replace(decimal, ".", regex=False),
    )

"""A clock that is spread over columns: year, month, day, hour, minute, second and its fractions."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ressin.errors import RecordingError
from ressin.io.dialect import bare_name
from ressin.io.table import Table
from ressin.io.times import is_date_alone

_NAMES = {
    "year": ("year", "yr", "yyyy", "jahr", "année", "año", "년", "年"),
    "month": ("month", "mon", "monat", "mois", "mes", "월", "月"),
    "day": ("day", "dd", "dom", "tag", "jour", "día", "일", "日"),
    "hour": ("hour", "hours", "hr", "hrs", "h", "hh", "stunde", "stunden", "heure", "hora", "시", "时", "時", "час"),
    "minute": ("minute", "minutes", "min", "mins", "m", "mm", "minuten", "minuto", "분", "分", "мин"),
    "second": (
        "second", "seconds", "sec", "secs", "s", "ss", "sekunde", "sekunden", "seconde", "segundo", "초", "秒", "сек"
    ),
    "millisecond": ("millisecond", "milliseconds", "millis", "msec", "msecs", "ms", "millisekunde", "millisekunden"),
    "microsecond": ("microsecond", "microseconds", "micros", "usec", "us"),
}  # fmt: skip
_SECONDS = {"hour": 3600.0, "minute": 60.0, "second": 1.0, "millisecond": 1e-3, "microsecond": 1e-6}
_WRAPS = {"hour": 24.0, "minute": 60.0, "second": 60.0, "millisecond": 1000.0, "microsecond": 1e6}
_DATE = ("year", "month", "day")
_FINE = tuple(_SECONDS)
_BEFORE = ("time", "clock", "local", "utc", "zeit", "uhrzeit")


def find_parts(table: Table) -> list[int]:
    """Return the columns that are one time together, texts of dates and times first; none where there is no such clock.

    Those of numbers count within each other, without a step left out: each but the coarsest stays below its wrap, and
    all but the finest are whole numbers. Beside a time of day in whole seconds there may be its fractions alone.
    """
    if not table.named or table.clock is not None:
        return []
    found: dict[str, int] = {}
    for index in range(len(table.names)):
        kind = kind_of(table, index)
        if kind and found.setdefault(kind, index) != index:
            return []
    fine = [kind for kind in _FINE if kind in found]
    texts = _texts(table, fine[:1])
    if not fine or (len(fine) < 2 and not texts) or not _follow(fine) or not _count_within(table, found, fine, texts):
        return []
    dated = set(_DATE) <= set(found) and not texts
    return [*texts, *[found[kind] for kind in (*(_DATE if dated else ()), *fine)]]


def kind_of(table: Table, index: int) -> str:
    """Return which part of a time a column of numbers is by its name, "" where it is none."""
    words = re.split(r"[\s_.\-]+", bare_name(table.names[index]).lower())
    if words[0] in _BEFORE:
        words = words[1:]
    kind = next((kind for kind, names in _NAMES.items() if len(words) == 1 and words[0] in names), "")
    return kind if kind and table.is_numeric(index) else ""


def _texts(table: Table, coarsest: list[str]) -> list[int]:
    """Return the columns of texts that the parts complete: a date above hours, a time in whole seconds above less."""
    first = [table.first_text(i) for i in range(len(table.names))]
    dates = [i for i, cell in enumerate(first) if cell and is_date_alone(cell)][:1]
    if coarsest == ["hour"]:
        return dates
    whole = [i for i, cell in enumerate(first) if re.search(r"\b\d{1,2}:\d{2}:\d{2}\s*(?:[AaPp][Mm])?\Z", cell)][:1]
    if not whole or coarsest not in (["millisecond"], ["microsecond"]):
        return []
    return [*(dates if len(first[whole[0]]) < 12 else []), *whole]


def _follow(fine: list[str]) -> bool:
    """Whether no step between the coarsest and the finest is left out; milliseconds may be."""
    places = [_FINE.index(kind) for kind in fine]
    return places == list(range(places[0], places[0] + len(places))) or fine[-2:] == ["second", "microsecond"]


def _count_within(table: Table, found: dict[str, int], fine: list[str], texts: list[int]) -> bool:
    try:
        numbers = {kind: table.numbers(found[kind]) for kind in fine}
    except RecordingError:
        return False  # no clock; whoever reads the column as one says which cell is no number
    inner = fine if texts else fine[1:]
    alone = len(fine) == 1  # a time of its own, or fractions of a second that begin anew
    return (
        all(_is_below(numbers[kind], _WRAPS[kind]) for kind in inner)
        and all((numbers[kind] % 1 == 0).all() for kind in fine[:-1])
        and not (alone and (np.diff(numbers[fine[0]]) >= 0).all())
    )


def _is_below(values: NDArray[np.float64], wrap: float) -> bool:
    return bool(values.size and values.min() >= 0 and values.max() < wrap)


def part_seconds(table: Table, columns: Sequence[int]) -> tuple[NDArray[np.float64], bool]:
    """Return the seconds that columns of numbers make together, and whether they count from 1970.

    Raises
    ------
    RecordingError
        If a part is missing somewhere, or year, month and day are no date.
    """
    numbers = {kind_of(table, index): table.numbers(index) for index in columns}
    for index, values in zip(columns, numbers.values(), strict=True):
        if np.isnan(values).any():
            row = int(np.argmax(np.isnan(values)))
            raise RecordingError(f"{table.path}, {table.place(row)}, {table.label(index)}: the time is missing")
    parts = [values * _SECONDS[kind] for kind, values in numbers.items() if kind in _SECONDS]
    seconds: NDArray[np.float64] = np.sum(parts, axis=0)
    return (seconds + _days(table, numbers), True) if "year" in numbers else (seconds, False)


def wrap_of(table: Table, columns: Sequence[int]) -> float:
    """Return after how many seconds the coarsest of some parts begins anew, as hours do at midnight."""
    kinds = {kind_of(table, index) for index in columns}
    coarsest = next(kind for kind in _FINE if kind in kinds)
    return _WRAPS[coarsest] * _SECONDS[coarsest]


def _days(table: Table, numbers: dict[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    dates = pd.to_datetime(pd.DataFrame({kind: numbers[kind] for kind in _DATE}), errors="coerce")
    if dates.isna().any():
        row = int(np.argmax(dates.isna().to_numpy()))
        raise RecordingError(f"{table.path}, {table.place(row)}: year, month and day are no date")
    return dates.to_numpy().astype("datetime64[s]").astype(np.float64)

"""Cells that say when: numbers and texts of every habit, brought to seconds."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_CLOCK = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,:]\d+)?)?(?:\s*[aApP]\.?[mM]\.?)?"
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)?\s*(?:Z|[+-]\d\d:?\d\d)?\Z")
_OF_DAY = re.compile(rf"{_CLOCK}\Z")
_NATIONAL = re.compile(rf"(\d{{1,2}})([./\-])(\d{{1,2}})\2(\d{{4}}|\d{{2}})(?:[T ,]+({_CLOCK}))?\Z")
_YEAR_FIRST = re.compile(rf"(\d{{4}})([./\-])(\d{{1,2}})\2(\d{{1,2}})(?:[T ,_]+({_CLOCK}))?\Z")
_PACKED = re.compile(r"(\d{8})([_ T\-])(\d{6})(\d*)\Z")
_NAMED = re.compile(
    rf"(\d{{1,2}}[ \-][A-Za-z]{{3,9}}\.?[ \-]\d{{4}}|[A-Za-z]{{3,9}} \d{{1,2}},? \d{{4}})[ ,T]+{_CLOCK}\Z"
)
_SHOWN = re.compile(r"'?\d{1,3}:\d{2}[.,]\d{1,2}\Z")  # minutes as a spreadsheet shows them
_MINUTES = re.compile(r"(\d{1,4}):(\d{2})[.,](\d{3,})\Z")
_ELAPSED = re.compile(r"(\d+) days? \+?(\d{1,2}:\d{2}:\d{2}(?:\.\d+)?)\Z")  # as pandas writes a Timedelta
_DAY = 86_400.0


@dataclass(frozen=True)
class Times:
    """Times of a column of text.

    Attributes
    ----------
    seconds
        Shape (n,); NaN where a cell is no time of the same form as the first.
    absolute
        Whether they count from 1970-01-01 UTC, else from a midnight or another zero.
    note
        What had to be decided, "" where nothing.
    """

    seconds: NDArray[np.float64]
    absolute: bool
    note: str = ""


def is_time_text(cell: str) -> bool:
    """Whether a text is a date, a date with a time, or a time of day."""
    cell = cell.strip().strip("'\"")
    forms = (_ISO, _OF_DAY, _NATIONAL, _YEAR_FIRST, _PACKED, _NAMED, _SHOWN, _MINUTES, _ELAPSED)
    return any(form.match(cell) for form in forms)


def is_shown_minutes(cell: str) -> bool:
    """Whether a text is minutes and seconds as a spreadsheet shows them, rounded and without the hours: ``0:00.1``."""
    return _SHOWN.match(cell.strip()) is not None


def is_date_alone(cell: str) -> bool:
    """Whether a text is a date without a time of day."""
    cell = cell.strip()
    matched = _NATIONAL.match(cell) or _YEAR_FIRST.match(cell)
    return matched is not None and matched.group(5) is None


def parse_times(text: pd.Series) -> Times | None:
    """Read texts as times, all in the form of the first; None where that has no known form.

    Parameters
    ----------
    text
        Stripped cells, at least one.
    """
    first = str(text.iloc[0]).strip("'")
    for form, parse in _PARSERS:
        if form.match(first):
            return parse(text.str.strip("'") if text.iloc[0].startswith("'") else text)
    return None


def epoch_seconds(times: pd.Series) -> NDArray[np.float64]:
    """Return seconds since 1970 in float64, to about 0.2 microseconds in this century; NaN for NaT."""
    missing = times.isna().to_numpy()
    seconds = np.asarray(times.astype("datetime64[ns, UTC]").astype("int64"), dtype=np.float64) / 1e9
    seconds[missing] = np.nan
    return seconds


def over_wraps(seconds: NDArray[np.float64], wrap: float = _DAY) -> tuple[NDArray[np.float64], int]:
    """Add a day, or another wrap, wherever times fall by more than half of it; also how often."""
    falls = np.diff(seconds) < -wrap / 2
    return seconds + wrap * np.concatenate([[0], np.cumsum(falls)]), int(falls.sum())


def _iso(text: pd.Series) -> Times:
    return Times(epoch_seconds(pd.to_datetime(text, utc=True, errors="coerce", format="ISO8601")), True)


def _of_day(text: pd.Series) -> Times:
    return Times(_clock_seconds(text), False)


def _clock_seconds(text: pd.Series) -> NDArray[np.float64]:
    """Seconds after midnight of ``14:00:00.125``, ``14:00:00:125``, ``14:00:00,125``, ``2:00:00 PM``, ``14:00``."""
    parts = text.str.extract(r"\A(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,:](\d+))?)?\s*([aApP])?\.?(?:[mM]\.?)?\Z")
    hours, minutes, seconds = (pd.to_numeric(parts[i], errors="coerce").to_numpy(dtype=np.float64) for i in range(3))
    digits = parts[3].fillna("0")
    fraction = pd.to_numeric("0." + digits, errors="coerce").to_numpy(dtype=np.float64)
    half = parts[4].str.lower().to_numpy()
    hours = np.where(half == "p", hours % 12 + 12, np.where(half == "a", hours % 12, hours))
    return np.asarray(hours * 3600 + minutes * 60 + np.nan_to_num(seconds) + fraction)


def _minutes(text: pd.Series) -> Times:
    parts = text.str.extract(_MINUTES.pattern)
    minutes, seconds = (pd.to_numeric(parts[i], errors="coerce").to_numpy(dtype=np.float64) for i in (0, 1))
    fraction = pd.to_numeric("0." + parts[2], errors="coerce").to_numpy(dtype=np.float64)
    return Times(np.asarray(60 * minutes + seconds + fraction), False, "times in minutes and seconds")


def _elapsed(text: pd.Series) -> Times:
    parts = text.str.extract(_ELAPSED.pattern)
    days = pd.to_numeric(parts[0], errors="coerce").to_numpy(dtype=np.float64)
    return Times(_DAY * days + _clock_seconds(parts[1]), False)


def _packed(text: pd.Series) -> Times:
    parts = text.str.extract(_PACKED.pattern)
    days = epoch_seconds(pd.to_datetime(parts[0], utc=True, errors="coerce", format="%Y%m%d"))
    clock = parts[2].str.slice(0, 2) + ":" + parts[2].str.slice(2, 4) + ":" + parts[2].str.slice(4, 6)
    return Times(days + _clock_seconds(clock + "." + parts[3].replace("", "0")), True)


def _year_first(text: pd.Series) -> Times:
    parts = text.str.extract(_YEAR_FIRST.pattern)
    return Times(_days(parts[0], parts[2], parts[3]) + _day_seconds(parts[4]), True)


def _national(text: pd.Series) -> Times:
    """Dates with the year last: the day is first after dots, the month with AM and PM, else where a number tells."""
    parts = text.str.extract(_NATIONAL.pattern)
    years = parts[3].where(parts[3].str.len() == 4, "20" + parts[3])
    one, two = (pd.to_numeric(parts[i], errors="coerce") for i in (0, 2))
    first = str(text.iloc[0])
    clock = _day_seconds(parts[4])
    day_first = _days(years, parts[2], parts[0]) + clock
    month_first = _days(years, parts[0], parts[2]) + clock
    if "." in first.split(" ")[0] or (one.max() > 12):
        return Times(day_first, True, "dates with the day first")
    if re.search(r"[aApP]\.?[mM]", first) or two.max() > 12:
        return Times(month_first, True, "dates with the month first")
    falls = [bool((np.diff(seconds) < 0).any()) for seconds in (day_first, month_first)]
    if falls[0] != falls[1]:
        chosen = month_first if falls[0] else day_first
        return Times(chosen, True, f"dates with the {'month' if falls[0] else 'day'} first: the other way they fall")
    told = parts[0].iloc[0] == parts[2].iloc[0]
    note = "" if told else f"whether the date {first!r} has the day or the month first cannot be told: no start time"
    since = 0.0 if told else float(day_first[0] // _DAY * _DAY)  # the day itself is not known
    return Times(day_first - since, bool(told), note)


def _named(text: pd.Series) -> Times:
    clock = text.str.extract(rf"({_CLOCK})\Z")[0]
    dates = text.str.replace(rf"[ ,T]+{_CLOCK}\Z", "", regex=True).str.replace(r"[,.\-]", " ", regex=True)
    dates = dates.str.replace(r"\s+", " ", regex=True)
    day_first = str(dates.iloc[0])[:1].isdigit()
    month = "%b" if re.search(r"\b[A-Za-z]{3}\b", str(dates.iloc[0])) else "%B"
    form = f"%d {month} %Y" if day_first else f"{month} %d %Y"
    days = epoch_seconds(pd.to_datetime(dates, utc=True, errors="coerce", format=form))
    return Times(days + _clock_seconds(clock), True)


def _days(years: pd.Series, months: pd.Series, days: pd.Series) -> NDArray[np.float64]:
    """Seconds since 1970 of midnight; each different date is read once."""
    joined = years + "-" + months.str.zfill(2) + "-" + days.str.zfill(2)
    codes, different = pd.factorize(joined)
    seconds = epoch_seconds(
        pd.to_datetime(pd.Series(different, dtype=object), utc=True, errors="coerce", format="%Y-%m-%d")
    )
    return np.where(codes >= 0, np.append(seconds, np.nan)[codes], np.nan)


def _day_seconds(clock: pd.Series) -> NDArray[np.float64]:
    return np.zeros(len(clock)) if clock.isna().all() else _clock_seconds(clock)


_PARSERS: tuple[tuple[re.Pattern[str], Callable[[pd.Series], Times]], ...] = (
    (_ISO, _iso),
    (_OF_DAY, _of_day),
    (_PACKED, _packed),
    (_YEAR_FIRST, _year_first),
    (_NATIONAL, _national),
    (_NAMED, _named),
    (_MINUTES, _minutes),
    (_ELAPSED, _elapsed),
)

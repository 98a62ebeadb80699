"""Times in a manifest: seconds of the file, hh:mm:ss of the file, Unix times and ISO times."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime, timezone

UNIX_FROM = 1e9  # seconds: September 2001; no recording lasts for 31 years
UNIX_TO = 1e11
_OF_FILE = re.compile(r"(\d+):([0-5]\d):([0-5]\d(?:\.\d+)?)\Z")
_ISO = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?)\s*(Z|[+-]\d\d:?\d\d)?\Z")
RIGHT = "seconds or hh:mm:ss of the file (75.5, 00:01:15.5), Unix seconds or an ISO time (2024-05-01T09:30:00Z)"


@dataclass(frozen=True)
class Time:
    """A moment: seconds from the first sample of the file, or, where it is absolute, from 1970-01-01 UTC."""

    seconds: float
    absolute: bool = False


def parse_time(text: str) -> Time:
    """Read a cell.

    Parameters
    ----------
    text
        Not empty. An ISO time without an offset is taken for UTC, as the readers take the times of a file without one.

    Raises
    ------
    ValueError
        With what would be right.
    """
    found = _OF_FILE.match(text)
    if found:
        hours, minutes, seconds = found.groups()
        return Time(3600.0 * int(hours) + 60.0 * int(minutes) + float(seconds))
    found = _ISO.match(text)
    if found:
        return Time(_unix(*found.groups()), absolute=True)
    try:
        value = float(text) if "_" not in text else math.nan
    except ValueError:
        raise ValueError(f"{text!r} is not a time: {RIGHT}") from None
    if not math.isfinite(value):
        raise ValueError(f"{text} must be finite")
    if value < 0.0:
        raise ValueError(f"{value:g} must be a time in seconds from 0 on")
    if value >= UNIX_TO:
        raise ValueError(f"{text} is too large for seconds since 1970: are these milliseconds? Give seconds")
    return Time(value, absolute=value >= UNIX_FROM)


def _unix(day: str, clock: str, offset: str | None) -> float:
    """Seconds since 1970 of an ISO time; the fraction is kept to nanoseconds."""
    whole, _, fraction = clock.replace(",", ".").partition(".")
    seconds = whole if whole.count(":") == 2 else f"{whole}:00"
    try:
        moment = datetime.strptime(f"{day} {seconds}", "%Y-%m-%d %H:%M:%S").replace(tzinfo=timezone.utc)
    except ValueError:
        raise ValueError(f"'{day} {clock}' is not a day and a time: {RIGHT}") from None
    ahead = 0.0
    if offset and offset != "Z":
        sign = -1.0 if offset[0] == "-" else 1.0
        ahead = sign * (3600.0 * int(offset[1:3]) + 60.0 * int(offset[-2:]))
    return moment.timestamp() - ahead + (float(f"0.{fraction}") if fraction else 0.0)

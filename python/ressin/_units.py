"""Units of time in the names of a table's columns."""

from __future__ import annotations

import numbers
import re
from typing import Literal

from ressin.errors import InvalidInputError

Unit = Literal["seconds", "samples"]

_LENGTHS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("ms", "msec", "millisecond", "milliseconds"), 1e-3),
    **dict.fromkeys(("us", "\u00b5s", "\u03bcs", "microsecond", "microseconds"), 1e-6),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hour", "hours"), 3600.0),
}
_SAMPLES = ("sample", "samples", "smp", "smpl")


def plain_name(name: object) -> tuple[str, str | None]:
    """Split a column's name into what it is, in lower case with underscores, and the unit it gives, if any.

    ``"Onset (ms)"`` and ``"onset_ms"`` are ``("onset", "ms")``.
    """
    text = str(name).strip().lower()
    found = re.fullmatch(r"(.*?)\s*[\[(]\s*(.*?)\s*[\])]", text)
    text, unit = (found[1], found[2]) if found else (text, None)
    words = [word for word in re.split(r"[\s_.\-]+", text) if word]
    if unit is None and len(words) > 1 and (words[-1] in _LENGTHS or words[-1] in _SAMPLES):
        unit = words.pop()
    return "_".join(words), unit


def factor_of(unit: str | None, otherwise: Unit, sampling_rate: float | None, what: str) -> float:
    """Return how many seconds a number of a column is.

    Parameters
    ----------
    unit
        What the column's name says, or None.
    otherwise
        What is said of all numbers.
    sampling_rate
        Hz; needed for samples.
    what
        The column, for messages.

    Raises
    ------
    InvalidInputError
        A unit that is not one of time; samples without a rate, or where the column's name says otherwise.
    """
    if unit and unit not in _LENGTHS and unit not in _SAMPLES:
        raise InvalidInputError(f"{what} is in {unit!r}; s, ms, us, min, h or samples are known")
    if unit in _LENGTHS:
        if otherwise == "samples":
            raise InvalidInputError(f"{what} is in {unit!r} by its name, and in samples by unit: which is it?")
        return _LENGTHS[unit]
    return 1.0 / _rate(sampling_rate) if unit in _SAMPLES or otherwise == "samples" else 1.0


def _rate(sampling_rate: float | None) -> float:
    if sampling_rate is None:
        raise InvalidInputError("events in samples need sampling_rate, Hz > 0")
    return sampling_rate


def is_number(value: object) -> bool:
    """Whether a value is a real number, and not true or false."""
    return isinstance(value, numbers.Real) and not isinstance(value, bool)

"""Times of events: seconds after a recording's first sample, from numbers in their units, clock times and durations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ressin.errors import InvalidInputError

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]

_EPOCHS = ((1e17, 1e-9), (1e14, 1e-6), (1e11, 1e-3), (1e8, 1.0))  # numbers from which on they are times since 1970
_OF_DAY = re.compile(r"\s*(\d{1,2}):([0-5]\d):([0-5]\d(?:[.,]\d+)?)\s*")
_HALF_A_DAY, _DAY = 43_200.0, 86_400.0  # s


def onsets_of(values: Any, start_time: float | None, factor: float) -> Array:
    """Return onsets in seconds after the first sample; `factor` is how many seconds a number is.

    Raises
    ------
    InvalidInputError
        An onset that is no time, or clock times without `start_time`.
    """
    import pandas as pd

    if np.ndim(values) > 1:
        raise InvalidInputError(f"onsets have the shape {np.shape(values)}; one dimension is needed")
    column = pd.Series(np.atleast_1d(np.asarray(values)) if not isinstance(values, pd.Series) else values)
    column = column.reset_index(drop=True)
    if pd.api.types.is_bool_dtype(column):
        raise InvalidInputError("onsets are true and false; times are needed, not a mask of samples")
    if pd.api.types.is_timedelta64_dtype(column):
        return _finite(column.dt.total_seconds().to_numpy(np.float64), column)
    if pd.api.types.is_datetime64_any_dtype(column):
        return _from_clock(pd.to_datetime(column, utc=True), start_time)
    numbers = pd.to_numeric(column, errors="coerce")
    if numbers.notna().all() or pd.api.types.is_numeric_dtype(column):
        return _of_numbers(_finite(numbers.to_numpy(np.float64), column), start_time, factor)
    text = column.astype("string")
    of_day = text.str.fullmatch(_OF_DAY.pattern).fillna(False).to_numpy(dtype=bool)
    if of_day.all():
        return _of_day(list(text), start_time)
    clock = pd.to_datetime(text, errors="coerce", utc=True, format="mixed")
    wrong = (clock.isna() | numbers.notna()).to_numpy() | of_day
    if wrong.any():
        i = int(np.flatnonzero((clock.isna() & numbers.isna()).to_numpy() | (wrong & numbers.isna().to_numpy()))[0])
        raise InvalidInputError(f"onset {i + 1} is {_shown(column.iloc[i])}; a number or a clock time is needed")
    return _from_clock(clock, start_time)


def _finite(seconds: Array, column: pd.Series) -> Array:
    if not np.isfinite(seconds).all():
        i = int(np.flatnonzero(~np.isfinite(seconds))[0])
        raise InvalidInputError(f"onset {i + 1} is {_shown(column.iloc[i])}; a time is needed")
    return seconds


def _of_numbers(numbers: Array, start_time: float | None, factor: float) -> Array:
    """Return seconds; numbers that are as large as times since 1970, in seconds or parts of them, are clock times."""
    if factor == 1.0 and numbers.size:
        for least, second in _EPOCHS:
            if numbers.min() >= least:
                return _after_start(numbers * second, start_time)
    return numbers * factor


def _of_day(texts: list[str], start_time: float | None) -> Array:
    """Return times of day as seconds after the start, on the recording's day or the next."""
    found = [re.fullmatch(_OF_DAY, text) for text in texts]
    seconds = np.array([int(m[1]) * 3600 + int(m[2]) * 60 + float(m[3].replace(",", ".")) for m in found if m])
    if (seconds >= _DAY).any():
        i = int(np.argmax(seconds >= _DAY))
        raise InvalidInputError(f"onset {i + 1} is {texts[i]!r}; a time of day is below 24:00:00")
    after = _after_start(seconds, None if start_time is None else start_time % _DAY)
    return np.where(after < -_HALF_A_DAY, after + _DAY, after)


def _from_clock(clock: pd.Series, start_time: float | None) -> Array:
    import pandas as pd

    if clock.isna().any():
        raise InvalidInputError(f"onset {int(np.flatnonzero(clock.isna())[0]) + 1} is missing; a time is needed")
    seconds = ((clock - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(seconds=1)).to_numpy(np.float64)
    return _after_start(np.asarray(seconds, dtype=np.float64), start_time)


def _after_start(seconds: Array, start_time: float | None) -> Array:
    if start_time is None:
        raise InvalidInputError(
            "the onsets are clock times; start_time, the time of the recording's first sample, is needed to match them"
        )
    return seconds - start_time


def durations_of(values: Any, n: int, factor: float) -> Array:
    """Return durations in seconds, NaN where there is none.

    Raises
    ------
    InvalidInputError
        A duration that is no number, or negative.
    """
    if values is None:
        return np.full(n, np.nan)
    import pandas as pd

    raw = pd.Series(np.broadcast_to(np.asarray(values), (n,)) if np.ndim(values) == 0 else np.asarray(values))
    if pd.api.types.is_timedelta64_dtype(raw):
        raw, factor = raw.dt.total_seconds(), 1.0
    known = raw.replace({"n/a": np.nan})
    seconds = pd.to_numeric(known, errors="coerce").to_numpy(np.float64) * factor
    wrong = (seconds < 0) | (np.isnan(seconds) & known.notna().to_numpy()) | np.isinf(seconds)
    if wrong.any():
        i = int(np.flatnonzero(wrong)[0])
        raise InvalidInputError(f"duration {i + 1} is {_shown(raw.iloc[i])}; seconds >= 0 are needed, or nothing")
    return seconds


def _shown(value: Any) -> str:
    return repr(value) if isinstance(value, str) else str(value)

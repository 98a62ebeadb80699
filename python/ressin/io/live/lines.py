"""Samples from lines of text, as they come."""

from __future__ import annotations

import math
import re

import numpy as np
from numpy.typing import NDArray

from ressin.errors import RecordingError
from ressin.io.missing import is_missing

_EARLIEST = 1e8  # s since 1970: the first line of Empatica's layout is a time, the second the rate
_HIGHEST = 1e4  # Hz


class Lines:
    """Reads one sample a line: a number, or a field of a line of several.

    Fields are separated by a tab, semicolon, comma or blanks, whichever the first line has; a first line that has words
    where there should be numbers names the columns. Two first lines of one number each, the time in seconds since
    1970 and the rate, are Empatica's. Empty fields and NaN are missing samples; empty lines are passed over.

    Parameters
    ----------
    source
        Name of the source for messages.
    column, time_column
        The columns of the samples and of their times in seconds: a name, or a number from 1. Without `column` a line
        must have one field, or one beside that of the time.
    sampling_rate
        Hz, where it is known.
    """

    def __init__(
        self, source: str, column: str | None = None, time_column: str | None = None, sampling_rate: float | None = None
    ) -> None:
        self.sampling_rate = sampling_rate
        self._source = source
        self._column, self._time_column = column, time_column
        self._places: tuple[int, int | None] | None = None
        self._separator: str | None = None
        self._partial = b""
        self._line = 0
        self._start: float | None = None  # a first line that may be Empatica's, until the second comes
        self._failed: RecordingError | None = None

    def take(self, data: bytes) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
        """Return the samples, and their times where there is a column of them, of the lines that data completes.

        Raises
        ------
        RecordingError
            A line that cannot be read; the message names it. Samples before it are returned first, and the next call
            raises.
        """
        if self._failed is not None:
            raise self._failed
        *whole, self._partial = (self._partial + data).split(b"\n")
        signal: list[float] = []
        times: list[float] = []
        for raw in whole:
            self._line += 1
            try:
                self._take_line(raw, signal, times)
            except RecordingError as error:
                if not signal:
                    raise
                self._failed = error
                break
        return np.array(signal), np.array(times) if self._time_column is not None else None

    def _take_line(self, raw: bytes, signal: list[float], times: list[float]) -> None:
        try:
            text = raw.decode("utf-8-sig" if self._line == 1 else "utf-8").strip("\r \x00")
        except UnicodeDecodeError as error:
            raise self._error(f"it is not UTF-8 text: {error.reason}") from None
        if text.strip() and not self._is_head(text, signal):
            self._read(text, signal, times)

    def _is_head(self, text: str, signal: list[float]) -> bool:
        """Whether a line is the header, or one of Empatica's first two."""
        if self._start is not None:
            time, self._start = self._start, None
            rate = _number(text)
            if rate is not None and 0 < rate <= _HIGHEST and self.sampling_rate in (None, rate):
                self.sampling_rate = rate
                return True
            if self.sampling_rate is None:
                raise self._error(
                    f"{time:.10g} above it looks like a time, and {text!r} is no rate in Hz: give the sampling rate "
                    "if these are samples"
                )
            signal.append(time)
        if self._places is not None:
            return False
        self._separator = next((mark for mark in "\t;," if mark in text), None)
        fields = self._split(text)
        header = [field for field in fields if not _is_value(field)]
        self._places = self._find_columns(fields, named=bool(header))
        first = _number(fields[0]) if len(fields) == 1 else None
        if first is not None and first >= _EARLIEST:
            self._start = first
            return True
        return bool(header)

    def _find_columns(self, fields: list[str], named: bool) -> tuple[int, int | None]:
        time = None if self._time_column is None else self._find(self._time_column, fields, named)
        if self._column is not None:
            return self._find(self._column, fields, named), time
        others = [k for k in range(len(fields)) if k != time]
        if len(others) != 1:
            raise self._error(
                f"it has the {len(fields)} columns {', '.join(map(repr, fields))}: say which is the signal's, by name "
                "or number from 1, and which the time's, if any"
            )
        return others[0], time

    def _find(self, column: str, fields: list[str], named: bool) -> int:
        names = [field.strip().strip('"') for field in fields]
        if named and column in names:
            return names.index(column)
        if re.fullmatch(r"[1-9]\d*", column) and int(column) <= len(fields):
            return int(column) - 1
        raise self._error(f"it has no column {column!r}; it has {', '.join(map(repr, names))}")

    def _split(self, text: str) -> list[str]:
        return text.split() if self._separator is None else text.split(self._separator)

    def _read(self, text: str, signal: list[float], times: list[float]) -> None:
        assert self._places is not None
        fields = self._split(text) if self._separator is not None or self._places != (0, None) else [text]
        place, time_place = self._places
        if max(place, time_place or 0) >= len(fields):
            raise self._error(f"{text!r} has {len(fields)} fields, and column {place + 1} holds the samples")
        value = _number(fields[place])
        if value is None:
            raise self._error(f"{fields[place].strip()!r} is not a number")
        if time_place is not None:
            time = _number(fields[time_place])
            if time is None or math.isnan(time):
                raise self._error(f"{fields[time_place].strip()!r} is not a time in seconds")
            times.append(time)
        signal.append(value)

    def _error(self, what: str) -> RecordingError:
        return RecordingError(f"{self._source}, line {self._line}: {what}")


def _is_value(field: str) -> bool:
    return _number(field) is not None


def _number(field: str) -> float | None:
    """Return a field's number, NaN where it is missing, None where it is none; infinity is none."""
    text = field.strip().strip('"')
    if is_missing(text):
        return math.nan
    if "_" in text:  # Python would read 1_000 as a number; no instrument writes that
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None

"""Samples from a text that grows, by the rules that read the finished file."""

from __future__ import annotations

import codecs
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ressin.errors import RecordingError
from ressin.io.clock import FileClock, clock_warnings, read_clock, refuse_averages, row_times
from ressin.io.columns import find_signal, time_columns
from ressin.io.encoding import unmarked_utf16
from ressin.io.layout import Layout
from ressin.io.live.places import Places
from ressin.io.rate import take_clock
from ressin.io.read import Taken, layout_of, one_error, tables_of, take_signal
from ressin.io.source import Content
from ressin.reading import Reading

_ROWS, _SECONDS = 32, 4.0  # of an even clock that tell its rate: both at least
_FEW = 4  # lines, rows
_UNUSED = 128  # rows with times that make no clock
_JITTER = 0.05  # samples: a clock that is off by more is watched for longer
_LONG, _MANY = 60.0, 20_000  # s, rows: then a clock with jitter, bursts or rounded times has told its rate
_PATIENCE, _HEAD_LINES = 10.0, 1000  # s, lines: after either, a text that cannot be read is refused
_LINE = re.compile(r", line (\d+)")

Array = NDArray[np.float64]


@dataclass(frozen=True)
class _Text(Content):
    """What has come of a file; of those beside it only descriptions are looked at, once."""

    cache: dict[str, bytes | None] = field(default_factory=dict, repr=False)

    def beside(self, name: str) -> bytes | None:
        """Return a description beside the file; None for what is beside a finished recording alone."""
        if name not in self.cache:
            self.cache[name] = super().beside(name) if name.lower().endswith((".json", ".hea", ".xml")) else None
        return self.cache[name]


@dataclass(frozen=True)
class _Form:
    """What the beginning of a text has told: how its rows are read."""

    layout: Layout
    clock: FileClock


class Growing:
    """Takes the bytes of a text as they come and gives samples: unit, rate and gaps as `ressin.read_recording` does.

    Parameters
    ----------
    source
        The file, or a name for messages.
    wanted
        What the caller asks for.
    time_column
        The column of times: its name, or its number from 1; None finds it.
    """

    def __init__(self, source: str, wanted: Reading, time_column: str | None = None) -> None:
        self.sampling_rate: float | None = wanted.sampling_rate
        self.notes: tuple[str, ...] = ()
        self.warnings: tuple[str, ...] = ()
        self.unit = ""
        self._path, self._wanted, self._time_column = Path(source), wanted, time_column
        self._cache: dict[str, bytes | None] = {}
        self._raw = b""  # what has come before the encoding is known
        self._decoder: codecs.IncrementalDecoder | None = None
        self._is_text = False
        self._text = b""  # lines, and the beginning of one, that are not yet read
        self._next = 4  # lines that must be there before they are looked at again
        self._began = time.monotonic()
        self._form: _Form | None = None
        self._n_lines = 0  # that are read
        self._places: Places | None = None
        self._failed: RecordingError | None = None
        self._later: list[str] = []  # what was found out after the first samples
        self._base: tuple[bytes, int, int] = (b"", 0, 0)  # first lines that all others are read behind

    @property
    def about(self) -> list[str]:
        """What was found out, in sentences: none before the first samples, more at the end."""
        if self._form is None:
            return []
        unit = self.unit or "unit unknown"
        return [
            f"{self._path}: {unit}, {self.sampling_rate:.6g} Hz; {'; '.join(self.notes)}",
            *self.warnings,
            *self._later,
        ]

    def take(self, data: bytes, is_last: bool = False) -> tuple[Array, Array | None]:
        """Return the samples that data completes, and their times in seconds where the text has a clock.

        Parameters
        ----------
        data
            What has come.
        is_last
            Whether nothing more will: then nothing waits for what follows.

        Raises
        ------
        RecordingError
            A text that cannot be read, or not while it grows; the message names the line. Samples before it are
            returned first, and the next call raises.
        """
        if self._failed is not None:
            raise self._failed
        self._add(data, is_last)
        if self._form is None and not self._begin(is_last):
            return np.empty(0), None
        signal, times = self._rows(is_last)
        return (signal, None) if self._places is None else self._places.take(signal, times, is_last)

    def _add(self, data: bytes, is_last: bool) -> None:
        """Add to the text, in UTF-8."""
        self._raw += data
        if not self._is_text and self._raw and (len(self._raw) >= 512 or self._raw.count(b"\n") >= _FEW or is_last):
            self._check_text()
        if self._is_text:
            raw, self._raw = self._raw, b""
            self._text += raw if self._decoder is None else self._decoded(raw, is_last)

    def _decoded(self, raw: bytes, is_last: bool) -> bytes:
        assert self._decoder is not None, "the text is in UTF-16"
        try:
            return self._decoder.decode(raw, is_last).encode()
        except UnicodeError as error:
            raise RecordingError(f"{self._path}: begins as UTF-16 does, and is none further on: {error}") from error

    def _check_text(self) -> None:
        """Refuse what is no text, by the name of its format."""
        even = self._raw[: len(self._raw) // 2 * 2]
        encoding = "utf-16" if self._raw.startswith((b"\xff\xfe", b"\xfe\xff")) else unmarked_utf16(even)
        content = _Text(self._path, even if encoding else self._raw, cache=self._cache)
        layout, _ = layout_of(content)  # names a format that is not read here
        if not layout.grows or not content.head:
            raise RecordingError(
                f"{self._path}: is {layout.name}, a binary format, which cannot be watched while it grows; ressin "
                "decompose reads the file once it is finished"
            )
        self._decoder = None if encoding is None else codecs.getincrementaldecoder(encoding)()
        self._is_text = True

    def _begin(self, is_last: bool) -> bool:
        """Find out how the text is to be read; False where more of it must come first."""
        whole = self._text if is_last else self._text[: self._text.rfind(b"\n") + 1]
        n_lines = whole.count(b"\n")
        if not whole.strip() or (n_lines < self._next and not is_last):
            return False
        self._next = n_lines + max(4, n_lines // 4)
        try:
            layout, taken, clock, head = self._look(whole)
        except RecordingError:
            if is_last or n_lines >= _HEAD_LINES or time.monotonic() - self._began > _PATIENCE:
                raise
            return False
        n, rate = taken.conductance.signal.size, clock.sampling_rate
        if not (is_last or head != whole or _is_enough(clock, n, bool(time_columns(taken.table)))):
            return False
        refuse_averages(str(self._path), rate)
        self._form = _Form(layout, clock)
        self._base = self._find_base(head, taken)
        self.sampling_rate, self.unit = rate, taken.conductance.unit
        said = [*taken.table.notes, taken.found, *taken.conductance.notes, clock.note]
        self.notes = tuple(filter(None, said))
        self.warnings = (*taken.conductance.warnings, *(clock_warnings(rate, n) if is_last else ()))
        self._places = Places(str(self._path), rate) if clock.columns else None
        return True

    def _look(self, whole: bytes) -> tuple[Layout, Taken, FileClock, bytes]:
        """Read a beginning; where that cannot be done, half of it, and so on: what is wrong is then found further on.

        Raises
        ------
        RecordingError
            What is wrong with the whole, if its first lines cannot be read either.
        """
        layout, _ = layout_of(self._content(whole))
        ends = [match.end() for match in re.finditer(rb"\n", whole)]
        head, n, first = whole, len(ends), None
        while True:
            try:
                taken = self._signal(layout, head)
                with one_error(self._path, layout.name):
                    return layout, taken, self._clock(taken), head
            except RecordingError as error:
                first = first or error
                n //= 2
                if n < _ROWS or not _LINE.search(str(error)):
                    raise first from None
                head = whole[: ends[n - 1]]

    def _clock(self, taken: Taken) -> FileClock:
        """Return the clock of some rows; times that were asked for must be one."""
        clock = take_clock(taken.table, taken.index, self._wanted)
        if self._time_column is not None and not clock.columns:
            read_clock(taken.table, time_columns(taken.table), self._wanted.sampling_rate)
        return clock

    def _content(self, text: bytes) -> Content:
        return _Text(self._path, text, cache=self._cache)

    def _signal(self, layout: Layout, text: bytes) -> Taken:
        """Read the column of skin conductance of a text."""
        with one_error(self._path, layout.name):
            tables = tables_of(self._content(text), layout, self._wanted)
            if self._time_column is not None:
                for table in tables:
                    table.clock = (find_signal(table, self._time_column)[0],)
            return take_signal(tables, self._wanted)

    def _find_base(self, whole: bytes, taken: Taken) -> tuple[bytes, int, int]:
        """Find the fewest first lines that are read as the whole is; with their number and that of their rows."""
        assert self._form is not None, "the text has begun"
        ends = [match.end() for match in re.finditer(rb"\n", whole)]
        count = _FEW
        while count < len(ends):
            base = whole[: ends[count - 1]]
            some = self._try(base)
            if some is not None and _is_beginning(some, taken, self._form.clock):
                return base, count, some.conductance.signal.size
            count *= 2
        whole = whole[: ends[-1 - taken.table.n_left_out]] if ends else whole
        return whole, whole.count(b"\n"), taken.conductance.signal.size

    def _try(self, base: bytes) -> Taken | None:
        """Read some first lines; None where they are too few to be read."""
        assert self._form is not None, "the text has begun"
        try:
            some = self._signal(self._form.layout, base)
        except RecordingError:
            return None
        return some if some.conductance.signal.size >= _FEW and not some.table.n_left_out else None

    def _rows(self, is_last: bool) -> tuple[Array, Array]:
        """Read the lines that wait, behind those of the base."""
        assert self._form is not None, "the text has begun"
        text = self._text if is_last else self._text[: self._text.rfind(b"\n") + 1].rstrip(b"\r\n")
        if not text.strip():
            return np.empty(0), np.empty(0)
        text = self._text[: len(text) + (not is_last)]  # blank lines wait: they may stand between samples
        base, n_lines, n_rows = (b"", 0, 0) if not self._n_lines else self._base
        try:
            signal, times, n_left = self._read(base + text)
        except RecordingError as error:
            line = _LINE.search(str(error))
            good = int(line.group(1)) - n_lines - 1 if line else 0
            self._failed = RecordingError(_LINE.sub(self._place(n_lines), str(error)))
            text = b"".join(text.splitlines(keepends=True)[:good])
            if good < 1 or not text.strip():
                raise self._failed from error
            signal, times, n_left = self._read(base + text)
        if n_left and is_last and self._n_lines:
            self._later.append(f"{self._path}: {n_left} line(s) at the end are no rows: left out")
        elif n_left and self._failed is None and not is_last:  # what follows shows whether the text ends with them
            text = b"".join(text.splitlines(keepends=True)[:-n_left])
        self._text = self._text[len(text) :]
        self._n_lines += text.count(b"\n")
        return signal[n_rows:], times[n_rows:]

    def _read(self, text: bytes) -> tuple[Array, Array, int]:
        """Return samples, times where there is a clock, else none, and how many lines at the end are no rows."""
        assert self._form is not None, "the text has begun"
        taken = self._signal(self._form.layout, text)
        clock = self._form.clock
        times = row_times(taken.table, clock) if clock.columns else np.empty(0)
        return taken.conductance.signal, times, taken.table.n_left_out

    def _place(self, n_before: int) -> Callable[[re.Match[str]], str]:
        """Return what names a line of the source by its number behind the base."""
        return lambda match: f", line {self._n_lines + int(match.group(1)) - n_before}"


def _is_enough(clock: FileClock, n: int, has_times: bool) -> bool:
    """Whether so many rows tell the rate; times that are not used may be as soon as there are more of them."""
    if not clock.columns:
        return n >= (_UNUSED if has_times else 2 * _FEW)
    seconds = n / clock.sampling_rate
    if clock.is_plain and clock.jitter < _JITTER:
        return n >= _ROWS and seconds >= _SECONDS
    return seconds >= _LONG or n >= _MANY


def _is_beginning(some: Taken, whole: Taken, clock: FileClock) -> bool:
    """Whether some lines are read as the same lines of the whole are."""
    one, other = some.conductance, whole.conductance
    n = one.signal.size
    form = [(taken.index, taken.table.names, taken.table.units) for taken in (some, whole)]
    return (
        form[0] == form[1]
        and one.unit == other.unit
        and np.array_equal(one.signal, other.signal[:n], equal_nan=True)
        and (not clock.columns or np.array_equal(row_times(some.table, clock), row_times(whole.table, clock)[:n]))
    )

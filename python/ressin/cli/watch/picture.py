"""A plot in the terminal that follows a stream."""

from __future__ import annotations

import shutil
import time
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from ressin.stream.result import StreamParts, StreamResult

Array = NDArray[np.float64]

_REDRAW = 0.25  # s, at least, between two pictures
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # of a Braille cell: rows of left and right
_LABEL = 11  # columns left of a panel


def panel(
    series: list[Array], time_: Array, first: float, last: float, width: int, height: int, braille: bool
) -> list[str]:
    """Return series over time as lines of text.

    Parameters
    ----------
    series
        Each (n,), NaN where there is nothing to draw.
    time_
        (n,) seconds.
    first, last
        Seconds at the panel's left and right edge.
    width, height
        Characters.
    braille
        Whether to draw with Braille dots, two by four a character, or with asterisks.
    """
    across, down = (2, 4) if braille else (1, 1)
    values = np.concatenate(series) if series else np.empty(0)
    values = values[np.isfinite(values)]
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 1.0)
    if high - low < 1e-9 * max(abs(low), abs(high), 1e-300):
        low, high = low - 0.5, high + 0.5
    dots = np.zeros((height * down, width * across), bool)
    x = np.floor((time_ - first) / (last - first) * (width * across - 1) + 0.5).astype(int)
    for values in series:
        seen = np.isfinite(values) & (x >= 0) & (x < width * across)
        y = np.floor((values[seen] - low) / (high - low) * (height * down - 1) + 0.5).astype(int)
        columns = x[seen]
        for k in range(columns.size):  # with what lies between two neighbours' heights, so that a rise is a line
            start = y[k - 1] if k > 0 and columns[k] - columns[k - 1] <= 1 else y[k]
            dots[height * down - 1 - max(start, y[k]) : height * down - min(start, y[k]), columns[k]] = True
    return [
        f"{_scale(row, height, low, high):>{_LABEL - 2}} |{_cells(dots, row, width, braille)}" for row in range(height)
    ]


def _scale(row: int, height: int, low: float, high: float) -> str:
    if row == 0:
        return f"{high:.4g}"
    return f"{low:.4g}" if row == height - 1 else ""


def _cells(dots: NDArray[np.bool_], row: int, width: int, braille: bool) -> str:
    if not braille:
        return "".join("*" if dot else " " for dot in dots[row])
    block = dots[4 * row : 4 * row + 4]
    codes = np.zeros(width, int)
    for k in range(4):
        for j in range(2):
            codes |= _DOTS[k][j] * block[k, j::2]
    return "".join(chr(0x2800 + code) if code else " " for code in codes)


class Live:
    """The last minutes of a stream: signal and tonic level above, phasic part below; what is not final is marked.

    Parameters
    ----------
    out
        The terminal.
    seconds
        How much is shown.
    """

    def __init__(self, out: TextIO, seconds: float = 120.0) -> None:
        self._out = out
        self._seconds = seconds
        self._braille = "utf" in (getattr(out, "encoding", None) or "").lower()
        self._held = StreamParts.join([])
        self._lines = 0
        self._drawn = -1e9

    def show(self, result: StreamResult) -> None:
        """Take a result, and draw unless the last picture is too recent."""
        held = StreamParts.join([self._held, result.final]) if len(result.final) else self._held
        if len(held):
            held = held.since(held.time[-1] - self._seconds)
        self._held = held
        if time.monotonic() - self._drawn < _REDRAW:
            return
        self._drawn = time.monotonic()
        size = shutil.get_terminal_size()
        lines = self.picture(result.provisional, size.columns - 1, min(size.lines - 1, 24))
        back = f"\x1b[{self._lines}F" if self._lines else ""
        self._out.write(back + "".join(f"{line}\x1b[K\n" for line in lines) + "\x1b[J")
        self._out.flush()
        self._lines = len(lines)

    def picture(self, provisional: StreamParts, columns: int, rows: int) -> list[str]:
        """Return the picture as lines of text, `columns` wide and `rows` high at most."""
        parts = StreamParts.join([piece for piece in (self._held, provisional) if len(piece)])
        if not len(parts):
            return ["waiting for samples"]
        last = float(parts.time[-1])
        first = last - self._seconds
        width, height = max(10, columns - _LABEL), max(2, (rows - 3) // 2)
        edge = float(provisional.time[0]) if len(provisional) else last
        n_open = min(width, round((last - edge) / self._seconds * width))
        firm, loose = ("─", "╌") if self._braille else ("-", ".")
        shape = (parts.time, first, last, width, height, self._braille)
        return [
            f"signal, tonic   {self._seconds:g} s up to {last:.1f} s"[:columns],
            *panel([parts.signal, parts.tonic], *shape),
            f"phasic   not final above {loose * 2}"[:columns],
            *panel([parts.phasic], *shape),
            " " * (_LABEL - 1) + "+" + firm * (width - n_open) + loose * n_open,
        ]

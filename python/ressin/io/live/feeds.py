"""Where a stream's samples come from: lines of text on standard input or in a growing file."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray

from ressin.errors import RecordingError
from ressin.io.live.growing import Growing


@dataclass(frozen=True, eq=False)
class Samples:
    """Samples that arrived together.

    Attributes
    ----------
    signal
        (n,), NaN where one is missing.
    time
        (n,) seconds, or None where the source has no clock.
    came
        Whether anything came, even if it is no whole sample yet.
    """

    signal: NDArray[np.float64]
    time: NDArray[np.float64] | None
    came: bool = False

    def runs(self, sampling_rate: float, tolerance: float) -> Sequence[Samples]:
        """Return the samples cut where their clock jumps: between two samples that are not one interval apart.

        Parameters
        ----------
        sampling_rate
            Hz.
        tolerance
            Seconds by which an interval may be off.
        """
        if self.time is None or self.signal.size < 2:
            return [self]
        leaps = np.flatnonzero(np.abs(np.diff(self.time) - 1.0 / sampling_rate) > tolerance) + 1
        signals, times = np.split(self.signal, leaps), np.split(self.time, leaps)
        return [Samples(signal, time) for signal, time in zip(signals, times, strict=True)]


class Feed(Protocol):
    """A source of samples."""

    @property
    def about(self) -> Sequence[str]:
        """What was found out about the samples, in sentences, once there are some."""

    @property
    def sampling_rate(self) -> float | None:
        """Hz; None as long as it is not known."""

    def read(self, timeout: float) -> Samples | None:
        """Return what has come, after `timeout` seconds at most; None when there will be nothing more.

        Raises
        ------
        RecordingError
            What came cannot be read.
        """

    def rest(self) -> Samples:
        """Return what had come but was not whole yet, when the source is left."""

    def close(self) -> None:
        """Release the source."""


class FileFeed:
    """The lines of a file that is being written, from its first.

    Raises
    ------
    RecordingError
        The file cannot be opened.
    """

    def __init__(self, path: str, lines: Growing) -> None:
        try:
            self._file: BinaryIO = open(path, "rb")  # noqa: SIM115  # closed by close()
        except OSError as error:
            raise RecordingError(f"{path}: {error.strerror}") from error
        self._path = path
        self._lines = lines

    @property
    def about(self) -> Sequence[str]:
        """What was found out about the samples, in sentences, once there are some."""
        return self._lines.about

    @property
    def sampling_rate(self) -> float | None:
        """Hz; None as long as it is not known."""
        return self._lines.sampling_rate

    def read(self, timeout: float) -> Samples | None:
        """Return what was written since, waiting up to `timeout` seconds for it; a file has no end that is known."""
        deadline = time.monotonic() + timeout
        while True:
            data = self._file.read(1 << 20)
            if data:
                return Samples(*self._lines.take(data), came=True)
            if os.fstat(self._file.fileno()).st_size < self._file.tell():
                raise RecordingError(f"{self._path}: it has become shorter than what was read of it")
            if time.monotonic() >= deadline:
                return Samples(np.empty(0), None)
            time.sleep(0.05)

    def rest(self) -> Samples:
        """Return the samples that waited for more, and that of a last line that no line end follows."""
        return Samples(*self._lines.take(b"", is_last=True))

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class PipeFeed:
    """The lines of standard input, or of another pipe, until it ends.

    A separate thread reads, so that waiting can time out on every system.
    """

    def __init__(self, pipe: BinaryIO, lines: Growing) -> None:
        self._lines = lines
        self._chunks: queue.Queue[bytes] = queue.Queue(maxsize=256)
        self._ended = False
        self._thread = threading.Thread(target=self._pump, args=(pipe.fileno(),), daemon=True)
        self._thread.start()

    def _pump(self, descriptor: int) -> None:
        while data := os.read(descriptor, 1 << 16):
            self._chunks.put(data)
        self._chunks.put(b"")

    @property
    def about(self) -> Sequence[str]:
        """What was found out about the samples, in sentences, once there are some."""
        return self._lines.about

    @property
    def sampling_rate(self) -> float | None:
        """Hz; None as long as it is not known."""
        return self._lines.sampling_rate

    def read(self, timeout: float) -> Samples | None:
        """Return what has come, after `timeout` seconds at most; None once the pipe has ended."""
        if self._ended:
            return None
        chunks: list[bytes] = []
        try:
            chunks.append(self._chunks.get(timeout=timeout))
            while chunks[-1]:  # all that has come: a piece costs the same whatever its size
                chunks.append(self._chunks.get_nowait())
        except queue.Empty:
            if not chunks:
                return Samples(np.empty(0), None)
        self._ended = not chunks[-1]
        data = b"".join(chunks)
        return Samples(*self._lines.take(data, is_last=self._ended), came=True)

    def rest(self) -> Samples:
        """Return the samples that waited for more to come, where the pipe is left before its end."""
        return Samples(*self._lines.take(b"", is_last=True))

    def close(self) -> None:
        """Leave the thread to end with the pipe."""

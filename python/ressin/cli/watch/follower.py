"""A stream that follows a source, and the table of what becomes final."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import numpy as np

from ressin.cli.options import PROGRAMME
from ressin.errors import InvalidInputError, RessinError

if TYPE_CHECKING:
    from ressin.io.live.feeds import Feed, Samples
    from ressin.settings import Programme
    from ressin.stream.result import StreamParts, StreamResult
    from ressin.stream.stream import Stream

COLUMNS = ("sample", "time", "signal", "phasic", "tonic", "driver", "residual")
ROBUST_COLUMNS = (*COLUMNS, "outliers", "shifts")
_WAIT = 0.25  # s for samples, before looking whether to stop
_CLOCKED = 9  # samples whose times show whether the unit is seconds


def columns_of(programme: Programme) -> tuple[str, ...]:
    """Return the names of the table's columns; those behind the time are fields of `StreamParts`."""
    return ROBUST_COLUMNS if programme == "robust" else COLUMNS


def new_stream(arguments: argparse.Namespace, rate: float) -> Stream:
    """Return the stream that the command line asks for."""
    from ressin.stream.stream import Stream

    programme = {name: getattr(arguments, name) for name in PROGRAMME}
    return Stream(
        rate,
        lag=arguments.lag,
        warm_up=arguments.warm_up,
        mean=arguments.mean,
        deviation=arguments.deviation,
        errors="return",
        **programme,
    )


def saved_stream(arguments: argparse.Namespace) -> Stream | None:
    """Return the stream to go on from, None where there is none yet."""
    from ressin.stream.stream import Stream

    if arguments.state is None or not Path(arguments.state).exists():
        return None
    return Stream.load(arguments.state)


class Follower:
    """Pushes what a source gives into a stream, writes what becomes final, and draws.

    Attributes
    ----------
    stream
        None before the first samples.
    n_failed
        How many results did not converge.
    """

    def __init__(self, arguments: argparse.Namespace, saved: Stream | None, out: TextIO) -> None:
        from ressin.cli.watch.picture import Live

        self.stream: Stream | None = None
        self.n_failed = 0
        self._arguments = arguments
        self._saved = saved
        self._out = out
        self._live = Live(sys.stderr) if _draws(arguments) else None
        self._times: list[float] | None = []
        self._n_said = 0

    def follow(self, feed: Feed, asked: list[int]) -> None:
        """Push samples until there are no more or a stop is requested; then write the rest, or save the state.

        Raises
        ------
        RessinError
            Samples that cannot be used. Those before them are written.
        """
        try:
            self._push_all(feed, asked)
        except RessinError:
            self._end()
            raise
        self._end()

    def _push_all(self, feed: Feed, asked: list[int]) -> None:
        newest = time.monotonic()
        while not asked:
            batch = feed.read(_WAIT)
            if batch is None:
                break
            self._take(batch, feed)
            if batch.signal.size or batch.came:
                newest = time.monotonic()
            elif self._arguments.idle is not None and time.monotonic() - newest > self._arguments.idle:
                break
        self._take(feed.rest(), feed)

    def _take(self, batch: Samples, feed: Feed) -> None:
        self._say(feed)
        if not batch.signal.size:
            return
        if self.stream is None:
            self.stream = self._begin(feed.sampling_rate)
        options = self.stream.options
        self._check_clock(batch, options.sampling_rate)
        for run in batch.runs(options.sampling_rate, max(options.max_jitter, 1.5 / options.sampling_rate)):
            result = self.stream.push(run.signal, None if run.time is None else float(run.time[0]))
            self._give(result)
            if self._live is not None:
                self._live.show(result)

    def _say(self, feed: Feed) -> None:
        """Print what was found out about the samples since the last time."""
        for line in feed.about[self._n_said :]:
            print(line, file=sys.stderr)
        self._n_said = len(feed.about)

    def _begin(self, rate: float | None) -> Stream:
        """Return the stream for samples of a rate: the saved one, if that is what is asked for."""
        saved = self._saved
        if rate is None and saved is not None:
            rate = saved.options.sampling_rate
        if rate is None:
            raise InvalidInputError("the source does not tell its sampling rate: give it with --rate")
        stream = new_stream(self._arguments, rate)
        if saved is None:
            return stream
        wanted = asdict(stream.settings) | asdict(stream.options)
        for name, value in (asdict(saved.settings) | asdict(saved.options)).items():
            if value != wanted[name]:
                raise InvalidInputError(
                    f"{self._arguments.state} goes on with {name} {value!r}, and {wanted[name]!r} is asked for: give "
                    "the same, or another --state"
                )
        return saved

    def _check_clock(self, batch: Samples, rate: float) -> None:
        """Refuse times in another unit, by the median of the first intervals."""
        if batch.time is None or self._times is None:
            return
        self._times += batch.time[:_CLOCKED].tolist()
        if len(self._times) < _CLOCKED:
            return
        interval = float(np.median(np.diff(self._times)))
        self._times = None
        if not 0.5 < interval * rate < 2.0:
            raise InvalidInputError(
                f"the times of the samples are {interval:g} apart, and at {rate:g} Hz {1.0 / rate:g} s is right: times "
                "must be in seconds, and --rate what the source samples at"
            )

    def _end(self) -> None:
        if self.stream is None:
            return
        if self._arguments.state is not None:
            self.stream.save(self._arguments.state)
        else:
            self._give(self.stream.finish())

    def _give(self, result: StreamResult) -> None:
        self.n_failed += not result.converged
        _write(self._out, result.final, columns_of(self._arguments.programme))


def _draws(arguments: argparse.Namespace) -> bool:
    if arguments.plot is not None:
        return bool(arguments.plot)
    return sys.stderr.isatty() and (arguments.output is not None or not sys.stdout.isatty())


def _write(out: TextIO, parts: StreamParts, names: Sequence[str]) -> None:
    """Write final samples at once, missing ones as empty fields."""
    columns = [getattr(parts, name) for name in names[2:]]
    for k in range(len(parts)):
        cells = ("" if column[k] != column[k] else f"{column[k]:.9g}" for column in columns)
        out.write(f"{parts.index[k]},{parts.time[k]:.6f},{','.join(cells)}\n")
    out.flush()

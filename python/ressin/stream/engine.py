"""When a stream solves, finalises samples and slides its window."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ressin import _core
from ressin.settings import Settings
from ressin.stream.clock import Clock
from ressin.stream.held import Solved
from ressin.stream.moments import Moments
from ressin.stream.options import StreamOptions
from ressin.stream.result import StreamParts, StreamResult
from ressin.stream.robust import RobustSolved, RobustWindow
from ressin.stream.window import Scale, Window

Array = NDArray[np.float64]

_BEST_FIRST = ("waiting", *_core.STATUSES)
_LEAST = _core.FREE_START + 1  # samples for a programme: the 2015 revision has no driver in the first FREE_START


class Engine:
    """All that changes while a stream runs.

    A recording runs from a sample that is not missing to the end of the stream or to a long gap. Within it a
    programme is solved at every `hop` samples, counted from its first.

    Attributes
    ----------
    first_index
        Number in the stream of the recording's first sample.
    n, n_final, n_counted
        Samples of the recording so far; of them, final; of them, in the moments.
    missing_run
        Of the samples up to the newest programme, how many are missing at the end.
    """

    def __init__(self, settings: Settings, options: StreamOptions) -> None:
        self.settings = settings
        self.options = options
        rate = options.sampling_rate
        self.lag, self.hop = max(1, round(options.lag * rate)), max(1, round(options.hop * rate))
        self.context, self.max_gap = round(options.context * rate), max(1, round(options.max_gap * rate))
        self.warm_up = round(options.warm_up * rate)
        self.capacity = self.lag + self.context + round(settings.delta_knot * rate) + self.hop
        self.first_row = _core.FREE_START if settings.revision == "2015" else 0
        self.clock = Clock(rate, options.max_jitter)
        self.moments = Moments()
        self.first_index = 0
        self.n = self.n_final = self.n_counted = self.missing_run = 0
        kind = RobustWindow if settings.programme == "robust" else Window
        self.window: Window | RobustWindow = kind(self.capacity, rate, settings)

    def scale(self, moments: Moments) -> Scale:
        """Return the standardisation of the signal: the given one, else that of the samples so far."""
        mean, deviation = self.options.mean, self.options.deviation
        if not self.settings.standardize:
            mean, deviation = 0.0, 1.0
        elif mean is None or deviation is None:
            mean, deviation = moments.mean, moments.deviation
        if self.settings.baseline == "none" or self.settings.programme == "robust":
            return Scale(float(deviation), float(mean))
        slope = moments.slope if self.settings.baseline == "linear" else 0.0
        return Scale(float(deviation), moments.mean - slope * moments.mean_time, slope)

    def skip(self, n: int, times: Array, log: PushLog) -> None:
        """Fill a gap of n samples at `times` with missing ones, or start anew where it is longer than `max_gap`."""
        if n <= self.max_gap:
            self.take(np.full(n, np.nan), times, log)
            return
        self.end(log)
        self.first_index += n
        self.moments = self.moments.later(n)

    def take(self, signal: Array, time: Array, log: PushLog) -> None:
        """Take samples, NaN where one is missing."""
        at = 0
        while at < signal.size:
            if self.n == 0:  # a recording begins with its first sample that is not missing
                there = np.flatnonzero(~np.isnan(signal[at:]))
                missing = int(there[0]) if there.size else signal.size - at
                self.first_index += missing
                self.moments = self.moments.later(missing)
                at += missing
                if at == signal.size:
                    return
            piece = slice(at, min(at + self.hop - self.n % self.hop, signal.size))
            row = at + self.first_row - self.n
            is_loose = self.first_row > 0 and at <= row < piece.stop and np.isnan(signal[row])
            if is_loose:
                piece = slice(at, row)
            self.window.append(signal[piece], time[piece])
            self.n += piece.stop - at
            at = piece.stop
            if is_loose:  # what is before a gap there does not say where the phasic part starts
                self.end(log)
            elif self.n % self.hop == 0:
                self._beat(log)

    def provisional(self, log: PushLog) -> StreamParts:
        """Return the parts of the samples that are not final, from all samples so far."""
        if self.n < _LEAST:
            return self.window.unsolved(self.first_index)
        if log.solved_n != self.n:
            log.add(self._solve(self._counted()), self.n)
        return log.newest(self.n_final - self.window.begin)

    def end(self, log: PushLog) -> None:
        """Make the recording's samples final; the next sample begins another."""
        if self.n < _LEAST:
            log.final.append(self.window.unsolved(self.first_index))
        else:
            log.add(self._solve(self._counted(), is_end=True), self.n)
            log.final.append(log.newest(self.n_final - self.window.begin))
        self.moments = self._counted().later(self.n)
        self.first_index += self.n
        self.n = self.n_final = self.n_counted = self.missing_run = 0
        self.window.clear()
        log.solved_n = -1

    def result(self, log: PushLog, provisional: StreamParts) -> StreamResult:
        """Return the log as the caller's result."""
        scale = self.scale(self._counted())
        solved = log.solved
        return StreamResult(
            final=StreamParts.join([parts for parts in log.final if len(parts)]),
            provisional=provisional,
            mean=scale.level + scale.slope * max(0, self.n - 1),
            deviation=scale.deviation,
            status=log.status,
            iterations=log.iterations,
            relative_gap=solved.relative_gap if solved else 0.0,
            stationarity=solved.stationarity if solved else 0.0,
            noise=solved.noise if isinstance(solved, RobustSolved) else None,
            smallest_response=solved.smallest_response if isinstance(solved, RobustSolved) else None,
        )

    def _beat(self, log: PushLog) -> None:
        """Solve the programme, finalise what is older than the lag, and slide the window."""
        self.moments = self._counted()
        self.n_counted = self.n
        self.missing_run = self._missing_at_the_end()
        if self.n < _LEAST:
            return
        solved = self._solve(self.moments)
        log.add(solved, self.n)
        self.window.learn(solved, self.hop)
        begin = self.window.begin
        last = self.n - self.lag if self.n >= self.warm_up else 0
        if last > self.n_final:
            log.final.append(solved.between(self.n_final - begin, last - begin))
            self.n_final = last
        if self.window.n - self.window.spacing >= self.lag + self.context:
            self.window.slide(solved)
            log.slide(self.window.spacing)
        if self.missing_run > self.max_gap:
            self.end(log)

    def _missing_at_the_end(self) -> int:
        newest = self.window.signal[-self.hop :]
        if not math.isnan(newest[-1]):
            return 0
        there = np.flatnonzero(~np.isnan(newest))
        return self.hop - 1 - int(there[-1]) if there.size else self.missing_run + self.hop

    def _solve(self, moments: Moments, is_end: bool = False) -> Solved:
        return self.window.solve(self.scale(moments), self.first_index + self.window.begin, is_end)

    def _counted(self) -> Moments:
        """Return the moments of all samples, those since the last programme included."""
        if self.n == self.n_counted:
            return self.moments
        new = slice(self.window.n - (self.n - self.n_counted), self.window.n)
        return self.moments.joined(np.arange(self.n_counted, self.n, dtype=np.float64), self.window.signal[new])


class PushLog:
    """What happens in one push.

    Attributes
    ----------
    final
        Parts that became final, in order.
    solved, solved_n
        The newest programme, and the number of samples it was solved at; -1 where it is outdated.
    """

    def __init__(self) -> None:
        self.final: list[StreamParts] = []
        self.solved: Solved | None = None
        self.solved_n = -1
        self.status = "waiting"
        self.iterations = 0

    def add(self, solved: Solved, n: int) -> None:
        """Count a programme."""
        self.solved, self.solved_n = solved, n
        self.status = max(self.status, solved.status, key=_BEST_FIRST.index)
        self.iterations += solved.iterations

    def newest(self, first: int) -> StreamParts:
        """Return the newest programme's parts from sample `first` of the window on."""
        assert self.solved is not None
        return self.solved.between(first, len(self.solved.parts))

    def slide(self, samples: int) -> None:
        """Drop the oldest samples, as the window has done."""
        assert self.solved is not None
        self.solved = self.solved.without(samples)

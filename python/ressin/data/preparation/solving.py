"""From the signals of files to samples: each file decomposed as a whole and then cut, or each window by itself."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ressin.data.preparation.cut import Cut, WindowRule, cut, refused
from ressin.data.preparation.reading import Signal
from ressin.data.preparation.sample import Decomposed, Levels, Sample, programme_of
from ressin.data.preparation.settings import DecompositionChoice, PrepareSettings
from ressin.data.sources.catalog import Reject
from ressin.errors import QualityWarning, describe
from ressin.io.gaps import LONG_GAP, stretches

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ressin.decomposition.result import Decomposition

BATCH_SAMPLES = 4_000_000  # decomposed at a time: some 300 MB of double precision


@dataclass(frozen=True)
class Solved:
    """What became of one signal.

    Attributes
    ----------
    signal
        As it was read.
    samples
        Its recordings, in order.
    rejects
        Those that are refused, and remarks.
    levels
        Mean and deviation of its channels.
    whole
        (3, n) float32, the channels of everything that was decomposed, without missing samples.
    """

    signal: Signal
    samples: tuple[Sample, ...]
    rejects: tuple[Reject, ...]
    levels: Levels
    whole: NDArray[np.float32]


@dataclass(frozen=True)
class _Piece:
    """Samples to decompose, from `first` of their signal on, and the windows to cut from the result."""

    first: int
    values: NDArray[np.float64]
    windows: tuple[Cut, ...]
    is_window: bool


def solve(signals: Sequence[Signal], settings: PrepareSettings, n_threads: int = 0) -> list[Solved]:
    """Decompose signals as one batch, and cut their recordings out.

    Parameters
    ----------
    signals
        With the recordings that are parts of them.
    settings
        Decided, see `PrepareSettings.decided`.
    n_threads
        Threads; 0 takes every core. The result does not depend on it.

    Returns
    -------
    prepared
        One for each signal.
    """
    planned = [_plan(signal, settings) for signal in signals]
    jobs = [(piece.values, signal.sampling_rate) for signal, (pieces, _) in zip(signals, planned, strict=True)
            for piece in pieces]  # fmt: skip
    results = _results(jobs, settings.decomposition, n_threads)
    return [
        _solved(signal, pieces, notes, results, settings.rule)
        for signal, (pieces, notes) in zip(signals, planned, strict=True)
    ]


def _plan(signal: Signal, settings: PrepareSettings) -> tuple[list[_Piece], list[Reject]]:
    """Find the windows of a signal, and what has to be decomposed for them."""
    windows: list[Cut] = []
    rejects: list[Reject] = []
    for entry in signal.entries:
        window, notes = cut(entry, signal.values, signal.sampling_rate, settings.rule, signal.file)
        windows += [window] if window is not None else []
        rejects += notes
    if settings.decompose == "window":
        return [_Piece(window.first, window.signal, (window,), True) for window in windows], rejects
    pieces = []
    held: set[str] = set()
    for first, end in _stretches(signal, settings.rule) if windows else []:
        inside = tuple(w for w in windows if first <= w.first and w.first + len(w.signal) <= end)
        held |= {window.entry.recording_id for window in inside}
        pieces.append(_Piece(first, signal.values[first:end], inside, False))
    reason = f"it reaches into a gap of more than {LONG_GAP:g} s, at which the recording was divided"
    rejects += [refused(w.entry, "gaps", reason) for w in windows if w.entry.recording_id not in held]
    return pieces, rejects


def _stretches(signal: Signal, rule: WindowRule) -> list[tuple[int, int]]:
    """Find the pieces of a whole recording, without its beginning where that is dropped before the decomposition."""
    lead = round(rule.drop_seconds * signal.sampling_rate) if rule.drop == "before" else 0
    return [(lead + first, lead + end) for first, end in stretches(signal.values[lead:], signal.sampling_rate)]


def _solved(
    signal: Signal,
    pieces: Sequence[_Piece],
    notes: list[Reject],
    results: Iterator[Decomposition | Exception],
    rule: WindowRule,
) -> Solved:
    """Make the samples of a signal from the next results; a window that cannot be made is listed with the reason."""
    samples: list[Sample] = []
    rejects = list(notes)
    whole: list[NDArray[np.float32]] = []
    for piece in pieces:
        stretch = _kept(next(results))
        made = [_sample(window, stretch, window.first - piece.first) for window in piece.windows]
        samples += [sample for sample in made if isinstance(sample, Sample)]
        rejects += [sample for sample in made if isinstance(sample, Reject)]
        if piece.is_window:
            whole += [sample.decomposed.present for sample in made if isinstance(sample, Sample)]
        elif isinstance(stretch, Decomposed):
            dropped = max(0, round(rule.drop_seconds * signal.sampling_rate) - piece.first)
            whole.append(stretch.part(dropped, len(piece.values)).present)
    order = {entry.recording_id: place for place, entry in enumerate(signal.entries)}
    samples.sort(key=lambda sample: order[sample.window.entry.recording_id])
    channels = np.concatenate([np.empty((3, 0), np.float32), *whole], axis=1)
    return Solved(signal, tuple(samples), tuple(rejects), Levels.of(channels), channels)


def _kept(result: Decomposition | Exception) -> Decomposed | Exception:
    try:
        return result if isinstance(result, Exception) else Decomposed.of(result)
    except Exception as error:  # noqa: BLE001  # its recordings are listed with it
        return error


def _sample(window: Cut, stretch: Decomposed | Exception, after: int) -> Sample | Reject:
    try:
        if isinstance(stretch, Exception):
            raise stretch
        return Sample.of(window, stretch, after)
    except Exception as error:  # noqa: BLE001  # whatever one recording does, the others are prepared
        reason = f"not decomposed: {re.sub('^signal [0-9]+: ', '', describe(error))}"
        return refused(window.entry, "solver", reason)


def _results(
    jobs: Sequence[tuple[NDArray[np.float64], float]], choice: DecompositionChoice, n_threads: int
) -> Iterator[Decomposition | Exception]:
    """Decompose in batches of at most `BATCH_SAMPLES`, of which one at a time is held."""
    start, size = 0, 0
    for place, (values, _) in enumerate(jobs):
        if place > start and size + len(values) > BATCH_SAMPLES:
            yield from _batch(jobs[start:place], choice, n_threads)
            start, size = place, 0
        size += len(values)
    yield from _batch(jobs[start:], choice, n_threads)


def _batch(
    jobs: Sequence[tuple[NDArray[np.float64], float]], choice: DecompositionChoice, n_threads: int
) -> list[Decomposition | Exception]:
    """Decompose as one batch; where that raises, each alone, so that one cannot take the others."""
    from ressin.decomposition.decompose_batch import decompose_batch

    if not jobs:
        return []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", QualityWarning)  # the column ``quality`` has it, for each recording
        try:
            results = decompose_batch(
                [values for values, _ in jobs],
                [rate for _, rate in jobs],
                **programme_of(choice),
                errors="return",
                n_threads=n_threads,
            )
            return [*results]
        except Exception as error:  # noqa: BLE001
            if len(jobs) == 1:
                return [error]
    return [result for job in jobs for result in _batch([job], choice, n_threads)]

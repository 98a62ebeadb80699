"""What `ressin decompose` does with its files: in groups here, or file by file in processes of their own."""

from __future__ import annotations

import os
import signal
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from itertools import repeat
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any, TypeAlias

from ressin.cli.decompose.done import run_key
from ressin.cli.inputs import is_other
from ressin.errors import QualityWarning, describe

if TYPE_CHECKING:  # what reads and writes files is imported where it runs, so that --help is quick
    from ressin.cli.decompose.outputs import Target
    from ressin.decomposition.result import Decomposition
    from ressin.reading import Reading
    from ressin.recording import Recording

    Group: TypeAlias = list[tuple[Target, Recording]]

_GROUP_SAMPLES = 8_000_000  # recordings are read, decomposed and written in groups of about so many samples
_GROUP_FILES = 128
# Approximate times of a file, and the total from which on several processes are worth the second of their start.
_SECONDS_PER_BYTE = 1e-6
_SECONDS_PER_PICTURE = 0.4
_WORTH_PROCESSES = 4.0  # seconds
_ENDED = "the process that worked on it was ended from outside, perhaps because memory ran out"


@dataclass(frozen=True)
class Options:
    """Options of the work on every file.

    Attributes
    ----------
    settings
        Arguments of `ressin.decompose_batch`.
    reading
        How the files are read.
    scrs, picture
        Whether to write the table of SCR events and the picture.
    min_amplitude
        Least height of an SCR in the unit of the signal, > 0; None for 0.01 uS, where the unit is that or unknown.
    n_boot, boot_seed
        Replicates of the bands, 0 for none, and their seed.
    """

    settings: dict[str, Any]
    reading: Reading
    scrs: bool
    picture: bool
    min_amplitude: float | None
    n_boot: int
    boot_seed: int


@dataclass(frozen=True)
class Outcome:
    """The result of one file: lines to print, or why it failed, else ""; whether it is just no skin conductance."""

    target: Target
    said: str = ""
    reason: str = ""
    is_other: bool = False


def count_processes(targets: Sequence[Target], options: Options) -> int:
    """Return how many processes to use: one, unless there is so much to do that starting more pays."""
    sizes = [os.path.getsize(target.source) if target.source.is_file() else 0 for target in targets]
    seconds = _SECONDS_PER_BYTE * sum(sizes) + (_SECONDS_PER_PICTURE * len(targets) if options.picture else 0.0)
    if seconds < _WORTH_PROCESSES:
        return 1
    return min(options.settings["n_threads"] or os.cpu_count() or 1, len(targets))


def work_apart(targets: Sequence[Target], options: Options, n_processes: int) -> Iterator[Outcome]:
    """Work on the files one by one in several processes; the outcomes come in the files' order.

    When a process dies, nobody can tell which file it worked on: from then on the files that are left are worked on by
    one process at a time, so that the file at which it dies again is known, and is listed.

    Raises
    ------
    KeyboardInterrupt
        After Ctrl-C, once the files at hand are written.
    """
    alone = replace(options, settings={**options.settings, "n_threads": 1})
    done = 0
    while done < len(targets):
        context = get_context("spawn")
        pool = ProcessPoolExecutor(n_processes, mp_context=context, initializer=_leave_ctrl_c_to_the_parent)
        try:
            for outcome in pool.map(_work_on_one, targets[done:], repeat(alone)):
                yield outcome
                done += 1
        except BrokenProcessPool:
            if n_processes == 1:
                yield Outcome(targets[done], reason=_ENDED)
                done += 1
            n_processes = 1
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _leave_ctrl_c_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _work_on_one(target: Target, options: Options) -> Outcome:
    return next(work([target], options))


def work(
    targets: Sequence[Target], options: Options, stage: Callable[[str], object] = lambda text: None
) -> Iterator[Outcome]:
    """Work on the files in groups that fit into memory, each decomposed as one batch.

    Parameters
    ----------
    targets
        The files, and where their results go.
    options
        What is to be done.
    stage
        Called with what is being done.
    """
    from ressin.cli.decompose.pieces import pieces
    from ressin.io.read import read_recording

    group: Group = []
    for target in targets:
        stage("reading")
        try:
            recording = read_recording(target.source, **options.reading.arguments())
        except Exception as error:  # noqa: BLE001  # whatever one file does, the others are worked on
            yield Outcome(
                target, reason=reason_of(error, target), is_other=target.is_found and is_other(target.source, error)
            )
            continue
        group += pieces(target, recording)
        if len(group) >= _GROUP_FILES or sum(item.n_samples for _, item in group) >= _GROUP_SAMPLES:
            yield from _work_on_group(group, options, stage)
            group = []
    if group:
        yield from _work_on_group(group, options, stage)


def _work_on_group(group: Group, options: Options, stage: Callable[[str], object]) -> Iterator[Outcome]:
    stage("decomposing")
    results = _decompose(group, options)
    for target, recording in group:
        try:
            yield Outcome(target, _write(target, recording, results.pop(str(target.table)), options, stage))
        except Exception as error:  # noqa: BLE001  # whatever one file does, the others are worked on
            yield Outcome(target, reason=reason_of(error, target))


def _decompose(group: Group, options: Options) -> dict[str, Decomposition | Exception]:
    """Decompose a group as one batch; where that raises, each recording alone, so that one cannot take the others."""
    from ressin.decomposition.decompose_batch import decompose_batch

    signals = {str(target.table): recording.signal for target, recording in group}
    rates = {str(target.table): recording.sampling_rate for target, recording in group}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", QualityWarning)  # the quality of each recording is said with its results
        try:
            return {**decompose_batch(signals, rates, errors="return", **options.settings)}
        except Exception as error:  # noqa: BLE001
            if len(group) == 1:
                return dict.fromkeys(signals, error)
    return {name: result for item in group for name, result in _decompose([item], options).items()}


def _write(
    target: Target,
    recording: Recording,
    result: Decomposition | Exception,
    options: Options,
    stage: Callable[[str], object],
) -> str:
    from ressin.cli.decompose.results import write_results
    from ressin.decomposition.bands import with_bands

    if isinstance(result, Exception):
        raise result
    if options.n_boot:
        stage("bands")
        result = with_bands(result, options.n_boot, seed=options.boot_seed, n_threads=options.settings["n_threads"])
    stage("writing")
    result = result.with_temperature(recording.temperature)
    return write_results(
        target,
        recording,
        result,
        run=run_key(target, options),
        min_amplitude=options.min_amplitude,
        scrs=options.scrs,
        picture=options.picture,
    )


def reason_of(error: Exception, target: Target) -> str:
    """Return an error's message without the name of the file, which the table gives."""
    text = describe(error)
    for start in (f"{target.source}", f"signal {str(target.table)!r}"):
        if text.startswith(start):
            return text[len(start) :].lstrip(":, ")
    return text

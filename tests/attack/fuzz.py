"""A structured fuzzer of all readers, through the public `read_recording`.

A case is a file of the corpus, changed once or twice, with some of the reader's arguments. It survives if it ends in a
recording that can be used or in one of ressin's own errors, with a message of bounded length, in bounded time. The same
seed gives the same cases.
"""

from __future__ import annotations

import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count as counted
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from ressin.errors import MissingExtraError, RessinError
from ressin.io import read_recording
from tests.attack.corpus import corpus
from tests.attack.mutations import MUTATIONS

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

SLOWEST = 5.0  # seconds of processor time that a file of some kilobytes may take
LONGEST_MESSAGE = 20_000  # characters
LARGEST = 400_000  # bytes of a case
HANGS = 120.0  # seconds after which a case is given up
AS_IT_IS = "as it is"
AS_GIVEN: tuple[dict[str, Any], ...] = ({}, {"sampling_rate": 8.0}, {"sampling_rate": 8.0, "column": "1"})
Case: TypeAlias = tuple[str, int, str, bytes, dict[str, Any]]


@dataclass
class Tally:
    """Cases of one kind, and those that did not survive: the seed of each, and what happened."""

    cases: int = 0
    lost: list[tuple[int, str]] = field(default_factory=list)

    @property
    def survived(self) -> int:
        """How many ended as they should."""
        return self.cases - len(self.lost)


def fault_of(path: Path, arguments: dict[str, Any]) -> str:
    """Read a file; return "" if it ends as it should, else what is wrong."""
    began = time.thread_time()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            recording = read_recording(path, **arguments)
    except MissingExtraError:
        return ""  # what reads the layout is not installed, and that is said
    except RessinError as error:
        if len(str(error)) > LONGEST_MESSAGE:
            return f"a message of {len(str(error)):,} characters"
        if not str(error).startswith(str(path)):
            return f"a message that does not begin with the file: {str(error)[:200]}"
    except BaseException as error:  # noqa: BLE001  # whatever it is, it is a find
        where = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__} in {Path(where.filename).name}, line {where.lineno}: {str(error)[:200]}"
    else:
        signal = recording.signal
        if not (recording.sampling_rate > 0 and np.isfinite(recording.sampling_rate)):
            return f"a sampling rate of {recording.sampling_rate}"
        if signal.dtype != np.float64 or signal.ndim != 1 or np.isinf(signal).any() or np.isnan(signal).all():
            return f"a signal of {signal.dtype}, shape {signal.shape}, {np.isinf(signal).sum()} infinite"
    spent = time.thread_time() - began
    return f"{spent:.1f} s of processor time" if spent > SLOWEST else ""


def make_case(seed: int, files: dict[str, bytes]) -> tuple[str, str, bytes, dict[str, Any]]:
    """Return kind, name, content and the reader's arguments of the case with this seed."""
    rng = np.random.default_rng(seed)
    name = list(files)[int(rng.integers(len(files)))]
    data, kinds = files[name], list(MUTATIONS)
    kind = kinds[int(rng.integers(len(kinds)))]
    data = MUTATIONS[kind](data, rng)
    if rng.random() < 0.3:
        data = MUTATIONS[kinds[int(rng.integers(len(kinds)))]](data, rng)
    arguments: dict[str, Any] = {}
    if rng.random() < 0.5:
        arguments["sampling_rate"] = 8.0
    if rng.random() < 0.2:
        arguments["column"] = ("1", "2", "EDA", "99", "")[int(rng.integers(5))]
    return kind, name, data[:LARGEST], arguments


def cases(first: int) -> Iterator[Case]:
    """Yield kind, seed, name, content and arguments: the corpus as it is, then the cases from seed `first` on."""
    files = corpus()
    for number, (name, data) in enumerate(files.items()):
        for arguments in AS_GIVEN:
            yield AS_IT_IS, number, name, data, dict(arguments)
    for seed in counted(first):
        kind, name, data, arguments = make_case(seed, files)
        yield kind, seed, name, data, arguments


def _work(pipe: Connection, folder: Path, first: int, skipped: int) -> None:
    """Try one case after the other, in a process of its own: a reader may end it."""
    for kind, seed, name, data, arguments in islice(cases(first), skipped, None):
        path = folder / f"{kind.replace(' ', '-')}-{seed}-{name}"
        path.write_bytes(data)
        pipe.send((kind, seed, f"{name} {arguments}"))
        fault = fault_of(path, arguments)
        if not fault:
            path.unlink()
        pipe.send(fault)


def fuzz(
    folder: Path, *, first: int, count: int | None = None, seconds: float | None = None,
    say: Callable[[str], object] = lambda text: None,
) -> dict[str, Tally]:  # fmt: skip
    """Try the corpus as it is, then cases from seed `first` on: `count` cases in all, or for some seconds.

    Parameters
    ----------
    folder
        Where files are written; those that do not survive stay there, named by kind and seed.
    first
        Seed of the first case.
    count, seconds
        How many cases, or for how long; one of them.
    say
        Called with a line for every case that does not survive.
    """
    tallies = {name: Tally() for name in (AS_IT_IS, *MUTATIONS)}
    end, tried = time.monotonic() + (seconds or 0.0), 0
    context = get_context("spawn")
    while tried < count if count is not None else time.monotonic() < end:
        ours, theirs = context.Pipe(duplex=False)
        worker = context.Process(target=_work, args=(theirs, folder, first, tried), daemon=True)
        worker.start()
        theirs.close()
        try:
            while tried < count if count is not None else time.monotonic() < end:
                kind, seed, about = ours.recv()
                tried += 1
                tallies[kind].cases += 1
                try:
                    fault = ours.recv() if ours.poll(HANGS) else f"no end after {HANGS:g} s"
                except EOFError:
                    worker.join()
                    fault = f"the process was ended with status {worker.exitcode}"
                if fault:
                    tallies[kind].lost.append((seed, f"{about}: {fault}"))
                    say(f"{kind}, seed {seed}, {about}: {fault}")
                if fault.startswith(("no end", "the process")):
                    break
        finally:
            worker.kill()
            worker.join()
    return tallies


def table(tallies: dict[str, Tally]) -> str:
    """Return the table kind | cases | survived."""
    rows = ["| kind | cases | survived |", "|---|---:|---:|"]
    rows += [f"| {kind} | {tally.cases:,} | {tally.survived:,} |" for kind, tally in tallies.items() if tally.cases]
    cases, survived = (sum(getattr(t, name) for t in tallies.values()) for name in ("cases", "survived"))
    return "\n".join([*rows, f"| all | {cases:,} | {survived:,} |"])

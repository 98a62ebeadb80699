"""Ctrl-C in ``ressin prepare``, at random moments and at operations on files, with one thread and with two.

``python -m tests.attack.interrupts FOLDER CASES SEED`` prints a line a case, in JSON: what is wrong, or nothing.

A case survives if the command ends soon, with status 130 (or 0, where it was done before), without a traceback and
without a temporary file, every file that it leaves is whole, and the next run gives the bytes of an undisturbed one.
The commands are forked from a process that has imported what they need, so that the moments fall into their work, and
that has started no threads of libraries.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np

Files = dict[str, bytes]
Moment = Callable[[], None]  # called in the command's process before it begins
SOON = 20.0  # seconds that ending may take while others keep the machine busy
STOPPED = 130
CHANGES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree")
IMPORTED = ("pyarrow.csv", "pandera.pandas", "scipy.stats", "sklearn.cluster", "ressin.data.preparation.prepare")


def content(folder: Path) -> Files:
    """Return what a folder holds, hidden files too, by relative name."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def run(line: list[str], log: Path, moment: Moment = lambda: None) -> tuple[int, float]:
    """Carry out a command line of `ressin` in a process of its own; return its status, and when it ended."""
    from ressin.cli.main import main

    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(out, 1)
        os.dup2(out, 2)
        status = 99
        try:
            moment()
            status = main(line)
        finally:
            sys.stderr.flush()
            os._exit(status)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), time.monotonic()


def after(seconds: float, mark: Path) -> Moment:
    """Interrupt after some time, and write down when."""

    def interrupt() -> None:
        mark.write_text(repr(time.monotonic()))
        os.kill(os.getpid(), signal.SIGINT)

    def start() -> None:
        timer = threading.Timer(seconds, interrupt)
        timer.daemon = True
        timer.start()

    return start


def at_operation(number: int, folder: Path, mark: Path) -> Moment:
    """Interrupt at an operation on a file below a folder, and write down when; each one adds a byte to a file."""
    left, counted = number, mark.with_suffix(".count")

    def count(event: str, given: tuple[object, ...]) -> None:
        nonlocal left
        opened = event == "open" and isinstance(given[1], str) and bool(set(given[1]) & set("wax+"))
        if (opened or event in CHANGES) and str(given[0]).startswith(str(folder)):
            left -= 1
            with counted.open("ab") as stream:
                stream.write(b".")
            if left == 0:
                mark.write_text(repr(time.monotonic()))
                os.kill(os.getpid(), signal.SIGINT)

    return lambda: sys.addaudithook(count)


class Preparation:
    """What ``ressin prepare`` makes of a folder undisturbed, with the clips of its songs heard or not."""

    def __init__(self, folder: Path, source: Path, music: str) -> None:
        self.folder, self.source, self.log, self.music = folder, source, folder / "log", music
        whole, counted, began = folder / "whole", folder / "counted", time.monotonic()
        folder.mkdir()
        status, ended = run(self.line(whole, 1), self.log)
        assert status == 0, self.log.read_text()
        self.seconds, self.expected = ended - began, content(whole)
        run(self.line(counted, 1), self.log, at_operation(0, counted, folder / "operations"))
        assert content(counted) == self.expected
        self.operations = (folder / "operations.count").stat().st_size

    def line(self, out: Path, threads: int) -> list[str]:
        """Return the command line."""
        return ["prepare", str(self.source), str(out), "--threads", str(threads), "--music", self.music, "--quiet"]

    def case(self, number: int, rng: np.random.Generator) -> str:
        """Interrupt a run, with one thread or two, at a moment or at an operation; return what is wrong, or nothing."""
        out, mark, threads = self.folder / f"out{number}", self.folder / f"mark{number}", 1 + number % 2
        if rng.random() < 0.5:
            at = int(rng.integers(1, self.operations + 1))
            moment, told = at_operation(at, out, mark), f"operation {at} of {self.operations}"
        else:
            seconds = float(rng.uniform(0.0, self.seconds))
            moment, told = after(seconds, mark), f"after {seconds:.3f} of {self.seconds:.3f} s"
        fault = self.fault(out, threads, moment, mark)
        return f"music {self.music}, {threads} threads, {told}: {fault}" if fault else ""

    def fault(self, out: Path, threads: int, moment: Moment, mark: Path) -> str:
        """Interrupt it, look at what is left, and run it again; return what is wrong, or nothing."""
        status, ended = run(self.line(out, threads), self.log, moment)
        said, found = self.log.read_text(errors="replace"), content(out) if out.exists() else {}
        if status not in (0, STOPPED) or "Traceback" in said or "Exception ignored" in said:
            return f"status {status}: {said[-600:]}"
        if status == STOPPED and (late := ended - float(mark.read_text())) > SOON:
            return f"ended {late:.1f} s after Ctrl-C"
        if parts := [name for name in found if ".part." in name]:
            return f"left over: {parts}"
        if broken := [name for name, data in found.items() if self.expected.get(name, data) != data]:
            return f"not whole: {broken}"
        status, _ = run(self.line(out, threads), self.log)
        if status != 0:
            return f"the next run: status {status}, {self.log.read_text(errors='replace')[-600:]}"
        after_all = content(out)
        other = sorted(name for name in set(after_all) ^ set(self.expected))
        return "" if after_all == self.expected else f"the next run gives something else {other}"


def interrupts(folder: Path, cases: int, rng: np.random.Generator) -> Iterator[str]:
    """Ctrl-C while a folder is prepared; the clips are heard in one case of five, where that can be had."""
    for name in IMPORTED:
        import_module(name)
    sizes = ["--subjects", "2", "--songs", "2", "--pairs", "3", "--rate", "8", "--audio", "wav", "--processes", "1"]
    status, _ = run(["simulate", str(folder / "source"), *sizes, "--quiet"], folder / "log")
    assert status == 0, (folder / "log").read_text()
    can_hear = bool(find_spec("opensmile") and find_spec("soundfile"))
    ways: dict[str, Preparation] = {}
    for number in range(cases):
        music = "extract" if can_hear and number % 5 == 4 else "none"
        if music not in ways:
            ways[music] = Preparation(folder / music, folder / "source", music)
        yield ways[music].case(number, rng)


def main() -> None:
    """Try some cases in a folder."""
    folder, cases, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    for fault in interrupts(folder, cases, np.random.default_rng(seed)):
        print(json.dumps(fault), flush=True)


if __name__ == "__main__":
    main()

"""Output of commands on the terminal: results, progress bars, failures, durations."""

from __future__ import annotations

import io
import os
import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ressin._progress import open_bar
from ressin.errors import MissingExtraError

if TYPE_CHECKING:
    from ressin.learn.training.progress import TrainingProgress
    from ressin.settings import Programme


@contextmanager
def steady_output() -> Iterator[None]:
    """Write letters that standard output or error cannot encode by their numbers instead of raising."""
    with ExitStack() as restored:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
                stream.reconfigure(errors="backslashreplace")
                restored.callback(_be_strict, stream)
        yield


def _be_strict(stream: io.TextIOWrapper) -> None:
    if not stream.closed:
        stream.reconfigure(errors="strict")


def flush_output() -> int:
    """Write out what standard output still holds; return 0, or 1 where it takes no more (full disk, closed pipe)."""
    try:
        if sys.stdout is not None and not sys.stdout.closed:
            sys.stdout.flush()
    except OSError as error:
        _give_up_output(error)
        return 1
    return 0


def _give_up_output(error: OSError) -> None:
    """Let standard output go nowhere from now on, also at exit, and say why unless its reader has closed it."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
    if not isinstance(error, BrokenPipeError):
        print(f"ressin: cannot write standard output: {error.strerror or error}", file=sys.stderr)


class Console:
    """Lines on standard output and, meanwhile, a bar of files on standard error.

    The bar needs tqdm and is shown where standard error is a terminal and more than one file is worked on. Where
    standard output takes no more, the lines are left out, `lost` is set, and the work goes on.
    """

    def __init__(self, total: int, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self.lost = False  # whether standard output takes no more
        self._bar = None if quiet or total < 2 or not sys.stderr.isatty() else _bar(total)

    def __enter__(self) -> Console:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def say(self, text: str) -> None:
        """Print a line, above the bar where there is one."""
        if self._quiet:
            return
        try:
            if self._bar is not None:
                self._bar.write(text)
            else:
                print(text)
        except OSError as error:
            self.lost = self._quiet = True
            _give_up_output(error)

    def stage(self, text: str) -> None:
        """Name in the bar what is being done."""
        if self._bar is not None:
            self._bar.set_description(text)

    def step(self) -> None:
        """Count one file as done, well or not."""
        if self._bar is not None:
            self._bar.update(1)


def _bar(total: int) -> Any:
    """Return a tqdm bar, or None, with a remark, where tqdm is not installed."""
    try:
        return open_bar(total, "", unit="file", leave=False, dynamic_ncols=True)
    except MissingExtraError:
        print("(no progress bar: it needs tqdm, which  pip install 'ressin[data]'  brings)", file=sys.stderr)
        return None


def failure_table(failures: Sequence[tuple[str, str]], total: int, what: str = "failed") -> str:
    """Return the table of files that failed and why, for the end of a run.

    Parameters
    ----------
    failures
        File and reason, one pair each.
    total
        Number of files of the run.
    what
        What became of them.
    """
    width = max(60, shutil.get_terminal_size().columns)
    first = max(len(name) for name, _ in failures)
    beside = first <= width // 3  # else the reason stands below the name
    indent = 4 + first if beside else 6
    lines = [f"{len(failures)} of {total} {'file' if total == 1 else 'files'} {what}:"]
    for name, reason in failures:
        wrapped = [
            line
            for part in reason.split("\n")
            for line in ([part] if part.startswith("try: ") else _wrapped(part, width - indent))
        ]
        if beside:
            lines.append(f"  {name:{first}}  {wrapped[0]}")
            wrapped = wrapped[1:]
        else:
            lines.append(f"  {name}")
        lines += [" " * indent + text for text in wrapped]
    return "\n".join(lines)


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False) or [""]


def duration_text(seconds: float) -> str:
    """Write a duration in a unit that suits it: ``45 s``, ``8.4 min``, ``24 h``."""
    if seconds < 120:
        return f"{seconds:.3g} s"
    return f"{seconds / 60:.3g} min" if seconds < 7200 else f"{seconds / 3600:.3g} h"


class TrainingBar:
    """One line for the training that is going on, and the report's own lines above it.

    The bar is there where standard error is a terminal; the lines go to standard output in any case, unless it is
    quiet.
    """

    def __init__(self, quiet: bool = False) -> None:
        self.quiet = quiet
        self._bar: Any = None
        self._name = ""

    def __enter__(self) -> TrainingBar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    @property
    def shown(self) -> bool:
        """Whether there is a bar at all."""
        return not self.quiet and sys.stderr.isatty()

    def say(self, text: str) -> None:
        """Print a line, above the bar where there is one."""
        if self.quiet:
            return
        if self._bar is None:
            print(text, flush=True)
        else:
            self._bar.write(text, file=sys.stdout)
            sys.stdout.flush()

    def __call__(self, report: TrainingProgress) -> None:
        """Show where a training is."""
        if self._bar is None:
            layout = "{desc} |{bar}| {n_fmt}/{total_fmt}{postfix}"
            self._bar = open_bar(
                report.total, report.name, purpose="showing progress",
                bar_format=layout, dynamic_ncols=True, leave=False, mininterval=0.2,
            )  # fmt: skip
        if report.name != self._name:
            self._name = report.name
            self._bar.reset(report.total)
            self._bar.set_description_str(report.name, refresh=False)
        numbers = f"loss {report.loss:.3f}, accuracy {report.accuracy:.0%}, {report.samples_per_second:,.0f}/s"
        self._bar.set_postfix_str(f"{numbers}, {report.seconds_left:.0f} s left", refresh=False)
        self._bar.update(report.step - self._bar.n)


@dataclass(frozen=True)
class Demo:
    """The state that the steps of the demo share.

    Attributes
    ----------
    folder
        Where files are written; it exists.
    seed
        Seed of all randomness; a step makes its own generators from it.
    programme
        By which the simulated recording is decomposed; the study's is the paper's.
    """

    folder: Path
    seed: int
    programme: Programme

    def say(self, topic: str, text: str) -> None:
        """Print one line under a topic."""
        print(f"{topic:12}{text}", flush=True)

"""What the commands print: lines, a progress bar, a table."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Sequence
from types import TracebackType
from typing import Any


class Console:
    """Lines on standard output and, meanwhile, a bar of files on standard error.

    The bar needs tqdm and is shown where standard error is a terminal and more than one file is worked on.
    """

    def __init__(self, total: int, *, quiet: bool = False) -> None:
        self._quiet = quiet
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
        if self._bar is not None:
            self._bar.write(text)
        else:
            print(text)

    def stage(self, text: str) -> None:
        """Name in the bar what is being done."""
        if self._bar is not None:
            self._bar.set_description(text)

    def step(self) -> None:
        """Count one file as done, well or not."""
        if self._bar is not None:
            self._bar.update(1)


def _bar(total: int) -> Any:
    """Return a tqdm bar, or None, with a word about it, where tqdm is not installed."""
    try:
        from tqdm import tqdm
    except ImportError:
        print("(no progress bar: it needs tqdm, which  pip install 'ressin[data]'  brings)", file=sys.stderr)
        return None
    return tqdm(total=total, unit="file", leave=False, dynamic_ncols=True)


def failure_table(failures: Sequence[tuple[str, str]], total: int) -> str:
    """Return the table of files that failed and why, for the end of a run.

    Parameters
    ----------
    failures
        File and reason, one pair each.
    total
        Number of files of the run.
    """
    width = max(60, shutil.get_terminal_size().columns)
    first = max(len(name) for name, _ in failures)
    beside = first <= width // 3  # else the reason stands below the name
    indent = 4 + first if beside else 6
    lines = [f"{len(failures)} of {total} {'file' if total == 1 else 'files'} failed:"]
    for name, reason in failures:
        wrapped = textwrap.wrap(reason, width - indent, break_long_words=False, break_on_hyphens=False)
        if beside:
            lines.append(f"  {name:{first}}  {wrapped[0]}")
            wrapped = wrapped[1:]
        else:
            lines.append(f"  {name}")
        lines += [" " * indent + text for text in wrapped]
    return "\n".join(lines)


def duration_text(seconds: float) -> str:
    """Write a duration as a person would: ``45 s``, ``8.4 min``, ``24 h``."""
    if seconds < 120:
        return f"{seconds:.3g} s"
    return f"{seconds / 60:.3g} min" if seconds < 7200 else f"{seconds / 3600:.3g} h"

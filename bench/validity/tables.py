"""Markdown tables, and the work spread over processes."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

import numpy as np

Task = TypeVar("Task")
Outcome = TypeVar("Outcome")


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table whose first column is text and whose others are numbers."""
    line(header)
    line(["---", *["---:"] * (len(header) - 1)])
    for row in rows:
        line(row)
    print(flush=True)


def line(cells: Iterable[str]) -> None:
    print("|", " | ".join(cells), "|", flush=True)


def number(value: float, digits: int = 2, unit: str = "") -> str:
    """Write a number, or a dash where there is none."""
    return "-" if not np.isfinite(value) else f"{value:.{digits}f}{unit}"


def share(value: float) -> str:
    return "-" if not np.isfinite(value) else f"{100 * value:.0f} %"


def spread(work: Callable[[Task], Outcome], tasks: Sequence[Task], workers: int) -> Iterator[Outcome]:
    """Yield the outcomes in order of the tasks; one worker works in this process."""
    if workers <= 1:
        yield from map(work, tasks)
        return
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(work, tasks)

"""Progress of a batch: none, a bar, or a callback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, TypeAlias

from ressin.errors import InvalidInputError, MissingExtraError

Count: TypeAlias = Callable[[int, int], object]  # called with (done, total)
Progress: TypeAlias = bool | Count
StageProgress: TypeAlias = bool | Callable[[str, int, int], object]  # called with (stage, done, total)


def check_progress(progress: object, arguments: str = "(done, total)") -> None:
    """Raise InvalidInputError unless `progress` is True, False or can be called; `arguments` are those of the call."""
    if not isinstance(progress, bool) and not callable(progress):
        raise InvalidInputError(f"progress is {progress!r}; it must be True, False or a function of {arguments}")


def open_bar(total: int, name: str, *, purpose: str = "progress=True", **layout: Any) -> Any:
    """Return a tqdm bar on standard error, in a notebook one of its own kind.

    Parameters
    ----------
    total
        Of what is counted.
    name
        Stands before the bar.
    purpose
        What the bar is for, where tqdm is not installed.
    **layout
        Further arguments of tqdm.

    Raises
    ------
    MissingExtraError
        If tqdm is not installed.
    """
    try:
        from tqdm.auto import tqdm
    except ImportError:
        raise MissingExtraError("tqdm", "data", purpose) from None
    return tqdm(total=total, desc=name, **layout)


@contextmanager
def show_progress(progress: Progress, total: int, unit: str) -> Iterator[Count | None]:
    """Give the function that the core calls with (done, total), or None; the last count is shown at a good end.

    Parameters
    ----------
    progress
        False for nothing, True for a tqdm bar, or a function called with (done, total).
    total
        Number of programmes.
    unit
        What the bar counts.

    Raises
    ------
    InvalidInputError
        If `progress` is something else.
    MissingExtraError
        If a bar is asked for and tqdm is not installed.
    """
    check_progress(progress)
    if progress is False:
        yield None
        return
    if callable(progress):
        yield progress
        progress(total, total)
        return
    with open_bar(total, "cvxEDA", unit=unit) as bar:

        def show(done: int, _: int) -> None:
            bar.update(done - bar.n)

        yield show
        bar.update(total - bar.n)


class Stages:
    """Progress of work in stages: nothing, a bar for each stage, or a function called with (stage, done, total).

    A context manager, because bars are closed at the end.

    Raises
    ------
    InvalidInputError
        If `progress` is something else.
    """

    def __init__(self, progress: StageProgress) -> None:
        check_progress(progress, "(stage, done, total)")
        self._progress = progress
        self._bars: dict[str, Any] = {}

    def __enter__(self) -> Stages:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for bar in self._bars.values():
            bar.close()

    def tell(self, stage: str, done: int, total: int) -> None:
        """Say how far a stage is."""
        if callable(self._progress):
            self._progress(stage, done, total)
        elif self._progress:
            if stage not in self._bars:
                self._bars[stage] = open_bar(total, stage, dynamic_ncols=True)
            self._bars[stage].update(done - self._bars[stage].n)

    def count(self, stage: str) -> Count:
        """Return a function of (done, total) for one stage."""
        return lambda done, total: self.tell(stage, done, total)

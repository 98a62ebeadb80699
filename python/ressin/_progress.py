"""How a batch tells how far it is: not at all, by a bar, or to a function of the caller's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from ressin.errors import InvalidInputError, MissingExtraError

Progress: TypeAlias = "bool | Callable[[int, int], object]"


@contextmanager
def report(progress: Progress, total: int, unit: str) -> Iterator[Callable[[int, int], object] | None]:
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
    if progress is False:
        yield None
        return
    if progress is not True and not callable(progress):
        raise InvalidInputError(f"progress is {progress!r}; it must be True, False or a function of (done, total)")
    if callable(progress):
        yield progress
        progress(total, total)
        return
    try:
        from tqdm.auto import tqdm
    except ImportError:
        raise MissingExtraError("tqdm", "data", "progress=True") from None
    with tqdm(total=total, unit=unit, desc="cvxEDA") as bar:

        def show(done: int, _: int) -> None:
            bar.update(done - bar.n)

        yield show
        bar.update(total - bar.n)

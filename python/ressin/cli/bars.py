"""Progress on standard error: a bar per stage of the work on data, and one bar for all trainings of a report."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ressin.learn.progress import TrainingProgress


class StageBars:
    """A progress bar per stage; nothing where it is quiet. Entered, it gives what the work calls."""

    def __init__(self, quiet: bool = False) -> None:
        self.quiet = quiet
        self.bars: dict[str, Any] = {}

    def __enter__(self) -> Callable[[str, int, int], None] | None:
        return None if self.quiet else self._tell

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for bar in self.bars.values():
            bar.close()

    def _tell(self, stage: str, done: int, total: int) -> None:
        if stage not in self.bars:
            self.bars[stage] = _tqdm()(total=total, desc=stage, file=sys.stderr, dynamic_ncols=True)
        self.bars[stage].update(done - self.bars[stage].n)


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
            self._bar = _tqdm()(
                total=report.total, bar_format=layout, file=sys.stderr, dynamic_ncols=True, leave=False, mininterval=0.2
            )
        if report.name != self._name:
            self._name = report.name
            self._bar.reset(report.total)
            self._bar.set_description_str(report.name, refresh=False)
        numbers = f"loss {report.loss:.3f}, accuracy {report.accuracy:.0%}, {report.samples_per_second:,.0f}/s"
        self._bar.set_postfix_str(f"{numbers}, {report.seconds_left:.0f} s left", refresh=False)
        self._bar.update(report.step - self._bar.n)


def _tqdm() -> Any:
    from ressin.data.extras import require

    return require("tqdm", "data", "showing progress").tqdm

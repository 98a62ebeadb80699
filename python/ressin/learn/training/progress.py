"""Progress of a training: loss, accuracy, rate and time left."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ressin._progress import check_progress, open_bar


@dataclass(frozen=True)
class TrainingProgress:
    """How far a training is.

    Attributes
    ----------
    name
        What is being trained, such as ``"arousal fold 3/10"``.
    step, total
        Iterations done and planned.
    loss, accuracy
        Means over the last 20 iterations.
    samples_per_second
        Since this process started.
    seconds_left
        At that rate, if no early stop comes.
    """

    name: str
    step: int
    total: int
    loss: float
    accuracy: float
    samples_per_second: float
    seconds_left: float


Progress = bool | Callable[[TrainingProgress], None]


class Display:
    """Sends progress to a callable, to a bar on the standard error stream (True), or nowhere (False)."""

    def __init__(self, progress: Progress, name: str, start: int, total: int) -> None:
        check_progress(progress, "one TrainingProgress")
        self.name, self.start, self.total = name, start, total
        self._begin = time.monotonic()
        self._samples = 0
        self._call = progress if callable(progress) else None
        self._bar = _open_bar(name, start, total) if progress is True else None

    def show(self, step: int, n_samples: int, loss: float, accuracy: float) -> None:
        """Tell that iteration `step` is done."""
        if self._call is None and self._bar is None:
            return
        self._samples += n_samples
        seconds = max(time.monotonic() - self._begin, 1e-9)
        done = step + 1 - self.start
        report = TrainingProgress(
            name=self.name,
            step=step + 1,
            total=self.total,
            loss=loss,
            accuracy=accuracy,
            samples_per_second=self._samples / seconds,
            seconds_left=seconds / done * (self.total - step - 1),
        )
        if self._call is not None:
            self._call(report)
        if self._bar is not None:
            rate = f"{report.samples_per_second:,.0f}/s"
            self._bar.set_postfix_str(f"loss {loss:.4f}, accuracy {accuracy:.1%}, {rate}", refresh=False)
            self._bar.update(1)

    def close(self) -> None:
        """Leave the last state on the screen."""
        if self._bar is not None:
            self._bar.close()


def _open_bar(name: str, start: int, total: int) -> Any:
    layout = "{desc}: {n_fmt}/{total_fmt} |{bar}| {remaining} left{postfix}"
    return open_bar(total, name, initial=start, bar_format=layout)

"""What the default solver chooses: ``python -m bench.choice``.

A row for each work of the speed table and for each real recording of the folder that RESSIN_EDA_DIR names: the time
under ``solver="auto"`` and under each of the two methods, auto's time over that of the better, and the share of its
signals that the active set left to the interior point. One thread, its own time.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import threads

threads.limit_to_one()

import numpy as np  # noqa: E402
from tests.reference import Array  # noqa: E402
from tests.signals import RECORDINGS, read, simulate, zscore  # noqa: E402

import ressin  # noqa: E402
from bench.claims import seconds  # noqa: E402
from bench.work import BATCH_RATE, batch, long_signal  # noqa: E402
from ressin.errors import QualityWarning  # noqa: E402

METHODS = ("auto", "active_set", "interior_point")
ROUNDS = 5


@dataclass(frozen=True)
class Work:
    """Signals of one rate, decomposed in one call: a function of the solver that returns each signal's."""

    name: str
    run: Callable[[Any], Sequence[str]]


def signals(name: str, ys: Sequence[Array], rate: float, **settings: Any) -> Work:
    """Return the work of a batch."""

    def run(solver: Any) -> list[str]:
        results = ressin.decompose_batch(ys, rate, solver=solver, n_threads=1, **settings)
        return [result.solver for result in results]

    return Work(name, run)


def windows(name: str, y: Array, rate: float, window: float, step: float) -> Work:
    """Return the work of sliding windows."""

    def run(solver: Any) -> list[str]:
        found = ressin.decompose_windows(y, rate, window, step, solver=solver, n_threads=1)
        return [found[k].solver for k in range(0, len(found), 50)]

    return Work(name, run)


def works() -> Iterator[Work]:
    """Yield the rows: simulated, then real."""
    yield signals("batch of 512, 45 s at 50 Hz", batch(), BATCH_RATE)
    yield signals("24 h at 4 Hz", [long_signal(4.0, 86400.0)], 4.0)
    yield signals("300 s at 1,000 Hz", [long_signal(1000.0, 300.0)], 1000.0)
    yield windows("1 h at 4 Hz in windows of 60 s", simulate(4.0, 3600.0, seed=1), 4.0, 60.0, 1.0)
    folder = os.environ.get("RESSIN_EDA_DIR")
    if folder is None:
        return
    for source in RECORDINGS:
        y, rate = read(source, Path(folder))
        y = zscore(y[np.isfinite(y)])
        for alpha in (8e-4, 8e-3, 8e-5):
            yield signals(
                f"real: {source.name}, {y.size / rate:.0f} s at {rate:g} Hz, alpha {alpha:g}", [y], rate, alpha=alpha
            )


def row(work: Work) -> str:
    """Time the methods in turns."""
    chosen = {method: work.run(method) for method in METHODS}
    times: dict[str, list[float]] = {method: [] for method in METHODS}
    for _ in range(ROUNDS):
        for method in METHODS:
            times[method].append(seconds(lambda method=method: work.run(method)))  # type: ignore[misc]
    auto, *others = (min(times[method]) for method in METHODS)
    left = np.mean([solver == "interior_point" for solver in chosen["active_set"]])
    by_auto = np.mean([solver == "interior_point" for solver in chosen["auto"]])
    cells = (work.name, *(f"{1e3 * t:.3g} ms" for t in (auto, *others)), f"{auto / min(others):.2f}",
             f"{100 * left:.1f} %", f"{100 * by_auto:.1f} %")  # fmt: skip
    return f"| {' | '.join(cells)} |"


def main() -> None:
    warnings.simplefilter("ignore", QualityWarning)
    print("| work | auto | active set | interior point | auto over the better | left by the active set | by auto |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for work in works():
        print(row(work), flush=True)


if __name__ == "__main__":
    main()

"""Speed regressions: our time over that of a fixed yardstick, SciPy's banded solver at the same n, in the same run.

python -m bench.regression           print the ratios beside the committed ones
python -m bench.regression --write   commit to the ratios of this machine, in baseline.json
"""

from __future__ import annotations

import argparse
import json
import platform
from collections.abc import Callable
from pathlib import Path

from bench import threads

threads.limit_to_one()

import numpy as np  # noqa: E402
import scipy.linalg  # noqa: E402

import ressin  # noqa: E402
from bench.claims import seconds  # noqa: E402
from bench.work import BATCH_RATE, batch, long_signal  # noqa: E402

BASELINE = Path(__file__).with_name("baseline.json")
WORSE = 1.25  # a ratio above the baseline by this factor is a regression
ROUNDS = 15


def _yardstick(n: int) -> Callable[[], object]:
    """Solve a positive definite system of n unknowns and bandwidth 4, as often as makes about 100,000 unknowns."""
    bands = np.ones((5, n))
    bands[-1] = 10.0
    right = np.ones(n)
    times = max(1, 100_000 // n)
    return lambda: [scipy.linalg.solveh_banded(bands, right) for _ in range(times)]


def cases() -> dict[str, tuple[int, Callable[[], object]]]:
    """Return the guarded work: the length whose yardstick it is measured by, and the call."""
    some, one = batch()[:64], batch()[0]
    day, lab = long_signal(4.0, 86400.0), long_signal(1000.0, 45.0)
    return {
        "batch of 64, 45 s at 50 Hz": (2250, lambda: ressin.decompose_batch(some, BATCH_RATE, n_threads=1)),
        "one signal, 45 s at 50 Hz": (2250, lambda: ressin.decompose(one, BATCH_RATE, n_threads=1)),
        "24 h at 4 Hz": (345_600, lambda: ressin.decompose(day, 4.0, n_threads=1)),
        "45 s at 1,000 Hz": (45_000, lambda: ressin.decompose(lab, 1000.0, n_threads=1)),
        "osqp, batch of 64": (2250, lambda: ressin.decompose_batch(some, BATCH_RATE, solver="osqp", n_threads=1)),
    }


def measure(n: int, work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Return the ratio of the two fastest times of interleaved rounds."""
    yardstick = _yardstick(n)
    work()
    ours, theirs = [], []
    for _ in range(rounds):
        theirs.append(seconds(yardstick))
        ours.append(seconds(work))
    return min(ours) / min(theirs)


def baseline() -> dict[str, float]:
    ratios: dict[str, float] = json.loads(BASELINE.read_text())["ratios"]
    return ratios


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="replace baseline.json")
    write = parser.parse_args().write
    before = {} if write else baseline()
    ratios = {name: measure(n, work) for name, (n, work) in cases().items()}
    for name, ratio in ratios.items():
        change = f"  {ratio / before[name] - 1:+.0%}" if name in before else ""
        print(f"{name:32} {ratio:8.3f} yardsticks{change}")
    if write:
        text = json.dumps({"machine": platform.machine(), "ratios": ratios}, indent=2)
        BASELINE.write_text(text + "\n")


if __name__ == "__main__":
    main()

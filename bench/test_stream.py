"""Claims: a push of one second costs less than to decompose the seconds that it looks at; a stream's memory is flat."""

from __future__ import annotations

import subprocess
import sys
from time import perf_counter
from typing import Any

import numpy as np
from tests.signals import simulate

import ressin

RATE = 4.0

_CHILD = """
from bench.stream_day import run
day = run(4.0, 3 * 1200, hour=1200)
print(*day.resident)
"""


def test_a_push_against_a_decomposition_of_its_window(benchmark: Any) -> None:
    y = simulate(RATE, 900, seed=1)
    stream = ressin.Stream(RATE, mean=y.mean(), deviation=y.std())
    results = [stream.push(y[first : first + 4]) for first in range(0, 2400, 4)]
    window = y[2400 - 360 : 2400]
    whole = ressin.decompose(y, RATE, baseline="none")
    final = np.concatenate([result.final.phasic for result in results])
    assert np.quantile(np.abs(final - whole.phasic[: final.size]), 0.99) < 0.02 * y.std()

    seconds = iter(y[2400:].reshape(-1, 4))
    pushed = benchmark.pedantic(lambda: stream.push(next(seconds)), rounds=250, iterations=1, warmup_rounds=10)
    assert pushed.converged
    times = []
    for _ in range(250):
        start = perf_counter()
        assert ressin.decompose(window, RATE, n_threads=1).converged
        times.append(perf_counter() - start)
    if benchmark.stats is not None:  # not where benchmarks are switched off
        assert benchmark.stats.stats.median < 2 * np.median(times)


def test_memory_is_flat() -> None:
    child = subprocess.run([sys.executable, "-c", _CHILD], capture_output=True, text=True, check=False)
    assert child.returncode == 0, child.stderr
    resident = [int(word) for word in child.stdout.split()]
    assert resident[-1] - resident[0] < 2_000_000

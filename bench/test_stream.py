"""Claims: a push of one second costs less than to decompose the seconds that it looks at; a stream's memory is flat."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from itertools import cycle
from time import perf_counter
from typing import Any

import numpy as np
import pytest
from tests.signals import simulate

import ressin
from bench.claims import Claim, Race, assert_near, run_in_benchmark

RATE = 4.0
PEER = 'ressin, solver="interior_point"'
# By the sampling rate, Hz: a push of one second, on windows of 80 to 90 s.
PUSHES = {
    4.0: Claim("a stream's push of one second, 4 Hz", PEER, 1.3, 5),
    64.0: Claim("a stream's push of one second, 64 Hz", PEER, 5, 18),
    1000.0: Claim("a stream's push of one second, 1,000 Hz", PEER, 8, 40),
}
SECONDS = 240  # of the signal, over and over

_CHILD = """
from bench.stream_day import run
day = run(4.0, 3 * 1200, hour=1200)
print(*day.resident)
"""


def prepare(rate: float) -> Race:
    """Two streams of one signal, by the default and by the interior point."""
    y = simulate(rate, SECONDS, seed=1)
    seconds = y.reshape(SECONDS, round(rate))

    def push(solver: Any) -> Callable[[], Any]:
        stream = ressin.Stream(rate, mean=y.mean(), deviation=y.std(), solver=solver)
        following = cycle(seconds)
        for _ in range(120):
            stream.push(next(following))
        return lambda: stream.push(next(following))

    def check() -> None:
        ours, peer = (whole_stream(y, rate, solver) for solver in ("auto", "interior_point"))
        assert_near(ours / y.std(), peer / y.std(), 1e-5)

    return Race(PUSHES[rate], push("auto"), push("interior_point"), check, rounds=10)


def whole_stream(y: Any, rate: float, solver: Any) -> Any:
    """Return the final phasic part, every push having been proved."""
    stream = ressin.Stream(rate, mean=y.mean(), deviation=y.std(), solver=solver)
    results = [stream.push(second) for second in y.reshape(-1, round(rate))]
    assert all(result.converged for result in results[10:])
    return np.concatenate([result.final.phasic for result in results])


def claims() -> dict[float, Callable[[], Race]]:
    """Return the rows of the table."""
    return {rate: lambda rate=rate: prepare(rate) for rate in PUSHES}  # type: ignore[misc]


@pytest.mark.parametrize("rate", PUSHES)
def test_claim(benchmark: Any, rate: float) -> None:
    run_in_benchmark(benchmark, prepare(rate))


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

"""Claim: finding the SCRs of 72 h at 4 Hz takes no longer than decomposing them; one thread's time of the processor."""

from __future__ import annotations

from time import thread_time
from typing import Any

import numpy as np

import ressin

RATE = 4.0
HOURS = 72


def test_scrs_of_three_days_against_their_decomposition(benchmark: Any) -> None:
    rng = np.random.default_rng(0)
    parts = [ressin.simulate_eda(600, RATE, rng=rng, n_scr=80, noise=0.02, drift=0.0).signal for _ in range(20)]
    signal = np.resize(np.concatenate(parts), int(HOURS * 3600 * RATE))
    result = ressin.decompose(signal, RATE, n_threads=1)
    assert result.converged
    times: dict[str, list[float]] = {"decompose": [], "scrs": []}
    for _ in range(3):
        started = thread_time()
        ressin.decompose(signal, RATE, n_threads=1)
        decomposed = thread_time()
        scrs = ressin.find_scrs(result)
        times["decompose"].append(decomposed - started)
        times["scrs"].append(thread_time() - decomposed)
    assert len(scrs) > 0.6 * 80 * 6 * HOURS
    ratio = min(times["decompose"]) / min(times["scrs"])
    benchmark.pedantic(lambda: ressin.find_scrs(result), rounds=1)
    benchmark.extra_info.update(ratio=ratio, responses=len(scrs), seconds=min(times["scrs"]))
    seconds = {name: min(taken) for name, taken in times.items()}
    print(f"{len(scrs)} SCRs in {seconds['scrs']:.2f} s, decomposed in {seconds['decompose']:.2f} s: {ratio:.2f}x")
    if benchmark.stats is not None:  # not where benchmarks are switched off
        assert ratio >= 1.0, f"finding SCRs takes {1 / ratio:.2f} times as long as decomposing"

"""Claim: two threads over one on one recording of 24 h at 4 Hz."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import numpy as np

import ressin
from bench.claims import Claim, Race, assert_optimal, run_in_benchmark
from bench.work import long_signal

CLAIM = Claim("2 threads, one recording of 24 h at 4 Hz", "ressin, 1 thread", 1.1, 1.8)
RATE = 4.0


def prepare() -> Race:
    signal = long_signal(RATE, 86400.0)

    def threads(count: int) -> Any:
        return ressin.decompose(signal, RATE, standardize=False, n_threads=count)

    def check() -> None:
        one, two = threads(1), threads(2)
        assert_optimal([signal], [two], RATE, oracle_on=1)
        for part in ("phasic", "tonic", "driver", "residual"):
            np.testing.assert_array_equal(getattr(one, part), getattr(two, part))

    return Race(CLAIM, lambda: threads(2), lambda: threads(1), check, rounds=10, clock=perf_counter)


def test_claim(benchmark: Any) -> None:
    run_in_benchmark(benchmark, prepare())

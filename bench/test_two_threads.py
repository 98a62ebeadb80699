"""Claim: two threads over one on the batch of 512 signals."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import numpy as np

import ressin
from bench.claims import Claim, Race, run_in_benchmark
from bench.work import BATCH, BATCH_RATE, batch

CLAIM = Claim("2 threads, the batch of 512", "ressin, 1 thread", 1.3, 1.98)


def prepare() -> Race:
    signals = batch()

    def threads(count: int) -> Any:
        return ressin.decompose_batch(signals, BATCH_RATE, standardize=False, n_threads=count)

    def check() -> None:
        for one, two in zip(threads(1), threads(2), strict=True):
            np.testing.assert_array_equal(one.driver, two.driver)

    return Race(
        CLAIM, lambda: threads(2), lambda: threads(1), check,
        ours_signals=BATCH, peer_signals=BATCH, rounds=10, clock=perf_counter,
    )  # fmt: skip


def test_claim(benchmark: Any) -> None:
    run_in_benchmark(benchmark, prepare())

"""Claim: a batch of 512 signals, per signal, against cvxeda 1.1.0; one thread each."""

from __future__ import annotations

from typing import Any

import ressin
from bench import peers
from bench.claims import Claim, Race, assert_near, assert_optimal, run_in_benchmark
from bench.work import BATCH, BATCH_RATE, batch

CLAIM = Claim("batch of 512 signals, 45 s at 50 Hz, per signal", "cvxeda 1.1.0", 220, 500)
SAMPLE = 8  # signals that the peer decomposes in a round


def prepare() -> Race:
    signals, cvxeda = batch(), peers.cvxeda(BATCH_RATE)

    def ours() -> Any:
        return ressin.decompose_batch(signals, BATCH_RATE, standardize=False, n_threads=1)

    def peer() -> Any:
        return [cvxeda(y) for y in signals[:SAMPLE]]

    def check() -> None:
        results = ours()
        assert_optimal(signals, results, BATCH_RATE)
        for result, theirs in zip(results, peer(), strict=False):
            assert_near(result.phasic, theirs, 1e-4)

    return Race(CLAIM, ours, peer, check, ours_signals=BATCH, peer_signals=SAMPLE)


def test_claim(benchmark: Any) -> None:
    run_in_benchmark(benchmark, prepare())

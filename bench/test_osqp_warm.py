"""Claim: solver="osqp", warm-started, on the batch of 512 signals against cvxeda 1.1.0; one thread each."""

from __future__ import annotations

from typing import Any

import ressin
from bench import peers
from bench.claims import Claim, Race, assert_near, run_in_benchmark
from bench.work import BATCH, BATCH_RATE, batch

CLAIM = Claim('solver="osqp", warm, the batch of 512, per signal', "cvxeda 1.1.0", 50, 100)
SAMPLE = 8


def prepare() -> Race:
    signals, cvxeda = batch(), peers.cvxeda(BATCH_RATE)

    def ours(solver: Any = "osqp") -> Any:
        return ressin.decompose_batch(signals, BATCH_RATE, solver=solver, standardize=False, n_threads=1)

    def peer() -> Any:
        return [cvxeda(y) for y in signals[:SAMPLE]]

    def check() -> None:
        for osqp, exact in zip(ours(), ours("interior_point"), strict=True):
            assert osqp.converged
            assert_near(osqp.phasic, exact.phasic, 1e-5)
            assert_near(osqp.tonic, exact.tonic, 1e-5)

    return Race(CLAIM, ours, peer, check, ours_signals=BATCH, peer_signals=SAMPLE)


def test_claim(benchmark: Any) -> None:
    run_in_benchmark(benchmark, prepare())

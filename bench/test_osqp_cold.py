"""Why OSQP is not the default: from a cold start it is slower than cvxeda 1.1.0; no ratio is guaranteed."""

from __future__ import annotations

from typing import Any

import ressin
from bench import peers
from bench.claims import Claim, Race, assert_near, run_in_benchmark
from bench.work import BATCH_RATE, batch

CLAIM = Claim('solver="osqp", cold, one of them', "cvxeda 1.1.0", None, None)


def prepare() -> Race:
    signal, cvxeda = batch()[0], peers.cvxeda(BATCH_RATE)

    def ours() -> Any:
        return ressin.decompose(signal, BATCH_RATE, solver="osqp", warm_start=False, standardize=False, n_threads=1)

    def check() -> None:
        exact = ressin.decompose(signal, BATCH_RATE, standardize=False)
        osqp = ours()
        assert osqp.converged
        assert_near(osqp.phasic, exact.phasic, 1e-3)

    return Race(CLAIM, ours, lambda: cvxeda(signal), check, rounds=2)


def test_claim(benchmark: Any) -> None:
    run_in_benchmark(benchmark, prepare())

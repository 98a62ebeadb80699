"""Claim: bands of 200 replicates of 45 s at 50 Hz, per replicate, against cvxeda 1.1.0; one thread each.

The check: the decomposition is optimal, the bands do not depend on the threads, and they hold the truth.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from tests import reference

import ressin
from bench import peers
from bench.claims import Claim, Race, run_in_benchmark
from ressin.decomposition.bands import bootstrap_bands

CLAIM = Claim("bands of 200 replicates, 45 s at 50 Hz, per replicate", "cvxeda 1.1.0", 180, 450)
RATE, COUNT, SAMPLE = 50.0, 200, 8


def prepare() -> Race:
    truth = ressin.simulate_eda(45, RATE, n_scr=5, rng=np.random.default_rng(0))
    result, cvxeda = ressin.decompose(truth.signal, RATE), peers.cvxeda(RATE)
    rng = np.random.default_rng(1)
    scaled = (truth.signal - truth.signal.mean()) / truth.signal.std()
    replicates = [scaled + 0.02 * rng.normal(size=scaled.size) for _ in range(SAMPLE)]

    def ours() -> Any:
        return bootstrap_bands(result, COUNT, n_threads=1)

    def check() -> None:
        prog = reference.program((truth.signal - result.mean) / result.scale, RATE)
        proof = reference.certify(
            prog, result.driver / result.scale, result.spline / result.scale, result.drift / result.scale
        )
        assert proof.relative_gap <= 1e-8
        bands, threaded = ours(), bootstrap_bands(result, COUNT, n_threads=2)
        np.testing.assert_array_equal(bands.tonic_low, threaded.tonic_low)
        for part in ("phasic", "tonic"):
            low, high, true = getattr(bands, f"{part}_low"), getattr(bands, f"{part}_high"), getattr(truth, part)
            assert np.mean((low <= true) & (true <= high)) > 0.7

    return Race(CLAIM, ours, lambda: [cvxeda(y) for y in replicates], check, ours_signals=COUNT, peer_signals=SAMPLE)


def test_claim(benchmark: Any) -> None:
    run_in_benchmark(benchmark, prepare())

"""Claim: an hour at 4 Hz in windows of 60 s every second, per window, against cvxeda 1.1.0; one thread each."""

from __future__ import annotations

from typing import Any

import numpy as np
from tests import reference
from tests.signals import simulate, zscore

import ressin
from bench import peers
from bench.claims import Claim, Race, assert_near, run_in_benchmark

CLAIM = Claim("1 h at 4 Hz in 60 s windows every second, per window", "cvxeda 1.1.0", 80, 300)
RATE, WINDOW, STEP = 4.0, 60.0, 1.0
SAMPLE = 16  # windows that the peer decomposes in a round, spread over the hour


def prepare() -> Race:
    signal, cvxeda = simulate(RATE, 3600.0, seed=1), peers.cvxeda(RATE)
    length = round(WINDOW * RATE)

    def ours() -> Any:
        return ressin.decompose_windows(signal, RATE, WINDOW, STEP, n_threads=1)

    windows = ours()
    taken = np.linspace(0, len(windows) - 1, SAMPLE).astype(int)
    stretches = [zscore(signal[start : start + length]) for start in windows.starts[taken]]

    def peer() -> Any:
        return [cvxeda(y) for y in stretches]

    def check() -> None:
        found = ours()
        assert len(found) == 3541
        assert found.converged.all()
        assert (found.relative_gap <= 1e-8).all()
        for k, y, theirs in zip(taken.tolist(), stretches, peer(), strict=True):
            scale = found.scale[k]
            one = found[k]
            prog = reference.program(y, RATE)
            proof = reference.certify(prog, one.driver / scale, one.spline / scale, one.drift / scale)
            assert proof.relative_gap <= 1e-8, f"window {k}: the oracle's gap is {proof.relative_gap:.1e}"
            assert_near(found.phasic[k] / scale, proof.phasic, 1e-8)
            assert_near(found.phasic[k] / scale, theirs, 1e-3)

    return Race(CLAIM, ours, peer, check, ours_signals=len(windows), peer_signals=SAMPLE)


def test_claim(benchmark: Any) -> None:
    run_in_benchmark(benchmark, prepare())

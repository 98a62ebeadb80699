"""Claim: one signal of 45 s at 50 Hz against cvxeda 1.1.0; one thread each."""

from __future__ import annotations

from typing import Any

from bench.claims import Claim, Race, run_in_benchmark
from bench.single import one_signal_race

CLAIM = Claim("one such signal", "cvxeda 1.1.0", 200, 400)


def prepare() -> Race:
    return one_signal_race(CLAIM, 50.0, 45.0, within=1e-4, rounds=20)


def test_claim(benchmark: Any) -> None:
    run_in_benchmark(benchmark, prepare())

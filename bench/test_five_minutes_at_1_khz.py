"""Claim: 300 s at 1,000 Hz, a laboratory amplifier, against cvxeda 1.1.0; one thread each."""

from __future__ import annotations

from typing import Any

from bench.claims import Claim, Race, run_in_benchmark
from bench.single import one_signal_race

CLAIM = Claim("300 s at 1,000 Hz, one signal", "cvxeda 1.1.0", 2000, 3500)


def prepare() -> Race:
    return one_signal_race(CLAIM, 1000.0, 300.0, within=5e-4, rounds=1)


def test_claim(benchmark: Any) -> None:
    run_in_benchmark(benchmark, prepare())

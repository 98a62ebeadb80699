"""Claim: 24 h at 4 Hz, the night and day of a wrist band, against cvxeda 1.1.0; one thread each."""

from __future__ import annotations

from typing import Any

from bench.claims import Claim, Race, run_in_benchmark
from bench.single import one_signal_race

CLAIM = Claim("24 h at 4 Hz, one signal", "cvxeda 1.1.0", 160, 380)


def prepare() -> Race:
    return one_signal_race(CLAIM, 4.0, 86400.0, within=1e-4, rounds=2)


def test_claim(benchmark: Any) -> None:
    run_in_benchmark(benchmark, prepare())

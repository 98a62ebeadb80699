"""Random recordings and settings for the robust programme: every one is proved, and the status of each is true.

RESSIN_HYPOTHESIS=thorough runs 5,000 of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

import ressin
from tests.decomposition.test_programs import SHAPES, make_signal, make_weights
from tests.signals import Signal

COUNT = 5000 if os.environ.get("RESSIN_HYPOTHESIS") == "thorough" else 300
HARD = (12, 24, 681, 1397, 2155, 2221, 2568, 3655, 4689, 7756)  # digits are few, and for some too few in double
RATES = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 16.0, 32.0, 50.0, 64.0, 128.0, 250.0, 500.0, 1000.0)


@dataclass(frozen=True)
class Case:
    signal: Signal
    rate: float
    choice: dict[str, Any]


def random_case(seed: int) -> Case:
    """Return one recording of any shape, length, rate and unit, with time constants, knots and weights."""
    rng = np.random.default_rng([1014, seed])
    n = round(10 ** rng.uniform(np.log10(4), np.log10(2000)))
    rate = float(rng.choice(RATES))
    signal = make_signal(str(rng.choice(SHAPES)), n, rate, rng)
    signal = signal * float(rng.choice([1.0, 1.0, 1e-6, 1e6])) + float(rng.choice([0.0, 0.0, 5.0, -100.0]))
    tau0 = float(10 ** rng.uniform(np.log10(0.5), np.log10(8.0)))
    choice: dict[str, Any] = {
        "tau0": tau0,
        "tau1": float(rng.choice([tau0, 10 ** rng.uniform(np.log10(0.1), np.log10(tau0))])),
        "delta_knot": max(1.0 / rate, float(10 ** rng.uniform(0.0, 2.0))),
        "sample_weight": make_weights(str(rng.choice(["none", "none", "gaps", "uniform", "wild"])), n, rng),
    }
    return Case(signal, rate, choice)


def decompose(seed: int) -> ressin.Decomposition:
    case = random_case(seed)
    return ressin.decompose(case.signal, case.rate, programme="robust", errors="return", **case.choice)


def unproved(seeds: Iterable[int]) -> list[str]:
    """Return what is wrong with each programme's result, having asserted that its status is true."""
    found = []
    for seed in seeds:
        result = decompose(seed)
        if result.status == "optimal":
            assert result.relative_gap <= 1e-8, f"seed {seed}: optimal with a gap of {result.relative_gap:.1e}"
            assert result.is_optimal(1e-6), f"seed {seed}: optimal, and its own numbers do not prove it"
        else:
            assert result.relative_gap > 1e-8, f"seed {seed}: {result.status} with a gap of {result.relative_gap:.1e}"
            found.append(f"seed {seed}: {result.status}, a gap of {result.relative_gap:.1e}")
    return found


def test_every_one_is_proved() -> None:
    assert not unproved(range(COUNT))


def test_wild_weights_spikes_and_signals_far_from_zero_are_proved() -> None:
    """Levels that hang on a few samples of little weight, and a swing of 1e-8 of the distance from zero."""
    assert not unproved(HARD)

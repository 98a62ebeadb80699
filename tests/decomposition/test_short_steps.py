"""Signals with little noise for which primal and dual step once shortened each other without end."""

from __future__ import annotations

import pytest

import ressin
from tests.signals import simulate


@pytest.mark.parametrize(
    ("sampling_rate", "duration", "seed", "noise"),
    [(50, 45, 57, 1e-3), (50, 45, 2288, 1e-3), (50, 45, 2748, 3e-4), (100, 20, 1459, 3e-3), (100, 20, 1395, 1e-4)],
)
def test_short_steps_do_not_go_on_for_ever(sampling_rate: float, duration: float, seed: int, noise: float) -> None:
    result = ressin.decompose(simulate(sampling_rate, duration, seed, noise), sampling_rate, solver="interior_point")
    assert result.is_optimal(1e-8)
    assert result.iterations <= 30

"""Time the robust programme's whole procedure, settings and solution, against one solve of cvxEDA on the signal."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from tests.reference import Array
from tests.signals import simulate, zscore

import ressin
from bench import peers
from bench.claims import Claim, Race

SAMPLE = 8  # signals of a batch that the peer decomposes in a round


def race(claim: Claim, sampling_rate: float, duration: float, *, count: int = 1, rounds: int = 3) -> Race:
    """Race `count` signals on one thread; every one of ours must be proved, by evidence from its own numbers too."""
    signals = _signals(sampling_rate, duration, count)
    cvxeda, sample = peers.cvxeda(sampling_rate), [zscore(y) for y in signals[:SAMPLE]]

    def ours() -> list[Any]:
        return ressin.decompose_batch(signals, sampling_rate, programme="robust", n_threads=1)

    def peer() -> list[Array]:
        return [cvxeda(y) for y in sample]

    return Race(claim, ours, peer, lambda: assert_proved(signals, ours()), count, len(sample), rounds)


def assert_proved(signals: Sequence[Array], results: Sequence[Any]) -> None:
    """Every certificate is below 1e-8, and the parts of every result add up to its signal."""
    assert len(signals) == len(results)
    for y, result in zip(signals, results, strict=True):
        assert result.converged
        assert result.relative_gap <= 1e-8
        total = result.phasic + result.tonic + result.robust.outliers + result.residual
        np.testing.assert_allclose(total, y, atol=1e-9 * np.ptp(y))


@functools.lru_cache(maxsize=2)
def _signals(sampling_rate: float, duration: float, count: int) -> tuple[Array, ...]:
    return tuple(simulate(sampling_rate, duration, seed, noise=0.01) for seed in range(count))


def claims() -> dict[str, Callable[[], Race]]:
    """Return the rows of the table."""
    procedure, one = "robust programme with its settings", "one cvxeda 1.1.0"
    return {
        "batch": lambda: race(Claim(f"{procedure}, batch of 64, 45 s at 50 Hz", one, 10, 70), 50.0, 45.0, count=64),
        "hour": lambda: race(Claim(f"{procedure}, 61 min at 4 Hz", one, 2, 10), 4.0, 3660.0),
        "day": lambda: race(Claim(f"{procedure}, 24 h at 4 Hz", one, 2, 5), 4.0, 86400.0, rounds=1),
    }

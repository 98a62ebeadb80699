"""Time the robust programme's whole procedure, settings and solution, against one solve of cvxEDA on the signal.

And its last weighted programme alone against PIQP's sparse solver on the same matrices.
"""

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
from ressin import _core

SAMPLE = 8  # signals of a batch that the peer decomposes in a round
PROGRAMMES = 4  # the same for PIQP


def race(claim: Claim, sampling_rate: float, duration: float, *, count: int = 1, rounds: int = 3) -> Race:
    """Race `count` signals on one thread; every one of ours must be proved, by evidence from its own numbers too."""
    signals = _signals(sampling_rate, duration, count)
    cvxeda, sample = peers.cvxeda(sampling_rate), [zscore(y) for y in signals[:SAMPLE]]

    def ours() -> list[Any]:
        return ressin.decompose_batch(signals, sampling_rate, programme="robust", n_threads=1)

    def peer() -> list[Array]:
        return [cvxeda(y) for y in sample]

    return Race(claim, ours, peer, lambda: assert_proved(signals, ours()), count, len(sample), rounds)


def race_programmes(claim: Claim, sampling_rate: float, duration: float, *, count: int = 1, rounds: int = 3) -> Race:
    """Race the last weighted programmes of `count` signals, their costs given and nothing else known, on one thread."""
    signals = _signals(sampling_rate, duration, count)
    results = ressin.decompose_batch(signals, sampling_rate, programme="robust", n_threads=1)
    costs = [_costs(result) for result in results]
    qps = [ressin.build_qp(y, sampling_rate, programme="robust") for y in signals[:PROGRAMMES]]
    solvers = [peers.piqp_on(qp) for qp in qps]
    settings = results[0].settings

    def ours() -> list[Any]:
        shape = ([1.0 / sampling_rate] * count, settings.tau0, settings.tau1, settings.delta_knot)
        return _core.decompose_robust(signals, [None] * count, *shape, 1e-8, 200, 1, None, costs=costs)

    def check() -> None:
        solutions = ours()
        for x, result in zip(solutions, results, strict=True):
            assert x["status"] == "optimal"
            assert x["relative_gap"] <= 1e-8
            assert np.array_equal(x["alpha"], result.robust.alpha)
        for x, qp, solver in zip(solutions, qps, solvers, strict=False):
            assert abs(qp.objective(solver()) / x["objective"] - 1.0) <= 1e-4

    return Race(claim, ours, lambda: [solver() for solver in solvers], check, count, len(solvers), rounds)


def _costs(result: Any) -> tuple[Any, ...]:
    """Return the costs of the last weighted programme, in the signal's unit."""
    robust = result.robust
    return robust.alpha, robust.delta, robust.kappa, robust.alpha_before, robust.stiffness


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
    last, piqp = "the robust programme's last weighted one", "PIQP sparse on the same, set-up included"
    procedure, one = "robust programme with its settings", "one cvxeda 1.1.0"
    return {
        "batch": lambda: race(Claim(f"{procedure}, batch of 64, 45 s at 50 Hz", one, 35, 70), 50.0, 45.0, count=64),
        "hour": lambda: race(Claim(f"{procedure}, 61 min at 4 Hz", one, 4, 10), 4.0, 3660.0),
        "day": lambda: race(Claim(f"{procedure}, 24 h at 4 Hz", one, 6, 5), 4.0, 86400.0, rounds=1),
        "programmes": lambda: race_programmes(
            Claim(f"{last}, batch of 64, 45 s at 50 Hz", piqp, 60, 40), 50.0, 45.0, count=64
        ),
        "programme": lambda: race_programmes(Claim(f"{last}, 61 min at 4 Hz", piqp, 20, 40), 4.0, 3660.0),
    }

"""The active set: the same optimum as the definition's and the interior point's, and who solves what."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import ressin
from tests import exact, reference
from tests.proof import assert_proved
from tests.signals import Signal, simulate

RATE = 25.0
SIGNAL = simulate(RATE, 20.0, 3)
PROGRAMMES: list[dict[str, Any]] = [
    {},
    {"revision": "2015"},
    {"baseline": "none"},
    {"baseline": "constant"},
    {"baseline": "spline"},
    {"tau1": 2.0},
    {"revision": "2015", "baseline": "spline", "tau1": 2.0},
    {"tau0": 0.01, "tau1": 0.02},
    {"delta_knot": 0.2},
    {"delta_knot": 100.0},
    {"alpha": 1e-6},
    {"alpha": 10.0},
    {"gamma": 1.0},
    {"standardize": False},
]


def weights_of(kind: str, n: int) -> Signal | None:
    """Return no weights, weights with gaps (also at the start), or large ones."""
    rng = np.random.default_rng(5)
    if kind == "ones":
        return None
    weights = rng.uniform(0.1, 1.0, n) * (1e6 if kind == "large" else 1.0)
    weights[:4], weights[100:160] = 0.0, 0.0
    return np.asarray(weights)


@pytest.mark.parametrize("weights", ["ones", "gaps", "large"])
@pytest.mark.parametrize("choice", PROGRAMMES, ids=str)
def test_every_programme_is_proved_and_is_the_interior_points(choice: dict[str, Any], weights: str) -> None:
    w = weights_of(weights, SIGNAL.size)
    if weights == "large":  # alpha and gamma with them: a millionth of alpha would leave no driver sample at zero
        choice = choice | {"alpha": 1e6 * choice.get("alpha", 8e-4), "gamma": 1e6 * choice.get("gamma", 1e-2)}
    found = ressin.decompose(SIGNAL, RATE, solver="active_set", sample_weight=w, **choice)
    assert_proved(found, **{name: value for name, value in choice.items() if name != "standardize"})
    other = ressin.decompose(SIGNAL, RATE, solver="interior_point", sample_weight=w, **choice)
    assert found.objective == pytest.approx(other.objective, rel=1e-8)
    np.testing.assert_allclose(found.phasic, other.phasic, atol=1e-4 * found.scale)


@pytest.mark.parametrize("choice", [{}, {"revision": "2015"}, {"baseline": "constant", "tau1": 2.0}], ids=str)
def test_the_parts_are_those_of_an_exact_solver(choice: dict[str, Any]) -> None:
    signal = simulate(10.0, 20.0, 1)
    found = ressin.decompose(signal, 10.0, solver="active_set", **choice)
    assert found.solver == "active_set"
    truth = exact.solve(reference.program((signal - found.mean) / found.scale, 10.0, **choice))
    np.testing.assert_allclose(found.phasic / found.scale, truth.phasic, atol=1e-9)
    np.testing.assert_allclose((found.tonic - found.mean) / found.scale, truth.tonic, atol=1e-9)


@pytest.mark.parametrize("rate", [50.0, 250.0, 1000.0])
def test_the_gap_is_closed_to_the_last_digits(rate: float) -> None:
    for seed in range(5):
        found = ressin.decompose(simulate(rate, 20.0, seed), rate, solver="auto")
        assert found.solver == "active_set"
        assert found.relative_gap <= 1e-11


def test_a_batch_is_the_same_bit_for_bit_whoever_solves_the_neighbours() -> None:
    easy, noisy = simulate(50.0, 10.0, 1), np.random.default_rng(0).normal(size=500)
    coarse = np.random.default_rng(1).normal(size=120)
    signals, rates = [easy, noisy, coarse, easy, coarse, noisy], [50.0, 50.0, 4.0, 50.0, 4.0, 50.0]
    for solver in ("auto", "active_set"):
        alone = [ressin.decompose(s, r, solver=solver, n_threads=1) for s, r in zip(signals, rates, strict=True)]
        for threads in (1, 3):
            together = ressin.decompose_batch(signals, rates, solver=solver, n_threads=threads)
            for one, other in zip(alone, together, strict=True):
                assert one.solver == other.solver
                assert one.relative_gap == other.relative_gap
                for part in ("phasic", "tonic", "driver", "residual", "spline", "drift"):
                    np.testing.assert_array_equal(getattr(one, part), getattr(other, part))


def test_the_result_says_who_solved_it() -> None:
    assert ressin.decompose(SIGNAL, RATE, solver="auto").solver == "active_set"
    assert ressin.decompose(SIGNAL, RATE, solver="interior_point").solver == "interior_point"
    assert ressin.decompose(SIGNAL, RATE, solver="osqp").solver == "osqp"
    noise = np.random.default_rng(0).normal(size=400)
    assert ressin.decompose(noise, 4.0, solver="auto").solver == "interior_point"
    assert ressin.decompose(noise, 4.0, solver="active_set").solver == "active_set"
    windows = ressin.decompose_windows(SIGNAL, RATE, 10, 5, solver="auto")
    assert windows[0].solver == "active_set"


def test_what_the_active_set_does_not_prove_goes_to_the_interior_point() -> None:
    found = ressin.decompose(SIGNAL, RATE, solver="active_set", tol=1e-15, errors="return")
    assert found.solver == "interior_point"


@pytest.mark.parametrize("size", [1e-150, 1e-30, 1e30, 1e150])
def test_extreme_signals_have_the_same_parts(size: float) -> None:
    usual = ressin.decompose(SIGNAL, RATE)
    extreme = ressin.decompose(SIGNAL * size, RATE)
    assert extreme.converged
    np.testing.assert_allclose(extreme.phasic / size, usual.phasic, atol=1e-9)
    assert extreme.is_optimal()


def test_weights_count_by_their_ratios() -> None:
    w = weights_of("gaps", SIGNAL.size)
    assert w is not None
    usual = ressin.decompose(SIGNAL, RATE, sample_weight=w)
    large = ressin.decompose(SIGNAL, RATE, sample_weight=1e6 * w, alpha=8e-4 * 1e6, gamma=1e-2 * 1e6)
    assert large.converged
    assert large.objective == pytest.approx(1e6 * usual.objective, rel=1e-9)
    np.testing.assert_allclose(large.phasic, usual.phasic, atol=1e-9)

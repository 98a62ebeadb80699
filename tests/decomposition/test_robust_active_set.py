"""The robust programme at rates above its blocks', where an active set solves the last one, to the same optimum."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import ressin
from ressin import _core
from tests.signals import Signal, simulate

TAU0, TAU1, KNOTS = 2.0, 0.7, 10.0


def artefacts(rate: float, seconds: float, seed: int, *, spikes: float = 0.0, steps: int = 0) -> Signal:
    """Return a recording with that share of samples far off and that many steps of its level."""
    rng = np.random.default_rng(seed)
    signal = simulate(rate, seconds, seed, noise=0.01)
    far = rng.random(signal.size) < spikes
    signal[far] += rng.choice([-1.0, 1.0], far.sum()) * rng.uniform(0.3, 2.0, far.sum())
    for start in rng.integers(0, signal.size, steps):
        signal[start:] += rng.choice([-0.6, 0.6])
    return signal + 5.0


def by_interior_point(
    signal: Signal, rate: float, result: ressin.Decomposition, weights: Signal | None = None
) -> dict[str, Any]:
    """Return the interior point's solution of a result's last weighted programme, on the result's scale."""
    robust, scale = result.robust, result.scale
    assert robust is not None
    costs = [x / scale for x in (robust.alpha, robust.delta, robust.kappa, robust.alpha_before)]
    seen = np.ones(signal.size) if weights is None else weights
    y = np.where(seen > 0, (signal - result.mean) / scale, 0.0)
    floor = -result.mean / scale if robust.bounded else -np.inf
    loads = (y, seen, *costs, floor, robust.stiffness)
    (x,) = _core.robust_solve([loads], 1 / rate, TAU0, TAU1, KNOTS, 1e-8, 200, True, False)
    return x


def assert_the_same(signal: Signal, rate: float, result: ressin.Decomposition, weights: Signal | None = None) -> None:
    other = by_interior_point(signal, rate, result, weights)
    assert result.status == other["status"] == "optimal"
    assert result.is_optimal()
    assert result.objective == pytest.approx(other["objective"], rel=2e-8)
    phasic = other["phasic"][other["before"] :] * result.scale
    np.testing.assert_allclose(result.phasic, phasic, atol=2e-4 * np.ptp(signal))


def test_the_result_says_which_solver_it_was() -> None:
    signal = artefacts(50.0, 40.0, 0, spikes=0.05, steps=2)
    found = {
        solver: ressin.decompose(signal, 50.0, programme="robust", solver=solver)
        for solver in ("auto", "active_set", "interior_point", "osqp")
    }
    assert [x.solver for x in found.values()] == ["active_set", "active_set", "interior_point", "osqp"]
    for x in found.values():
        np.testing.assert_allclose(x.phasic, found["auto"].phasic, atol=1e-4 * np.ptp(signal))
    assert ressin.decompose(signal[::12], 50 / 12, programme="robust").solver == "interior_point"


@pytest.mark.parametrize("rate", [8.0, 50.0, 250.0])
@pytest.mark.parametrize(("spikes", "steps"), [(0.0, 0), (0.05, 0), (0.0, 6), (0.15, 12)])
def test_outliers_and_shifts(rate: float, spikes: float, steps: int) -> None:
    for seed in range(3):
        signal = artefacts(rate, 40.0, seed, spikes=spikes, steps=steps)
        assert_the_same(signal, rate, ressin.decompose(signal, rate, programme="robust"))


def test_gaps_and_weights() -> None:
    rng = np.random.default_rng(7)
    for seed in range(4):
        signal = artefacts(50.0, 60.0, seed, spikes=0.02, steps=2)
        weights = rng.choice([1.0, 0.3], signal.size)
        weights[400:900] = weights[-50:] = 0.0
        assert_the_same(
            signal, 50.0, ressin.decompose(signal, 50.0, programme="robust", sample_weight=weights), weights
        )


def test_a_level_on_its_floor_is_solved_too() -> None:
    for seed in range(3):
        signal = artefacts(50.0, 60.0, seed, spikes=0.02)
        signal = np.maximum(signal - np.quantile(signal, 0.6), 0.0)
        result = ressin.decompose(signal, 50.0, programme="robust")
        assert result.robust is not None
        assert result.robust.bounded
        assert_the_same(signal, 50.0, result)


def by_given_costs(signal: Signal, rate: float, factor: float) -> tuple[Any, ressin.Decomposition]:
    """Return the programme whose costs are `factor` times those of the decomposition, and that."""
    result = ressin.decompose(signal, rate, programme="robust")
    robust = result.robust
    assert robust is not None
    alpha, delta, kappa = (factor * x for x in (robust.alpha, robust.delta, robust.kappa))
    given = (alpha, delta, kappa, factor * robust.alpha_before, robust.stiffness)
    (x,) = _core.decompose_robust([signal], [None], [1 / rate], TAU0, TAU1, KNOTS, 1e-8, 200, 1, None, costs=[given])
    return x, result


@pytest.mark.parametrize("factor", [1.0, 0.02, 1e4])
def test_costs_that_are_given(factor: float) -> None:
    """Its own give a result's parts again; where all is dear nothing is there, and where all is cheap much is."""
    for seed in range(3):
        signal = artefacts(50.0, 40.0, seed, spikes=0.05, steps=2)
        x, result = by_given_costs(signal, 50.0, factor)
        assert x["status"] == "optimal"
        assert x["relative_gap"] <= 1e-8
        np.testing.assert_allclose(x["phasic"] + x["tonic"] + x["outliers"] + x["residual"], signal, atol=1e-9)
        if factor == 1.0:
            np.testing.assert_allclose(x["phasic"], result.phasic, atol=1e-4 * np.ptp(signal))
        elif factor > 1.0:
            assert not x["driver"].any()
            assert np.ptp(x["shifts"] - x["contact"]) < 1e-9  # contact is taken from what the programme leaves over
        else:
            assert np.count_nonzero(x["driver"]) > 2 * np.count_nonzero(result.driver)


def test_given_costs_of_a_wrong_length_are_refused() -> None:
    signal = artefacts(50.0, 20.0, 0)
    given = (np.ones(3), np.ones(3), np.ones(3), 1.0, np.ones(3))
    with pytest.raises(ValueError, match="the signal's length"):
        _core.decompose_robust([signal], [None], [0.02], TAU0, TAU1, KNOTS, 1e-8, 200, 1, None, costs=[given])
    with pytest.raises(ValueError, match="one entry of costs for each signal"):
        _core.decompose_robust(
            [signal] * 2, [None] * 2, [0.02] * 2, TAU0, TAU1, KNOTS, 1e-8, 200, 1, None, costs=[given]
        )

"""The certificate's bound holds at points that are not optimal, each of which only one of its terms sees."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

import ressin
from ressin import _core
from ressin.decomposition.result import Decomposition
from ressin.settings import core_settings
from tests.signals import Signal, simulate

RATE = 8.0
SIGNAL = simulate(RATE, 60.0, noise=0.05)
WEIGHTS = np.random.default_rng(0).uniform(0.2, 3.0, SIGNAL.size)
ROUNDING = 1e-9  # relative to the objective


def solved(weights: Signal | None = None, **choice: Any) -> Decomposition:
    return ressin.decompose(SIGNAL, RATE, standardize=False, sample_weight=weights, tol=1e-12, **choice)


def certify(found: Decomposition, settings: ressin.Settings, **changed: Any) -> _core.Evidence:
    """Judge the point of a result, or a changed one, as a solution of the programme with other settings."""
    parts = {name: getattr(found, name) for name in ("driver", "residual", "spline", "drift")} | changed
    start = changed.get("start", found._start)
    signal = SIGNAL - found.mean
    grid = core_settings(settings, found._knot_grid)
    evidence, _, _ = _core.certify(
        signal,
        found.weights,
        1.0 / RATE,
        grid,
        parts["driver"],
        parts["residual"],
        parts["spline"],
        parts["drift"],
        start,
    )
    return evidence


def assert_bounded(evidence: _core.Evidence, best: float) -> None:
    """The gap is no smaller than how far the point's objective lies above the optimum."""
    excess = evidence.objective - best
    assert excess > 1e-6 * best, "the point is as good as the optimum: nothing is tested"
    assert evidence.duality_gap >= excess - ROUNDING * best


@pytest.mark.parametrize("weights", [None, WEIGHTS])
@pytest.mark.parametrize("factor", [0.2, 0.7, 1.5, 6.0, 1e4])  # the last leaves no driver
def test_the_solution_under_another_alpha(factor: float, weights: Signal | None) -> None:
    """Its multiplier is infeasible where alpha was larger, and not complementary where it was smaller."""
    best = solved(weights)
    other = solved(weights, alpha=best.settings.alpha * factor)
    assert_bounded(certify(other, best.settings), best.objective)


@pytest.mark.parametrize("weights", [None, WEIGHTS])
@pytest.mark.parametrize("factor", [0.1, 10.0])
def test_the_solution_under_another_gamma(factor: float, weights: Signal | None) -> None:
    best = solved(weights)
    other = solved(weights, gamma=best.settings.gamma * factor)
    assert_bounded(certify(other, best.settings), best.objective)


@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_other_parts_beside_the_optimum_s_residual(weights: Signal | None) -> None:
    """The multipliers are the optimum's; that the parts do not leave this residual is all that is wrong."""
    best = solved(weights)
    moved = best.drift.copy()
    moved[0] += 0.01
    assert_bounded(certify(best, best.settings, drift=moved), best.objective)


def test_random_points() -> None:
    best = solved()
    rng = np.random.default_rng(1)
    for size in (1e-3, 1e-2, 1e-1):
        driver = np.maximum(best.driver + size * rng.normal(size=best.driver.size), 0.0)
        spline = best.spline + size * rng.normal(size=best.spline.size)
        residual = best.residual + size * rng.normal(size=best.residual.size)
        evidence = certify(best, best.settings, driver=driver, spline=spline, residual=residual)
        assert_bounded(evidence, best.objective)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e200])
@pytest.mark.parametrize("name", ["driver", "residual", "spline"])
def test_numbers_that_break_down_prove_nothing(name: str, value: float) -> None:
    best = solved()
    broken = getattr(best, name).copy()
    broken[3] = value
    evidence = certify(best, best.settings, **{name: broken})
    assert not evidence.relative_gap <= 1.0
    assert not dataclasses.replace(best, **{name: broken}).is_optimal(1e-2)


def test_parts_that_are_shifted_against_each_other_are_found() -> None:
    best = solved()
    shifted = dataclasses.replace(best, phasic=best.phasic + 0.1, tonic=best.tonic - 0.1)
    assert best.is_optimal(1e-8)
    assert not shifted.is_optimal(1e-3)


def test_what_carries_no_weight_may_be_anything() -> None:
    weights = np.ones(SIGNAL.size)
    weights[100:120] = 0.0
    signal = SIGNAL.copy()
    signal[100:120] = 0.0
    plain = ressin.decompose(signal, RATE, sample_weight=weights)
    signal[100:120] = 1e300
    wild = ressin.decompose(signal, RATE, sample_weight=weights)
    assert wild.converged
    np.testing.assert_array_equal(wild.phasic, plain.phasic)
    np.testing.assert_array_equal(wild.tonic, plain.tonic)


@pytest.mark.parametrize("solver", ["interior_point", "active_set"])
def test_two_programmes_in_turn_are_each_solved_under_their_own_settings(solver: Any) -> None:
    """What is kept from one call to the next belongs to one programme."""
    for name, values in (("tau0", (2.0, 3.0)), ("tau1", (0.7, 0.4)), ("alpha", (8e-4, 3e-3)), ("gamma", (1e-2, 1e-1))):
        for value in (*values, *values):
            choice: Any = {name: value}
            found = ressin.decompose(SIGNAL, RATE, solver=solver, **choice)
            assert found.is_optimal(1e-8)

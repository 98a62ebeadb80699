"""Laws that every decomposition obeys, whatever the signal."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ressin
from ressin.decomposition.inputs import MIN_SAMPLES
from tests import reference
from tests.proof import assert_proved
from tests.signals import Signal, simulate, zscore

RATES = (4.0, 50.0, 1000.0)


def some_signal(rate: float, seed: int = 0) -> Signal:
    return simulate(rate, 1200 / rate if rate < 50 else 1500 / rate, seed)


def largest_difference(a: Any, b: Any) -> float:
    """Return the largest difference of the phasic, tonic and residual parts of two decompositions."""
    return max(float(np.abs(getattr(a, part) - getattr(b, part)).max()) for part in ("phasic", "tonic", "residual"))


@pytest.mark.parametrize("revision", ["2025", "2015"])
@pytest.mark.parametrize("rate", RATES)
def test_the_driver_is_not_negative_and_the_parts_add_up(rate: float, revision: Any) -> None:
    y = some_signal(rate)
    found = ressin.decompose(y, rate, revision=revision)
    assert found.driver.min() >= 0
    np.testing.assert_allclose(found.phasic + found.tonic + found.residual, y, rtol=0, atol=1e-14 * np.abs(y).max())
    np.testing.assert_array_equal(found.signal, y)
    for part in (found.phasic, found.tonic, found.driver, found.residual):
        assert part.shape == y.shape
        assert part.dtype == np.float64


@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("baseline", ["none", "constant", "linear", "spline"])
def test_the_tonic_part_is_its_coefficients(baseline: Any, standardize: bool) -> None:
    y = some_signal(4.0)
    found = ressin.decompose(y, 4.0, baseline=baseline, standardize=standardize)
    prog = reference.program(y, 4.0, baseline=baseline)
    built = prog.B @ found.spline + prog.C @ found.drift + found.mean
    np.testing.assert_allclose(found.tonic, built, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(found.knots, reference.place_knots(y.size, 40, "2025"))


@pytest.mark.parametrize("rate", RATES)
def test_a_constant_added_moves_only_the_tonic_part(rate: float) -> None:
    y = some_signal(rate)
    for standardize in (True, False):
        plain = ressin.decompose(y, rate, standardize=standardize)
        moved = ressin.decompose(y + 3.0, rate, standardize=standardize)
        assert np.abs(moved.phasic - plain.phasic).max() < 1e-7
        assert np.abs(moved.tonic - 3.0 - plain.tonic).max() < 1e-7
        assert np.abs(moved.residual - plain.residual).max() < 1e-7


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("factor", [1e-3, 7.0, 1e4])
def test_scaling_signal_and_alpha_scales_the_solution(rate: float, factor: float) -> None:
    y = zscore(some_signal(rate))
    plain = ressin.decompose(y, rate, standardize=False)
    scaled = ressin.decompose(factor * y, rate, alpha=factor * 8e-4, standardize=False)
    for part in ("phasic", "tonic", "residual"):
        assert np.abs(getattr(scaled, part) / factor - getattr(plain, part)).max() < 1e-7


@pytest.mark.parametrize("factor", [1e-6, 1e6])
@pytest.mark.parametrize("rate", RATES)
def test_a_scaled_signal_gives_the_scaled_answer(rate: float, factor: float) -> None:
    y = some_signal(rate)
    plain = ressin.decompose(y, rate)
    scaled = ressin.decompose(factor * y, rate)
    for part in ("phasic", "tonic", "residual", "driver"):
        one = getattr(plain, part)
        tolerance = 1e-7 if part != "driver" else 1e-3  # the driver is the ill-determined part
        assert np.abs(getattr(scaled, part) / factor - one).max() < tolerance * max(1.0, np.abs(one).max())


@pytest.mark.parametrize("rate", RATES)
def test_an_offset_of_a_million_is_no_harm(rate: float) -> None:
    y = some_signal(rate)
    plain, lifted = ressin.decompose(y, rate), ressin.decompose(y + 1e6, rate)
    assert lifted.converged
    assert np.abs(lifted.phasic - plain.phasic).max() < 1e-6  # y itself is rounded by 1e-10 there
    assert np.abs(lifted.tonic - 1e6 - plain.tonic).max() < 1e-6


@pytest.mark.parametrize("revision", ["2025", "2015"])
@pytest.mark.parametrize("standardize", [True, False])
def test_zero_in_zero_out(standardize: bool, revision: Any) -> None:
    found = ressin.decompose(np.zeros(500), 4.0, standardize=standardize, revision=revision)
    assert found.converged
    for part in (found.phasic, found.tonic, found.driver, found.residual):
        assert np.abs(part).max() < 1e-12


@pytest.mark.parametrize("level", [5.0, -3.0, 1e-6, 1e6])
@pytest.mark.parametrize("revision", ["2025", "2015"])
@pytest.mark.parametrize("standardize", [True, False])
def test_a_constant_signal_is_all_tonic(level: float, revision: Any, standardize: bool) -> None:
    alpha = 8e-4 if standardize else 8e-4 * abs(level)
    found = ressin.decompose(np.full(700, level), 25.0, standardize=standardize, revision=revision, alpha=alpha)
    assert found.converged
    assert np.abs(found.phasic).max() < 1e-7 * abs(level)
    assert np.abs(found.tonic - level).max() < 1e-7 * abs(level)


def test_standardize_makes_no_difference_on_a_z_scored_signal() -> None:
    y = zscore(some_signal(50.0))
    assert (
        largest_difference(ressin.decompose(y, 50.0, standardize=True), ressin.decompose(y, 50.0, standardize=False))
        < 1e-8
    )


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("revision", ["2025", "2015"])
@pytest.mark.parametrize("baseline", ["none", "constant", "linear", "spline"])
def test_every_baseline_and_revision_is_optimal(rate: float, revision: Any, baseline: str) -> None:
    y = zscore(some_signal(rate, seed=3))
    choice: dict[str, Any] = {"revision": revision, "baseline": baseline}
    assert_proved(ressin.decompose(y, rate, standardize=False, **choice), **choice)


@pytest.mark.parametrize(
    "choice",
    [
        {"tau0": 1.0, "tau1": 1.0},
        {"tau0": 0.7, "tau1": 2.0},
        {"tau0": 30.0, "tau1": 0.01},
        {"delta_knot": 1.0},
        {"delta_knot": 0.25},  # ks = 1: a knot at every sample
        {"delta_knot": 0.5},
        {"delta_knot": 1e4},
        {"gamma": 0.0, "delta_knot": 60.0},
        {"alpha": 1e-8},
        {"alpha": 10.0},
        {"gamma": 1e-6},
        {"gamma": 10.0},
        {"knots": np.arange(-40, 1300, 40)},
        {"knots": np.arange(0, 600, 20)},
        {"knots": np.arange(13, 1190, 25)},
    ],
    ids=str,
)
@pytest.mark.parametrize("revision", ["2025", "2015"])
def test_every_setting_is_optimal(choice: dict[str, Any], revision: Any) -> None:
    signal = some_signal(4.0, seed=5)
    for standardize in (True, False):
        found = ressin.decompose(signal, 4.0, revision=revision, standardize=standardize, **choice)
        assert_proved(found, revision=revision, **choice)


def test_equal_time_constants_are_the_limit_of_nearly_equal_ones() -> None:
    """The response of equal time constants is t/tau exp(-t/tau); tau and tau - near have about near/tau of it."""
    y, near = zscore(some_signal(4.0)), 1e-4
    equal = ressin.decompose(y, 4.0, tau0=1.0, tau1=1.0, standardize=False)
    close = ressin.decompose(y, 4.0, tau0=1.0, tau1=1.0 - near, alpha=8e-4 * near, standardize=False)
    assert np.abs(equal.phasic - close.phasic).max() < 1e-3


def test_knots_by_spacing_are_knots_by_index() -> None:
    y = some_signal(4.0)
    spaced = ressin.decompose(y, 4.0)
    indexed = ressin.decompose(y, 4.0, knots=np.arange(0, y.size + 20, 40))
    np.testing.assert_array_equal(spaced.knots, indexed.knots)
    assert largest_difference(spaced, indexed) < 1e-9


@pytest.mark.parametrize("revision", ["2025", "2015"])
@pytest.mark.parametrize("rate", [4.0, 50.0])
def test_gaps_are_solved_through(rate: float, revision: Any) -> None:
    y = some_signal(rate, seed=2)
    y[:3], y[200:320], y[-1] = np.nan, np.nan, np.nan
    found = ressin.decompose(y, rate, missing="solve", revision=revision)
    assert np.isfinite(found.phasic).all()
    assert np.isfinite(found.tonic).all()
    assert np.isnan(found.residual[~np.isfinite(y)]).all()
    assert_proved(found, revision=revision)


@pytest.mark.parametrize("observed", [0, 1, 2])
def test_a_gap_at_the_start_leaves_the_free_start_determined(observed: int) -> None:
    """2015 revision: a response of less than a sample is over before the gap ends, and is not determined inside it."""
    y = np.where(np.arange(90) > 40, 1.0, 0.0)
    weights = np.ones(90)
    weights[observed:15] = 0.0
    weights[16:30] = 0.0
    choice: dict[str, Any] = {
        "tau0": 1.0,
        "tau1": 0.1,
        "delta_knot": 1.0,
        "alpha": 0.3,
        "gamma": 1.0,
        "revision": "2015",
    }
    found = ressin.decompose(y, 4.0, sample_weight=weights, **choice)
    assert_proved(found, **choice)
    assert not np.any(found.phasic[:15])
    assert np.abs(found.phasic).max() < 100 * found.scale


def test_a_missing_sample_is_a_sample_of_weight_zero() -> None:
    y = some_signal(4.0)
    holes = np.ones(y.size)
    holes[100:180] = 0
    by_weight = ressin.decompose(y, 4.0, sample_weight=holes)
    by_gap = ressin.decompose(np.where(holes > 0, y, np.nan), 4.0, missing="solve")
    assert np.abs(by_weight.phasic - by_gap.phasic).max() < 1e-9
    assert np.abs(by_weight.tonic - by_gap.tonic).max() < 1e-9


def test_equal_weights_of_two_are_half_the_penalties() -> None:
    y = zscore(some_signal(4.0))
    heavy = ressin.decompose(y, 4.0, sample_weight=np.full(y.size, 2.0), standardize=False)
    light = ressin.decompose(y, 4.0, alpha=4e-4, gamma=5e-3, standardize=False)
    assert largest_difference(heavy, light) < 1e-7


@pytest.mark.parametrize("revision", ["2025", "2015"])
@pytest.mark.parametrize("n", [*range(3, 9), 12, 20, 33])
def test_the_shortest_signals_are_solved_or_refused_in_words(n: int, revision: Any) -> None:
    y = zscore(np.random.default_rng(n).normal(size=n))
    if n < MIN_SAMPLES:
        with pytest.raises(ressin.InvalidInputError, match=str(n)):
            ressin.decompose(y, 4.0, revision=revision)
    else:
        assert_proved(ressin.decompose(y, 4.0, revision=revision), revision=revision)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("revision", ["2025", "2015"])
def test_osqp_agrees_with_the_interior_point(rate: float, revision: Any) -> None:
    y = zscore(some_signal(rate, seed=4))
    exact = ressin.decompose(y, rate, revision=revision)
    osqp = ressin.decompose(y, rate, revision=revision, solver="osqp")
    assert osqp.converged
    assert osqp.iterations > 0
    assert osqp.osqp_residuals is not None
    assert largest_difference(exact, osqp) < 1e-5


@pytest.mark.parametrize("revision", ["2025", "2015"])
def test_osqp_gets_there_on_its_own(revision: Any) -> None:
    """From a cold start, independent of the interior point: thousands of iterations for three or four digits."""
    y = zscore(simulate(4.0, 60.0, seed=4))
    exact = ressin.decompose(y, 4.0, revision=revision)
    cold = ressin.decompose(y, 4.0, revision=revision, solver="osqp", warm_start=False)
    assert cold.converged
    assert cold.iterations > 100
    assert largest_difference(exact, cold) < 1e-3


@given(
    seed=st.integers(0, 2**32 - 1),
    rate=st.sampled_from([2.0, 4.0, 15.5, 64.0, 250.0]),
    shift=st.floats(-100, 100),
    factor=st.floats(1e-3, 1e3),
)
@settings(max_examples=25)
def test_shifts_and_scales_on_random_walks(seed: int, rate: float, shift: float, factor: float) -> None:
    rng = np.random.default_rng(seed)
    y = np.cumsum(rng.normal(size=rng.integers(20, 1500)))
    plain, moved = ressin.decompose(y, rate), ressin.decompose(factor * y + shift, rate)
    tolerance = 1e-6 * np.abs(y).max()
    assert np.abs(moved.phasic / factor - plain.phasic).max() < tolerance
    assert np.abs((moved.tonic - shift) / factor - plain.tonic).max() < tolerance

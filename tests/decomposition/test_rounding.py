"""The evidence where the parts are thousands of times the signal and cancel, so that their rounding counts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.signal import resample_poly

import ressin
from tests import reference
from tests.reference import Certificate
from tests.signals import Signal

N_PROGRAMMES = 120
LARGE = 1e3  # times the signal


def a_short_signal(seed: int) -> tuple[Signal, float, dict[str, Any]]:
    """Noise much shorter than the response: phasic part and drift can imitate each other."""
    rng = np.random.default_rng(seed)
    rate, tau0 = float(10 ** rng.uniform(0.5, 2.5)), float(10 ** rng.uniform(0.5, 2))
    choice = {
        "tau0": tau0,
        "tau1": tau0 * float(rng.uniform(0.3, 1)),
        "delta_knot": float(rng.integers(4, 60)) / rate,
        "alpha": float(10 ** rng.uniform(-9, -3)),
        "gamma": float(10 ** rng.uniform(-4, -1)),
    }
    return rng.standard_normal(int(rng.integers(60, 200))), rate, choice


def exact(found: ressin.Decomposition) -> Certificate:
    """Return the oracle's account, in long double, of the point that was found."""
    s, unit = found.settings, found.scale
    names = ("tau0", "tau1", "delta_knot", "alpha", "gamma")
    programme = reference.program(
        (found.signal - found.mean) / unit, found.sampling_rate, **{name: getattr(s, name) for name in names}
    )
    return reference.certify(programme, found.driver / unit, found.spline / unit, found.drift / unit)


@pytest.mark.skipif(bool(np.finfo(np.longdouble).eps > 1e-18), reason="this machine has no digits beyond double's")
def test_the_gap_covers_what_rounding_does_to_the_objective() -> None:
    shares = []
    for seed in range(N_PROGRAMMES):
        signal, rate, choice = a_short_signal(seed)
        found = ressin.decompose(signal, rate, **choice, errors="return")
        if np.abs(found.phasic).max() > LARGE * found.scale:
            shares.append(abs(found.objective - exact(found).objective) / found.duality_gap)
    assert len(shares) >= 30
    assert max(shares) <= 1
    assert max(shares) > 0.1  # and not because the gap is wide


ROUNDED = {  # constant but for rounding
    "noise": lambda c: c * (1 + 8 * np.finfo(float).eps * np.random.default_rng(0).uniform(-1, 1, 900)),
    "resampled": lambda c: resample_poly(np.full(3000, c), 1, 3)[100:-100],
    "summed": lambda c: np.cumsum(np.full(300, c / 300))[-1] + np.spacing(c) * (np.arange(400) % 7),
}


@pytest.mark.parametrize("kind", ROUNDED)
@pytest.mark.parametrize("size", [1e-5, 0.3, 5.0, 1e9, 1e-200, 1e200])
@pytest.mark.parametrize("settings", [{}, {"standardize": False}, {"programme": "robust"}, {"solver": "active_set"}])
def test_what_is_constant_but_for_rounding_is_solved_as_the_constant(
    kind: str, size: float, settings: dict[str, Any]
) -> None:
    signal = ROUNDED[kind](size)
    found = ressin.decompose(signal, 4.0, **settings)
    assert found.status == "optimal"
    assert not found.driver.any()
    np.testing.assert_allclose(found.tonic, signal, rtol=1e-12)
    assert found.is_optimal()
    others = ressin.decompose_batch([signal, np.sin(np.arange(90.0) / 9) + 2, signal], 4.0, **settings)
    assert [result.status for result in others] == ["optimal"] * 3


@pytest.mark.parametrize("size", [5e-324, 1e-320, 1e-315, 3e-308, 1e-300, 1e-200, 1e-100])
@pytest.mark.parametrize("settings", [{}, {"standardize": False}, {"standardize": False, "baseline": "none"}])
def test_amplitudes_down_to_the_smallest_number(size: float, settings: dict[str, Any]) -> None:
    signal = size * (1 + np.random.default_rng(0).uniform(0, 1, 300))
    found = ressin.decompose(signal, 4.0, **settings)
    assert found.status == "optimal"
    assert found.is_optimal()
    rest = found.signal - found.phasic - found.tonic - found.residual
    np.testing.assert_allclose(rest, 0.0, atol=1e-12 * size + np.finfo(float).tiny)


@pytest.mark.parametrize("solver", ["interior_point", "active_set"])
@pytest.mark.parametrize("baseline", ["linear", "none", "spline"])
@pytest.mark.parametrize("size", [1e3, 1e9, 1e12, 1e14, 1e15, 1e18, 1e24])
def test_what_is_certified_is_what_is_returned(size: float, baseline: Any, solver: Any) -> None:
    """Not standardised, with alpha tiny against the signal: the parts' rounding in the signal's unit counts."""
    for seed in range(2):
        signal = ressin.simulate_eda(40, 4, n_scr=4, rng=np.random.default_rng(seed)).signal * size
        found = ressin.decompose(signal, 4, standardize=False, baseline=baseline, solver=solver, errors="return")
        evidence, _ = found._certify()
        assert evidence.relative_gap <= 2.0 * found.relative_gap + 1e-12
        assert found.converged == (found.relative_gap <= found.settings.tol)

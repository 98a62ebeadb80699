"""The evidence where the parts are thousands of times the signal and cancel, so that their rounding counts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

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

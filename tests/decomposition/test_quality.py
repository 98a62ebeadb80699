"""Quality messages: one where the model does not fit the signal, none where it does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import ressin

RATE = 16.0


def simulate(seed: int = 0, **choice: Any) -> Any:
    return ressin.simulate_eda(120, RATE, **{"n_scr": 20, "rng": np.random.default_rng(seed), **choice}).signal


@pytest.mark.parametrize("n_scr", [5, 20, 40])
@pytest.mark.parametrize("noise", [0.002, 0.02])
def test_responses_of_the_models_own_speed_are_not_too_fast(n_scr: int, noise: float) -> None:
    for seed in range(10, 16):
        quality = ressin.decompose(simulate(seed, n_scr=n_scr, noise=noise), RATE).quality
        assert not any("falls faster" in message for message in quality.messages)


def test_responses_that_fall_four_times_as_fast_are_named_until_tau0_is_theirs() -> None:
    signal = simulate(tau0=0.5, tau1=0.2)
    assert "falls faster than a time constant of 2 s allows" in str(ressin.decompose(signal, RATE).quality)
    assert str(ressin.decompose(signal, RATE, tau0=0.5, tau1=0.2).quality) == "good"


def test_a_sensor_that_loses_contact_is_named_though_the_tonic_part_follows_it_down() -> None:
    signal = simulate()
    for start in range(100, 1900, 90):
        signal[start : start + 8] -= 1.5
    quality = ressin.decompose(signal, RATE).quality
    assert quality.fast_decay_share > 0.05
    assert "movement artefacts" in str(quality)


def test_a_residual_that_holds_much_is_named() -> None:
    quality = ressin.decompose(np.random.default_rng(0).standard_normal(2_000), RATE).quality
    assert quality.residual_share > 0.5
    assert f"The residual holds {quality.residual_share:.0%} of the signal's variance" in str(quality)


def test_a_tonic_part_that_mirrors_the_phasic_one_is_named() -> None:
    quality = ressin.decompose(-simulate(), RATE).quality
    assert quality.phasic_tonic_correlation < -0.5
    assert "Phasic and tonic part are correlated (-0." in str(quality)


@pytest.mark.parametrize(("scale", "offset"), [(1e-6, 0.0), (1e6, 0.0), (1.0, 1e6)])
def test_the_unit_and_the_level_do_not_matter(scale: float, offset: float) -> None:
    signal = simulate(tau0=0.5, tau1=0.2)
    plain, scaled = (ressin.decompose(y, RATE).quality for y in (signal, scale * signal + offset))
    assert scaled.fast_decay_share == plain.fast_decay_share
    assert scaled.residual_share == pytest.approx(plain.residual_share, rel=1e-4)
    assert scaled.phasic_tonic_correlation == pytest.approx(plain.phasic_tonic_correlation, abs=1e-4)


def test_missing_samples_count_for_nothing() -> None:
    signal = simulate(tau0=0.5, tau1=0.2)
    gaps = signal.copy()
    gaps[400:480] = np.nan
    gaps[1000] = np.nan
    share = ressin.decompose(gaps, RATE, missing="solve").quality.fast_decay_share
    assert share == pytest.approx(ressin.decompose(signal, RATE).quality.fast_decay_share, abs=0.015)


def test_a_constant_signal_is_good() -> None:
    assert str(ressin.decompose(np.full(200, 3.5), RATE).quality) == "good"

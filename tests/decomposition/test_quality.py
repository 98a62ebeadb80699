"""Quality messages: one where the model does not fit the signal, none where it does."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import ressin
from ressin.settings import Programme

RATE = 16.0
STEPS = np.repeat(np.random.default_rng(0).uniform(0.0, 1.5, 30), 40)


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
    fitting = ressin.decompose(signal, RATE, tau0=0.5, tau1=0.2).quality
    assert all("steps abruptly" in message for message in fitting.messages)  # some rise as fast as a level steps


def test_a_sensor_that_loses_contact_is_named_though_the_tonic_part_follows_it_down() -> None:
    signal = simulate()
    for start in range(100, 1900, 90):
        signal[start : start + 8] -= 1.5
    with pytest.warns(ressin.QualityWarning, match="the tonic part is below zero in 9"):
        quality = ressin.decompose(signal, RATE).quality
    assert quality.fast_decay_share > 0.05
    assert "movement artefacts" in str(quality)


def test_a_residual_that_holds_much_is_named() -> None:
    noise = np.random.default_rng(0).standard_normal(2_000)
    with pytest.warns(ressin.QualityWarning, match="mirrors the phasic part"):
        quality = ressin.decompose(noise, RATE).quality
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


def test_a_constant_signal_is_said_to_be_one() -> None:
    assert str(ressin.decompose(np.full(200, 3.5), RATE).quality) == "The signal does not change: nothing is recorded."


@pytest.mark.parametrize("programme", ["cvxeda", "robust"])
def test_a_tonic_part_below_zero_is_never_good(programme: Programme) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ressin.QualityWarning)
        result = ressin.decompose(STEPS, 4.0, programme=programme)
    below = float(np.mean(result.tonic < -0.05 * np.ptp(STEPS)))
    assert (below > 0.01) == (programme == "cvxeda")
    said = "The tonic part is below zero in 61% of the recording, where the signal never is: the parts are not a level"
    assert (said in str(result.quality)) == (programme == "cvxeda")


def test_outliers_are_counted_and_named_where_they_are_many() -> None:
    signal = simulate()
    signal[200:1500:100] += 3.0
    few = ressin.decompose(signal, RATE, programme="robust")
    assert few.smallest_response is not None
    share = np.mean(np.abs(few.outliers + few.contact) > few.smallest_response)
    assert few.quality.outlier_share == share >= 13 / signal.size
    assert "Outliers" not in str(few.quality)
    for start in range(100, 1900, 200):
        signal[start : start + 24] -= 3.0
    many = ressin.decompose(signal, RATE, programme="robust").quality
    assert many.outlier_share > 0.05
    assert f"Outliers take {many.outlier_share:.0%} of the recording" in str(many)


def test_shifts_are_counted_and_named_where_they_are_many() -> None:
    signal = simulate(n_scr=5)
    signal[900:] += 1.0
    one = ressin.decompose(signal, RATE, programme="robust")
    assert np.ptp(one.shifts) == pytest.approx(1.0, abs=0.05)
    assert one.quality.n_shifts in (1, 2)  # the step, and a slope that may be taken for one
    assert "shifts" not in str(one.quality)
    assert one.robust is not None
    levels = np.repeat([0.0, 1.0, 0.5, 1.5, 0.2, 0.201], 320)  # four steps, and one below the smallest response
    levels[320] = 0.6  # the first takes two samples
    many = replace(one, robust=replace(one.robust, shifts=levels)).quality
    assert many.n_shifts == 4
    assert "The level shifts 4 times" in str(many)


def test_what_the_signal_did_not_allow_is_said() -> None:
    quality = ressin.decompose(simulate() - 10.0, RATE, programme="robust").quality
    assert "The signal is negative in places" in str(quality)


def test_the_correlation_does_not_depend_on_the_threads_of_blas() -> None:
    threads = pytest.importorskip("threadpoolctl", reason="needs threadpoolctl, which the extra 'data' brings")
    from ressin.decomposition.quality import _correlation

    x, y = np.random.default_rng(0).normal(size=(2, 100_003))
    found = set()
    for number in (1, 2):
        with threads.threadpool_limits(number):
            found.add(_correlation(x, y))
    assert len(found) == 1
    assert found.pop() == pytest.approx(np.corrcoef(x, y)[0, 1], abs=1e-12)

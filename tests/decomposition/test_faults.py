"""Saturation, steps and lost contact, as the signal shows them."""

from __future__ import annotations

import numpy as np
import pytest

import ressin
from ressin.decomposition.faults import off_skin, piled_up, stepped
from ressin.settings import Programme


def recording(rate: float, seed: int = 0, noise: float = 0.005) -> np.ndarray:
    return ressin.simulate_eda(300.0, rate, rng=np.random.default_rng(seed), noise=noise).signal.copy()


@pytest.mark.parametrize("rate", [4.0, 8.0, 50.0])
@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_found_in_a_sound_recording(seed: int, rate: float) -> None:
    signal = recording(rate, seed)
    for one in (signal, np.round(signal / 0.005) * 0.005, np.round(signal / 0.05) * 0.05):
        assert not piled_up(one, rate, 2.0).any()
        assert not off_skin(one, rate).any()
    assert not stepped(signal, rate).any()


@pytest.mark.parametrize("rate", [4.0, 50.0])
@pytest.mark.parametrize("share", [0.75, 0.97])
@pytest.mark.parametrize("trembling", [0.0, 0.001])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_signal_cut_off_is_found_although_it_trembles(
    rate: float, share: float, trembling: float, sign: float
) -> None:
    rng = np.random.default_rng(0)
    whole = sign * recording(rate)
    end = np.quantile(whole, share)
    signal = sign * (np.minimum(whole, end) + trembling * rng.integers(0, 2, whole.size))
    found = piled_up(signal, rate, 2.0)
    assert found[whole < end - 0.05].sum() == 0
    assert found[whole > end].mean() > 0.5


@pytest.mark.parametrize("rate", [4.0, 8.0, 50.0])
@pytest.mark.parametrize("step", [1.5, -1.5, 3.0])
def test_a_step_is_found_where_it_is(rate: float, step: float) -> None:
    signal = recording(rate) + 2.0
    at = round(150 * rate)
    signal[at:] += step
    found = np.flatnonzero(stepped(signal, rate))
    assert found.size
    assert np.abs(found - at).max() <= rate


def test_a_spike_and_a_pause_are_no_steps() -> None:
    signal = recording(8.0)
    signal[400] += 3.0
    signal[800:803] -= 1.0
    assert not stepped(signal, 8.0).any()
    assert not stepped(np.full(200, np.nan), 8.0).any()
    assert not stepped(signal[:20], 8.0).any()
    assert not stepped(signal, 1.0).any()


@pytest.mark.parametrize("level", [0.0, 0.04, 0.1])
def test_a_sensor_off_the_skin_is_far_below_the_recording_s_level(level: float) -> None:
    signal = recording(8.0) + 4.0
    signal[1600:] = level + 0.003 * np.random.default_rng(0).random(signal.size - 1600)
    found = off_skin(signal, 8.0)
    assert found[1650:].all()
    assert not found[:1600].any()
    assert not off_skin(0.02 * recording(8.0), 8.0).any()  # a dry person


@pytest.mark.parametrize("programme", ["robust", "cvxeda"])
def test_the_problem_is_named(programme: Programme) -> None:
    rng = np.random.default_rng(1)
    signal = recording(8.0) + 3.0
    half = signal.copy()
    half[1200:] = np.nan
    for faulty, said in (
        (np.minimum(signal, np.quantile(signal, 0.8)) + 0.001 * rng.integers(0, 2, signal.size), "cut off at an end"),
        (signal + np.where(np.arange(signal.size) > 1200, 1.0, 0.0), "steps abruptly, once"),
        (np.where(np.arange(signal.size) > 1700, 0.08, signal), "off the skin"),
        (signal - np.median(signal), "negative"),
        (1000.0 * signal, "another unit"),
        (half, "Only 50%"),
    ):
        quality = ressin.decompose(faulty, 8.0, programme=programme, missing="solve").quality
        assert said in str(quality), (said, str(quality))

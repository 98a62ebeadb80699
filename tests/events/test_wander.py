"""How far the level moves by itself."""

from __future__ import annotations

import numpy as np
import pytest

import ressin
from ressin.bateman import peak_time
from ressin.events.wander import wander_of

RATE = 20.0


def walk(step: float, seed: int = 0) -> np.ndarray:
    return 5.0 + np.cumsum(np.random.default_rng(seed).normal(0.0, step, round(300 * RATE)))


@pytest.mark.parametrize("step", [0.001, 0.004])
def test_of_a_random_walk_it_is_the_deviation_of_its_change_in_a_rise(step: float) -> None:
    result = ressin.decompose(walk(step), RATE, programme="robust")
    expected = step * np.sqrt(peak_time() * RATE)
    assert 0.5 * expected < wander_of(result) < 1.2 * expected


def test_slopes_swings_and_responses_have_no_part_in_it() -> None:
    time = np.arange(round(300 * RATE)) / RATE
    swing = 5.0 + 0.01 * time + 0.5 * np.sin(2 * np.pi * time / 90.0)
    made = ressin.simulate_eda(
        300, RATE, onsets=np.arange(20.0, 280.0, 20.0), amplitudes=np.full(13, 0.8), noise=0.001, wander=0.0,
        rng=np.random.default_rng(1),
    )  # fmt: skip
    result = ressin.decompose(swing + made.signal - made.signal.mean(), RATE, programme="robust")
    assert wander_of(result) < 0.01


def test_a_walk_has_few_responses_to_events_and_gaps_are_left_out() -> None:
    signal = walk(0.004, seed=3)
    signal[1000:1100] = np.nan
    result = ressin.decompose(signal, RATE, programme="robust", missing="solve")
    assert wander_of(result) > 0.005
    trials = ressin.event_related(result, np.arange(10.0, 280.0, 9.0))
    assert (trials["EDA_SCR"] == 1).mean() < 0.3

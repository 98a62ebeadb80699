"""Overlapping latency windows: a response belongs to one event."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

import ressin
from ressin.decomposition.result import Decomposition
from ressin.events.assignment import assign_responses

RATE = 20.0


def decomposed(
    onsets: list[float] | np.ndarray, amplitudes: list[float] | np.ndarray, length: float = 120.0
) -> Decomposition:
    made = ressin.simulate_eda(
        length, RATE, onsets=onsets, amplitudes=amplitudes, noise=0.002, wander=0.05, rng=np.random.default_rng(5)
    )
    return ressin.decompose(made.signal, RATE, programme="robust")


@cache
def trains(interval: float) -> tuple[Decomposition, np.ndarray, np.ndarray]:
    """60 events, six in ten of them answered after 1.8 to 3.2 s."""
    rng = np.random.default_rng(11)
    events = 10.0 + interval * np.arange(60)
    amplitudes = np.where(rng.random(60) < 0.6, rng.uniform(0.2, 0.8, 60), 0.0)
    onsets = events + rng.uniform(1.8, 3.2, 60)
    yes = amplitudes > 0
    order = np.argsort(onsets[yes])
    return decomposed(onsets[yes][order], amplitudes[yes][order], events[-1] + 30.0), events, amplitudes


def f1(found: pd.Series, truth: np.ndarray) -> float:
    said = found.to_numpy(dtype=int) == 1
    return float(2 * (said & truth).sum() / (said.sum() + truth.sum()))


def test_one_response_belongs_to_one_event() -> None:
    result = decomposed([12.4, 50.0, 80.0], [0.5, 0.4, 0.6])
    events = [10.0, 11.2, 47.6, 77.5]  # the first response lies 2.4 s after the first event, 1.2 s after the second
    each = ressin.event_related(result, events, overlap="each")
    assigned = ressin.event_related(result, events)
    assert each["EDA_SCR"].tolist() == [1, 1, 1, 1]
    assert assigned["EDA_SCR"].tolist() == [1, 0, 1, 1]
    assert assigned["SCR_Count"].tolist() == [1, 0, 1, 1]
    assert assigned["SCR_Probability"].iloc[0] > 0.8 > 0.2 > assigned["SCR_Probability"].iloc[1]
    assert assigned["SCR_Peak_Amplitude"].isna().tolist() == [False, True, False, False]
    assert assigned["SCR_Magnitude"].iloc[0] == pytest.approx(0.5, abs=0.03)
    assert assigned["SCR_Latency"].iloc[0] == pytest.approx(2.4, abs=0.1)


def test_windows_that_overlap_none_are_treated_alike() -> None:
    result, events, _ = trains(4.0)
    assigned, each = (ressin.event_related(result, events, overlap=way) for way in ("assign", "each"))
    pd.testing.assert_frame_equal(assigned, each)
    mixed = np.concatenate([events, [events[-1] + 1.0]])  # the last two overlap
    assigned, each = (ressin.event_related(result, mixed, overlap=way) for way in ("assign", "each"))
    measures = ["EDA_SCR", "SCR_Magnitude", "SCR_Latency", "SCR_RiseTime"]
    apart = ~assigned["Overlap"].to_numpy()
    assert apart.sum() == 59
    for name in measures:
        np.testing.assert_allclose(assigned.loc[apart, name], each.loc[apart, name])


@pytest.mark.parametrize("interval", [1.0, 2.0])
def test_it_knows_more_than_windows_by_themselves(interval: float) -> None:
    result, events, amplitudes = trains(interval)
    truth = amplitudes > 0
    assigned, each = (ressin.event_related(result, events, overlap=way) for way in ("assign", "each"))
    always = f1(pd.Series(np.ones(events.size)), truth)
    assert f1(assigned["EDA_SCR"], truth) > max(f1(each["EDA_SCR"], truth), always) + 0.02
    both = truth & (assigned["EDA_SCR"] == 1).to_numpy()
    error = np.abs(assigned["SCR_Magnitude"] - amplitudes)[both] / amplitudes[both]
    assert np.median(error) < {1.0: 0.45, 2.0: 0.2}[interval]


def test_the_same_recording_has_the_same_assignment_and_probabilities_are_honest() -> None:
    result, events, amplitudes = trains(2.0)
    first, again = (
        assign_responses(result, events, (1.0, 4.0), min_amplitude=0.01, min_distance=0.8) for _ in range(2)
    )
    np.testing.assert_array_equal(first.probability, again.probability)
    assert ((first.probability >= 0) & (first.probability <= 1)).all()
    truth = amplitudes > 0
    assert first.probability[truth].mean() > 0.8
    assert first.probability[~truth].mean() < 0.35


def test_nothing_to_assign_and_what_was_not_seen() -> None:
    flat = ressin.decompose(5.0 + np.random.default_rng(0).normal(0, 0.002, 2400), RATE, programme="robust")
    trials = ressin.event_related(flat, 10.0 + np.arange(40) * 1.5)
    assert trials["EDA_SCR"].sum() == 0
    assert trials["SCR_Magnitude"].eq(0).all()
    result, events, _ = trains(2.0)
    signal = result.signal.copy()
    signal[round(30 * RATE) : round(50 * RATE)] = np.nan
    gapped = ressin.event_related(ressin.decompose(signal, RATE, programme="robust", missing="solve"), events)
    lost = (events + 1 > 30) & (events + 4 < 50)
    assert gapped["EDA_SCR"].isna().to_numpy()[lost].all()
    assert gapped["SCR_Probability"].isna().to_numpy()[lost].all()
    assert not gapped["EDA_SCR"].isna().to_numpy()[(events < 25) | (events > 50)].any()

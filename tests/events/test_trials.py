"""Trials whose responses are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import ressin
from ressin.bateman import area, peak_height
from ressin.decomposition.result import Decomposition
from ressin.errors import InvalidInputError

RATE = 20.0
ONSETS = (10.0, 30.0, 50.0, 70.0)  # of responses
AMPLITUDES = (0.4, 0.8, 0.3, 0.6)
EVENTS = pd.DataFrame({"onset": [8.0, 28.5, 40.0, 47.0, 68.0], "condition": ["a", "b", "a", "b", "a"]})


def decomposed() -> Decomposition:
    made = ressin.simulate_eda(
        90, RATE, onsets=ONSETS, amplitudes=AMPLITUDES, noise=0.002, wander=0.05, rng=np.random.default_rng(5)
    )
    return ressin.decompose(made.signal, RATE)


def test_each_event_has_the_response_that_begins_after_it() -> None:
    trials = ressin.event_related(decomposed(), EVENTS)
    assert trials["EDA_SCR"].tolist() == [1, 1, 0, 1, 1]
    np.testing.assert_allclose(trials["SCR_Magnitude"], [0.4, 0.8, 0.0, 0.3, 0.6], atol=0.02)
    assert trials["SCR_Peak_Amplitude"].isna().tolist() == [False, False, True, False, False]
    np.testing.assert_allclose(trials["SCR_Latency"].dropna(), [2.0, 1.5, 3.0, 2.0], atol=0.06)
    np.testing.assert_allclose(trials["SCR_LogMagnitude"], np.log1p(trials["SCR_Magnitude"]))
    np.testing.assert_allclose(
        (trials["SCR_Latency"] + trials["SCR_RiseTime"]).dropna(), trials["SCR_Peak_Amplitude_Time"].dropna()
    )
    np.testing.assert_array_equal(trials["Event_Onset"], np.round(EVENTS["onset"] * RATE))
    assert trials["Condition"].tolist() == EVENTS["condition"].tolist()
    assert not trials[["Artefact", "Overlap", "Edge"]].to_numpy().any()


def test_the_area_of_the_driver_is_that_of_the_response() -> None:
    result = decomposed()
    trials = ressin.event_related(result, EVENTS)
    height = peak_height()  # of a response of area `area`
    np.testing.assert_allclose(
        trials["EDA_ISCR"], trials["SCR_Magnitude"] / height * area(), atol=0.03 * area() / height
    )


def test_the_first_or_the_largest_of_several() -> None:
    result = decomposed()
    wide = {"onset": [8.0]}
    first = ressin.event_related(result, wide, latency=(1, 25))
    largest = ressin.event_related(result, wide, latency=(1, 25), choose="largest")
    assert first["SCR_Count"].tolist() == largest["SCR_Count"].tolist() == [2]
    assert first["SCR_Magnitude"].iloc[0] == pytest.approx(0.4, abs=0.02)
    assert largest["SCR_Magnitude"].iloc[0] == pytest.approx(0.8, abs=0.02)


def test_windows_that_share_time_are_flagged() -> None:
    trials = ressin.event_related(decomposed(), [8.0, 10.0, 13.0, 40.0])
    assert trials["Overlap"].tolist() == [True, True, False, False]


def test_events_at_the_edges_and_outside() -> None:
    trials = ressin.event_related(decomposed(), [-20.0, 0.5, 40.0, 88.0, 200.0])
    assert trials["Edge"].tolist() == [True, True, False, True, True]
    assert trials["EDA_SCR"].isna().tolist() == [True, False, False, False, True]
    assert trials["SCR_Magnitude"].isna().tolist() == [True, False, False, False, True]
    assert trials["Missing"].iloc[0] == 1.0


def test_what_was_not_seen_is_no_missing_response() -> None:
    made = ressin.simulate_eda(
        90, RATE, onsets=ONSETS, amplitudes=AMPLITUDES, noise=0.002, wander=0.05, rng=np.random.default_rng(5)
    )
    signal = made.signal.copy()
    signal[round(27.0 * RATE) : round(36.0 * RATE)] = np.nan
    signal[round(71.0 * RATE) : round(71.5 * RATE)] = np.nan
    trials = ressin.event_related(ressin.decompose(signal, RATE, missing="solve"), EVENTS)
    assert trials["EDA_SCR"].isna().tolist() == [False, True, False, False, False]
    assert trials["SCR_Magnitude"].isna().tolist() == [False, True, False, False, False]
    assert trials["Artefact"].tolist() == [False, True, False, False, True]
    assert 0 < trials["Missing"].iloc[4] < 0.3


def test_the_tonic_change_is_to_the_second_before() -> None:
    result = decomposed()
    trials = ressin.event_related(result, EVENTS, baseline=2.0)
    first = round(8.0 * RATE)
    before = result.tonic[first - round(2 * RATE) : first].mean()
    window = result.tonic[first + round(1 * RATE) : first + round(4 * RATE)].mean()
    assert trials["EDA_Tonic_Change"].iloc[0] == pytest.approx(window - before, rel=1e-9)


def test_the_robust_programme_s_artefacts_are_flagged() -> None:
    made = ressin.simulate_eda(
        90, RATE, onsets=ONSETS, amplitudes=AMPLITUDES, noise=0.002, wander=0.05, rng=np.random.default_rng(5)
    )
    signal = made.signal.copy()
    signal[round(42.0 * RATE) : round(42.3 * RATE)] -= 2.0
    trials = ressin.event_related(ressin.decompose(signal, RATE, programme="robust"), EVENTS)
    assert trials["Artefact"].tolist() == [False, False, True, False, False]


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ({"latency": (4, 1)}, "latency is"),
        ({"latency": (-1, 1)}, "latency is"),
        ({"latency": 4}, "latency is 4"),
        ({"latency": (1, 2, 3)}, "latency is"),
        ({"latency": "1,4"}, "latency is '1,4'"),
        ({"baseline": 0}, "baseline is"),
        ({"baseline": "a"}, "baseline is 'a'"),
        ({"choose": "last"}, "choose is 'last'"),
        ({"overlap": "both"}, "overlap is 'both'"),
        ({"events": [500.0]}, "no event lies in the recording"),
    ],
)
def test_wrong_settings_are_named(choice: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        ressin.event_related(decomposed(), **{"events": EVENTS, **choice})  # type: ignore[arg-type]


def test_measures_within_a_person() -> None:
    trials = pd.DataFrame(
        {"Participant": ["x"] * 3 + ["y"] * 2 + ["z"], "SCR_Magnitude": [0.0, 1.0, 2.0, 0.0, 0.0, 3.0]}
    )
    found = ressin.within_person(trials, measures=["SCR_Magnitude"])
    np.testing.assert_allclose(found["SCR_Magnitude_Range"], [0, 0.5, 1, np.nan, np.nan, 1])
    np.testing.assert_allclose(found["SCR_Magnitude_Z"], [-1, 0, 1, np.nan, np.nan, np.nan])
    with pytest.raises(InvalidInputError, match="no column 'EDA_ISCR'"):
        ressin.within_person(trials)

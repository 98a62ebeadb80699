"""Features of intervals against plain loops, and where they are not to be had."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.signal import welch
from scipy.stats import skew

import ressin
from ressin._spans import Spans
from ressin.bateman import area
from ressin.errors import InvalidInputError
from ressin.intervals.definitions import FEATURES, NAMES
from ressin.intervals.levels import Moments
from ressin.intervals.spectrum import varying

RATE = 10.0


def result(duration: float = 300.0, gap: bool = False, seed: int = 3) -> ressin.Decomposition:
    made = ressin.simulate_eda(duration, RATE, n_scr=round(duration / 15), rng=np.random.default_rng(seed))
    signal = made.signal.copy()
    if gap:
        signal[1000:1450] = np.nan
    return ressin.decompose(signal, RATE, missing="solve")


def test_every_window_is_what_it_is_alone() -> None:
    whole = result(gap=True)
    table = ressin.features(whole, window=70, step=7)
    scrs = whole.scrs()
    valid = whole.validity.valid
    assert len(table) == 33
    for _, row in table.iterrows():
        if row["Reason"]:
            continue
        part = slice(round(row["Start"] * RATE), round(row["End"] * RATE))
        seen = valid[part]
        own = scrs[(scrs["SCR_OnsetTime"] >= row["Start"]) & (scrs["SCR_OnsetTime"] < row["End"])]
        time = np.arange(seen.size)[seen] / RATE
        tonic, phasic = whole.tonic[part][seen], whole.phasic[part][seen]
        late = np.abs(np.where(seen, whole.phasic[part], 0.0)[seen.size // 2 :]).sum()
        expected = {
            "SCR_Peaks_N": len(own),
            "SCR_Rate": len(own) / 70 * 60,
            "SCR_Peaks_Amplitude_Mean": own["SCR_Amplitude"].mean(),
            "SCR_Amplitude_SD": own["SCR_Amplitude"].std(),
            "SCR_Amplitude_Max": own["SCR_Amplitude"].max(),
            "SCR_Amplitude_Sum": own["SCR_Amplitude"].sum(),
            "SCR_RiseTime_Mean": own["SCR_RiseTime"].mean(),
            "SCR_RecoveryTime_Mean": own["SCR_RecoveryTime"].mean(),
            "EDA_ISCR": whole.driver[part][seen].sum() / RATE * area(),
            "EDA_Phasic_Mean": phasic.mean(),
            "EDA_Phasic_SD": phasic.std(ddof=1),
            "EDA_Phasic_Max": phasic.max(),
            "EDA_Tonic_Mean": tonic.mean(),
            "EDA_Tonic_SD": tonic.std(ddof=1),
            "EDA_Tonic_Min": tonic.min(),
            "EDA_Tonic_Max": tonic.max(),
            "EDA_Tonic_Slope": np.polyfit(time, tonic, 1)[0],
            "SCR_Amplitude_Rate": own["SCR_Amplitude"].sum() / 70 * 60,
            "EDA_Phasic_Skewness": skew(phasic),
            "EDA_Phasic_Late": late / np.abs(phasic).sum(),
            "EDA_Mean": whole.signal[part][seen].mean(),
            "EDA_SD": whole.signal[part][seen].std(ddof=1),
            "EDA_Slope": np.polyfit(time, whole.signal[part][seen], 1)[0],
            "EDA_Step": np.nanmean(np.abs(np.diff(np.where(seen, whole.signal[part], np.nan)))) * RATE,
            "EDA_Valid": seen.mean(),
        }
        for name, value in expected.items():
            assert row[name] == pytest.approx(value, rel=1e-7, abs=1e-9, nan_ok=True), name


def test_the_autocorrelation_is_pearson_s_four_seconds_later() -> None:
    whole = result()
    row = ressin.features(whole, window=60).iloc[1]
    y = whole.signal[600:1200]
    assert row["EDA_Autocorrelation"] == pytest.approx(np.corrcoef(y[:-40], y[40:])[0, 1], rel=1e-9)


def test_the_sympathetic_index_is_the_power_of_the_band() -> None:
    time = np.arange(round(256 * RATE)) / RATE
    wave = 5.0 + 0.2 * np.sin(2 * np.pi * 0.1 * time)
    row = ressin.features(ressin.decompose(wave, RATE)).iloc[0]
    assert row["EDA_Sympathetic"] == pytest.approx(0.2**2 / 2, rel=0.05)
    assert row["EDA_SympatheticN"] > 0.95
    noise = 5.0 + 0.05 * np.random.default_rng(0).normal(size=time.size)
    slow = noise.reshape(-1, 5).mean(axis=1)
    frequency, density = welch(slow, 2.0, "blackman", 128, 64, detrend="linear")
    band = (frequency >= 0.045) & (frequency <= 0.25)
    row = ressin.features(ressin.decompose(noise, RATE)).iloc[0]
    assert row["EDA_Sympathetic"] == pytest.approx(density[band].sum() * (frequency[1] - frequency[0]), rel=0.02)


def test_the_varying_index_follows_the_amplitude() -> None:
    time = np.arange(1200) / 2.0
    index = varying(np.where(time < 300, 0.1, 0.4) * np.sin(2 * np.pi * 0.15 * time), 2.0)
    assert np.median(index[700:1100]) / np.median(index[100:500]) == pytest.approx(4.0, rel=0.05)


def test_short_and_damaged_intervals_say_why() -> None:
    table = ressin.features(result(gap=True), intervals=pd.DataFrame({"start": [0, 100, 150], "end": [10, 145, 250]}))
    assert table["Reason"].iloc[0].startswith("10 s are too short for SCR_Rate, ")
    assert np.isnan(table["SCR_Rate"].iloc[0])
    assert table["SCR_Peaks_N"].iloc[0] >= 0
    assert table["Reason"].iloc[1] == "0% valid, 50% needed"
    assert table.loc[1, list(NAMES[:-1])].isna().all()
    assert table["Reason"].iloc[2] == ""
    assert table.loc[2, [name for name in NAMES if "SD" not in name]].notna().all()


def test_intervals_keep_their_columns() -> None:
    intervals = pd.DataFrame({"start": [0.0, 60.0], "end": [60.0, 120.0], "task": ["rest", "sums"]}, index=[7, 3])
    table = ressin.features(result(), intervals=intervals)
    assert table["task"].tolist() == ["rest", "sums"]
    assert table["Start"].tolist() == [0.0, 60.0]
    pd.testing.assert_frame_equal(
        table[list(NAMES)], ressin.features(result(), window=60)[list(NAMES)].head(2), check_exact=False
    )


def test_without_a_window_the_whole_recording_counts() -> None:
    whole = result()
    (row,) = ressin.features(whole).to_dict("records")
    assert (row["Start"], row["End"]) == (0.0, 300.0)
    assert row["EDA_Tonic_Mean"] == pytest.approx(whole.tonic.mean())


def test_nothing_but_zeros_has_no_features_and_says_so() -> None:
    (row,) = ressin.features(ressin.decompose(np.zeros(1000), RATE)).to_dict("records")
    assert row["EDA_Valid"] == 0
    assert row["Reason"] == "0% valid, 50% needed"


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ({"window": 0}, "window is 0"),
        ({"window": 60, "step": -1}, "step is -1"),
        ({"step": 5}, "step needs a window"),
        ({"window": 1000}, "the recording 300 s long"),
        ({"min_valid": 2}, "min_valid is 2"),
        ({"intervals": pd.DataFrame({"start": [0], "end": [400]})}, "interval 1 is from 0 to 400"),
        ({"intervals": pd.DataFrame({"start": [0], "end": [0]})}, "interval 1 is from 0 to 0"),
        ({"intervals": pd.DataFrame({"first": [0], "end": [9]})}, "start and end are needed"),
        ({"intervals": pd.DataFrame({"start": [], "end": []})}, "no intervals"),
        ({"intervals": pd.DataFrame({"start": [0], "end": [9]}), "window": 3}, "two ways"),
        ({"intervals": pd.DataFrame({"start": [0.01], "end": [0.02]})}, "holds no sample"),
    ],
)
def test_wrong_intervals_are_named(choice: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        ressin.features(result(), **choice)


@given(
    values=arrays(np.float64, st.integers(1, 60), elements=st.floats(-1e3, 1e3)),
    data=st.data(),
)
def test_moments_and_extremes_are_those_of_each_interval(values: np.ndarray, data: st.DataObject) -> None:
    n = values.size
    edges = data.draw(st.lists(st.tuples(st.integers(0, n - 1), st.integers(1, n)), min_size=1, max_size=8))
    pairs = [(a, b) for a, b in edges if a < b] or [(0, n)]
    seen = data.draw(arrays(np.bool_, n))
    intervals = Spans(np.array([a for a, _ in pairs]), np.array([b for _, b in pairs]))
    moments = Moments(values, seen, intervals)
    found = zip(moments.mean(), moments.deviation(), moments.smallest(), moments.largest(), strict=True)
    for (a, b), (mean, deviation, smallest, largest) in zip(pairs, found, strict=True):
        own = values[a:b][seen[a:b]]
        size = np.abs(values).max() + 1e-300
        if not own.size:
            assert np.isnan([mean, deviation, smallest, largest]).all()
            continue
        assert mean == pytest.approx(own.mean(), abs=1e-9 * size)
        assert (smallest, largest) == (own.min(), own.max())
        assert np.isnan(deviation) if own.size < 2 else deviation == pytest.approx(own.std(ddof=1), abs=1e-5 * size)
    np.testing.assert_array_equal(intervals.largest(values), [values[a:b].max() for a, b in pairs])


def test_a_curve_that_hardly_varies_has_no_skewness() -> None:
    values = np.concatenate([np.zeros(50), 1e-9 * np.arange(50.0), np.random.default_rng(0).exponential(size=100)])
    intervals = Spans(np.array([0, 50, 100]), np.array([50, 100, 200]))
    flat, faint, varied = Moments(values, np.ones(200, np.bool_), intervals).skewness()
    assert np.isnan(flat)
    assert np.isnan(faint)
    assert varied == pytest.approx(skew(values[100:]), rel=1e-9)


def test_every_feature_is_defined_once() -> None:
    assert len(set(NAMES)) == len(FEATURES)
    assert all(feature.meaning for feature in FEATURES)
    assert all(a.name != b.name for a, b in pairwise(FEATURES))


@pytest.mark.parametrize(
    "table",
    [
        {"start": [10.0], "end": [70.0]},
        {"Start": [10.0], "End": [70.0]},
        {"start (ms)": [10_000], "end (ms)": [70_000]},
        {"onset": [10.0], "duration": [60.0]},
        {"onset_samples": [80], "duration [min]": [1.0]},
    ],
)
def test_intervals_in_the_unit_and_by_the_names_of_their_table(table: dict[str, list[float]]) -> None:
    made = ressin.simulate_eda(120, 8, rng=np.random.default_rng(0))
    found = ressin.features(ressin.decompose(made.signal, 8), intervals=table)
    assert (found["Start"].iloc[0], found["End"].iloc[0]) == (10.0, 70.0)
    for wrong in ({"window": "60"}, {"window": True}, {"min_valid": "a"}, {"intervals": [(0, 60)]}):
        with pytest.raises(InvalidInputError):
            ressin.features(ressin.decompose(made.signal, 8), **wrong)

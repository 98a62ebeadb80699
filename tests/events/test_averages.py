"""Curves aligned at events."""

from __future__ import annotations

import numpy as np
import pytest

import ressin
from ressin.errors import InvalidInputError
from ressin.events.averages import AlignedTrials

RATE = 20.0
ONSETS = np.array([10.0, 30.0, 50.0, 70.0])


def result() -> ressin.Decomposition:
    made = ressin.simulate_eda(
        90, RATE, onsets=ONSETS, amplitudes=[0.4, 0.8, 0.4, 0.8], noise=0.002, rng=np.random.default_rng(1)
    )
    return ressin.decompose(made.signal, RATE)


def test_trials_are_cut_around_their_events() -> None:
    whole = result()
    found = ressin.align_trials(whole, ONSETS, window=(-1.0, 5.0), conditions=["a", "b", "a", "b"])
    assert found.curves.shape == (4, found.time.size) == (4, 121)
    np.testing.assert_array_equal(found.curves[1], whole.phasic[round(29.0 * RATE) : round(35.0 * RATE) + 1])
    np.testing.assert_allclose(found.curves.max(axis=1), [0.4, 0.8, 0.4, 0.8], atol=0.02)
    assert found.conditions == ("a", "b", "a", "b")


def test_an_event_between_samples_is_interpolated() -> None:
    whole = result()
    half = ressin.align_trials(whole, [30.0 + 0.5 / RATE], window=(0.0, 3.0))
    first = round(30.0 * RATE)
    middle = 0.5 * (whole.phasic[first : first + 61] + whole.phasic[first + 1 : first + 62])
    np.testing.assert_allclose(half.curves[0], middle, rtol=1e-9)


def test_a_baseline_is_taken_off() -> None:
    found = ressin.align_trials(result(), ONSETS, part="tonic", baseline=1.0)
    before = (found.time >= -1.0) & (found.time < 0)
    np.testing.assert_allclose(found.curves[:, before].mean(axis=1), 0.0, atol=1e-12)


def test_means_and_intervals_of_conditions() -> None:
    rng = np.random.default_rng(0)
    curves = rng.normal(1.0, 0.5, (30, 5))
    trials = AlignedTrials(np.arange(5.0), curves, ("a",) * 29 + ("b",), np.arange(30.0), "phasic")
    table = trials.averages(n_boot=2000)
    a = table[table["Condition"] == "a"]
    np.testing.assert_allclose(a["Mean"], curves[:29].mean(axis=0))
    half = 1.96 * curves[:29].std(axis=0, ddof=1) / np.sqrt(29)
    np.testing.assert_allclose(a["High"] - a["Mean"], half, rtol=0.15)
    assert table.loc[table["Condition"] == "b", "Low"].isna().all()
    assert (a["n_trials"] == 29).all()
    assert trials.averages(seed=3).equals(trials.averages(seed=3))


def test_outside_of_the_recording_there_is_nothing() -> None:
    found = ressin.align_trials(result(), [0.5, 30.0, 500.0], window=(-1.0, 1.0))
    assert found.onsets.tolist() == [0.5, 30.0]
    assert np.isnan(found.curves[0, : round(0.5 * RATE)]).all()
    table = found.averages()
    assert table["n_trials"].iloc[0] == 1
    assert np.isnan(table["Low"].iloc[0])
    with pytest.raises(InvalidInputError, match="no event's window"):
        ressin.align_trials(result(), [500.0])


@pytest.mark.parametrize(
    ("choice", "said"),
    [({"part": "residual"}, "part is"), ({"window": (1, 1)}, "window is"), ({"baseline": -1}, "baseline is")],
)
def test_wrong_settings_are_named(choice: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        ressin.align_trials(result(), [30.0], **choice)  # type: ignore[arg-type]


def test_pictures() -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    found = ressin.align_trials(result(), ONSETS, conditions=["a", "b", "a", "b"])
    figure = found.plot()
    assert [axis.get_ylabel() for axis in figure.axes] == ["phasic (uS)", "trial"]
    estimates = ressin.response_estimate(result(), np.tile(ONSETS, 1), derivative=False)
    assert [axis.get_ylabel() for axis in estimates.plot().axes] == ["signal (uS)", "amplitude (uS)"]

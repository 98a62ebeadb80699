"""A linear model of responses: no bias, honest errors."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest

import ressin
from ressin.bateman import peak_height
from ressin.errors import InvalidInputError
from ressin.events.canonical import canonical_response
from ressin.recording import Recording
from tests.events.experiment import RATE, experiment

CONDITIONS = ("a", "b")


def test_a_canonical_response_is_found_exactly() -> None:
    response, _ = canonical_response(10.0)
    onsets = np.arange(10.0, 190.0, 12.0)
    names = ["a" if i % 3 else "b" for i in range(onsets.size)]
    signal = np.zeros(2400)
    for onset, name in zip(onsets, names, strict=True):
        start = round(onset * 10)
        signal[start : start + response.size] += {"a": 0.5, "b": 0.2}[name] * response[: 2400 - start]
    found = ressin.response_estimate(Recording(signal + 3.0, 10.0), {"onset": onsets, "condition": names})
    assert found.conditions == ("b", "a")
    assert found.n_events.tolist() == [5, 10]
    np.testing.assert_allclose(found.amplitude, [0.2, 0.5], atol=1e-6)
    assert found.contrast("a", "b")["Amplitude"] == pytest.approx(0.3, abs=1e-6)
    assert found.contrast("a", "b")["p"] < 1e-6


@pytest.mark.parametrize("on", ["signal", "driver"])
def test_the_difference_of_two_conditions_has_no_bias_and_an_honest_interval(on: Literal["signal", "driver"]) -> None:
    truth, estimates, covered = 0.3, [], 0
    for seed in range(40):
        made = experiment(seed, truth, on=on)
        source = made.recording if on == "signal" else ressin.decompose(made.recording.signal, RATE)
        found = ressin.response_estimate(source, made.events, on=on).contrast("a", "b")
        estimates.append(found["Amplitude"] / made.scale)
        covered += found["Low"] / made.scale <= truth <= found["High"] / made.scale
    error = np.std(estimates, ddof=1) / np.sqrt(len(estimates))
    assert abs(np.mean(estimates) - truth) < 3.5 * error
    assert covered >= 33  # of 40; 95 % would be 38, and fewer than 33 has a chance of 1 in 1,000


@pytest.mark.parametrize("latency", [1.2, 2.0, 3.5])
@pytest.mark.parametrize(("basis", "least", "most"), [("fir", 0.97, 1.03), ("canonical", 0.8, 1.1)])
def test_on_the_driver_the_amplitude_is_the_area_whatever_the_latency(
    basis: Literal["fir", "canonical"], least: float, most: float, latency: float
) -> None:
    rng = np.random.default_rng(0)
    onsets = np.cumsum(rng.uniform(8.0, 14.0, 12))
    made = ressin.simulate_eda(
        float(onsets[-1]) + 20.0,
        10,
        onsets=onsets + latency,
        amplitudes=np.full(12, 0.5),
        noise=0.001,
        wander=0.0,
        rng=rng,
    )
    found = ressin.response_estimate(ressin.decompose(made.signal, 10), onsets, on="driver", basis=basis)
    assert least <= found.amplitude[0] * peak_height() / 0.5 <= most


def test_missing_samples_are_left_out() -> None:
    made = experiment(3, 0.3)
    signal = made.recording.signal.copy()
    signal[500:560] = np.nan
    whole = ressin.response_estimate(made.recording, made.events)
    found = ressin.response_estimate(Recording(signal, RATE), made.events)
    assert np.isnan(found.observed).any()
    np.testing.assert_allclose(found.amplitude, whole.amplitude, atol=0.1)


def test_the_table_and_what_cannot_be_told() -> None:
    made = experiment(1, 0.3)
    table = ressin.response_estimate(made.recording, made.events, derivative=False).to_frame(level=0.9)
    assert table.columns.tolist() == [
        "Condition", "n_events", "Amplitude", "Standard_Error", "Low", "High", "t", "p",
    ]  # fmt: skip
    assert (table["Low"] < table["Amplitude"]).all()
    twice = {"onset": np.repeat(made.events["onset"], 2), "condition": ["a", "b"] * len(made.events["onset"])}
    with pytest.raises(InvalidInputError, match="cannot be told apart"):
        ressin.response_estimate(made.recording, twice)
    with pytest.raises(InvalidInputError, match="too few"):
        ressin.response_estimate(made.recording, {"onset": [20.0, 40.0], "condition": ["a", "b"]})
    with pytest.raises(InvalidInputError, match="no event lies"):
        ressin.response_estimate(made.recording, [1e4])
    with pytest.raises(InvalidInputError, match="needs a decomposition"):
        ressin.response_estimate(made.recording, made.events, on="driver")
    with pytest.raises(InvalidInputError, match="basis is 'spline'"):
        ressin.response_estimate(made.recording, made.events, basis="spline")  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="basis='fir' is for on='driver'"):
        ressin.response_estimate(made.recording, made.events, basis="fir")
    with pytest.raises(InvalidInputError, match="no condition 'c'"):
        ressin.response_estimate(made.recording, made.events).contrast("a", "c")

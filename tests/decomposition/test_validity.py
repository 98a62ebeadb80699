"""What of a recording can be trusted, and why not."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from numpy.typing import NDArray

import ressin
from ressin.decomposition.validity import REASONS, ValidityRules, assess_validity
from ressin.errors import InvalidInputError
from ressin.settings import Programme
from tests.signals import Signal

RATE = 4.0


def clean(duration: float = 240.0, seed: int = 0) -> Signal:
    return ressin.simulate_eda(duration, RATE, rng=np.random.default_rng(seed)).signal.copy()


def reasons_of(
    signal: Signal, rules: ValidityRules | None = None, programme: Programme = "cvxeda"
) -> dict[str, NDArray[np.bool_]]:
    found = ressin.decompose(signal, RATE, programme=programme, missing="solve")
    return dict(assess_validity(found, rules).reasons)


def test_a_clean_recording_is_valid() -> None:
    found = ressin.decompose(clean(), RATE).validity
    assert found.share == 1.0
    assert not found.reasons
    assert str(found) == "100.0% valid"


@pytest.mark.parametrize("rate", [4.0, 50.0])
@pytest.mark.parametrize("seed", range(3))
def test_slow_quantised_and_noisy_recordings_stay_valid(seed: int, rate: float) -> None:
    made = ressin.simulate_eda(240.0, rate, rng=np.random.default_rng(seed), noise=0.02)
    rounded = np.round(made.signal / 0.005) * 0.005
    assert ressin.decompose(rounded, rate).validity.share == 1.0


def test_missing_samples() -> None:
    signal = clean()
    signal[100:120] = np.nan
    (name,) = reasons_of(signal)
    assert name == "missing"
    assert np.flatnonzero(reasons_of(signal)["missing"]).tolist() == list(range(100, 120))
    found = ressin.decompose(clean(), RATE, sample_weight=np.arange(960) > 9)
    assert found.validity.reasons["missing"].sum() == 10


def test_a_sensor_off_the_skin_and_what_is_near() -> None:
    signal = clean()
    signal[400:600] = 0.01 + 0.001 * np.random.default_rng(0).normal(size=200)
    found = reasons_of(signal)
    assert np.flatnonzero(found["range"]).tolist() == list(range(400, 600))
    near = np.flatnonzero(found["near"] | found["range"] | found["slope"])
    assert near.min() <= 400 - 5 * RATE
    assert near.max() >= 599 + 5 * RATE
    assert "near" not in reasons_of(signal, ValidityRules(near=None))
    assert "range" not in reasons_of(signal, ValidityRules(low=None))


def test_other_units_have_no_range_in_microsiemens() -> None:
    signal = clean()
    assert "range" not in reasons_of((signal - signal.mean()) / signal.std())


def test_too_steep() -> None:
    signal = clean()
    signal[300:304] += 5.0
    found = reasons_of(signal)["slope"]
    assert found[299:301].all()
    assert found[303:305].all()
    assert found.sum() <= 6


def test_flat_and_clipped() -> None:
    signal = clean()
    signal[200:400] = signal[200]
    assert np.flatnonzero(reasons_of(signal)["flat"]).tolist() == list(range(200, 400))
    top = np.minimum(clean(seed=4), np.quantile(clean(seed=4), 0.9))
    found = reasons_of(top)
    assert set(found) == {"clipped"}
    assert (top[found["clipped"]] == top.max()).all()


def test_a_temperature_that_no_worn_sensor_measures() -> None:
    found = ressin.decompose(clean(), RATE)
    degrees = np.full(960, 33.0)
    degrees[500:] = 24.0
    cold = assess_validity(found, temperature=degrees)
    assert np.flatnonzero(cold.reasons["temperature"]).tolist() == list(range(500, 960))
    with pytest.raises(InvalidInputError, match="temperature has the shape"):
        assess_validity(found, temperature=degrees[:10])


def test_what_the_robust_programme_takes_off() -> None:
    signal = clean()
    signal[500:504] -= 1.0
    signal[700:] -= 1.5
    found = reasons_of(signal, programme="robust")
    assert found["outlier"][500:504].all()
    assert found["shift"][698:702].any()
    assert not found["shift"][:600].any()
    assert found["outlier"].sum() < 40


def test_the_table_gives_the_first_reason() -> None:
    signal = clean()
    signal[100:120] = np.nan
    table = ressin.decompose(signal, RATE, missing="solve").validity.to_frame()
    assert table["EDA_Valid"].sum() == 940
    assert set(table["EDA_Invalid_Reason"]) == {"", "missing"}
    assert set(REASONS) >= {"missing"}


def test_it_travels_with_its_result() -> None:
    signal = clean()
    signal[100:148] = np.nan
    result = ressin.decompose(signal, RATE, missing="solve")
    assert result.validity.share == 0.95
    back = pickle.loads(pickle.dumps(copy.deepcopy(result)))
    np.testing.assert_array_equal(back.validity.valid, result.validity.valid)


def test_the_summary_says_it() -> None:
    signal = clean()
    signal[100:148] = np.nan
    summary = ressin.decompose(signal, RATE, missing="solve").summary()
    assert summary["validity"] == {"valid": 0.95, "missing": 0.05}


@pytest.mark.parametrize("rule", [{"low": 5.0, "high": 1.0}, {"near": -1.0}, {"flat": 0.0}, {"temperature": (40, 30)}])
def test_wrong_rules_are_named(rule: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError, match=next(iter(rule))):
        ValidityRules(**rule)  # type: ignore[arg-type]


def off_the_wrist() -> Signal:
    signal = clean(960.0)
    signal[1000:2200] = 0.0
    return signal


@pytest.mark.parametrize(
    ("signal", "said"),
    [
        (np.zeros(960), "does not change at all"),
        (off_the_wrist(), "off the skin"),
        (np.minimum(clean(seed=4), np.quantile(clean(seed=4), 0.9)), "cut off at an end"),
        (np.where(np.arange(960) // 40 % 2 == 0, clean(), clean() + 6.0), ""),
    ],
)
@pytest.mark.parametrize("programme", ["cvxeda", "robust"])
def test_good_is_not_said_of_these(signal: Signal, said: str, programme: Programme) -> None:
    quality = ressin.decompose(signal, RATE, programme=programme).quality
    assert str(quality) != "good"
    assert any(said in message for message in quality.messages)

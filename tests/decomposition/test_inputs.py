"""The inputs that decompose accepts, and the errors for those that it does not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import ressin
from ressin import InvalidInputError
from ressin.decomposition.inputs import are_usual, check_missing, check_signal
from tests.signals import simulate

RATE = 8.0
SIGNAL = simulate(RATE, 40.0)


def _holding(value: float) -> Any:
    signal = SIGNAL.copy()
    signal[17] = value
    return signal


BAD_SIGNALS = {
    "two dimensions": (np.ones((3, 50)), r"\(3, 50\).*one-dimensional"),
    "a number": (3.0, "one-dimensional"),
    "empty": (np.array([]), r"empty"),
    "too short": (np.array([1.0, 2.0]), r"\b2\b"),
    "infinite": (_holding(np.inf), r"infinite.*\b17\b"),
    "minus infinite": (_holding(-np.inf), r"infinite.*\b17\b"),
    "a gap": (_holding(np.nan), r"(?s)\b17\b.*missing="),
    "all NaN": (np.full(100, np.nan), r"NaN"),
    "complex": (SIGNAL + 1j, r"complex"),
    "objects": (np.array([object()] * 50, dtype=object), r"object"),
    "text": (np.array(["a", "b", "c"] * 20), r"text|str|<U1"),
    "dates": (np.arange(50).astype("datetime64[s]"), r"datetime64"),
    "None": (None, "of type NoneType.*one-dimensional"),
    "a generator": ((x for x in SIGNAL), "of type generator.*one-dimensional"),
    "masked": (np.ma.masked_array(SIGNAL, np.arange(SIGNAL.size) == 17), r"(?s)NaN.*\b17\b.*missing="),
    "text in a list": (["1.0", "x"] * 20, r"text|str|<U"),
    "ragged": ([[1.0, 2.0], [1.0]], r"(?i)one-dimensional|numbers|ragged|inhomogeneous"),
}


@pytest.mark.parametrize(("signal", "words"), BAD_SIGNALS.values(), ids=BAD_SIGNALS.keys())
def test_bad_signals_are_refused_in_words(signal: Any, words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        ressin.decompose(signal, RATE)


def test_a_signal_without_a_known_sample_cannot_be_solved_through() -> None:
    with pytest.raises(InvalidInputError, match="NaN"):
        ressin.decompose(np.full(100, np.nan), RATE, missing="solve")


def test_masked_samples_are_gaps() -> None:
    masked = np.ma.masked_array(SIGNAL, np.arange(SIGNAL.size) == 17)
    by_mask = ressin.decompose(masked, RATE, missing="solve")
    by_nan = ressin.decompose(_holding(np.nan), RATE, missing="solve")
    assert np.isnan(by_mask.signal[17])
    np.testing.assert_array_equal(by_mask.phasic, by_nan.phasic)


def test_infinite_samples_are_not_gaps() -> None:
    with pytest.raises(InvalidInputError, match="infinite"):
        ressin.decompose(_holding(np.inf), RATE, missing="solve")


@pytest.mark.parametrize(
    ("rate", "words"),
    [(0.0, "0"), (-4.0, "-4"), (np.nan, "nan"), (np.inf, "inf"), (None, "missing"), ("50", "50"), (1j, "1j")],
)
def test_bad_rates_are_named(rate: Any, words: str) -> None:
    with pytest.raises(InvalidInputError, match=f"sampling_rate.*{words}"):
        ressin.decompose(SIGNAL, rate)


def test_the_rate_is_not_optional() -> None:
    with pytest.raises(TypeError, match="sampling_rate"):
        ressin.decompose(SIGNAL)  # type: ignore[call-arg]


BAD_SETTINGS = {
    "knots closer than samples": ({"delta_knot": 0.01}, r"delta_knot.*0\.01.*0\.125"),
    "delta_knot zero": ({"delta_knot": 0.0}, r"delta_knot.*0"),
    "delta_knot NaN": ({"delta_knot": np.nan}, r"delta_knot.*nan"),
    "knots further than can be tabulated": ({"delta_knot": 1e9}, r"delta_knot is 1e\+09 s.*10,000,000"),
    "ragged knots": ({"knots": [[0], [10, 20]]}, "knots cannot be read"),
    "far knots": ({"knots": [0, 10**9]}, "knots.*10,000,000"),
    "alpha zero": ({"alpha": 0.0}, r"(?s)alpha.*unique"),
    "alpha negative": ({"alpha": -1e-3}, r"alpha.*-0\.001"),
    "alpha infinite": ({"alpha": np.inf}, r"alpha.*inf"),
    "gamma negative": ({"gamma": -0.5}, r"gamma.*-0\.5"),
    "gamma NaN": ({"gamma": np.nan}, r"gamma.*nan"),
    "tau0 zero": ({"tau0": 0.0}, r"tau0.*0"),
    "tau1 negative": ({"tau1": -0.7}, r"tau1.*-0\.7"),
    "tau0 infinite": ({"tau0": np.inf}, r"tau0.*inf"),
    "revision": ({"revision": "2020"}, r"revision.*2020.*2015.*2025|revision.*2020.*2025.*2015"),
    "baseline": ({"baseline": "cubic"}, r"baseline.*cubic"),
    "solver": ({"solver": "simplex"}, r"solver.*simplex"),
    "missing": ({"missing": "drop"}, r"missing.*drop"),
    "baseline of several": ({"baseline": np.array(["none", "linear"])}, "baseline.*linear"),
    "standardize in words": ({"standardize": "no"}, "standardize is 'no'"),
    "warm_start a number": ({"warm_start": 0}, "warm_start is 0"),
    "errors": ({"errors": "ignore"}, r"errors.*ignore"),
    "tol zero": ({"tol": 0.0}, r"tol.*0"),
    "no iterations": ({"max_iterations": 0}, r"max_iterations.*0"),
    "threads": ({"n_threads": -1}, r"n_threads.*-1"),
    "weights of another length": (
        {"sample_weight": np.ones(7)},
        r"(?s)sample_weight.*\b7\b.*320|sample_weight.*320.*\b7\b",
    ),
    "negative weight": ({"sample_weight": np.r_[np.ones(319), -1.0]}, r"sample_weight.*319|sample_weight.*-1"),
    "NaN weight": ({"sample_weight": np.r_[np.nan, np.ones(319)]}, r"sample_weight"),
    "ragged weights": ({"sample_weight": [[1.0], [1.0, 2.0]]}, "sample_weight cannot be read"),
    "no weight at all": ({"sample_weight": np.zeros(320)}, "weight above zero"),
    "no knots": ({"knots": []}, r"knots.*\(0,\)"),
    "unequal knots": ({"knots": [0, 10, 25]}, r"knots.*25"),
    "knots backwards": ({"knots": [20, 10, 0]}, r"knots"),
    "knots between samples": ({"knots": [0.5, 10.5, 20.5]}, r"knots.*(integer|whole)"),
}


@pytest.mark.parametrize(("choice", "words"), BAD_SETTINGS.values(), ids=BAD_SETTINGS.keys())
def test_bad_settings_are_refused_in_words(choice: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        ressin.decompose(SIGNAL, RATE, **choice)


def test_settings_are_keyword_only() -> None:
    with pytest.raises(TypeError):
        ressin.decompose(SIGNAL, RATE, 2.0)  # type: ignore[call-arg, arg-type]


def _strided() -> Any:
    wide = np.zeros((SIGNAL.size, 3))
    wide[:, 1] = SIGNAL
    return wide[:, 1]


def _read_only() -> Any:
    signal = SIGNAL.copy()
    signal.flags.writeable = False
    return signal


GOOD_SIGNALS = {
    "list": SIGNAL.tolist(),
    "tuple": tuple(SIGNAL),
    "Series": pd.Series(SIGNAL, index=pd.date_range("2024", periods=SIGNAL.size, freq="125ms")),
    "nullable Series": pd.Series(SIGNAL, dtype="Float64"),
    "read-only": _read_only(),
    "strided": _strided(),
    "backwards": SIGNAL[::-1].copy()[::-1],
    "byte-swapped": SIGNAL.astype(SIGNAL.dtype.newbyteorder()),
    "long double": SIGNAL.astype(np.longdouble),
    "float32": SIGNAL.astype(np.float32),
    "float16": SIGNAL.astype(np.float16),
}


@pytest.mark.parametrize("signal", GOOD_SIGNALS.values(), ids=GOOD_SIGNALS.keys())
def test_containers_and_types_are_taken(signal: Any) -> None:
    expected = ressin.decompose(np.array(signal, dtype=np.float64), RATE)
    found = ressin.decompose(signal, RATE)
    np.testing.assert_array_equal(found.phasic, expected.phasic)
    np.testing.assert_array_equal(found.tonic, expected.tonic)


@pytest.mark.parametrize("dtype", ["Float64", "Int64", "UInt8"])
def test_a_nullable_column_is_missing_where_it_has_no_number(dtype: Any) -> None:
    counts = np.round(SIGNAL * 20).clip(0, 255)
    column = pd.Series(counts).astype(dtype)
    column[17] = pd.NA
    holed = counts.copy()
    holed[17] = np.nan
    with pytest.raises(InvalidInputError, match=r"(?s)NaN.*17.*missing="):
        ressin.decompose(column, RATE)
    found = ressin.decompose(column, RATE, missing="solve", sample_weight=pd.Series(np.ones(SIGNAL.size), dtype=dtype))
    np.testing.assert_array_equal(found.signal, holed)
    np.testing.assert_array_equal(found.phasic, ressin.decompose(holed, RATE, missing="solve").phasic)


@pytest.mark.parametrize("dtype", [np.int16, np.uint16, np.int64, np.uint8, ">i2"])
def test_integers_are_taken(dtype: Any) -> None:
    counts = np.round(SIGNAL * 20).clip(0, 255)
    expected = ressin.decompose(counts.astype(float), RATE)
    np.testing.assert_array_equal(ressin.decompose(counts.astype(dtype), RATE).phasic, expected.phasic)


@pytest.mark.parametrize("rate", [8, np.float32(8.0), np.int64(8)])
def test_rates_of_any_number_type_are_taken(rate: Any) -> None:
    np.testing.assert_array_equal(ressin.decompose(SIGNAL, rate).phasic, ressin.decompose(SIGNAL, RATE).phasic)


def test_the_input_is_not_changed_and_not_kept() -> None:
    signal = SIGNAL.copy()
    found = ressin.decompose(signal, RATE)
    np.testing.assert_array_equal(signal, SIGNAL)
    signal[:] = 0
    np.testing.assert_array_equal(found.signal, SIGNAL)


def test_a_big_array_is_taken() -> None:
    signal = simulate(4.0, 100_000.0)
    found = ressin.decompose(signal, 4.0)
    assert found.converged
    assert found.phasic.shape == (400_000,)


def test_an_unconverged_solve_raises_unless_it_is_asked_for() -> None:
    with pytest.raises(ressin.ConvergenceError, match="max_iterations") as caught:
        ressin.decompose(SIGNAL, RATE, solver="interior_point", max_iterations=1)
    assert isinstance(caught.value.result, ressin.Decomposition)
    assert not caught.value.result.converged
    found = ressin.decompose(SIGNAL, RATE, solver="interior_point", max_iterations=1, errors="return")
    assert not found.converged
    assert found.status == "max_iterations"
    assert not found.is_optimal(1e-6)


def test_the_result_keeps_its_own_copies() -> None:
    signal, weights = SIGNAL.copy(), np.ones(SIGNAL.size)
    result = ressin.decompose(signal, 50, sample_weight=weights)
    signal[:], weights[:] = 0.0, 2.0
    np.testing.assert_array_equal(result.signal, SIGNAL)
    np.testing.assert_array_equal(result.weights, np.ones(SIGNAL.size))
    assert result.is_optimal()


def test_what_needs_no_check_is_told_from_what_does() -> None:
    y = np.sin(np.arange(40.0))
    with_nan, with_infinity = y.copy(), y.copy()
    with_nan[7], with_infinity[39] = np.nan, -np.inf
    fixed = y.copy()
    fixed.flags.writeable = False
    usual: list[Any] = [y, fixed, y[3:], y[:4]]
    unusual: list[Any] = [
        y.astype(np.float32), y.astype(">f8"), y[::2], y[:3], y.reshape(2, 20), with_nan, with_infinity, y.tolist(),
        np.ma.masked_array(y, y > 0), np.arange(40), None, "EDA", y.view(np.recarray),
    ]  # fmt: skip
    assert are_usual(usual + unusual) == [True] * len(usual) + [False] * len(unusual)
    for signal in usual:
        assert check_signal(signal) is signal
        assert check_missing(signal, None, "raise") == (None, None)

"""A decomposition as an object: read-only, can be pickled and copied, and is_optimal detects altered parts."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import ressin
from ressin.decomposition.result import Decomposition
from tests.signals import simulate

RATE = 8.0
RESULT = ressin.decompose(simulate(RATE, 40.0), RATE, sample_weight=np.ones(320))


def sent(result: Decomposition) -> Decomposition:
    back: Decomposition = pickle.loads(pickle.dumps(result))
    return back


COPIES: list[Callable[[Decomposition], Decomposition]] = [sent, copy.copy, copy.deepcopy, dataclasses.replace]


@pytest.mark.parametrize("duplicate", [lambda result: result, *COPIES])
def test_neither_the_fields_nor_the_samples_can_be_changed(duplicate: Any) -> None:
    result = duplicate(RESULT)
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.status = "failed"
    for name in ("signal", "phasic", "tonic", "driver", "residual", "spline", "drift", "knots"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(result, name)[0] = 1


def test_tables_and_the_callers_signal_can_be_changed() -> None:
    signal = simulate(RATE, 40.0)
    result = ressin.decompose(signal, RATE)
    signal[:] = 0.0
    table = result.to_frame()
    table.loc[:, "EDA_Phasic"] = 0.0
    assert result.is_optimal()


@pytest.mark.parametrize("duplicate", COPIES)
def test_copies_are_proved_like_the_original(duplicate: Any) -> None:
    result = duplicate(RESULT)
    assert result.is_optimal(1e-8)
    assert result.settings == RESULT.settings
    assert result.quality == RESULT.quality
    np.testing.assert_array_equal(result.phasic, RESULT.phasic)


@pytest.mark.parametrize("part", ["signal", "phasic", "tonic", "driver", "residual", "spline", "drift"])
def test_a_part_that_was_tampered_with_is_found(part: str) -> None:
    changed = dataclasses.replace(RESULT, **{part: getattr(RESULT, part) + 0.01 * RESULT.scale})
    assert not changed.is_optimal(1e-3)


def test_samples_without_weight_still_sum_to_the_signal() -> None:
    signal = simulate(RATE, 40.0)
    signal[50:60] = np.nan
    weight = np.where(np.arange(signal.size) < 20, 0.0, 1.0)
    result = ressin.decompose(signal, RATE, sample_weight=weight, missing="solve")
    assert result.is_optimal(1e-8)


@pytest.mark.parametrize("tol", [0.0, -1.0, float("nan"), "small", None])
def test_a_tolerance_that_is_none_is_refused(tol: Any) -> None:
    with pytest.raises(ressin.InvalidInputError, match="tol is"):
        RESULT.is_optimal(tol)


@pytest.mark.parametrize("scale", [1e-150, 1e150])
def test_extreme_units_neither_warn_nor_change_the_quality(scale: float) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        quality = ressin.decompose(scale * RESULT.signal, RATE).quality
    assert quality.phasic_tonic_correlation == pytest.approx(RESULT.quality.phasic_tonic_correlation, abs=1e-6)


@pytest.mark.parametrize(
    "error",
    [
        ressin.InvalidInputError("a"),
        ressin.RecordingError("b"),
        ressin.OutputError("c"),
        ressin.MissingExtraError("torch", "train", "a network"),
        ressin.ConvergenceError("d", RESULT),
    ],
)
def test_errors_come_back_from_other_processes(error: ressin.RessinError) -> None:
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is type(error)
    assert str(back) == str(error)
    if isinstance(back, ressin.ConvergenceError):
        assert isinstance(back.result, Decomposition)
        assert back.result.is_optimal()

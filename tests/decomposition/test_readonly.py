"""Windows, sweeps and bands cannot be written to, nor can copies of them."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import ressin
from ressin.decomposition.readonly import ReadOnly
from tests.signals import simulate

RATE = 4.0
GAP = simulate(RATE, 60.0)
GAP[100:110] = np.nan
MADE: dict[str, Callable[[], ReadOnly]] = {
    "windows": lambda: ressin.decompose_windows(simulate(RATE, 60.0), RATE, 20, 10),
    "windows with a gap": lambda: ressin.decompose_windows(GAP, RATE, 20, 10, missing="solve"),
    "sweep": lambda: ressin.sweep(GAP, RATE, alpha=[1e-3, 1e-2], missing="solve"),
    "bands": lambda: ressin.bootstrap_bands(ressin.decompose(simulate(RATE, 60.0), RATE), 20),
}


def sent(result: Any) -> Any:
    return pickle.loads(pickle.dumps(result))


@pytest.mark.parametrize("duplicate", [lambda result: result, sent, copy.copy, copy.deepcopy, dataclasses.replace])
@pytest.mark.parametrize("kind", MADE)
def test_neither_the_fields_nor_the_arrays_can_be_changed(kind: str, duplicate: Any) -> None:
    result = duplicate(MADE[kind]())
    arrays = {name: value for name, value in vars(result).items() if isinstance(value, np.ndarray)}
    assert len(arrays) >= 4
    for name, array in arrays.items():
        with pytest.raises(ValueError, match="read-only"):
            array[0] = array[0]
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(result, name, array)


@pytest.mark.parametrize("kind", ["windows", "windows with a gap", "sweep"])
def test_what_was_sent_gives_the_same_decompositions(kind: str) -> None:
    made: Any = MADE[kind]()
    back = sent(made)
    assert len(back) == len(made)
    for one, other in zip(made, back, strict=True):
        np.testing.assert_array_equal(one.signal, other.signal)
        np.testing.assert_array_equal(one.phasic, other.phasic)
        assert other.is_optimal(1e-8)


def test_the_gaps_of_windows_are_missing_in_the_residuals_alone() -> None:
    windows = ressin.decompose_windows(GAP, RATE, 20, 10, missing="solve")
    missing = np.lib.stride_tricks.sliding_window_view(np.isnan(GAP), 80)[windows.starts]
    assert missing.any()
    np.testing.assert_array_equal(np.isnan(windows.residual), missing)
    assert np.isfinite(windows.phasic).all()

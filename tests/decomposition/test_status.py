"""How a solve ended: one rule and one set of words for recordings, windows and streams."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, get_args

import numpy as np
import pytest

import ressin
from ressin import _core
from ressin.decomposition.result import Status
from ressin.decomposition.solve import ADVICE, STATUSES, raise_unconverged
from ressin.settings import Settings, core_settings
from ressin.stream.engine import _BEST_FIRST
from tests.signals import simulate

RATE = 4.0
SIGNAL = simulate(RATE, 75.0)


def core_window(length: int, **choice: Any) -> _core.Window:
    return _core.Window(length, 1.0 / RATE, core_settings(Settings(**choice), None))


def solve_window(signal: Any, **choice: Any) -> _core.StreamSolution:
    y = np.asarray(signal, dtype=np.float64)
    window = core_window(y.size, solver="interior_point", **choice)
    past = (np.zeros((5, 5)), np.zeros(5))
    return window.solve(y, 0, 0.0, 0.0, 1.0, 8e-4, False, (0.0, 0.0), *past, 0)


def test_every_status_has_its_word_and_its_advice_everywhere() -> None:
    assert STATUSES == _core.STATUSES == get_args(Status)
    assert ("waiting", *STATUSES) == _BEST_FIRST
    assert set(ADVICE) == set(STATUSES) - {"optimal"}


def test_the_error_for_steps_that_lead_nowhere_says_what_to_look_for() -> None:
    found = replace(ressin.decompose(SIGNAL, RATE), status="insufficient_progress")
    assert not found.converged
    with pytest.raises(ressin.ConvergenceError, match=r"insufficient_progress.*more iterations would not"):
        raise_unconverged(found)


def test_a_streams_window_says_the_same() -> None:
    y = (SIGNAL - SIGNAL.mean()) / SIGNAL.std()
    assert solve_window(y).status == "optimal"
    assert solve_window(y, max_iterations=2).status == "max_iterations"
    assert solve_window(y, tol=1e-30).status == "inaccurate"


def test_what_was_solved_before_does_not_decide_how_far_a_solve_goes() -> None:
    """A thread keeps its memory for the next call, and with it the settings that it was made for."""
    decompose = partial(ressin.decompose, SIGNAL, RATE, solver="interior_point", n_threads=1)
    loose = decompose(tol=1e-2)
    tight = decompose(tol=1e-13)
    assert tight.iterations > loose.iterations
    assert tight.relative_gap <= 1e-13 < loose.relative_gap
    assert decompose(max_iterations=2, errors="return").iterations == 2
    assert decompose(tol=1e-13).iterations == tight.iterations


def test_a_result_with_anything_that_is_not_finite_has_failed() -> None:
    found = ressin.decompose(1e160 * SIGNAL, RATE, standardize=False, alpha=1e157, errors="return")
    assert not np.isfinite(found.objective)  # the signal's square is beyond all numbers
    assert found.status == "failed"

"""The assembled matrices against dense ones from the definition, and the decomposition's optimality by them."""

from __future__ import annotations

import dataclasses
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
import pytest
import scipy.sparse as sp

import ressin
from ressin.settings import Baseline, Revision
from tests import reference
from tests.signals import simulate, zscore

RATE = 5.0
REVISIONS = get_args(Revision)
BASELINES = get_args(Baseline)


def write_out(y: npt.NDArray[Any], sampling_rate: float, **settings: Any) -> dict[str, npt.NDArray[Any] | float]:
    """Form P = K'W K + Gamma, q = -K'W y + alpha A'1 and A from dense matrices."""
    program = reference.program(y, sampling_rate, **settings)
    n = y.size
    K = np.hstack([program.M.toarray(), program.C, program.B.toarray()])
    W = np.diag(program.weights)
    penalty = np.r_[np.zeros(n + program.C.shape[1]), np.full(program.B.shape[1], program.gamma)]
    cost = np.zeros(K.shape[1])
    cost[:n] = program.alpha * program.A.toarray().sum(axis=0)
    A = np.zeros((n, K.shape[1]))
    A[:, :n] = program.A.toarray()
    return {
        "P": K.T @ W @ K + np.diag(penalty),
        "q": cost - K.T @ W @ program.y,
        "A": A,
        "constant": 0.5 * float(program.y @ W @ program.y),
    }


def assert_same_programme(qp: ressin.QuadraticProgram, expected: dict[str, Any]) -> None:
    """Compare to rounding, in units of each matrix' largest entry."""
    assert isinstance(qp.P, sp.csc_matrix)
    assert isinstance(qp.A, sp.csc_matrix)
    for name, actual in (("P", qp.P.toarray()), ("q", qp.q), ("A", qp.A.toarray()), ("constant", qp.constant)):
        np.testing.assert_allclose(
            actual, expected[name], rtol=0, atol=1e-12 * np.abs(expected[name]).max(initial=1e-300), err_msg=name
        )


@pytest.mark.parametrize("revision", REVISIONS)
@pytest.mark.parametrize("baseline", BASELINES)
@pytest.mark.parametrize("weighted", [False, True])
def test_matrices_are_the_definitions(revision: Revision, baseline: Baseline, weighted: bool) -> None:
    y = zscore(simulate(RATE, 37.0, seed=1))
    weights = np.where(np.arange(y.size) % 9 < 3, 0.0, 0.5 + np.arange(y.size) % 4) if weighted else None
    qp = ressin.build_qp(y, RATE, revision=revision, baseline=baseline, sample_weight=weights)
    expected = write_out(y, RATE, revision=revision, baseline=baseline, sample_weight=weights)
    assert_same_programme(qp, expected)
    assert (qp.l == 0).all()
    assert (qp.u == np.inf).all()
    assert abs(qp.P - qp.P.T).max() == 0
    assert qp.n_samples + qp.n_drift + qp.n_knots == qp.q.size


@pytest.mark.parametrize(
    "settings",
    [
        {"tau0": 0.7, "tau1": 2.0},
        {"tau0": 1.3, "tau1": 1.3},
        {"tau0": 4.0, "tau1": 0.2, "alpha": 1e-2, "gamma": 0.0},
        {"delta_knot": 0.2},
        {"delta_knot": 1.0},
        {"delta_knot": 500.0},
        {"knots": np.arange(-20, 250, 30)},
        {"knots": np.array([40, 47, 54])},
    ],
    ids=str,
)
def test_matrices_follow_the_settings(settings: dict[str, Any]) -> None:
    y = simulate(RATE, 40.0, seed=2)
    assert_same_programme(ressin.build_qp(y, RATE, **settings), write_out(y, RATE, **settings))


@pytest.mark.parametrize("n", [4, 5, 6, 11])
@pytest.mark.parametrize("revision", REVISIONS)
def test_shortest_signals(n: int, revision: Revision) -> None:
    y = zscore(simulate(1.0, float(n), seed=3))
    settings: dict[str, Any] = {"revision": revision, "delta_knot": 3.0}
    assert_same_programme(ressin.build_qp(y, 1.0, **settings), write_out(y, 1.0, **settings))


def test_missing_samples_take_no_part() -> None:
    y = zscore(simulate(RATE, 30.0, seed=4))
    weights = np.ones(y.size)
    weights[50:80] = 0.0
    gap = np.where(weights > 0, y, np.nan)
    ours, filled = ressin.build_qp(gap, RATE, sample_weight=weights), ressin.build_qp(y, RATE, sample_weight=weights)
    assert abs(ours.P - filled.P).max() == 0
    np.testing.assert_array_equal(ours.q, filled.q)
    assert ours.constant == filled.constant


@pytest.mark.parametrize("revision", REVISIONS)
def test_decomposition_meets_its_conditions_of_optimality(revision: Revision) -> None:
    """P x + q = A'lambda with A x >= 0, lambda >= 0 and lambda'A x = 0, at the decomposition's own coefficients."""
    y = zscore(simulate(RATE, 60.0, seed=5))
    result = ressin.decompose(y, RATE, revision=revision)
    qp = ressin.build_qp(y, RATE, revision=revision)
    x = np.r_[_solve_for_q(qp, result), result.drift, result.spline]
    assert qp.objective(x) == pytest.approx(result.objective, rel=1e-9)

    driver = qp.A @ x
    gradient = qp.P @ x + qp.q
    rows = np.flatnonzero(np.diff(qp.A.tocsr().indptr))
    multiplier = sp.linalg.lsqr(qp.A[rows].T, gradient, atol=1e-15, btol=1e-15, iter_lim=50_000)[0]
    scale = float(qp.A.max())
    assert np.abs(gradient - qp.A[rows].T @ multiplier).max() < 1e-6
    assert driver.min() > -1e-9 * scale
    assert multiplier.min() > -1e-7
    assert abs(multiplier @ driver[rows]) < 1e-6 * result.objective


def _solve_for_q(qp: ressin.QuadraticProgram, result: ressin.Decomposition) -> npt.NDArray[Any]:
    """Find the q with A q = driver and M q = phasic."""
    M = reference.program(result.signal, result.sampling_rate, revision=result.settings.revision).M.toarray()
    A = qp.A[:, : qp.n_samples].toarray() / qp.A.max()
    both = np.vstack([A, M])
    solution, *_ = np.linalg.lstsq(both, np.r_[result.driver / qp.A.max(), result.phasic], rcond=None)
    return np.asarray(solution)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"alpha": 0.0}, "alpha is 0"),
        ({"sampling_rate": 0.0}, "sampling_rate is 0"),
        ({"delta_knot": 0.05}, "below the sampling interval"),
        ({"sample_weight": [1.0, 2.0]}, r"sample_weight has shape \(2,\)"),
        ({"signal": [1.0, np.nan, 2.0, 3.0, 4.0]}, "NaN at 1 of 5 samples, first at index 1"),
    ],
)
def test_bad_input_is_refused(arguments: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {"signal": np.arange(10.0), "sampling_rate": RATE, **arguments}
    with pytest.raises(ressin.InvalidInputError, match=message):
        ressin.build_qp(given.pop("signal"), given.pop("sampling_rate"), **given)


def test_programme_is_frozen() -> None:
    qp = ressin.build_qp(np.arange(10.0), RATE)
    with pytest.raises(dataclasses.FrozenInstanceError):
        qp.constant = 1.0  # type: ignore[misc]

"""The robust programme's matrices, against the definition and another solver, and OSQP's word on the solution."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

import ressin
from ressin.decomposition.robust import before_contact
from tests.decomposition import robust_oracle
from tests.decomposition.test_robust import recording
from tests.signals import RECORDINGS, Signal, Source, read


def gap_recording() -> Signal:
    signal = recording()
    signal[50:70] = np.nan
    return signal


def weights_of(signal: Signal) -> Signal | None:
    missing = np.isnan(signal)
    return np.where(missing, 0.0, 1.0) if missing.any() else None


def solve_with_piqp(qp: ressin.QuadraticProgram) -> Signal:
    piqp = pytest.importorskip("piqp", reason="piqp (extra: test) is not installed")

    equal = qp.l == qp.u
    solver = piqp.SparseSolver()
    solver.settings.eps_abs, solver.settings.eps_rel, solver.settings.max_iter = 1e-10, 0.0, 500
    A = qp.A.tocsr()
    bounds = (qp.l[~equal], qp.u[~equal])
    solver.setup(qp.P.tocsc(), qp.q, A[equal].tocsc(), qp.l[equal], A[~equal].tocsc(), *bounds)
    solver.solve()
    return np.asarray(solver.result.x)


def as_point(qp: ressin.QuadraticProgram, result: ressin.Decomposition) -> Signal:
    """Return the decomposition's own numbers as a point of the programme."""
    assert result.robust is not None
    x = np.zeros(qp.q.size)
    k = result.robust.before.size + qp.n_samples
    driver = np.r_[result.robust.before, result.driver] / result.scale
    x[qp.unknowns["q"]] = sp.linalg.spsolve(qp.A[:k, :k].tocsc(), driver)
    own = before_contact(vars(result))
    shift = (own["shifts"] - own["shifts"][0]) / result.scale
    x[qp.unknowns["spline"]] = (result.spline + own["shifts"][0] - result.mean) / result.scale
    x[qp.unknowns["shift"]] = shift[1:]
    x[qp.unknowns["rise"]], x[qp.unknowns["fall"]] = np.maximum(np.diff(shift), 0), np.maximum(-np.diff(shift), 0)
    outliers = own["outliers"] / result.scale
    x[qp.unknowns["up"]], x[qp.unknowns["down"]] = np.maximum(outliers, 0), np.maximum(-outliers, 0)
    return x


CASES = {
    "4 Hz": (recording(), 4.0),
    "50 Hz": (recording(50.0, 24.0), 50.0),
    "missing": (gap_recording(), 4.0),
    "negative": (recording() - 6.0, 4.0),
    "0.75 Hz": (recording(0.75, 200.0), 0.75),
    "short": (recording()[:4], 4.0),
}


@pytest.mark.parametrize("name", CASES)
def test_the_optimum_is_the_decompositions(name: str) -> None:
    signal, rate = CASES[name]
    result = ressin.decompose(signal, rate, programme="robust", missing="solve")
    qp = ressin.build_qp(signal, rate, programme="robust", sample_weight=weights_of(signal))
    assert (qp.mean, qp.scale) == (result.mean, result.scale)
    mine = as_point(qp, result)
    assert qp.objective(mine) == pytest.approx(result.objective, rel=1e-9)
    inside = qp.A @ mine
    tolerance = 1e-9 * float(np.abs(inside).max())
    assert (inside >= qp.l - tolerance).all()
    assert (inside <= qp.u + tolerance).all()
    theirs = qp.objective(solve_with_piqp(qp))
    assert theirs == pytest.approx(result.objective, rel=1e-7)
    assert theirs >= result.objective - result.duality_gap - 1e-8 * result.objective


def test_the_matrices_are_the_formulas() -> None:
    """Against the oracle's objective, which is written out term by term, at points that are no solutions."""
    signal, rate = CASES["missing"]
    weights = weights_of(signal)
    assert weights is not None
    result = ressin.decompose(signal, rate, programme="robust", missing="solve")
    qp = ressin.build_qp(signal, rate, programme="robust", sample_weight=weights, costs=result)
    assert result.robust is not None
    scale = result.scale
    programme = robust_oracle.Programme(
        np.where(weights > 0, (np.nan_to_num(signal) - result.mean) / scale, 0.0),
        weights,
        result.robust.alpha / scale,
        result.robust.delta / scale,
        result.robust.kappa / scale,
        result.robust.alpha_before / scale,
        -result.mean / scale,
        1 / rate,
        stiffness=result.robust.stiffness,
    )
    k = result.robust.before.size + signal.size
    rng = np.random.default_rng(0)
    for _ in range(5):
        x = rng.normal(size=qp.q.size)
        for kind in ("rise", "fall", "up", "down"):
            x[qp.unknowns[kind]] = 0
        shift = np.r_[0.0, x[qp.unknowns["shift"]]]
        x[qp.unknowns["rise"]], x[qp.unknowns["fall"]] = np.maximum(np.diff(shift), 0), np.maximum(-np.diff(shift), 0)
        outliers = np.where(weights > 0, rng.normal(size=signal.size), 0.0)
        x[qp.unknowns["up"]], x[qp.unknowns["down"]] = np.maximum(outliers, 0), np.maximum(-outliers, 0)
        driver = (qp.A @ x)[:k]
        expected = robust_oracle.objective(programme, driver, x[qp.unknowns["spline"]], shift, outliers)
        assert qp.objective(x) == pytest.approx(expected, rel=1e-10)
        balance = (qp.A @ x)[k : k + signal.size - 1]
        np.testing.assert_allclose(balance, 0.0, atol=1e-12)


def test_a_results_costs_can_be_given() -> None:
    signal, rate = CASES["4 Hz"]
    result = ressin.decompose(signal, rate, programme="robust")
    found = ressin.build_qp(signal, rate, programme="robust")
    given = ressin.build_qp(signal, rate, programme="robust", costs=result)
    assert abs(found.P - given.P).max() == 0
    assert abs(found.P - found.P.T).max() <= 1e-12 * found.P.max()
    for name in ("q", "l", "u"):
        np.testing.assert_array_equal(getattr(found, name), getattr(given, name))
    other = ressin.build_qp(signal + 0.01 * np.arange(signal.size), rate, programme="robust", costs=result)
    assert abs(other.P - given.P).max() == 0
    assert not np.array_equal(other.q, given.q)


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"alpha": 1e-3}, "alpha is 0.001, which programme='robust' does not take"),
        ({"knots": [0, 40, 80]}, "knots is given, which programme='robust' does not take"),
        ({"costs": "mine"}, "costs is a str; it must be a Decomposition"),
        ({"costs": ressin.decompose(recording(), 4.0)}, "costs is a result of programme='cvxeda'"),
        (
            {"costs": ressin.decompose(recording()[:100], 4.0, programme="robust")},
            "costs has 100 samples for a signal of",
        ),
        ({"costs": ressin.decompose(recording(), 5.0, programme="robust")}, "costs has a sampling rate of 5 Hz"),
        ({"programme": "sparse"}, "programme is 'sparse'"),
    ],
    ids=str,
)
def test_what_cannot_be_built_is_refused(choice: dict[str, Any], message: str) -> None:
    with pytest.raises(ressin.InvalidInputError, match=message):
        ressin.build_qp(recording(), 4.0, **{"programme": "robust", **choice})


def test_costs_are_the_robust_programmes_alone() -> None:
    result = ressin.decompose(recording(), 4.0, programme="robust")
    with pytest.raises(ressin.InvalidInputError, match="costs are given"):
        ressin.build_qp(recording(), 4.0, costs=result)


@pytest.mark.parametrize("name", CASES)
def test_osqp_confirms(name: str) -> None:
    signal, rate = CASES[name]
    exact = ressin.decompose(signal, rate, programme="robust", missing="solve")
    confirmed = ressin.decompose(signal, rate, programme="robust", missing="solve", solver="osqp")
    assert confirmed.status == "optimal"
    assert confirmed.iterations <= 150  # 1 to 135 over rates from 4 to 1,000 Hz
    assert confirmed.osqp_residuals is not None
    assert max(confirmed.osqp_residuals) <= 1e-6
    assert confirmed.relative_gap <= 1e-5
    assert confirmed.is_optimal(1e-5)
    for part in ("phasic", "tonic", "outliers", "shifts"):
        np.testing.assert_allclose(getattr(confirmed, part), getattr(exact, part), atol=1e-4 * exact.scale)
    assert exact.osqp_residuals is None


def test_osqp_is_no_yes_man() -> None:
    """Where its tolerance is out of reach OSQP's status says so, whatever it was started from."""
    signal, rate = CASES["4 Hz"]
    result = ressin.decompose(signal, rate, programme="robust", solver="osqp", osqp_eps=1e-18, errors="return")
    assert result.status in ("max_iterations", "inaccurate")
    assert result.osqp_residuals is not None
    assert max(result.osqp_residuals) > 1e-18


@pytest.mark.parametrize("source", RECORDINGS[:3], ids=lambda source: source.name)
def test_osqp_confirms_on_real_recordings(source: Source, recordings_folder: Any) -> None:
    signal, rate = read(source, recordings_folder)
    confirmed = ressin.decompose(signal[: round(300 * rate)], rate, programme="robust", solver="osqp")
    assert confirmed.status == "optimal"
    assert confirmed.is_optimal(1e-4)

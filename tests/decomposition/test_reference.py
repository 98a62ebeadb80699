"""The oracle against hand calculations and against solvers that share no code with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import scipy.signal
import scipy.sparse as sp

from tests import exact, peers, reference
from tests.reference import Program
from tests.signals import simulate, zscore


@pytest.mark.parametrize("rate", [4.0, 50.0, 2000.0])
@pytest.mark.parametrize(("tau0", "tau1"), [(2.0, 0.7), (0.7, 2.0), (10.0, 0.05)])
def test_the_response_is_the_difference_of_two_exponentials(rate: float, tau0: float, tau1: float) -> None:
    ar, ma, _ = reference.response(tau0, tau1, 1 / rate)
    found = scipy.signal.lfilter(ma, ar, np.eye(1, 4000, dtype=ar.dtype)[0]) * rate
    t = np.arange(4000) / rate
    slow, fast = max(tau0, tau1), min(tau0, tau1)
    expected = np.exp(-t / slow) - np.exp(-t / fast)
    assert np.abs(found - expected).max() < 2 / (rate * fast)  # the bilinear transform is exact as dt goes to 0


def test_equal_time_constants_are_the_limit_of_the_shape() -> None:
    ar, ma, _ = reference.response(1.5, 1.5, 0.001)
    found = scipy.signal.lfilter(ma, ar, np.eye(1, 8000, dtype=ar.dtype)[0]) * 1000
    t = np.arange(8000) / 1000
    assert np.abs(found - t / 1.5 * np.exp(-t / 1.5)).max() < 1e-3


def test_matrices_of_a_short_programme_by_hand() -> None:
    prog = reference.program(np.zeros(5), 1.0, tau0=1.0, tau1=0.5, delta_knot=2.0)
    # a1 = 2, a0 = 1, dt = 1: ar = [12, -4, 0] / 1
    expected = 12 * np.eye(5) - 4 * np.eye(5, k=-1)
    np.testing.assert_allclose(prog.A.toarray(), expected)
    np.testing.assert_array_equal(prog.M.toarray()[2], [1, 2, 1, 0, 0])
    # triangle (1, 2, 1) with itself: (1, 4, 6, 4, 1) / 6; knots 0, 2, 4 < 5 + 1
    B = np.array([[6, 1, 0], [4, 4, 0], [1, 6, 1], [0, 4, 4], [0, 1, 6]]) / 6
    np.testing.assert_allclose(prog.B.toarray(), B, atol=1e-15)
    np.testing.assert_allclose(prog.C, np.array([[1.0, 0.2], [1.0, 0.4], [1.0, 0.6], [1.0, 0.8], [1.0, 1.0]]))


def test_the_2015_revision_leaves_the_first_two_rows_empty() -> None:
    prog = reference.program(np.zeros(25), 1.0, revision="2015")
    assert not prog.A.toarray()[:2].any()
    assert not prog.M.toarray()[:2].any()
    assert prog.B.shape[1] == 3
    assert reference.program(np.zeros(25), 1.0, revision="2025").B.shape[1] == 3  # 30 is not below 25 + 5
    assert reference.program(np.zeros(26), 1.0, revision="2025").B.shape[1] == 4


def test_filters_are_the_matrices() -> None:
    prog = reference.program(np.zeros(40), 2.0)
    R = prog.M.toarray() @ np.linalg.inv(prog.A.toarray())
    x = np.random.default_rng(1).normal(size=40)
    np.testing.assert_allclose(reference.filter_driver(prog, x).astype(float), R @ x, atol=1e-13)
    np.testing.assert_allclose(reference.filter_residual(prog, x).astype(float), R.T @ x, atol=1e-13)


def _cases() -> list[Any]:
    y = zscore(simulate(4.0, 60.0, seed=3))
    rng = np.random.default_rng(5)
    gaps = np.where(rng.random(y.size) < 0.2, 0.0, rng.uniform(0.2, 3, y.size))
    cases = {
        "2025": reference.program(y, 4.0),
        "2015": reference.program(y, 4.0, revision="2015"),
        "weights": reference.program(y, 4.0, sample_weight=gaps),
        "no drift": reference.program(y, 4.0, baseline="none", gamma=1e-4),
        "spline offset": reference.program(y, 4.0, baseline="spline", revision="2015"),
        "equal taus": reference.program(y, 4.0, tau0=1.0, tau1=1.0),
        "custom knots": reference.program(y, 4.0, knots=np.arange(-20, 260, 20)),
    }
    return [pytest.param(prog, id=name) for name, prog in cases.items()]


@pytest.mark.parametrize("prog", _cases())
def test_the_exact_solver_is_certified_and_beats_a_general_one(prog: Program) -> None:
    ours, theirs = exact.solve(prog), _piqp(prog)
    proof = reference.certify(prog, ours.driver, ours.spline, ours.drift, ours.phasic)
    assert proof.relative_gap >= -1e-13
    assert proof.relative_gap < 1e-10
    np.testing.assert_allclose(proof.phasic, ours.phasic, atol=1e-12)
    np.testing.assert_allclose(proof.tonic, ours.tonic, atol=1e-12)
    value = reference.objective(prog, theirs.driver, theirs.phasic, theirs.tonic, theirs.spline)
    assert value == pytest.approx(proof.objective, rel=1e-7)
    assert np.abs(theirs.phasic - ours.phasic).max() < 1e-4


def test_the_certificate_exposes_a_solution_that_is_not_optimal() -> None:
    prog = reference.program(zscore(simulate(4.0, 60.0, seed=3)), 4.0)
    best = exact.solve(prog)
    value = reference.certify(prog, best.driver, best.spline, best.drift).objective
    rng = np.random.default_rng(0)
    for size in (1e-1, 1e-3, 1e-5):
        driver = best.driver * (1 + size * rng.uniform(-1, 1, best.driver.size))
        worse = reference.certify(prog, driver, best.spline * (1 + size), best.drift)
        assert worse.objective - value > 0
        assert worse.gap >= 0.99 * (worse.objective - value)  # a bound, never below the true gap
    zero = reference.certify(prog, np.zeros(prog.y.size), best.spline * 0, best.drift * 0)
    assert zero.bound <= value


def test_the_certificate_exposes_the_wrong_programme() -> None:
    prog = reference.program(zscore(simulate(4.0, 60.0, seed=3)), 4.0)
    other = exact.solve(replace(prog, alpha=2 * prog.alpha))
    assert reference.certify(prog, other.driver, other.spline, other.drift).relative_gap > 1e-3


def test_the_references_solve_the_oracles_programme() -> None:
    pytest.importorskip("cvxeda", reason="cvxeda (extra: test) is not installed")
    pytest.importorskip("neurokit2", reason="neurokit2 (extra: test) is not installed")
    y = zscore(simulate(25.0, 60.0, seed=4))
    for revision in ("2025", "2015"):
        prog = reference.program(y, 25.0, revision=revision)
        best = exact.solve(prog)
        theirs = peers.cvxeda(y, 25.0) if revision == "2025" else peers.neurokit(prog, 25.0)
        assert theirs.converged
        value = reference.objective(prog, theirs.driver, theirs.phasic, theirs.tonic, theirs.spline)
        ours = reference.objective(prog, best.driver, best.phasic, best.tonic, best.spline)
        assert value == pytest.approx(ours, rel=1e-5)
        assert np.abs(theirs.phasic - best.phasic).max() < 1e-4
        assert np.abs(theirs.tonic - best.tonic).max() < 1e-4


def _piqp(prog: Program) -> exact.Solution:
    piqp = pytest.importorskip("piqp", reason="piqp (extra: test) is not installed")
    n, knots, free = prog.y.size, prog.B.shape[1], prog.C.shape[1]
    root = np.sqrt(prog.weights)
    A = sp.csc_array(prog.A)[prog.first_row :]
    # e = W^1/2 (y - M q - B l - C d) is a variable of its own: the normal equations would lose half of the digits
    shape = sp.diags_array(root) @ sp.hstack([prog.M, prog.B, sp.csc_array(prog.C)])
    cost = np.concatenate([np.zeros(n), np.full(knots, prog.gamma), np.zeros(free), np.ones(n)])
    linear = np.concatenate([prog.alpha * np.asarray(A.sum(axis=0)), np.zeros(knots + free + n)])
    solver = piqp.SparseSolver()
    solver.settings.eps_abs = solver.settings.eps_duality_gap_abs = 1e-10
    solver.settings.eps_rel = solver.settings.eps_duality_gap_rel = 1e-10
    solver.setup(
        sp.csc_matrix(sp.diags_array(cost)),
        linear,
        sp.csc_matrix(sp.hstack([shape, sp.eye_array(n)])),
        root * prog.y,
        sp.csc_matrix(sp.hstack([A, sp.csc_array((A.shape[0], knots + free + n))])),
        np.zeros(A.shape[0]),
        None,
    )
    assert solver.solve() == piqp.PIQP_SOLVED
    q, spline, drift = np.split(solver.result.x[: n + knots + free], [n, n + knots])
    return exact.Solution(prog.A @ q, prog.M @ q, prog.B @ spline + prog.C @ drift, spline, drift)

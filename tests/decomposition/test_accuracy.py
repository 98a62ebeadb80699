"""Accuracy against the references, against our own tighter solution and against the oracle's bound, rate by rate."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ressin
from tests import peers, reference
from tests.proof import assert_proved
from tests.reference import Program
from tests.signals import RECORDINGS, Signal, Source, read, simulate, zscore

# rate in Hz: duration in s, so that the references answer within seconds
SIMULATED = {4: 300, 8: 240, 16: 180, 25: 120, 50: 60, 100: 45, 250: 30, 500: 30, 1000: 20, 2000: 20}
REVISIONS: tuple[Any, ...] = ("2025", "2015")


@dataclass(frozen=True)
class Case:
    """One z-scored signal, its programme, our answer and the peer's (or why there is none)."""

    signal: Signal
    rate: float
    revision: Any
    prog: Program
    ours: Any
    peer: peers.PeerSolution | None
    peer_says: str


def solve_case(signal: Signal, rate: float, revision: Any) -> Case:
    y = zscore(signal)
    prog = reference.program(y, rate, revision=revision)
    ours = ressin.decompose(y, rate, revision=revision, standardize=False, n_threads=1)
    peer, says = ask_peer(prog, rate, revision)
    return Case(y, rate, revision, prog, ours, peer, says)


def ask_peer(prog: Program, rate: float, revision: Any) -> tuple[peers.PeerSolution | None, str]:
    """Return the solution of the revision's reference and the status it reports.

    cvxeda is asked for more digits than its default, up to the rates at which it can reach them.
    """
    name, package = ("cvxeda", "cvxeda") if revision == "2025" else ("NeuroKit2", "neurokit2")
    pytest.importorskip(package, reason=f"{package} (extra: test) is not installed")
    try:
        if revision == "2015":
            peer = peers.neurokit(prog, rate)
        else:
            options = peers.CVXEDA_TIGHT if rate <= 100 else peers.CVXEDA_DEFAULTS
            peer = peers.cvxeda(prog.y, rate, options=options)
    except (ValueError, ArithmeticError) as error:  # CVXOPT's "Rank(A) < p ..." where its factorisation breaks down
        return None, f"{name} broke down: {error}"
    return peer, f"{name} {'converged' if peer.converged else 'did not converge'}"


@lru_cache(maxsize=1)
def simulated_case(rate: int, revision: Any) -> Case:
    return solve_case(simulate(rate, SIMULATED[rate], seed=rate), rate, revision)


@lru_cache(maxsize=1)
def real_case(source: Source, folder: Path, revision: Any) -> Case:
    return solve_case(*read(source, folder), revision)


@pytest.fixture(
    params=[(rate, revision) for rate in SIMULATED for revision in REVISIONS],
    scope="module",
    ids=lambda p: f"{p[0]}Hz-{p[1]}",
)
def simulated(request: pytest.FixtureRequest) -> Case:
    return simulated_case(*request.param)


@pytest.fixture(
    params=[(source, revision) for source in RECORDINGS for revision in REVISIONS],
    scope="module",
    ids=lambda p: f"{p[0].name}-{p[1]}",
)
def real(request: pytest.FixtureRequest, recordings_folder: Path) -> Case:
    source, revision = request.param
    return real_case(source, recordings_folder, revision)


def assert_objective_below_the_references(case: Case) -> None:
    """The objective at any point with p >= 0 is an upper bound, whatever status the solver reports."""
    if case.peer is None:
        pytest.skip(case.peer_says)
    peer = reference.objective(case.prog, case.peer.driver, case.peer.phasic, case.peer.tonic, case.peer.spline)
    if not case.peer.converged and case.peer.driver.min() < 0:
        pytest.skip(f"{case.peer_says}, and its driver is negative")
    ours = reference.objective(case.prog, case.ours.driver, case.ours.phasic, case.ours.tonic, case.ours.spline)
    assert ours <= peer * (1 + 1e-7)


def assert_close_to_the_reference(case: Case, within: float) -> None:
    if case.peer is None or not case.peer.converged:
        pytest.skip(case.peer_says)
    assert np.abs(case.ours.phasic - case.peer.phasic).max() <= within
    assert np.abs(case.ours.tonic - case.peer.tonic).max() <= within


def assert_settled(case: Case) -> None:
    """A tolerance a hundred times tighter moves the parts by less than 1e-6 z-units."""
    tight = ressin.decompose(
        case.signal,
        case.rate,
        revision=case.revision,
        standardize=False,
        n_threads=1,
        tol=case.ours.settings.tol / 100,
        errors="return",
    )
    assert np.abs(case.ours.phasic - tight.phasic).max() <= 1e-6
    assert np.abs(case.ours.tonic - tight.tonic).max() <= 1e-6


def test_simulated_signals_are_proved_optimal(simulated: Case) -> None:
    assert_proved(simulated.ours, revision=simulated.revision)


def test_simulated_signals_have_an_objective_below_the_references(simulated: Case) -> None:
    assert_objective_below_the_references(simulated)


def test_simulated_signals_agree_with_the_reference(simulated: Case) -> None:
    assert_close_to_the_reference(simulated, 1e-4 if simulated.rate <= 100 else 5e-4)


def test_simulated_signals_are_settled(simulated: Case) -> None:
    assert_settled(simulated)


def test_real_recordings_are_proved_optimal(real: Case) -> None:
    assert_proved(real.ours, revision=real.revision)


def test_real_recordings_have_an_objective_below_the_references(real: Case) -> None:
    assert_objective_below_the_references(real)


def test_real_recordings_agree_with_the_reference(real: Case) -> None:
    assert_close_to_the_reference(real, 5e-4)


def test_real_recordings_are_settled(real: Case) -> None:
    assert_settled(real)

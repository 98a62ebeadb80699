"""The implementations that ressin is compared with; their solver's status is recorded, which they do not return."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.reference import Array, Program

CVXEDA_DEFAULTS: dict[str, Any] = {"show_progress": False}
# At its defaults cvxeda is off by 7e-4 z-units on one of the real recordings, whose optimum is flat.
CVXEDA_TIGHT: dict[str, Any] = {**CVXEDA_DEFAULTS, "abstol": 1e-12, "reltol": 1e-10, "feastol": 1e-9}


@dataclass(frozen=True)
class PeerSolution:
    """A peer's solution, in the unit of the signal it was given."""

    phasic: Array
    driver: Array
    tonic: Array
    spline: Array
    converged: bool  # as the peer reports it: CVXOPT's status is "optimal"


@contextlib.contextmanager
def _listening_to_cvxopt() -> Iterator[list[dict[str, Any]]]:
    """Collect what cvxopt.solvers.qp returns: both references drop the status."""
    from cvxopt import solvers

    heard: list[dict[str, Any]] = []
    original, options = solvers.qp, dict(solvers.options)

    def qp(*args: Any, **kwargs: Any) -> dict[str, Any]:
        answer: dict[str, Any] = original(*args, **kwargs)
        heard.append(answer)
        return answer

    solvers.qp = qp
    try:
        yield heard
    finally:
        solvers.qp = original
        solvers.options.clear()
        solvers.options.update(options)


def cvxeda(y: Array, sampling_rate: float, **settings: Any) -> PeerSolution:
    """Run cvxeda 1.1.0 (the 2025 revision) on y as it is; settings are its own keywords."""
    import cvxeda as package

    settings.setdefault("options", CVXEDA_DEFAULTS)
    with _listening_to_cvxopt() as heard:
        r, p, t, spline, *_ = package.cvxEDA(y, 1.0 / sampling_rate, **settings)
    phasic, driver, tonic, knots = (np.asarray(part, dtype=float) for part in (r, p, t, spline))
    return PeerSolution(phasic, driver, tonic, knots, heard[-1]["status"] == "optimal")


def neurokit(prog: Program, sampling_rate: float, **settings: Any) -> PeerSolution:
    """Run NeuroKit2's cvxEDA (the 2015 revision) on the programme's signal.

    It returns the parts without the driver and the coefficients; those come from the solver's variables [q, d, l].
    """
    module = importlib.import_module("neurokit2.eda.eda_phasic")
    with _listening_to_cvxopt() as heard:
        tonic, phasic = module._eda_phasic_cvxeda(prog.y, sampling_rate=sampling_rate, **settings)
    x = np.array(heard[-1]["x"]).ravel()
    n, knots = prog.y.size, prog.B.shape[1]
    q, spline = x[:n], x[x.size - knots :]
    np.testing.assert_allclose(prog.M @ q, phasic, atol=1e-9, err_msg="NeuroKit's variables are not [q, d, l]")
    return PeerSolution(np.asarray(phasic), prog.A @ q, np.asarray(tonic), spline, heard[-1]["status"] == "optimal")

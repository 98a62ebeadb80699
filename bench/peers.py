"""The peers, each as one call, mostly from a z-scored signal to its phasic part; matrices are built outside it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.sparse as sp
from tests import peers, reference
from tests.reference import Array

import ressin

Decompose = Callable[[Array], Array]


def cvxeda(sampling_rate: float) -> Decompose:
    """Call cvxeda 1.1.0 at its own defaults; it builds its matrices in every call, as a user of it does."""
    return lambda y: peers.cvxeda(y, sampling_rate).phasic


def piqp(n: int, sampling_rate: float) -> Decompose:
    """Call PIQP's sparse solver, set-up included, at its default tolerances.

    P, G and the bounds depend on the length alone and are built here, outside the timed call. Of the formulations tried
    (q scaled or not, normal equations or the residual as a variable) this one is the fastest of PIQP's.
    """
    import piqp

    prog = reference.program(np.zeros(n), sampling_rate)
    knots, free = prog.B.shape[1], prog.C.shape[1]
    X = sp.csc_array(sp.hstack([prog.M, prog.B, sp.csc_array(prog.C)]))
    ridge = sp.diags_array(np.concatenate([np.zeros(n), np.full(knots, prog.gamma), np.zeros(free)]))
    P = sp.csc_matrix(X.T @ X + ridge)
    G = sp.csc_matrix(sp.hstack([prog.A, sp.csc_array((n, knots + free))]))
    penalty = np.concatenate([prog.alpha * np.asarray(prog.A.sum(axis=0)), np.zeros(knots + free)])
    lower = np.zeros(n)

    def decompose(y: Array) -> Array:
        solver = piqp.SparseSolver()
        solver.setup(P, penalty - X.T @ y, None, None, G, lower, None)
        status = solver.solve()
        if status != piqp.PIQP_SOLVED:
            raise RuntimeError(f"PIQP ended with {status}")
        return np.asarray(prog.M @ solver.result.x[:n])

    return decompose


def piqp_on(qp: ressin.QuadraticProgram) -> Callable[[], Array]:
    """Solve a programme's matrices by PIQP's sparse solver, set-up included, at its default tolerances; return x."""
    import piqp

    equal = qp.l == qp.u
    bounded = ~equal & (np.isfinite(qp.l) | np.isfinite(qp.u))
    A = qp.A.tocsr()
    P, equations, inequalities = qp.P.tocsc(), A[equal].tocsc(), A[bounded].tocsc()

    def solve() -> Array:
        solver = piqp.SparseSolver()
        solver.setup(P, qp.q, equations, qp.l[equal], inequalities, qp.l[bounded], qp.u[bounded])
        status = solver.solve()
        if status != piqp.PIQP_SOLVED:
            raise RuntimeError(f"PIQP ended with {status}")
        return np.asarray(solver.result.x)

    return solve

"""A slow, obvious oracle for the robust programme: dense or sparse matrices from its formula, solved by PIQP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest
import scipy.sparse as sp

if TYPE_CHECKING:
    from numpy.typing import NDArray

BEFORE, STIFFNESS = 6.0, 3.0  # seconds


@dataclass(frozen=True)
class Programme:
    """One weighted programme: the loads of `ressin`'s core, in the signal's unit and seconds."""

    y: NDArray[np.float64]  # (n,)
    weights: NDArray[np.float64]  # (n,)
    alpha: NDArray[np.float64]  # (n,)
    delta: NDArray[np.float64]  # (n,)
    kappa: NDArray[np.float64]  # (n,), the last unused
    alpha_before: float
    floor: float
    dt: float
    tau0: float = 2.0
    tau1: float = 0.7
    delta_knot: float = 10.0
    stiffness: NDArray[np.float64] | None = None  # (n_knots - 2,), or `STIFFNESS` everywhere

    def penalties(self, spacing: float) -> NDArray[np.float64] | float:
        """Return the cost of each squared second difference, for knots `spacing` seconds apart."""
        return (STIFFNESS if self.stiffness is None else self.stiffness) ** 4 / (spacing**3 * self.dt)

    def loads(self) -> tuple[object, ...]:
        return self.y, self.weights, self.alpha, self.delta, self.kappa, self.alpha_before, self.floor, self.stiffness


@dataclass(frozen=True)
class Matrices:
    response: sp.csc_matrix  # R = M A^-1 as M and A in q
    differences: sp.csc_matrix  # A
    spline: sp.csc_matrix  # B
    bends: sp.csc_matrix  # second differences
    knots: NDArray[np.int64]
    n_before: int


def matrices(programme: Programme) -> Matrices:
    dt, n_before = programme.dt, round(BEFORE / programme.dt)
    n = programme.y.size + n_before
    a1, a0 = 1 / min(programme.tau0, programme.tau1), 1 / max(programme.tau0, programme.tau1)
    scale = (a1 if a0 == a1 else a1 - a0) * dt**2
    ar = np.array([(a1 * dt + 2) * (a0 * dt + 2), 2 * a1 * a0 * dt**2 - 8, (a1 * dt - 2) * (a0 * dt - 2)]) / scale
    A = sp.diags([np.full(n, ar[0]), np.full(n - 1, ar[1]), np.full(n - 2, ar[2])], [0, -1, -2]).tocsc()
    M = sp.diags([np.full(n, 1.0), np.full(n - 1, 2.0), np.full(n - 2, 1.0)], [0, -1, -2]).tocsc()
    spacing = max(1, round(programme.delta_knot / dt))
    n_knots = -(-n // spacing) + 3
    knots = (np.arange(n_knots) - 1) * spacing
    u = np.abs(np.arange(n)[:, None] - knots[None, :]) / spacing
    B = np.where(u < 1, 2 / 3 - u**2 + u**3 / 2, np.where(u < 2, (2 - u) ** 3 / 6, 0.0))
    D = sp.diags([1.0, -2.0, 1.0], [0, 1, 2], shape=(n_knots - 2, n_knots)).tocsc()
    return Matrices(M, A, sp.csc_matrix(B), D, knots, n_before)


@dataclass(frozen=True)
class Answer:
    phasic: NDArray[np.float64]
    tonic: NDArray[np.float64]  # without shifts
    shift: NDArray[np.float64]
    outliers: NDArray[np.float64]
    driver: NDArray[np.float64]
    objective: float


def objective(
    programme: Programme,
    driver: NDArray[np.float64],
    spline: NDArray[np.float64],
    shift: NDArray[np.float64],
    outliers: NDArray[np.float64],
) -> float:
    """Value at a point, over dt; driver with the samples before the signal."""
    m = matrices(programme)
    k = m.n_before
    r = (m.response @ sp.linalg.spsolve(m.differences, driver))[k:]
    e = programme.y - r - (m.spline @ spline)[k:] - shift - outliers
    alpha = np.r_[np.full(k, programme.alpha_before), programme.alpha]
    spacing = (m.knots[1] - m.knots[0]) * programme.dt
    return float(
        0.5 * programme.weights @ e**2
        + alpha @ driver
        + (programme.weights * programme.delta) @ np.abs(outliers)
        + programme.kappa[:-1] @ np.abs(np.diff(shift)) / programme.dt
        + 0.5 * (programme.penalties(spacing) * (m.bends @ spline) ** 2).sum()
    )


def solve(programme: Programme, eps: float = 1e-11) -> Answer:
    """Unknowns q, l, s (after the first sample), rises, falls, outliers up, outliers down."""
    piqp = pytest.importorskip("piqp", reason="piqp (extra: test) is not installed")

    m, dt = matrices(programme), programme.dt
    n, k = programme.y.size, m.n_before
    n_knots = m.knots.size
    w = programme.weights
    S = sp.vstack([sp.csc_matrix((1, n - 1)), sp.eye(n - 1)]).tocsc()  # s_0 = 0
    H = sp.hstack([m.response[k:], m.spline[k:], S, sp.csc_matrix((n, 2 * (n - 1))), sp.eye(n), -sp.eye(n)]).tocsc()
    spacing = (m.knots[1] - m.knots[0]) * dt
    penalties = np.broadcast_to(programme.penalties(spacing), n_knots - 2)
    penalty = m.bends.T @ sp.diags(penalties) @ m.bends
    W = sp.diags(w)
    P = H.T @ W @ H + sp.block_diag(
        [sp.csc_matrix((n + k, n + k)), penalty, sp.csc_matrix((3 * (n - 1) + 2 * n, 3 * (n - 1) + 2 * n))]
    )
    box = np.where(w > 0, w, 1.0) * programme.delta
    alpha = np.r_[np.full(k, programme.alpha_before), programme.alpha]
    kappa = programme.kappa[:-1] / dt
    c = np.concatenate([m.differences.T @ alpha, np.zeros(n_knots + n - 1), kappa, kappa, box, box]) - H.T @ (
        w * programme.y
    )
    D = sp.diags([-1.0, 1.0], [0, 1], shape=(n - 1, n), format="csc")[:, 1:]
    equal = sp.hstack(
        [sp.csc_matrix((n - 1, n + k + n_knots)), D, -sp.eye(n - 1), sp.eye(n - 1), sp.csc_matrix((n - 1, 2 * n))]
    ).tocsc()
    G = sp.hstack([m.differences, sp.csc_matrix((n + k, c.size - n - k))])
    h = np.zeros(n + k)
    if np.isfinite(programme.floor):
        at = np.clip(m.knots - k, 0, n - 1)
        pick = sp.csc_matrix((np.ones(n_knots), (np.arange(n_knots), at)), shape=(n_knots, n))
        level = sp.hstack([sp.csc_matrix((n_knots, n + k)), sp.eye(n_knots), pick[:, 1:]])
        G = sp.vstack([G, sp.hstack([level, sp.csc_matrix((n_knots, c.size - level.shape[1]))])])
        h = np.r_[h, np.full(n_knots, programme.floor)]
    lower = np.r_[np.full(n + k + n_knots + n - 1, -np.inf), np.zeros(2 * (n - 1) + 2 * n)]
    solver = piqp.SparseSolver()
    solver.settings.eps_abs, solver.settings.eps_rel, solver.settings.max_iter = eps, 0.0, 500
    solver.setup(
        P.tocsc(), c, equal, np.zeros(n - 1), G.tocsc(), h, np.full(h.size, np.inf), lower, np.full(c.size, np.inf)
    )
    solver.solve()
    x = np.array(solver.result.x)
    q, spline = x[: n + k], x[n + k : n + k + n_knots]
    shift = np.r_[0.0, x[n + k + n_knots :][: n - 1]]
    outliers = x[-2 * n : -n] - x[-n:]
    driver = np.maximum(m.differences @ q, 0.0)
    value = objective(programme, driver, spline, shift, np.where(w > 0, outliers, 0.0))
    return Answer((m.response @ q)[k:], (m.spline @ spline)[k:], shift, outliers, driver, value)

"""The oracle, slow and simple: the cvxEDA programme from its formulas, and a proof of optimality without any solver.

The programme, for a signal y of n samples taken every dt seconds (Greco et al. 2016, doi:10.1109/TBME.2015.2474131):

    minimise  1/2 ||M q + B l + C d - y||_W^2 + alpha 1'A q + gamma/2 ||l||^2    subject to  A q >= 0

With p = A q it reads, in p, the penalised coefficients l and the free ones f,

    minimise  1/2 ||R p + B l + F f - y||_W^2 + alpha 1'p + gamma/2 ||l||^2      subject to  p >= 0

where R = M A^-1 filters by the Bateman response. F is C and, in the 2015 revision, whose first two rows of A and M are
empty, the two decays that start from the free q0 and q1. Its dual is

    maximise  nu'y - 1/2 nu'W^-1 nu - 1/(2 gamma) ||B'nu||^2     subject to  R'nu <= alpha,  F'nu = 0

so any nu that meets the two constraints bounds the optimum from below, however the solution was computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.linalg
import scipy.signal
import scipy.sparse as sp

Array = npt.NDArray[Any]
Long = np.longdouble


@dataclass(frozen=True)
class Program:
    """The data of one programme; all matrices double, (n, .) with one row a sample."""

    y: Array
    weights: Array
    A: sp.csc_array
    M: sp.csc_array
    B: sp.csc_array
    C: Array
    H: Array  # what the free q0, q1 of the 2015 revision add to the phasic part: n x 2, else n x 0
    poles: tuple[Long, Long]
    scale: Long  # ar[0] of the response, in long double
    alpha: float
    gamma: float
    first_row: int


@dataclass(frozen=True)
class Certificate:
    """An assessed solution (p, l, d): its objective, a lower bound on the optimum, and the parts it implies."""

    objective: float
    bound: float
    gap: float
    relative_gap: float  # gap / objective, or / (1e-6 of the zero solution's objective) where that is larger
    zero_objective: float
    smallest_driver: float
    smallest_multiplier: float  # in units of alpha
    complementarity: float  # p'lambda / objective
    phasic: Array
    tonic: Array


def response(tau0: float, tau1: float, dt: float) -> tuple[Array, Array, tuple[Long, Long]]:
    """Return ar, ma and the two poles of the Bateman response; for equal time constants it is t/tau exp(-t/tau)."""
    a1, a0, step = Long(1) / Long(min(tau0, tau1)), Long(1) / Long(max(tau0, tau1)), Long(dt)
    scale = (a1 - a0 if tau0 != tau1 else a1) * step**2
    ar = [(a1 * step + 2) * (a0 * step + 2), 2 * a1 * a0 * step**2 - 8, (a1 * step - 2) * (a0 * step - 2)]
    poles = ((2 - a0 * step) / (2 + a0 * step), (2 - a1 * step) / (2 + a1 * step))
    return np.array(ar) / scale, np.array([1, 2, 1], dtype=Long), poles


@lru_cache(maxsize=32)
def bump(ks: int) -> Array:
    """Return triangle(2 ks - 1) convolved with itself, scaled to peak 1: 4 ks - 3 samples.

    A triangle is a box of ks samples convolved with itself, and to convolve with a box is to take running sums: of
    integers, so that they are exact.
    """
    spline = np.ones(1, dtype=np.int64)
    for _ in range(4):
        padding = np.zeros(ks - 1, dtype=np.int64)
        sums = np.concatenate([[0], np.cumsum(np.concatenate([padding, spline, padding]))])
        spline = sums[ks:] - sums[:-ks]
    return np.asarray(spline / spline.max())


def spline_basis(n: int, knots: Sequence[int] | Array, ks: int) -> sp.csc_array:
    """Return B: column j is the bump centred on knots[j], cut to the samples 0 .. n - 1."""
    columns = sp.lil_array((n, len(knots)))
    shape = bump(ks)
    for j, knot in enumerate(knots):
        start = int(knot) - (2 * ks - 2)
        rows = np.arange(max(start, 0), min(start + shape.size, n))
        columns[rows, j] = shape[rows - start]
    return sp.csc_array(columns)


def place_knots(n: int, ks: int, revision: str) -> Array:
    """Return 0, ks, 2 ks ... below n (2015) or below n + ks//2 (2025)."""
    return np.arange(0, n + ks // 2 if revision == "2025" else n, ks)


def _banded(n: int, stencil: Array, first_row: int) -> sp.csc_array:
    rows = [np.arange(max(k, first_row), n) for k in range(3)]
    columns = [rows[k] - k for k in range(3)]
    values = [np.full(rows[k].size, float(stencil[k])) for k in range(3)]
    return sp.csc_array((np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), shape=(n, n))


def program(
    y: Any,
    sampling_rate: float,
    *,
    tau0: float = 2.0,
    tau1: float = 0.7,
    delta_knot: float = 10.0,
    alpha: float = 8e-4,
    gamma: float = 1e-2,
    revision: str = "2025",
    baseline: str = "linear",
    sample_weight: Any = None,
    knots: Any = None,
) -> Program:
    """Build the programme of signal y exactly as it is given (no z-score)."""
    y = np.asarray(y, dtype=float)
    n = y.size
    weights = np.ones(n) if sample_weight is None else np.asarray(sample_weight, dtype=float)
    y = np.where(weights > 0, y, 0.0)
    ar, ma, poles = response(tau0, tau1, 1.0 / sampling_rate)
    first_row = _find_first_row(weights, float(max(map(abs, poles)))) if revision == "2015" else 0
    if knots is None:
        ks = round(delta_knot * sampling_rate)
        knots = place_knots(n, ks, revision)
    else:
        ks = int(knots[1]) - int(knots[0])
    B = spline_basis(n, knots, ks)
    ones = np.ones((n, 1))
    ramp = np.arange(1.0, n + 1.0)[:, None] / n
    C = {
        "none": ones[:, :0],
        "constant": ones,
        "linear": np.hstack([ones, ramp]),
        "spline": np.asarray(B.sum(axis=1)).reshape(n, 1),
    }[baseline]
    H = _decays(n, ar, first_row) if first_row else ones[:, :0]
    return Program(
        y, weights, _banded(n, ar, first_row), _banded(n, ma, first_row), B, C, H, poles, ar[0], alpha, gamma, first_row
    )


def _find_first_row(weights: Array, slowest: float) -> int:
    """Return the first sample from 2 on that counts, unless the response has faded before the next one that does."""
    seen = 2 + np.flatnonzero(weights[2:])
    lasting = np.flatnonzero(slowest ** (np.diff(seen) - 1.0) > 1e-4)
    return int(seen[lasting[0]] if lasting.size else seen[-1])


def _decays(n: int, ar: Array, first_row: int) -> Array:
    """Return M q for A q = 0 from q = (1, 0, ...) and (0, 1, ...) just before the first row, and zero before it."""
    starts = np.zeros((n, 2), dtype=Long)
    starts[first_row - 2 : first_row] = [[1, 0], [ar[1] / ar[0], 1]]
    q = scipy.signal.lfilter(np.ones(1, dtype=Long), ar / ar[0], starts, axis=0)
    decays = q + 0
    decays[1:] += 2 * q[:-1]
    decays[2:] += q[:-2]
    decays[:first_row] = 0
    return np.asarray(decays)


def filter_driver(prog: Program, driver: Any) -> Array:
    """Return R p = M A^-1 p in long double, one pole at a time (the product of both loses digits at high rates)."""
    x = np.asarray(driver, dtype=Long) / prog.scale
    x = scipy.signal.lfilter(np.array([1, 1], dtype=Long), np.array([1, -prog.poles[0]], dtype=Long), x)
    return np.asarray(scipy.signal.lfilter(np.array([1, 1], dtype=Long), np.array([1, -prog.poles[1]], dtype=Long), x))


def filter_residual(prog: Program, nu: Any) -> Array:
    """Return R'nu: the same filter run backwards in time (R is lower-triangular Toeplitz)."""
    return filter_driver(prog, np.asarray(nu, dtype=Long)[::-1])[::-1]


def objective(prog: Program, driver: Any, phasic: Any, tonic: Any, spline: Any) -> float:
    """Return the programme's value of a solver's parts, as they stand."""
    driver, phasic, tonic, spline = (np.asarray(part, dtype=Long) for part in (driver, phasic, tonic, spline))
    e = prog.y - phasic - tonic
    fit = np.sum(prog.weights * e * e) / 2
    return float(fit + prog.alpha * np.sum(driver[prog.first_row :]) + prog.gamma / 2 * np.sum(spline**2))


def certify(
    prog: Program, driver: Any, spline: Any, drift: Any, phasic: Any = None, residual: Any = None
) -> Certificate:
    """Bound the distance of (p, l, d) from the optimum by weak duality, in long double.

    ``phasic`` is needed in the 2015 revision only, to recover the two decays of its free start. The dual point is the
    weighted residual of (p, l, d) or, where it is better, the ``residual`` that the solver stored: any dual point does.
    """
    p = np.asarray(driver, dtype=Long)
    weights = prog.weights.astype(Long)
    r = filter_driver(prog, p)
    if prog.H.shape[1]:
        target = np.asarray(phasic, dtype=Long)
        for _ in range(3):  # least squares in double, refined
            start, *_ = np.linalg.lstsq(prog.H.astype(float), (target - r).astype(float), rcond=None)
            r = r + prog.H @ start
    t = np.zeros(p.size, dtype=Long) + prog.C @ np.asarray(drift, dtype=Long)
    t += prog.B.astype(Long) @ np.asarray(spline, dtype=Long)
    primal = objective(prog, p, r, t, spline)
    residuals = [prog.y - r - t] if residual is None else [prog.y - r - t, np.asarray(residual, dtype=Long)]
    bound, u = max((_dual_bound(prog, weights, weights * e) for e in residuals), key=lambda pair: pair[0])
    slack = prog.alpha - u
    zero = float(np.sum(weights * prog.y * prog.y)) / 2
    size = max(primal, 1e-6 * zero, np.finfo(float).tiny)
    return Certificate(
        objective=primal,
        bound=bound,
        gap=primal - bound,
        relative_gap=(primal - bound) / size,
        zero_objective=zero,
        smallest_driver=float(p.min()),
        smallest_multiplier=float(slack.min()) / prog.alpha,
        complementarity=float(np.sum(p[prog.first_row :] * slack)) / size,
        phasic=r.astype(float),
        tonic=t.astype(float),
    )


def _free_columns(prog: Program) -> Array:
    """Columns whose coefficients have no penalty: C, the decays of the 2015 revision, and B where gamma = 0."""
    spline = prog.B.toarray() if prog.gamma == 0 else np.zeros((prog.y.size, 0))
    return np.hstack([prog.C, prog.H, spline])


def _without(F: Array, weights: Array, nu: Array) -> Array:
    """Move nu = W e to F'nu = 0, by fitting F to e again."""
    if F.shape[1] == 0 or not np.any(weights > 0):
        return nu
    root = np.sqrt(weights.astype(Long))
    Q = _orthonormal(root[:, None] * F)
    scaled = np.divide(nu, root, out=np.zeros_like(nu), where=root > 0)
    for _ in range(2):
        scaled = scaled - Q @ (Q.T @ scaled)
    return np.asarray(root * scaled)


def _orthonormal(F: Array) -> Array:
    """Return an orthonormal basis of F's columns in long double: Gram-Schmidt, each column twice."""
    Q = np.zeros((F.shape[0], 0), dtype=Long)
    for column in F.T.astype(Long):
        rest = column
        for _ in range(2):
            rest = rest - Q @ (Q.T @ rest)
        size = np.sqrt(np.sum(rest * rest))
        if size > 1e-14 * np.sqrt(np.sum(column * column)):
            Q = np.hstack([Q, rest[:, None] / size])
    return Q


def _dual_bound(prog: Program, weights: Array, nu: Array) -> tuple[float, Array]:
    """Move nu to F'nu = 0; return the dual value of its best multiple c that is feasible, c R'nu <= alpha, and R'nu."""
    nu = _without(_free_columns(prog), weights, nu)
    u = filter_residual(prog, nu)[prog.first_row :]
    largest = np.max(u)
    linear = np.sum(nu * prog.y)
    quadratic = np.sum(np.divide(nu * nu, weights, out=np.zeros_like(nu), where=weights > 0))
    if prog.gamma > 0:
        quadratic += np.sum((prog.B.astype(Long).T @ nu) ** 2) / Long(prog.gamma)
    most = prog.alpha / largest if largest > 0 else Long(np.inf)
    c = max(min(linear / quadratic, most), Long(0)) if quadratic > 0 else Long(0)
    return float(c * linear - c * c * quadratic / 2), u

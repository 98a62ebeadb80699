"""The programme as a sparse quadratic programme, to look at or to hand to another solver."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ressin import _core
from ressin.decomposition.inputs import check_missing, check_signal
from ressin.decomposition.result import Decomposition
from ressin.decomposition.robust import costs_of
from ressin.decomposition.solve import Grid, Job, solve
from ressin.errors import InvalidInputError
from ressin.settings import (
    Baseline,
    Programme,
    Revision,
    Settings,
    check_cvxeda,
    check_knots,
    check_sampling_rate,
    core_settings,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from scipy.sparse import csc_matrix


@dataclass(frozen=True, kw_only=True, eq=False)
class QuadraticProgram:
    """Minimise 1/2 x'P x + q'x + constant subject to l <= A x <= u.

    The unknowns x of cvxEDA's programme are q (n of them, one a sample), the drift's coefficients d and the spline's l,
    in this order; those of the robust programme are given under `build_qp`. `unknowns` says where each kind begins and
    ends.

    Attributes
    ----------
    P
        (N, N) symmetric positive semidefinite, both triangles stored.
    q
        (N,) linear term.
    A
        (m, N): for cvxEDA m = n and the driver is p = A x; in the 2015 revision its first two rows are empty, and what
        is missing after them. The robust programme has the driver, 6 s of it before the signal, and other rows below.
    l, u
        (m,) bounds of A x: for cvxEDA zeros and infinity.
    constant
        1/2 y'W y, so that the objective is the programme's.
    n_samples, n_drift, n_knots
        How many samples, drift's and spline's coefficients there are. For cvxEDA N is their sum.
    mean, scale
        The programme's y is (signal - mean) / scale.
    unknowns
        Slice of x for each kind of unknown, by name, in the order of x.
    """

    P: csc_matrix
    q: NDArray[np.float64]
    A: csc_matrix
    l: NDArray[np.float64]  # noqa: E741 - the programme's own name
    u: NDArray[np.float64]
    constant: float
    n_samples: int
    n_drift: int
    n_knots: int
    mean: float = 0.0
    scale: float = 1.0
    unknowns: dict[str, slice] = field(default_factory=dict)

    def objective(self, x: ArrayLike) -> float:
        """Return the programme's value at x, (N,)."""
        point = np.asarray(x, dtype=np.float64)
        return float(0.5 * point @ (self.P @ point) + self.q @ point + self.constant)


def build_qp(
    signal: ArrayLike,
    sampling_rate: float,
    *,
    programme: Programme = "cvxeda",
    tau0: float = 2.0,
    tau1: float = 0.7,
    delta_knot: float = 10.0,
    alpha: float = 8e-4,
    gamma: float = 1e-2,
    revision: Revision = "2025",
    baseline: Baseline = "linear",
    sample_weight: ArrayLike | None = None,
    knots: ArrayLike | None = None,
    costs: Decomposition | None = None,
) -> QuadraticProgram:
    """Build the programme that `decompose` solves, as sparse matrices.

    For cvxEDA the signal is taken as it is: z-score it first for the programme that ``decompose(...,
    standardize=True)`` solves. For the robust programme it is the last weighted programme, on (signal - mean) / scale
    as in the result of `decompose`, so that the optimum is the result's objective.

    Parameters
    ----------
    signal
        (n,) skin conductance in any unit, n >= 4; NaN only where `sample_weight` is 0.
    sampling_rate
        Samples per second, Hz, > 0.
    programme
        "cvxeda" or "robust", as for `decompose`.
    tau0, tau1, delta_knot
        As for `decompose`.
    alpha, gamma, revision, baseline
        As for `decompose`; cvxEDA's alone.
    sample_weight
        (n,) weights of the squared residuals, finite and >= 0, or None for ones.
    knots
        Equally spaced sample indices of the spline's knots, or None for one every `delta_knot` seconds; cvxEDA's alone.
    costs
        A decomposition of n samples by the robust programme whose costs, mean, scale and bound are taken; None to find
        them in the signal, as `decompose` does, which solves the programme.

    Returns
    -------
    QuadraticProgram
        With SciPy CSC matrices.

    Raises
    ------
    InvalidInputError
        The signal or a setting cannot be used; the message says what was given and what is needed.

    Notes
    -----
    cvxEDA's: with K = [M C B], W = diag(sample_weight) and Gamma = diag(0, 0, gamma),

        P = K'W K + Gamma,    q = -K'W y + alpha [A'1; 0; 0],    constant = 1/2 y'W y.

    The robust programme's, over the sampling interval dt, for n samples and k = 6 s / dt before the first:

        x = [q (k + n), spline (n_knots), shift (n - 1), rise (n - 1), fall (n - 1), up (n), down (n)],

    where A0 q is the driver (with that before the first sample), M q the phasic part, shift the shifts from the second
    sample on (the first is zero), rise and fall their steps up and down, and up and down the outliers, all without
    `Robust.contact`, which the programme has among outliers and residual. With H = [M, B,
    S, 0, 0, I, -I] on the n samples, and D the second differences of the spline's coefficients,

        P = H'W H + gamma / (spacing^3 dt) D'D,
        q = -H'W y + [A0'alpha; 0; 0; kappa / dt; kappa / dt; W delta; W delta],    constant = 1/2 y'W y,

    with delta alone where the weight is 0. The rows of A are the driver (>= 0), shift_i+1 - shift_i - rise_i + fall_i
    (= 0), rise, fall, up and down (>= 0), and the level at each knot, coefficient plus shift (>= -mean / scale, which
    is zero in the signal's unit; unbounded for a negative signal).

    References
    ----------
    Greco, Valenza, Lanata, Scilingo, Citi: cvxEDA. IEEE Trans. Biomed. Eng. 63(4), 2016, doi:10.1109/TBME.2015.2474131.

    Examples
    --------
    >>> import numpy as np, ressin
    >>> programme = ressin.build_qp(np.sin(np.arange(200) / 20), 4.0)
    >>> programme.P.shape, programme.A.shape
    ((208, 208), (200, 208))
    """
    settings = Settings(
        programme=programme,
        tau0=tau0,
        tau1=tau1,
        delta_knot=delta_knot,
        alpha=alpha,
        gamma=gamma,
        revision=revision,
        baseline=baseline,
    )
    if programme == "robust":
        if knots is not None:
            check_cvxeda("knots", "given", settings)
        return _build_robust(signal, sampling_rate, settings, sample_weight, costs)
    if costs is not None:
        raise InvalidInputError("costs are given, which only programme='robust' takes; leave them out")
    rate = check_sampling_rate(sampling_rate)
    grid = check_knots(knots, settings, rate)
    y = check_signal(signal)
    weights, missing = check_missing(y, sample_weight, settings.missing)
    observed = y if missing is None else np.where(missing, 0.0, y)
    program = _core.build_qp(observed, weights, 1.0 / rate, core_settings(settings, grid))
    n_drift = {"none": 0, "constant": 1, "linear": 2, "spline": 1}[baseline]
    n_knots = program.q.size - y.size - n_drift
    return _wrap(program, y.size, n_drift, n_knots, {"q": y.size, "drift": n_drift, "spline": n_knots})


def _build_robust(
    signal: ArrayLike,
    sampling_rate: float,
    settings: Settings,
    sample_weight: ArrayLike | None,
    costs: Decomposition | None,
) -> QuadraticProgram:
    job = Job.make(signal, Grid.make(sampling_rate, None, settings), sample_weight, settings)
    n = job.signal.size
    if costs is None:
        (costs,) = solve([job], settings, None).results
    given: object = costs
    if not isinstance(given, Decomposition):
        raise InvalidInputError(f"costs is a {type(given).__name__}; it must be a Decomposition")
    if costs.robust is None:
        raise InvalidInputError(
            f"costs is a result of programme={costs.programme!r}; it must be one of programme='robust'"
        )
    if costs.signal.size != n:
        raise InvalidInputError(f"costs has {costs.signal.size} samples for a signal of {n}; they must be as many")
    if costs.sampling_rate != job.grid.sampling_rate:
        raise InvalidInputError(
            f"costs has a sampling rate of {costs.sampling_rate:g} Hz, and the signal {job.grid.sampling_rate:g} Hz; "
            "they must be the same"
        )
    interval = 1.0 / job.grid.sampling_rate
    program = _core.build_robust_qp(
        job.observed,
        job.weights,
        interval,
        settings.tau0,
        settings.tau1,
        settings.delta_knot,
        costs_of(vars(costs), costs.robust),
    )
    n_before = costs.robust.before.size
    n_knots = program.q.size - (n_before + n) - 3 * (n - 1) - 2 * n
    sizes = {"q": n_before + n, "spline": n_knots}
    sizes |= {"shift": n - 1, "rise": n - 1, "fall": n - 1, "up": n, "down": n}
    return _wrap(program, n, 0, n_knots, sizes, costs.mean, costs.scale)


def _wrap(
    program: _core.QuadraticProgram,
    n_samples: int,
    n_drift: int,
    n_knots: int,
    sizes: dict[str, int],
    mean: float = 0.0,
    scale: float = 1.0,
) -> QuadraticProgram:
    ends = np.cumsum([0, *sizes.values()]).tolist()
    return QuadraticProgram(
        P=program.P,
        q=program.q,
        A=program.A,
        l=program.l,
        u=program.u,
        constant=program.constant,
        n_samples=n_samples,
        n_drift=n_drift,
        n_knots=n_knots,
        mean=mean,
        scale=scale,
        unknowns={name: slice(first, end) for name, first, end in zip(sizes, ends, ends[1:], strict=False)},
    )

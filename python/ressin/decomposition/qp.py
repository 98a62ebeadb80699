"""The programme as a sparse quadratic programme, to look at or to hand to another solver."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ressin import _core
from ressin.decomposition.inputs import check_missing, check_signal
from ressin.settings import Baseline, Revision, Settings, check_knots, check_sampling_rate, core_settings

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from scipy.sparse import csc_matrix


@dataclass(frozen=True, kw_only=True, eq=False)
class QuadraticProgram:
    """Minimise 1/2 x'P x + q'x + constant subject to l <= A x <= u.

    The unknowns x are q (n of them, one a sample), the drift's coefficients d and the spline's l, in this order.

    Attributes
    ----------
    P
        (N, N) symmetric positive semidefinite, both triangles stored.
    q
        (N,) linear term.
    A
        (n, N): the driver is p = A x. In the 2015 revision its first two rows are empty, and what is missing
        after them.
    l, u
        (n,) bounds of A x: zeros and infinity.
    constant
        1/2 y'W y, so that the objective is the programme's.
    n_samples, n_drift, n_knots
        How many unknowns of each kind there are; N is their sum.
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

    def objective(self, x: ArrayLike) -> float:
        """Return the programme's value at x, (N,)."""
        point = np.asarray(x, dtype=np.float64)
        return float(0.5 * point @ (self.P @ point) + self.q @ point + self.constant)


def build_qp(
    signal: ArrayLike,
    sampling_rate: float,
    *,
    tau0: float = 2.0,
    tau1: float = 0.7,
    delta_knot: float = 10.0,
    alpha: float = 8e-4,
    gamma: float = 1e-2,
    revision: Revision = "2025",
    baseline: Baseline = "linear",
    sample_weight: ArrayLike | None = None,
    knots: ArrayLike | None = None,
) -> QuadraticProgram:
    """Build the programme that `decompose` solves, as sparse matrices.

    The signal is taken as it is: z-score it first for the programme that ``decompose(..., standardize=True)`` solves.

    Parameters
    ----------
    signal
        (n,) skin conductance in any unit, n >= 4; NaN only where `sample_weight` is 0.
    sampling_rate
        Samples per second, Hz, > 0.
    tau0, tau1, delta_knot, alpha, gamma, revision, baseline
        As for `decompose`.
    sample_weight
        (n,) weights of the squared residuals, finite and >= 0, or None for ones.
    knots
        Equally spaced sample indices of the spline's knots, or None for one every `delta_knot` seconds.

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
    With K = [M C B], W = diag(sample_weight) and Gamma = diag(0, 0, gamma),

        P = K'W K + Gamma,    q = -K'W y + alpha [A'1; 0; 0],    constant = 1/2 y'W y.

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
        tau0=tau0, tau1=tau1, delta_knot=delta_knot, alpha=alpha, gamma=gamma, revision=revision, baseline=baseline
    )
    rate = check_sampling_rate(sampling_rate)
    grid = check_knots(knots, settings, rate)
    y = check_signal(signal)
    weights, missing = check_missing(y, sample_weight, settings.missing)
    observed = y if missing is None else np.where(missing, 0.0, y)
    program = _core.build_qp(observed, weights, 1.0 / rate, core_settings(settings, grid))
    n_drift = {"none": 0, "constant": 1, "linear": 2, "spline": 1}[baseline]
    return QuadraticProgram(
        P=program.P,
        q=program.q,
        A=program.A,
        l=program.l,
        u=program.u,
        constant=program.constant,
        n_samples=y.size,
        n_drift=n_drift,
        n_knots=program.q.size - y.size - n_drift,
    )

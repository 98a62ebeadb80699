"""Skin conductance split into its phasic and tonic part: one signal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ressin.decomposition.bands import check_draws, with_bands
from ressin.decomposition.result import Decomposition
from ressin.decomposition.solve import Grid, Job, raise_unconverged, solve, warn_of_impossible, with_index
from ressin.settings import (
    Baseline,
    Errors,
    Missing,
    Programme,
    Revision,
    Settings,
    Solver,
    check_cvxeda,
    check_errors,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def decompose(
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
    standardize: bool = True,
    solver: Solver = "auto",
    tol: float = 1e-8,
    max_iterations: int = 200,
    missing: Missing = "raise",
    sample_weight: ArrayLike | None = None,
    knots: ArrayLike | None = None,
    warm_start: bool = True,
    osqp_eps: float = 1e-6,
    errors: Errors = "raise",
    n_threads: int = 0,
    n_boot: int = 0,
    boot_seed: int = 0,
    on_failure: Errors | None = None,
) -> Decomposition:
    """Split a skin conductance signal into its phasic and tonic part, by cvxEDA or by the robust programme.

    Solves, exactly and in time proportional to the length, with ``programme="cvxeda"``

        minimise 1/2 ||M q + B l + C d - y||^2 + alpha 1'A q + gamma/2 ||l||^2   subject to   A q >= 0

    for the driver p = A q, the phasic part r = M q and the tonic part t = B l + C d; with ``programme="robust"``

        minimise 1/2 int e^2 + int alpha p + int delta |o| + sum kappa |ds| + gamma/2 int t''^2
        subject to   p >= 0,   t + s >= 0 at the knots

    for the driver p, the tonic spline t, the shifts s of the level (loose contact, steps) and the outliers o, with
    e = y - r - t - s - o and time in seconds. The tonic part of the result is t + s.

    Parameters
    ----------
    signal
        (n,) skin conductance, n >= 4, in microsiemens or any other unit: lists, Series and arrays of any real dtype.
    sampling_rate
        Hz, > 0.
    programme
        "cvxeda", or "robust", for recordings with noise, artefacts and loose contact. The robust programme takes
        alpha, delta and kappa from the recording, in its own unit, and gamma = (3 s)^4; the parts scale with the
        signal, and do not depend on the rate but for its resolution. It refuses alpha, gamma, revision, baseline,
        standardize, knots and n_boot; `Decomposition.robust` holds its outliers, shifts and costs.
    tau0, tau1, delta_knot
        Of either programme, seconds; see `Settings`.
    alpha, gamma, revision, baseline, standardize
        Of cvxEDA's programme; see `Settings`.
    solver, tol, max_iterations, warm_start, osqp_eps, n_threads
        How it is solved; see `Settings`. With ``programme="robust"`` and ``solver="osqp"`` the costs are found as ever,
        and OSQP solves the last weighted programme, the one of `build_qp`.
    missing
        "raise" an error at NaN, or "solve" through it: the parts are then defined in the gaps too.
    sample_weight
        (n,) weight of each sample's squared residual, finite and >= 0; 0 means missing.
    knots
        Equally spaced sample indices of the tonic spline's knots, instead of one every delta_knot seconds.
    errors
        "raise" a ConvergenceError where the tolerance was not reached, or "return" the result with its status.
    n_boot
        Replicates of a bootstrap, which give the parts 90 % bands, `Decomposition.bands`; 0 for none, else at least 20:
        see `bootstrap_bands`, which takes other levels, and for what the bands hold.
    boot_seed
        Seed of the replicates, >= 0.
    on_failure
        Deprecated: the older name of `errors`.

    Returns
    -------
    Decomposition
        The parts in the signal's unit, and the evidence that they are optimal.

    Raises
    ------
    InvalidInputError
        A signal or a setting that cannot be used.
    ConvergenceError
        The programme was not solved to `tol`; its `result` attribute is the unconverged result.

    Notes
    -----
    An active set that solves at the positive samples of the driver, or a primal-dual interior point method (Mehrotra's
    predictor and corrector); the equations of both are a linear-quadratic regulator over the response filter's two
    states, solved by a Riccati recursion. `Settings` says which one is taken; the robust programme, whose shifts are a
    third state, is solved by the interior point. The result does not depend on the threads.

    The robust programme's costs are found in rounds, on means over quarters of a second. The smallest response
    believed, a, is a multiple of the noise and 2.5 % of the phasic part's height; alpha is 0.847 a (for the default
    time constants, in the signal's unit times seconds), delta 4 alpha per second and kappa 9 alpha. A round solves the
    programme with these, and once more with each sample's costs divided by one plus what the first solution has there.
    The last programme's costs are found once more in this way, from the last round's second solution.
    The certificate holds for the last weighted programme. cvxEDA's authors describe an extension with artefact drivers
    of their own, another programme.

    References
    ----------
    A. Greco, G. Valenza, A. Lanata, E. P. Scilingo, L. Citi, "cvxEDA: a convex optimization approach to electrodermal
    activity processing", IEEE Trans. Biomed. Eng. 63 (2016) 797-804, doi:10.1109/TBME.2015.2474131.

    A. B. Owen, "A robust hybrid of lasso and ridge regression", Contemp. Math. 443 (2007) 59-71 (absolute costs beside
    squared ones).

    E. J. Candes, M. B. Wakin, S. P. Boyd, "Enhancing sparsity by reweighted l1 minimization", J. Fourier Anal. Appl. 14
    (2008) 877-905, doi:10.1007/s00041-008-9045-x.

    Examples
    --------
    >>> import numpy as np
    >>> import ressin
    >>> recording = ressin.simulate_eda(60, 50, rng=np.random.default_rng(0))
    >>> result = ressin.decompose(recording.signal, sampling_rate=50)
    >>> result.status, result.is_optimal(1e-8)
    ('optimal', True)
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
        standardize=standardize,
        solver=solver,
        tol=tol,
        max_iterations=max_iterations,
        missing=missing,
        warm_start=warm_start,
        osqp_eps=osqp_eps,
        n_threads=n_threads,
    )
    errors = check_errors(errors, on_failure)
    if n_boot != 0:
        check_draws(n_boot, boot_seed)
        check_cvxeda("n_boot", n_boot, settings)
    if knots is not None:
        check_cvxeda("knots", "given", settings)
    job = Job.make(signal, Grid.make(sampling_rate, knots, settings), sample_weight, settings)
    batch = solve([job], settings, None)
    result = with_index(batch.results[0], signal)
    if errors == "raise" and batch.unproved:
        raise_unconverged(result)
    warn_of_impossible(batch)
    if n_boot == 0:
        return result
    return with_bands(result, n_boot, seed=boot_seed, n_threads=n_threads)

"""Drop-ins for code that calls cvxEDA or NeuroKit: the same call, the same result, faster and certified."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from numbers import Real
from typing import TYPE_CHECKING, NamedTuple, cast, get_args

import numpy as np

from ressin.decomposition.decompose import decompose
from ressin.decomposition.result import Decomposition
from ressin.errors import InvalidInputError
from ressin.settings import Baseline, Settings, Solver

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

_BASELINES: dict[object, Baseline] = {0: "none", 1: "constant", 2: "linear", "spline_offset": "spline"}
_SOLVERS = (None, *get_args(Solver), "mosek")
_DEFAULTS = Settings()
# CVXOPT's options that have a meaning here, and those whose aim is met whatever they say.
_MEANT = ("maxiters", "reltol")
_MET = ("show_progress", "abstol", "feastol", "refinement", "kktsolver", "kktreg", "debug", "mosek")


class CvxEDAParts(NamedTuple):
    """What the reference returns, in its order and with its names; every entry is a float64 array.

    Attributes
    ----------
    r
        Phasic part, (n,), in the unit of the signal.
    p
        Sudomotor nerve activity, the driver of the phasic part, (n,), in that unit per second.
    t
        Tonic part, (n,), in the unit of the signal.
    l
        Coefficients of the tonic spline, (n_knots,).
    d
        Coefficients of the baseline: offset and slope over the whole signal for the linear one, (0 to 2,).
    e
        Residual y - r - t, (n,).
    obj
        Objective at the solution, equation 15 of the paper, (1,).
    """

    r: NDArray[np.float64]
    p: NDArray[np.float64]
    t: NDArray[np.float64]
    l: NDArray[np.float64]  # noqa: E741
    d: NDArray[np.float64]
    e: NDArray[np.float64]
    obj: NDArray[np.float64]


def cvxEDA(
    y: ArrayLike,
    delta: float,
    tau0: float = 2.0,
    tau1: float = 0.7,
    delta_knot: float | ArrayLike = 10.0,
    alpha: float = 8e-4,
    gamma: float = 1e-2,
    solver: str | None = None,
    options: Mapping[str, object] | None = None,
    baseline_correction: int | str = 2,
) -> CvxEDAParts:
    """Decompose a signal as the reference's `cvxEDA` of 2025 does: same arguments, same seven arrays.

    Parameters
    ----------
    y
        Signal, (n,), n >= 4; it is decomposed as it is. The reference's authors recommend to z-score it first.
    delta
        Sampling interval in seconds, > 0.
    tau0, tau1
        Slow and fast time constant of the Bateman response in seconds, > 0.
    delta_knot
        Spacing of the tonic spline's knots in seconds, or an array of equally spaced sample indices.
    alpha
        Weight of the driver's l1 norm, > 0.
    gamma
        Weight of the spline coefficients' squared norm, >= 0.
    solver
        None (the default of `ressin.Settings`) or one of `ressin.decompose`'s.
        CVXOPT's ``"mosek"`` gives a warning and means None.
    options
        CVXOPT's solver options, here for this call alone. ``maxiters`` and ``reltol`` are obeyed (the latter where it
        asks for more than the 1e-8 that is reached anyway); those of the other names that CVXOPT knows have nothing
        to do: nothing is ever printed, and the tolerances that they loosen are met.
    baseline_correction
        0 for none, 1 for a constant, 2 for a line, ``"spline_offset"`` for a spline's offset.

    Returns
    -------
    CvxEDAParts
        The arrays r, p, t, l, d, e and obj, to be unpacked or taken by name.

    Raises
    ------
    InvalidInputError
        If the signal, an argument or an option cannot be used.
    ConvergenceError
        If the optimum was not reached. The reference returns its last iterate then, without a warning.

    References
    ----------
    Greco, Valenza, Lanata, Scilingo, Citi, "cvxEDA", IEEE TBME 2016, doi:10.1109/TBME.2015.2474131.

    Examples
    --------
    >>> import numpy as np
    >>> from ressin.compat import cvxEDA
    >>> from ressin.simulation.eda import simulate_eda
    >>> y = simulate_eda(60, 50, rng=np.random.default_rng(0)).signal
    >>> r, p, t, l, d, e, obj = cvxEDA((y - y.mean()) / y.std(), 1 / 50)
    """
    if isinstance(delta, bool) or not (isinstance(delta, Real) and math.isfinite(delta) and delta > 0):
        raise InvalidInputError(f"delta is {delta!r}; it must be the sampling interval in seconds, a positive number")
    known = isinstance(baseline_correction, (Real, str)) and baseline_correction in _BASELINES
    if not known or isinstance(baseline_correction, bool):
        raise InvalidInputError(
            f"baseline_correction is {baseline_correction!r}; it must be 0 (none), 1 (constant), 2 (linear) or "
            "'spline_offset'"
        )
    max_iterations, tol = _read_options(options or {})
    spacing, knots = (delta_knot, None) if np.ndim(delta_knot) == 0 else (delta, delta_knot)
    result = decompose(
        y,
        1.0 / float(delta),
        tau0=tau0,
        tau1=tau1,
        delta_knot=spacing,
        knots=knots,
        alpha=alpha,
        gamma=gamma,
        revision="2025",
        baseline=_BASELINES[baseline_correction],
        standardize=False,
        solver=_read_solver(solver),
        max_iterations=max_iterations,
        tol=tol,
    )
    return _parts(result)


def eda_phasic(
    eda_signal: ArrayLike,
    sampling_rate: float = 1000,
    method: str = "cvxeda",
    *,
    tau0: float = 2.0,
    tau1: float = 0.7,
    delta_knot: float = 10.0,
    alpha: float = 8e-4,
    gamma: float = 1e-2,
    solver: str | None = None,
    reltol: float = 1e-9,
) -> pd.DataFrame:
    """Decompose a signal as NeuroKit's ``eda_phasic(..., method="cvxeda")`` does.

    Parameters
    ----------
    eda_signal
        Signal, (n,), n >= 4: a list, an array or a Series. It is decomposed as it is, without z-scoring, as NeuroKit
        0.2 does; NeuroKit's own examples pass ``nk.standardize(eda_signal)``.
    sampling_rate
        Samples per second (Hz), > 0. The default is NeuroKit's.
    method
        ``"cvxeda"`` or ``"convex"`` in any case.
    tau0, tau1, delta_knot, alpha, gamma
        As for `cvxEDA`. NeuroKit 0.2.13 takes them and does not pass them on; here they are obeyed.
    solver
        As for `cvxEDA`.
    reltol
        Relative gap that is enough, > 0; obeyed where it is below 1e-8.

    Returns
    -------
    DataFrame
        Columns ``EDA_Tonic`` and ``EDA_Phasic``, (n,) float64, index 0 .. n - 1; the residual is in neither.

    Raises
    ------
    InvalidInputError
        If the signal or an argument cannot be used.
    ConvergenceError
        If the optimum was not reached.

    Notes
    -----
    NeuroKit carries the 2015 revision of cvxEDA (see `ressin.settings.Settings`), so this solves the 2015 programme.

    Examples
    --------
    >>> import numpy as np
    >>> from ressin.compat import eda_phasic
    >>> from ressin.simulation.eda import simulate_eda
    >>> eda_phasic(simulate_eda(60, 50, rng=np.random.default_rng(0)).signal, sampling_rate=50).shape
    (3000, 2)
    """
    import pandas as pd

    if str(method).lower() not in ("cvxeda", "convex"):
        raise InvalidInputError(f"method is {method!r}; ressin computes 'cvxeda', and NeuroKit has the others")
    result = decompose(
        eda_signal,
        sampling_rate,
        tau0=tau0,
        tau1=tau1,
        delta_knot=delta_knot,
        alpha=alpha,
        gamma=gamma,
        revision="2015",
        baseline="linear",
        standardize=False,
        solver=_read_solver(solver),
        tol=_tolerance("reltol", reltol),
    )
    return pd.DataFrame({"EDA_Tonic": result.tonic, "EDA_Phasic": result.phasic})


def _parts(d: Decomposition) -> CvxEDAParts:
    parts = (d.phasic, d.driver, d.tonic, d.spline, d.drift, d.residual, np.array([d.objective]))
    return CvxEDAParts(*map(np.copy, parts))  # writable, as the reference's are


def _read_solver(solver: str | None) -> Solver:
    if solver not in _SOLVERS:
        raise InvalidInputError(f"solver is {solver!r}; it must be None, {', '.join(map(repr, get_args(Solver)))}")
    if solver == "mosek":
        warnings.warn("CVXOPT's solver 'mosek' is not used: ressin finds the same optimum itself", stacklevel=3)
    return Settings().solver if solver in (None, "mosek") else cast("Solver", solver)


def _read_options(options: Mapping[str, object]) -> tuple[int, float]:
    """Return the most iterations and the tolerance that CVXOPT's options ask for."""
    if not isinstance(options, Mapping):
        raise InvalidInputError(f"options is {options!r}; it must be a mapping of CVXOPT's names to values")
    unknown = sorted(set(options) - set(_MEANT) - set(_MET))
    if unknown:
        raise InvalidInputError(f"options has {unknown[0]!r}; CVXOPT's options are {', '.join(_MEANT + _MET)}")
    max_iterations = options.get("maxiters", _DEFAULTS.max_iterations)
    if isinstance(max_iterations, bool) or not isinstance(max_iterations, int) or max_iterations < 1:
        raise InvalidInputError(f"options['maxiters'] is {max_iterations!r}; it must be a positive whole number")
    return max_iterations, _tolerance("options['reltol']", options.get("reltol", _DEFAULTS.tol))


def _tolerance(name: str, value: object) -> float:
    # CVXOPT switches its relative test off by a negative number; nothing is lost by keeping ours on.
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value) or value == 0:
        raise InvalidInputError(f"{name} is {value!r}; it must be a positive number")
    return min(float(value), _DEFAULTS.tol) if value > 0 else _DEFAULTS.tol

"""cvxEDA: a skin conductance signal split into its phasic and tonic part."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np

from ressin import _core
from ressin.errors import ConvergenceError, InvalidInputError, RessinError
from ressin.quality import Quality, assess
from ressin.settings import (
    Baseline,
    Missing,
    Revision,
    Settings,
    Solver,
    check_knots,
    check_sampling_rate,
    core_settings,
)
from ressin.signals import check_missing, check_signal

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike, NDArray

Status = Literal["optimal", "inaccurate", "max_iterations", "failed"]

_ADVICE = {
    "inaccurate": "the digits of double precision ran out before the tolerance was reached: ask for a larger tol",
    "max_iterations": "the iterations ran out: allow more with max_iterations, or ask for a larger tol",
    "failed": "the numbers broke down: look for extreme values in the signal or the settings",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Decomposition:
    """A signal's parts, and the evidence that they solve the programme.

    Attributes
    ----------
    signal
        (n,) the signal as given, float64; NaN where samples are missing.
    phasic, tonic, residual
        (n,) in the signal's unit; signal = phasic + tonic + residual.
    driver
        (n,) sudomotor nerve activity p >= 0, whose Bateman response is the phasic part; in the signal's unit. It is a density: a
        single impulse of one sample at rate f carries f times the height that the same event has at 1 Hz.
    sampling_rate
        Hz.
    spline, drift
        Coefficients l of the tonic spline, one a knot, and d of the baseline, in the signal's unit.
    knots
        Sample index of each knot.
    settings
        What was asked for.
    mean, scale
        The programme was solved on (signal - mean) / scale.
    weights
        (n,) sample weights, or None for ones.
    status
        "optimal": the certificate proves the tolerance (for OSQP: its own residuals are within osqp_eps); "inaccurate": within 1e-6,
        but the digits ran out before the tolerance; "max_iterations"; or "failed".
    iterations
        Newton steps, or OSQP's iterations.
    objective, duality_gap
        Objective of the programme at the solution (on the z-scored signal where `standardize`), and a bound on how far that is
        above the optimum, from weak duality.
    relative_gap
        The gap over the objective (or over 1e-6 of the zero solution's objective, where that is larger).
    stationarity
        Largest violation of the KKT conditions on the gradients (a driver's multiplier below zero; a spline coefficient's gradient
        that is not zero), relative to the size of these gradients at the zero solution.
    complementarity
        Sum of driver times multiplier, relative like relative_gap.
    osqp_residuals
        OSQP's primal and dual residual in its own scaling, or None.
    """

    signal: NDArray[np.float64]
    phasic: NDArray[np.float64]
    tonic: NDArray[np.float64]
    driver: NDArray[np.float64]
    residual: NDArray[np.float64]
    sampling_rate: float
    spline: NDArray[np.float64]
    drift: NDArray[np.float64]
    knots: NDArray[np.int64]
    settings: Settings
    mean: float
    scale: float
    weights: NDArray[np.float64] | None
    status: Status
    iterations: int
    objective: float
    duality_gap: float
    relative_gap: float
    stationarity: float
    complementarity: float
    osqp_residuals: tuple[float, float] | None
    _start: tuple[float, float] = field(repr=False)
    _knot_grid: tuple[int, int, int] | None = field(repr=False)

    @property
    def converged(self) -> bool:
        """Whether the status is "optimal"."""
        return self.status == "optimal"

    @property
    def time(self) -> NDArray[np.float64]:
        """Time of each sample, (n,), seconds from the first."""
        return np.arange(self.signal.size) / self.sampling_rate

    @cached_property
    def quality(self) -> Quality:
        """What the method does badly on this signal, in numbers and plain words."""
        return assess(self)

    def is_optimal(self, tol: float = 1e-6) -> bool:
        """Recompute the KKT conditions from the data, without trusting the solver.

        Rebuilds phasic and tonic part from driver and coefficients, compares them with the ones here, and bounds the distance
        to the optimum by weak duality.

        Parameters
        ----------
        tol
            Largest relative duality gap, violation of stationarity, and difference of a part over the signal's scale; > 0.
        """
        evidence, phasic, tonic = _core.certify(
            self._observed(),
            self.weights,
            1.0 / self.sampling_rate,
            core_settings(self.settings, self._knot_grid),
            self.driver,
            self.residual,
            self.spline,
            self.drift,
            self._start,
        )
        furthest = max(float(np.abs(phasic - self.phasic).max()), float(np.abs(tonic - self.tonic).max()))
        return bool(
            (self.driver >= 0).all()
            and furthest <= tol * self.scale
            and evidence.relative_gap <= tol
            and evidence.stationarity <= tol
        )

    def to_frame(self) -> pd.DataFrame:
        """Return the parts as a DataFrame with NeuroKit's column names: EDA_Tonic, EDA_Phasic, EDA_SMNA (driver), EDA_Residual."""
        import pandas as pd

        return pd.DataFrame(
            {
                "EDA_Tonic": self.tonic,
                "EDA_Phasic": self.phasic,
                "EDA_SMNA": self.driver,
                "EDA_Residual": self.residual,
            }
        )

    def summary(self) -> dict[str, Any]:
        """Return the evidence, the settings and the quality as plain numbers and words, fit for JSON."""
        from dataclasses import asdict

        quality = self.quality
        return {
            "n_samples": int(self.signal.size),
            "sampling_rate": self.sampling_rate,
            "status": self.status,
            "iterations": self.iterations,
            "objective": self.objective,
            "duality_gap": self.duality_gap,
            "relative_gap": self.relative_gap,
            "stationarity": self.stationarity,
            "complementarity": self.complementarity,
            "mean": self.mean,
            "scale": self.scale,
            "n_missing": 0 if self.weights is None else int(np.count_nonzero(self.weights == 0)),
            "quality": {**asdict(quality), "messages": list(quality.messages)},
            "settings": asdict(self.settings),
        }

    def plot(self) -> Figure:
        """Draw the signal, its parts and the driver; needs the `plot` extra."""
        from ressin.plots import plot_decomposition

        return plot_decomposition(self)

    def scrs(self, *, min_amplitude: float = 0.01) -> pd.DataFrame:
        """Return the skin conductance responses that the driver holds; see `ressin.events.find_scrs`."""
        from ressin.events import find_scrs

        return find_scrs(self, min_amplitude=min_amplitude)

    def _observed(self) -> NDArray[np.float64]:
        """The signal with zeros, which carry no weight, where it is missing."""
        return self.signal if self.weights is None else np.where(np.isnan(self.signal), 0.0, self.signal)


def decompose(
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
    standardize: bool = True,
    solver: Solver = "interior_point",
    tol: float = 1e-8,
    max_iterations: int = 100,
    missing: Missing = "raise",
    sample_weight: ArrayLike | None = None,
    knots: ArrayLike | None = None,
    warm_start: bool = True,
    osqp_eps: float = 1e-6,
    on_failure: Literal["raise", "return"] = "raise",
    n_threads: int = 0,
) -> Decomposition:
    """Split a skin conductance signal into its phasic and tonic part by cvxEDA.

    Solves, exactly and in time proportional to the length,

        minimise 1/2 ||M q + B l + C d - y||^2 + alpha 1'A q + gamma/2 ||l||^2   subject to   A q >= 0

    for the driver p = A q, the phasic part r = M q and the tonic part t = B l + C d.

    Parameters
    ----------
    signal
        (n,) skin conductance, n >= 4, in microsiemens or any other unit: lists, Series and arrays of any real dtype.
    sampling_rate
        Hz, > 0.
    tau0, tau1, delta_knot, alpha, gamma, revision, baseline, standardize
        The programme; see `Settings`.
    solver, tol, max_iterations, warm_start, osqp_eps, n_threads
        How it is solved; see `Settings`.
    missing
        "raise" an error at NaN, or "solve" through it: the parts are then defined in the gaps too.
    sample_weight
        (n,) weight of each sample's squared residual, finite and >= 0; 0 means missing.
    knots
        Equally spaced sample indices of the tonic spline's knots, instead of one every delta_knot seconds.
    on_failure
        "raise" a ConvergenceError where the tolerance was not reached, or "return" the result with its status.

    Returns
    -------
    Decomposition
        The parts in the signal's unit, and the evidence that they are optimal.

    Raises
    ------
    InvalidInputError
        A signal or a setting that cannot be used.
    ConvergenceError
        The programme was not solved to `tol`; its `result` attribute holds what there is.

    Notes
    -----
    A structured primal-dual interior point method (Mehrotra's predictor and corrector), whose Newton step is a linear-quadratic
    regulator over the response filter's two states, solved by a Riccati recursion. The result does not depend on the threads.

    References
    ----------
    A. Greco, G. Valenza, A. Lanata, E. P. Scilingo, L. Citi, "cvxEDA: a convex optimization approach to electrodermal activity
    processing", IEEE Trans. Biomed. Eng. 63 (2016) 797-804, doi:10.1109/TBME.2015.2474131.

    Examples
    --------
    >>> import ressin
    >>> from ressin.simulate import simulate_eda
    >>> recording = simulate_eda(60, 50, rng=0)
    >>> result = ressin.decompose(recording.signal, sampling_rate=50)
    >>> result.status, bool(result.is_optimal(1e-8))
    ('optimal', True)
    """
    settings = Settings(
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
    _check_option("on_failure", on_failure, ("raise", "return"))
    job = _Job.make(signal, sampling_rate, sample_weight, knots, settings)
    (result,) = _solve([job], settings, None)
    if on_failure == "raise":
        _raise_unconverged(result)
    return result


def decompose_batch(
    signals: Mapping[Any, ArrayLike] | Iterable[ArrayLike],
    sampling_rate: float | Sequence[float] | Mapping[Any, float],
    *,
    tau0: float = 2.0,
    tau1: float = 0.7,
    delta_knot: float = 10.0,
    alpha: float = 8e-4,
    gamma: float = 1e-2,
    revision: Revision = "2025",
    baseline: Baseline = "linear",
    standardize: bool = True,
    solver: Solver = "interior_point",
    tol: float = 1e-8,
    max_iterations: int = 100,
    missing: Missing = "raise",
    knots: ArrayLike | None = None,
    warm_start: bool = True,
    osqp_eps: float = 1e-6,
    errors: Literal["raise", "return"] = "raise",
    progress: bool | Callable[[int, int], object] = False,
    n_threads: int = 0,
) -> Any:
    """Decompose many signals at once: several side by side in the lanes of each core, all cores.

    Each result is bit for bit the same whatever the other signals, their order and the number of threads.

    Parameters
    ----------
    signals
        A 2-D array (n_signals, n), a sequence of 1-D signals of any lengths, or a mapping of names to signals.
    sampling_rate
        Hz: one number, one for each signal, or a mapping with the signals' keys.
    tau0, tau1, delta_knot, alpha, gamma, revision, baseline, standardize, solver, tol, max_iterations, missing, knots, warm_start, osqp_eps, n_threads
        As in `decompose`, for all signals.
    errors
        "raise" the error of the first signal that cannot be decomposed, or "return" it in that signal's place: the others finish.
    progress
        True for a tqdm bar (needs tqdm), or a function called with (done, total) a few times a second.

    Returns
    -------
    list or dict
        For each signal, in order or by key, its `Decomposition`, or where errors is "return" its `RessinError`.

    Raises
    ------
    InvalidInputError
        A setting, or with errors="raise" a signal, that cannot be used; the message names the signal.
    ConvergenceError
        With errors="raise": a programme that was not solved to `tol`.
    KeyboardInterrupt
        Ctrl-C stops the batch within a fraction of a second.
    """
    settings = Settings(
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
    _check_option("errors", errors, ("raise", "return"))
    keys, items = _name_signals(signals)
    rates = _spread_rates(sampling_rate, keys, isinstance(signals, Mapping))
    results: list[Decomposition | RessinError] = []
    jobs: list[_Job] = []
    for key, signal, rate in zip(keys, items, rates, strict=True):
        try:
            jobs.append(_Job.make(signal, rate, None, knots, settings))
            results.append(RessinError("not solved"))  # its place, filled below
        except InvalidInputError as error:
            named = InvalidInputError(f"signal {key!r}: {error}")
            if errors == "raise":
                raise named from error
            results.append(named)
    solved = iter(_solve_with_progress(jobs, settings, progress))
    for i, key in enumerate(keys):
        if isinstance(results[i], InvalidInputError):
            continue
        result = next(solved)
        try:
            _raise_unconverged(result, f"signal {key!r}: ")
            results[i] = result
        except ConvergenceError as error:
            if errors == "raise":
                raise
            results[i] = error
    return dict(zip(keys, results, strict=True)) if isinstance(signals, Mapping) else results


@dataclass(frozen=True)
class _Job:
    """One signal, checked."""

    signal: NDArray[np.float64]
    sampling_rate: float
    weights: NDArray[np.float64] | None
    observed: NDArray[np.float64]  # the signal, with zeros where it is missing
    knots: tuple[int, int, int] | None

    @classmethod
    def make(
        cls, signal: ArrayLike, sampling_rate: object, sample_weight: ArrayLike | None, knots: ArrayLike | None, settings: Settings
    ) -> _Job:
        rate = check_sampling_rate(sampling_rate)
        grid = check_knots(knots, settings, rate)
        array = check_signal(signal)
        weights, missing = check_missing(array, sample_weight, settings.missing)
        observed = array if missing is None else np.where(missing, 0.0, array)
        return cls(array, rate, weights, observed, grid)


def _solve(
    jobs: Sequence[_Job], settings: Settings, progress: Callable[[int, int], object] | None
) -> list[Decomposition]:
    if not jobs:
        return []
    grid = jobs[0].knots
    core = core_settings(settings, grid)
    raw = _core.decompose(
        [j.observed for j in jobs], [j.weights for j in jobs], [1.0 / j.sampling_rate for j in jobs], core, progress
    )
    return [_wrap(job, r, settings) for job, r in zip(jobs, raw, strict=True)]


def _wrap(job: _Job, r: _core.Result, settings: Settings) -> Decomposition:
    evidence = r.evidence
    first, spacing, count = r.knots
    return Decomposition(
        signal=job.signal,
        phasic=r.phasic,
        tonic=r.tonic,
        driver=r.driver,
        residual=r.residual if job.observed is job.signal else np.where(np.isnan(job.signal), np.nan, r.residual),
        sampling_rate=job.sampling_rate,
        spline=r.spline,
        drift=r.drift,
        knots=first + spacing * np.arange(count),
        settings=settings,
        mean=r.mean,
        scale=r.scale,
        weights=job.weights,
        status=r.status,
        iterations=r.iterations,
        objective=evidence.objective,
        duality_gap=evidence.duality_gap,
        relative_gap=evidence.relative_gap,
        stationarity=evidence.stationarity,
        complementarity=evidence.complementarity,
        osqp_residuals=r.osqp_residuals if settings.solver == "osqp" else None,
        _start=r.start,
        _knot_grid=job.knots,
    )


def _solve_with_progress(
    jobs: Sequence[_Job], settings: Settings, progress: bool | Callable[[int, int], object]
) -> list[Decomposition]:
    if progress is False:
        return _solve(jobs, settings, None)
    if callable(progress):
        solved = _solve(jobs, settings, progress)
        progress(len(jobs), len(jobs))
        return solved
    try:
        from tqdm.auto import tqdm
    except ImportError:
        raise InvalidInputError("progress=True needs tqdm: install it, or pass a function of (done, total)") from None
    with tqdm(total=len(jobs), unit="signal", desc="cvxEDA") as bar:

        def show(done: int, total: int) -> None:
            bar.update(done - bar.n)

        solved = _solve(jobs, settings, show)
        bar.update(len(jobs) - bar.n)
    return solved


def _raise_unconverged(result: Decomposition, where: str = "") -> None:
    if result.converged:
        return
    raise ConvergenceError(
        f"{where}{result.settings.solver} stopped after {result.iterations} iterations with status {result.status!r} and a relative "
        f"duality gap of {result.relative_gap:.1e} (tol is {result.settings.tol:g}): {_ADVICE[result.status]}",
        result,
    )


def _name_signals(signals: Mapping[Any, ArrayLike] | Iterable[ArrayLike]) -> tuple[list[Any], list[ArrayLike]]:
    if isinstance(signals, Mapping):
        return list(signals.keys()), list(signals.values())
    if isinstance(signals, np.ndarray) and signals.ndim != 2:
        raise InvalidInputError(
            f"signals has shape {signals.shape}; it must be two-dimensional (n_signals, n), a sequence of signals, or a mapping"
        )
    if isinstance(signals, (str, bytes)) or not isinstance(signals, Iterable):
        raise InvalidInputError(f"signals is a {type(signals).__name__}; it must be a 2-D array, a sequence of signals, or a mapping")
    items = list(signals)
    return list(range(len(items))), items


def _spread_rates(
    sampling_rate: float | Sequence[float] | Mapping[Any, float], keys: list[Any], by_key: bool
) -> list[Any]:
    if isinstance(sampling_rate, Mapping):
        absent = [k for k in keys if k not in sampling_rate]
        if not by_key or absent:
            detail = f"it has no entry for {absent[0]!r}" if absent else "the signals are not a mapping"
            raise InvalidInputError(f"sampling_rate is a mapping, but {detail}; give one number, or one for each signal")
        return [sampling_rate[k] for k in keys]
    if sampling_rate is None or isinstance(sampling_rate, (str, bytes)) or np.ndim(sampling_rate) == 0:
        check_sampling_rate(sampling_rate)
        return [sampling_rate] * len(keys)
    rates = list(np.asarray(sampling_rate).ravel())
    if len(rates) != len(keys):
        raise InvalidInputError(f"sampling_rate has {len(rates)} entries for {len(keys)} signals")
    return rates


def _check_option(name: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise InvalidInputError(f"{name} is {value!r}; it must be {' or '.join(repr(c) for c in choices)}")

"""Skin conductance split into its phasic and tonic part, one signal or thousands."""

from __future__ import annotations

import sys
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence, ValuesView
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar, get_args, overload

import numpy as np

from ressin._progress import Progress, show_progress
from ressin.decomposition.bands import check_draws, with_bands
from ressin.decomposition.result import Decomposition
from ressin.decomposition.solve import Batch, Grid, Job, raise_unconverged, solve, warn_of_impossible
from ressin.errors import ConvergenceError, InvalidInputError, RessinError
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
    check_option,
    check_sampling_rate,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    # Not any Iterable: a mapping is one, of its keys.
    Many: TypeAlias = Sequence[ArrayLike] | NDArray[Any] | Iterator[ArrayLike] | ValuesView[ArrayLike]
    Rates: TypeAlias = float | Sequence[float] | Mapping[Any, float]
    Weights: TypeAlias = Iterable[ArrayLike | None] | Mapping[Any, ArrayLike | None] | None

Key = TypeVar("Key", bound=Hashable)


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
    believed, a, is a multiple of the noise and 2 % of the phasic part's height; alpha is 0.847 a (for the default time
    constants, in the signal's unit times seconds), delta 4 alpha per second and kappa 9 alpha. A round solves the
    programme with these, and once more with each sample's costs divided by one plus what the first solution has there.
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
    result = _with_index(batch.results[0], signal)
    if errors == "raise" and batch.unproved:
        raise_unconverged(result)
    warn_of_impossible(batch)
    if n_boot == 0:
        return result
    return with_bands(result, n_boot, seed=boot_seed, n_threads=n_threads)


@overload
def decompose_batch(
    signals: Mapping[Key, ArrayLike],
    sampling_rate: Rates,
    *,
    programme: Programme = ...,
    tau0: float = ...,
    tau1: float = ...,
    delta_knot: float = ...,
    alpha: float = ...,
    gamma: float = ...,
    revision: Revision = ...,
    baseline: Baseline = ...,
    standardize: bool = ...,
    solver: Solver = ...,
    tol: float = ...,
    max_iterations: int = ...,
    missing: Missing = ...,
    sample_weight: Weights = ...,
    knots: ArrayLike | None = ...,
    warm_start: bool = ...,
    osqp_eps: float = ...,
    errors: Literal["raise"] = ...,
    progress: Progress = ...,
    n_threads: int = ...,
) -> dict[Key, Decomposition]: ...
@overload
def decompose_batch(
    signals: Mapping[Key, ArrayLike],
    sampling_rate: Rates,
    *,
    programme: Programme = ...,
    tau0: float = ...,
    tau1: float = ...,
    delta_knot: float = ...,
    alpha: float = ...,
    gamma: float = ...,
    revision: Revision = ...,
    baseline: Baseline = ...,
    standardize: bool = ...,
    solver: Solver = ...,
    tol: float = ...,
    max_iterations: int = ...,
    missing: Missing = ...,
    sample_weight: Weights = ...,
    knots: ArrayLike | None = ...,
    warm_start: bool = ...,
    osqp_eps: float = ...,
    errors: Errors,
    progress: Progress = ...,
    n_threads: int = ...,
) -> dict[Key, Decomposition | RessinError]: ...
@overload
def decompose_batch(
    signals: Many,
    sampling_rate: Rates,
    *,
    programme: Programme = ...,
    tau0: float = ...,
    tau1: float = ...,
    delta_knot: float = ...,
    alpha: float = ...,
    gamma: float = ...,
    revision: Revision = ...,
    baseline: Baseline = ...,
    standardize: bool = ...,
    solver: Solver = ...,
    tol: float = ...,
    max_iterations: int = ...,
    missing: Missing = ...,
    sample_weight: Weights = ...,
    knots: ArrayLike | None = ...,
    warm_start: bool = ...,
    osqp_eps: float = ...,
    errors: Literal["raise"] = ...,
    progress: Progress = ...,
    n_threads: int = ...,
) -> list[Decomposition]: ...
@overload
def decompose_batch(
    signals: Many,
    sampling_rate: Rates,
    *,
    programme: Programme = ...,
    tau0: float = ...,
    tau1: float = ...,
    delta_knot: float = ...,
    alpha: float = ...,
    gamma: float = ...,
    revision: Revision = ...,
    baseline: Baseline = ...,
    standardize: bool = ...,
    solver: Solver = ...,
    tol: float = ...,
    max_iterations: int = ...,
    missing: Missing = ...,
    sample_weight: Weights = ...,
    knots: ArrayLike | None = ...,
    warm_start: bool = ...,
    osqp_eps: float = ...,
    errors: Errors,
    progress: Progress = ...,
    n_threads: int = ...,
) -> list[Decomposition | RessinError]: ...
def decompose_batch(
    signals: Mapping[Any, ArrayLike] | Iterable[ArrayLike],
    sampling_rate: Rates,
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
    sample_weight: Weights = None,
    knots: ArrayLike | None = None,
    warm_start: bool = True,
    osqp_eps: float = 1e-6,
    errors: Errors = "raise",
    progress: Progress = False,
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
    programme, tau0, tau1, delta_knot, alpha, gamma, revision, baseline, standardize, solver, tol, max_iterations,
    missing, knots, warm_start, osqp_eps, n_threads
        As in `decompose`, for all signals. The robust programme finds its costs in each signal.
    sample_weight
        For each signal, in order or by key, (n,) weights as in `decompose`, or None for ones.
    errors
        "raise" the error of the first signal that cannot be decomposed, or "return" it in that signal's place: the
        others finish.
    progress
        True for a tqdm bar (needs tqdm), or a function called with (done, total) a few times a second.

    Returns
    -------
    list or dict
        For each signal, in order or by key, its `Decomposition`, or where errors is "return" its `RessinError`. The
        results of a batch have their parts in one array, which lives as long as any of them: to keep a few of many,
        keep ``copy.deepcopy(result)``, whose arrays are its own.

    Raises
    ------
    InvalidInputError
        A setting, or with errors="raise" a signal, that cannot be used; the message names the signal.
    ConvergenceError
        With errors="raise": a programme that was not solved to `tol`.
    KeyboardInterrupt
        Ctrl-C stops the batch within a fraction of a second (solver="osqp": once the matrices at hand are factored,
        which takes seconds for hundreds of thousands of samples).
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
    check_option("errors", errors, get_args(Errors))
    if knots is not None:
        check_cvxeda("knots", "given", settings)
    keys, items = _name_signals(signals)
    by_key = isinstance(signals, Mapping)
    rates = _spread_rates(sampling_rate, keys, by_key)
    weights = _spread_weights(sample_weight, keys, by_key)
    refused: dict[int, RessinError] = {}
    jobs: list[Job] = []
    grid, grid_rate = None, None
    for i, (key, signal, rate, weight) in enumerate(zip(keys, items, rates, weights, strict=True)):
        try:
            if grid is None or rate is not grid_rate:
                grid, grid_rate = Grid.make(rate, knots, settings), rate
            jobs.append(Job.make(signal, grid, weight, settings))
        except InvalidInputError as error:
            named = InvalidInputError(f"signal {key!r}: {error}")
            if errors == "raise":
                raise named from error
            refused[i] = named
    with show_progress(progress, len(jobs), "signal") as callback:
        batch = solve(jobs, settings, callback)
    kept = [i for i in range(len(keys)) if i not in refused] if refused else range(len(keys))
    found: list[Decomposition | RessinError] = [
        _with_index(x, items[i]) for i, x in zip(kept, batch.results, strict=True)
    ]
    for k in batch.unproved:
        found[k] = _unconverged(found[k], keys[kept[k]], errors)
    proved = Batch(batch.results, [], [k for k in batch.doubtful if isinstance(found[k], Decomposition)])
    warn_of_impossible(proved, [keys[i] for i in kept])
    for i, reason in refused.items():  # in ascending order
        found.insert(i, reason)
    return dict(zip(keys, found, strict=True)) if by_key else found


def _unconverged(result: Decomposition | RessinError, key: object, errors: Errors) -> RessinError:
    """Return, or where `errors` says so raise, the error of a result that did not reach the tolerance."""
    assert isinstance(result, Decomposition)
    try:
        raise_unconverged(result, f"signal {key!r}: ")
    except ConvergenceError as error:
        if errors == "raise":
            raise
        return error
    raise AssertionError("a result that is not proved did not converge")


def _with_index(result: Decomposition, signal: ArrayLike) -> Decomposition:
    """Keep the index of a pandas Series, where it is not just 0, 1, 2 ..."""
    pandas: Any = sys.modules.get("pandas")
    if pandas is None or not isinstance(signal, pandas.Series):
        return result
    index = signal.index
    plain = isinstance(index, pandas.RangeIndex) and (index.start, index.step) == (0, 1)
    return result if plain else replace(result, index=index)


def _name_signals(signals: Mapping[Any, ArrayLike] | Iterable[ArrayLike]) -> tuple[list[Any], list[ArrayLike]]:
    if isinstance(signals, Mapping):
        return list(signals.keys()), list(signals.values())
    if isinstance(signals, np.ndarray) and signals.ndim != 2:
        raise InvalidInputError(
            f"signals has shape {signals.shape}; it must be two-dimensional (n_signals, n), a sequence, or a mapping"
        )
    if isinstance(signals, (str, bytes)) or hasattr(signals, "columns") or not isinstance(signals, Iterable):
        raise InvalidInputError(
            f"signals is a {type(signals).__name__}; it must be a 2-D array, a sequence of signals, or a mapping"
            + (": dict(frame.items()) takes a table's columns" if hasattr(signals, "columns") else "")
        )
    items = list(signals)
    return list(range(len(items))), items


def _spread_rates(sampling_rate: Rates, keys: list[Any], by_key: bool) -> list[Any]:
    if isinstance(sampling_rate, Mapping):
        return _by_key("sampling_rate", sampling_rate, keys, by_key)
    if isinstance(sampling_rate, (str, bytes)) or np.ndim(sampling_rate) == 0:
        return [check_sampling_rate(sampling_rate)] * len(keys)
    rates = list(sampling_rate)  # type: ignore[arg-type]  # np.ndim told numbers apart
    if len(rates) != len(keys):
        raise InvalidInputError(f"sampling_rate has {len(rates)} entries for {len(keys)} signals")
    return rates


def _spread_weights(sample_weight: Weights, keys: list[Any], by_key: bool) -> list[Any]:
    if sample_weight is None:
        return [None] * len(keys)
    if isinstance(sample_weight, Mapping):
        return _by_key("sample_weight", sample_weight, keys, by_key)
    weights = list(sample_weight)
    if len(weights) != len(keys):
        raise InvalidInputError(f"sample_weight has {len(weights)} entries for {len(keys)} signals")
    return weights


def _by_key(name: str, values: Mapping[Any, Any], keys: list[Any], by_key: bool) -> list[Any]:
    absent = [k for k in keys if k not in values]
    if not by_key or absent:
        detail = f"it has no entry for {absent[0]!r}" if absent else "the signals are not a mapping"
        raise InvalidInputError(f"{name} is a mapping, but {detail}; give one entry for each signal")
    return [values[k] for k in keys]

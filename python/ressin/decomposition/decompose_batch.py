"""Skin conductance split into its phasic and tonic part: many signals at once."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence, ValuesView
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar, get_args, overload

import numpy as np

from ressin._progress import Progress, show_progress
from ressin.decomposition.inputs import are_usual
from ressin.decomposition.result import Decomposition
from ressin.decomposition.solve import Batch, Grid, Job, raise_unconverged, solve, warn_of_impossible, with_index
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
    by_key = isinstance(signals, Mapping)
    keys, items = _name_signals(signals)
    rates = _spread_rates(sampling_rate, keys, by_key)
    weights = _spread_weights(sample_weight, keys, by_key)
    jobs, refused = _check_all(keys, items, rates, weights, knots, settings, errors)
    with show_progress(progress, len(jobs), "signal") as callback:
        batch = solve(jobs, settings, callback)
    kept = [i for i in range(len(keys)) if i not in refused] if refused else range(len(keys))
    found: list[Decomposition | RessinError] = [
        x if type(items[i]) is np.ndarray else with_index(x, items[i]) for i, x in zip(kept, batch.results, strict=True)
    ]
    for k in batch.unproved:
        found[k] = _unconverged(found[k], keys[kept[k]], errors)
    proved = Batch(batch.results, [], [k for k in batch.doubtful if isinstance(found[k], Decomposition)])
    warn_of_impossible(proved, [keys[i] for i in kept])
    for i, reason in refused.items():  # in ascending order
        found.insert(i, reason)
    return dict(zip(keys, found, strict=True)) if by_key else found


def _check_all(
    keys: list[Any],
    signals: list[ArrayLike],
    rates: list[Any],
    weights: list[Any],
    knots: ArrayLike | None,
    settings: Settings,
    errors: Errors,
) -> tuple[list[Job], dict[int, RessinError]]:
    """Check each signal, rate and weights: those that can be solved, and by place why others cannot."""
    jobs: list[Job] = []
    refused: dict[int, RessinError] = {}
    grid, grid_rate = None, None
    each = zip(keys, signals, rates, weights, are_usual(signals), strict=True)
    for i, (key, signal, rate, weight, is_usual) in enumerate(each):
        try:
            if grid is None or rate is not grid_rate:
                grid, grid_rate = Grid.make(rate, knots, settings), rate
            if is_usual and weight is None:
                jobs.append(Job(signal, grid, None, signal))  # type: ignore[arg-type]  # a usual one is an array
            else:
                jobs.append(Job.make(signal, grid, weight, settings))
        except InvalidInputError as error:
            named = InvalidInputError(f"signal {key!r}: {error}")
            if errors == "raise":
                raise named from error
            refused[i] = named
    return jobs, refused


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

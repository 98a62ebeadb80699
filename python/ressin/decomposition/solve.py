"""Checked signals through the compiled core.

`solve` takes signals of any lengths and returns a `Decomposition` each. `solve_rows` takes many programmes of one
length over stretches of one array and returns two-dimensional arrays: windows, the settings of a sweep and the
replicates of a bootstrap go this way, and a row becomes a `Decomposition`, with its dozen Python objects, only when
asked for.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ressin import _core
from ressin.decomposition.inputs import check_missing, check_osqp_weights, check_signal
from ressin.decomposition.quality import impossible
from ressin.decomposition.readonly import ReadOnly
from ressin.decomposition.result import Decomposition, Status, UsedSolver
from ressin.decomposition.robust import solve_robust
from ressin.errors import ConvergenceError, QualityWarning
from ressin.settings import Settings, check_knots, check_sampling_rate, core_settings

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


ADVICE = {
    "inaccurate": "the digits of double precision ran out before the tolerance was reached: ask for a larger tol",
    "max_iterations": "the iterations ran out: allow more with max_iterations, or ask for a larger tol",
    "insufficient_progress": "the steps stopped improving the solution before the tolerance was reached, and more "
    "iterations would not: look for extreme values in the signal or the settings, or ask for a larger tol",
    "failed": "the numbers broke down: look for extreme values in the signal or the settings",
}


SOLVERS: tuple[UsedSolver, ...] = ("interior_point", "active_set", "osqp")  # by the core's number
STATUSES: tuple[Status, ...] = _core.STATUSES  # by the core's number, from the best to the worst
_MOST_BYTES = 64 << 20


@dataclass(frozen=True)
class Grid:
    """Sampling rate and knots, checked; signals of one rate share them."""

    sampling_rate: float
    knots: tuple[int, int, int] | None

    @classmethod
    def make(cls, sampling_rate: object, knots: ArrayLike | None, settings: Settings) -> Grid:
        """Check a sampling rate and the knots, or raise InvalidInputError."""
        rate = check_sampling_rate(sampling_rate)
        return cls(rate, check_knots(knots, settings, rate))


class Job(NamedTuple):
    """One signal, checked."""

    signal: NDArray[np.float64]  # no copy if it was float64 already
    grid: Grid
    weights: NDArray[np.float64] | None
    observed: NDArray[np.float64]  # the signal, with zeros where it is missing

    @classmethod
    def make(cls, signal: ArrayLike, grid: Grid, sample_weight: ArrayLike | None, settings: Settings) -> Job:
        """Check a signal and its weights, or raise InvalidInputError."""
        array = check_signal(signal)
        weights, missing = check_missing(array, sample_weight, settings.missing)
        check_osqp_weights(weights, settings.solver)
        observed = array if missing is None else np.where(missing, 0.0, array)
        return cls(array, grid, weights, observed)


@dataclass(frozen=True, kw_only=True, eq=False)
class SolvedRows(ReadOnly):
    """Programmes of one length, solved: row i of every array belongs to programme i.

    Attributes
    ----------
    phasic, tonic, driver, residual
        (m, n) in the signal's unit (the driver per second).
    mean, scale
        (m,) each programme was solved on (signal - mean) / scale.
    start
        (m, 2) the 2015 revision's free start; zeros in the 2025 revision.
    status
        (m,) place in `STATUSES`.
    solver
        (m,) place in `SOLVERS`.
    iterations
        (m,) Solves of the active set, Newton steps, or OSQP's iterations.
    objective, duality_gap, relative_gap, stationarity, complementarity
        (m,) the evidence, as in `Decomposition`.
    osqp_residuals
        (m, 2) OSQP's primal and dual residual.
    knots
        (m, 3) first sample, spacing and number.
    spline, drift, spline_ends, drift_ends
        The coefficients of all programmes end to end; those of programme i are
        ``spline[spline_ends[i] : spline_ends[i + 1]]``.
    """

    phasic: NDArray[np.float64]
    tonic: NDArray[np.float64]
    driver: NDArray[np.float64]
    residual: NDArray[np.float64]
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    start: NDArray[np.float64]
    status: NDArray[np.int8]
    solver: NDArray[np.int8]
    iterations: NDArray[np.int64]
    objective: NDArray[np.float64]
    duality_gap: NDArray[np.float64]
    relative_gap: NDArray[np.float64]
    stationarity: NDArray[np.float64]
    complementarity: NDArray[np.float64]
    osqp_residuals: NDArray[np.float64]
    knots: NDArray[np.int64]
    spline: NDArray[np.float64]
    drift: NDArray[np.float64]
    spline_ends: NDArray[np.int64]
    drift_ends: NDArray[np.int64]


@dataclass(frozen=True)
class Batch:
    """The jobs' results in their order, which of them did not reach the tolerance, and which may be impossible."""

    results: list[Decomposition]
    unproved: list[int]
    doubtful: list[int]


def solve(jobs: Sequence[Job], settings: Settings, progress: Callable[[int, int], object] | None) -> Batch:
    """Solve the jobs' programmes; progress is called with (done, total)."""
    if not jobs:
        return Batch([], [], [])
    if settings.programme == "robust":
        robust = _solve_robust(jobs, settings, progress)
        return Batch(robust, [i for i, x in enumerate(robust) if not x.converged], [])
    results: list[Decomposition] = []

    def wrap(solved: _core.Solved) -> None:  # while other threads are at work
        results.extend(_wrap_core(job, solved, i, settings) for i, job in enumerate(jobs))

    solved = _core.decompose(
        [j.observed for j in jobs],
        [j.weights for j in jobs],
        [1.0 / j.grid.sampling_rate for j in jobs],
        core_settings(settings, jobs[0].grid.knots),
        progress,
        wrap,
    )
    for i, job in enumerate(jobs):
        if job.observed is not job.signal:
            fields = vars(results[i])
            fields.pop("_later")
            fields.update(_without_missing(job, dict(solved.fields(i))))
    return Batch(results, solved.unproved(), solved.doubtful())


def _solve_robust(
    jobs: Sequence[Job], settings: Settings, progress: Callable[[int, int], object] | None
) -> list[Decomposition]:
    intervals = [1.0 / j.grid.sampling_rate for j in jobs]
    solved = solve_robust([j.observed for j in jobs], [j.weights for j in jobs], intervals, settings, progress)
    results = []
    for job, parts in zip(jobs, solved, strict=True):
        fields = _without_missing(job, {"signal": job.observed.copy(), **parts})
        results.append(_make(fields | _of_job(job, settings)))
    return results


def _wrap_core(job: Job, solved: _core.Solved, index: int, settings: Settings) -> Decomposition:
    """Wrap one of the core's results; its parts are made when they are asked for."""
    return _make({"_later": (solved, index), **_of_job(job, settings)})


def _of_job(job: Job, settings: Settings) -> dict[str, object]:
    if job.weights is not None:
        job.weights.flags.writeable = False
    return {
        "sampling_rate": job.grid.sampling_rate,
        "settings": settings,
        "weights": job.weights,
        "_knot_grid": job.grid.knots,
    }


def _without_missing(job: Job, fields: dict[str, Any]) -> dict[str, Any]:
    """Put NaN where the signal is missing."""
    if job.observed is not job.signal:
        missing = np.isnan(job.signal)
        for name in ("signal", "residual"):
            fields[name] = np.where(missing, np.nan, fields[name])
            fields[name].flags.writeable = False
    return fields


def _make(fields: dict[str, object]) -> Decomposition:
    """Make a decomposition at once: a frozen dataclass sets its fields one by one, which takes longer."""
    result = object.__new__(Decomposition)
    vars(result).update(fields)
    return result


def with_index(result: Decomposition, signal: ArrayLike) -> Decomposition:
    """Keep the index of a pandas Series, where it is not just 0, 1, 2 ..."""
    pandas: Any = sys.modules.get("pandas")
    if pandas is None or not isinstance(signal, pandas.Series):
        return result
    index = signal.index
    plain = isinstance(index, pandas.RangeIndex) and (index.start, index.step) == (0, 1)
    return result if plain else replace(result, index=index)


def raise_unconverged(result: Decomposition, where: str = "") -> None:
    """Raise ConvergenceError, naming `where`, for a result that did not reach its tolerance."""
    if result.converged:
        return
    raise ConvergenceError(
        f"{where}{result.solver} stopped after {result.iterations} iterations with status {result.status!r} "
        f"and a relative duality gap of {result.relative_gap:.1e} (tol is {result.settings.tol:g}): "
        f"{ADVICE[result.status]}",
        result,
    )


def warn_of_impossible(batch: Batch, names: Sequence[object] | None = None) -> None:
    """Issue one QualityWarning for those of cvxEDA's results whose parts cannot be what they are named after."""
    found = [(i, reason) for i in batch.doubtful if (reason := _reason(batch.results[i])) is not None]
    if not found:
        return
    first, reason = found[0]
    where = "" if names is None else f"signal {names[first]!r}, one of {len(found)} like it: "
    warnings.warn(
        f"{where}cvxEDA's solution is exact, but {reason}; programme='robust' keeps the level physical",
        QualityWarning,
        stacklevel=3,
    )


def _reason(result: Decomposition) -> str | None:
    return None if result.status == "failed" else impossible(result)


def solve_rows(
    signal: NDArray[np.float64],
    starts: NDArray[np.int64],
    length: int,
    sampling_rate: float,
    settings: Sequence[Settings],
    *,
    weights: NDArray[np.float64] | None = None,
    weight_starts: NDArray[np.int64] | None = None,
    knots: tuple[int, int, int] | None = None,
    start: NDArray[np.float64] | None = None,
    are_close: bool = False,
    progress: Callable[[int, int], object] | None = None,
) -> SolvedRows:
    """Solve the programmes of ``signal[starts[i] : starts[i] + length]``, several side by side in the lanes of a core.

    Parameters
    ----------
    signal
        (n,) finite; where its weight is 0 it is not read.
    starts
        (m,) first sample of each programme, m >= 1.
    length
        Samples of every programme.
    sampling_rate
        Hz.
    settings
        One for all, or m. They may differ in tau0, tau1, delta_knot, alpha, gamma, revision and baseline; all else is
        the first one's.
    weights, weight_starts
        Array of sample weights >= 0, and where in it the weights of each programme start, (m,); -1 for ones. Without
        `weight_starts` weights[i] belongs to signal[i].
    knots
        First, spacing and number, for all; None for the reference's rule.
    start
        (length,) the driver of a programme much like all of these: the active set starts from where it is positive.
        The solutions agree to `tol` with those from nothing; their last digits may not.
    are_close
        Whether each programme is of a window that begins shortly after the one before it: the active set then solves
        runs of 32 of them, each from where the driver of the one before is positive.
    progress
        Called with (done, total).
    """
    if weights is None:
        weights, weight_starts = np.empty(0), np.full(starts.size, -1, dtype=np.int64)
    elif weight_starts is None:
        weight_starts = starts
    check_osqp_weights(weights, settings[0].solver)
    core = [core_settings(s, knots) for s in settings]
    near = np.empty(0) if start is None else start
    raw = _core.decompose_rows(
        signal, weights, starts, weight_starts, length, 1.0 / sampling_rate, core, near, are_close, progress
    )
    return SolvedRows(**{item.name: getattr(raw, item.name) for item in fields(SolvedRows)})


def rows_of_bytes(n: int) -> int:
    """Return how many rows of n samples to solve at a time, so that their parts take about 64 MB; a multiple of 16."""
    return max(16, _MOST_BYTES // (4 * 8 * n) // 16 * 16)


def row_as_decomposition(
    rows: SolvedRows,
    row: int,
    signal: NDArray[np.float64],
    weights: NDArray[np.float64] | None,
    sampling_rate: float,
    settings: Settings,
    knots: tuple[int, int, int] | None = None,
) -> Decomposition:
    """Wrap one row, with the signal as given (NaN where it is missing) and its weights, both (length,)."""
    first, spacing, count = (int(k) for k in rows.knots[row])
    residual = rows.residual[row]
    return Decomposition(
        signal=signal.copy(),
        phasic=rows.phasic[row].copy(),
        tonic=rows.tonic[row].copy(),
        driver=rows.driver[row].copy(),
        residual=np.where(np.isnan(signal), np.nan, residual),
        sampling_rate=sampling_rate,
        spline=rows.spline[rows.spline_ends[row] : rows.spline_ends[row + 1]].copy(),
        drift=rows.drift[rows.drift_ends[row] : rows.drift_ends[row + 1]].copy(),
        knots=first + spacing * np.arange(count),
        settings=settings,
        mean=float(rows.mean[row]),
        scale=float(rows.scale[row]),
        weights=None if weights is None else weights.copy(),
        status=STATUSES[int(rows.status[row])],
        solver=SOLVERS[int(rows.solver[row])],
        iterations=int(rows.iterations[row]),
        objective=float(rows.objective[row]),
        duality_gap=float(rows.duality_gap[row]),
        relative_gap=float(rows.relative_gap[row]),
        stationarity=float(rows.stationarity[row]),
        complementarity=float(rows.complementarity[row]),
        osqp_residuals=(float(rows.osqp_residuals[row, 0]), float(rows.osqp_residuals[row, 1]))
        if settings.solver == "osqp"
        else None,
        _start=(float(rows.start[row, 0]), float(rows.start[row, 1])),
        _knot_grid=knots,
    )

"""Checked signals on their way through the compiled core."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ressin import _core
from ressin.decomposition import Decomposition
from ressin.errors import ConvergenceError
from ressin.settings import Settings, check_knots, check_sampling_rate, core_settings
from ressin.signals import check_missing, check_signal

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_ADVICE = {
    "inaccurate": "the digits of double precision ran out before the tolerance was reached: ask for a larger tol",
    "max_iterations": "the iterations ran out: allow more with max_iterations, or ask for a larger tol",
    "failed": "the numbers broke down: look for extreme values in the signal or the settings",
}


@dataclass(frozen=True)
class Job:
    """One signal, checked."""

    signal: NDArray[np.float64]
    sampling_rate: float
    weights: NDArray[np.float64] | None
    observed: NDArray[np.float64]  # the signal, with zeros where it is missing
    knots: tuple[int, int, int] | None

    @classmethod
    def make(
        cls,
        signal: ArrayLike,
        sampling_rate: object,
        sample_weight: ArrayLike | None,
        knots: ArrayLike | None,
        settings: Settings,
    ) -> Job:
        """Check a signal and what belongs to it, or raise InvalidInputError."""
        rate = check_sampling_rate(sampling_rate)
        grid = check_knots(knots, settings, rate)
        array = check_signal(signal)
        weights, missing = check_missing(array, sample_weight, settings.missing)
        observed = array if missing is None else np.where(missing, 0.0, array)
        return cls(array, rate, weights, observed, grid)


def solve(
    jobs: Sequence[Job], settings: Settings, progress: Callable[[int, int], object] | None
) -> list[Decomposition]:
    """Solve the jobs' programmes; progress is called with (done, total)."""
    if not jobs:
        return []
    grid = jobs[0].knots
    core = core_settings(settings, grid)
    raw = _core.decompose(
        [j.observed for j in jobs], [j.weights for j in jobs], [1.0 / j.sampling_rate for j in jobs], core, progress
    )
    return [_wrap(job, r, settings) for job, r in zip(jobs, raw, strict=True)]


def _wrap(job: Job, r: _core.Result, settings: Settings) -> Decomposition:
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


def raise_unconverged(result: Decomposition, where: str = "") -> None:
    """Raise ConvergenceError, naming `where`, for a result that did not reach its tolerance."""
    if result.converged:
        return
    raise ConvergenceError(
        f"{where}{result.settings.solver} stopped after {result.iterations} iterations with status {result.status!r} "
        f"and a relative duality gap of {result.relative_gap:.1e} (tol is {result.settings.tol:g}): "
        f"{_ADVICE[result.status]}",
        result,
    )

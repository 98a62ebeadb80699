"""Checked signals on their way through the compiled core."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ressin import _core
from ressin.decomposition import Decomposition
from ressin.errors import ConvergenceError
from ressin.settings import Settings, check_knots, check_sampling_rate, core_settings
from ressin.signals import check_missing, check_signal

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

ADVICE = {
    "inaccurate": "the digits of double precision ran out before the tolerance was reached: ask for a larger tol",
    "max_iterations": "the iterations ran out: allow more with max_iterations, or ask for a larger tol",
    "failed": "the numbers broke down: look for extreme values in the signal or the settings",
}


@dataclass(frozen=True)
class Clock:
    """What a sampling rate makes of the settings, checked; signals of one rate share it."""

    sampling_rate: float
    knots: tuple[int, int, int] | None

    @classmethod
    def make(cls, sampling_rate: object, knots: ArrayLike | None, settings: Settings) -> Clock:
        """Check a sampling rate and the knots, or raise InvalidInputError."""
        rate = check_sampling_rate(sampling_rate)
        return cls(rate, check_knots(knots, settings, rate))


class Job(NamedTuple):
    """One signal, checked."""

    signal: NDArray[np.float64]  # perhaps the caller's own
    clock: Clock
    weights: NDArray[np.float64] | None
    observed: NDArray[np.float64]  # the signal, with zeros where it is missing

    @classmethod
    def make(cls, signal: ArrayLike, clock: Clock, sample_weight: ArrayLike | None, settings: Settings) -> Job:
        """Check a signal and its weights, or raise InvalidInputError."""
        array = check_signal(signal)
        weights, missing = check_missing(array, sample_weight, settings.missing)
        observed = array if missing is None else np.where(missing, 0.0, array)
        return cls(array, clock, weights, observed)


def solve(
    jobs: Sequence[Job], settings: Settings, progress: Callable[[int, int], object] | None
) -> list[Decomposition]:
    """Solve the jobs' programmes; progress is called with (done, total)."""
    if not jobs:
        return []
    raw = _core.decompose(
        [j.observed for j in jobs],
        [j.weights for j in jobs],
        [1.0 / j.clock.sampling_rate for j in jobs],
        core_settings(settings, jobs[0].clock.knots),
        progress,
    )
    return [_wrap(job, fields, settings) for job, fields in zip(jobs, raw, strict=True)]


def _wrap(job: Job, fields: _core.Result, settings: Settings) -> Decomposition:
    if job.observed is not job.signal:
        missing = np.isnan(job.signal)
        for part in (fields["signal"], fields["residual"]):
            part.flags.writeable = True
            part[missing] = np.nan
            part.flags.writeable = False
    result = object.__new__(Decomposition)
    # a frozen dataclass sets its fields one by one, which takes several times as long
    vars(result).update(
        fields,
        sampling_rate=job.clock.sampling_rate,
        settings=settings,
        weights=job.weights,
        _knot_grid=job.clock.knots,
    )
    if job.weights is not None:
        job.weights.flags.writeable = False
    return result


def raise_unconverged(result: Decomposition, where: str = "") -> None:
    """Raise ConvergenceError, naming `where`, for a result that did not reach its tolerance."""
    if result.converged:
        return
    raise ConvergenceError(
        f"{where}{result.settings.solver} stopped after {result.iterations} iterations with status {result.status!r} "
        f"and a relative duality gap of {result.relative_gap:.1e} (tol is {result.settings.tol:g}): "
        f"{ADVICE[result.status]}",
        result,
    )

"""A sparse decomposition to resample from: the truth of the bootstrap.

Under the usual alpha the driver fits noise as well as responses. The pilot is the same programme under the alpha that
has the least Bayesian information criterion::

    BIC(alpha) = m log(sum w e^2) + k log m,    k = 2 (bursts of the driver) + (spline and drift coefficients)

where m is the number of samples that are worth an independent one each: the observed ones over the residual's
autocorrelation time, so that autocorrelated noise is not taken for responses. It is never below the decomposition's own
alpha, as a pilot has to be the smoother one of the two, nor so large that the residual grows by half: then it takes for
noise what is a part of the signal, as it would in recordings that the model does not describe.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ressin.decomposition.solve import rows_of_bytes, solve_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ressin.decomposition.result import Decomposition
    from ressin.decomposition.solve import SolvedRows
    from ressin.settings import Settings

_PER_DECADE = 8
_MOST = 3.0  # the largest alpha on the z-scored signal, over the norm of a unit driver's response
_LOUDEST = 1.5  # the pilot's noise, at most, over the decomposition's residual; it is up to 1.4 where the model holds
_ACTIVE = 1e-3  # share of the driver's maximum from which on a sample belongs to a burst
_ROUNDS = 4  # of choosing alpha, and the autocorrelation time of its residual: it settles in two or three


@dataclass(frozen=True, eq=False)
class Pilot:
    """What replicates are made from.

    Attributes
    ----------
    phasic, tonic, level
        (n,) the parts and their sum.
    driver
        (n,) the phasic part's.
    residual
        (n_observed,) residual times the root of its weight, centred, and scaled up for what the fit has taken of it.
    observed, root_weights
        (n,) which samples those are, and the root of their weights, (n_observed,).
    alpha
        The weight of the driver that was chosen.
    """

    phasic: NDArray[np.float64]
    tonic: NDArray[np.float64]
    level: NDArray[np.float64]
    driver: NDArray[np.float64]
    residual: NDArray[np.float64]
    observed: NDArray[np.bool_]
    root_weights: NDArray[np.float64]
    alpha: float


def find_pilot(decomposition: Decomposition, settings: Settings, memory: float) -> Pilot:
    """Choose the pilot of a decomposition; `memory` is the longest autocorrelation considered, in seconds."""
    candidates = _Candidates(decomposition, settings)
    misfit, freedom = candidates.measure()
    row, residual, m = -1, np.empty(0), float(candidates.root.size)
    too_loud = misfit / np.maximum(1.0 - freedom / m, 0.1) > _LOUDEST**2 * misfit[0]
    too_loud[0] = False
    for _ in range(_ROUNDS):
        best = int(np.argmin(np.where(too_loud, np.inf, m * np.log(misfit) + freedom * math.log(m))))
        if best == row:
            break
        row, rows = best, candidates.solve(slice(best, best + 1))
        residual = candidates.residuals(rows)[0]
        m = residual.size / autocorrelation_time(residual, round(memory * decomposition.sampling_rate))
    lost = min(float(freedom[row]), 0.9 * residual.size)
    residual = (residual - residual.mean()) * math.sqrt(residual.size / (residual.size - lost))
    phasic, tonic = rows.phasic[0], rows.tonic[0]
    alpha = float(candidates.alphas[row])
    return Pilot(phasic, tonic, phasic + tonic, rows.driver[0], residual, candidates.observed, candidates.root, alpha)


class _Candidates:
    """The same programme under alphas from its own to far above what noise needs."""

    def __init__(self, decomposition: Decomposition, settings: Settings) -> None:
        self.decomposition, self.settings = decomposition, settings
        n, rate, weights = decomposition.signal.size, decomposition.sampling_rate, decomposition.weights
        self.observed = np.ones(n, dtype=bool) if weights is None else weights > 0
        self.root = np.ones(n) if weights is None else np.sqrt(weights[self.observed])
        unit = 1.0 if settings.standardize else decomposition.scale
        most = _MOST * response_norm(settings.tau0, settings.tau1, rate) * unit
        steps = math.ceil(_PER_DECADE * math.log10(max(most / settings.alpha, 1.0)))
        self.alphas = settings.alpha * 10.0 ** (np.arange(steps + 1) / _PER_DECADE)

    def solve(self, some: slice) -> SolvedRows:
        """Decompose under some of the alphas."""
        alphas, whole = self.alphas[some], self.decomposition
        return solve_rows(
            whole._observed(),
            np.zeros(alphas.size, dtype=np.int64),
            whole.signal.size,
            whole.sampling_rate,
            [replace(self.settings, alpha=float(alpha)) for alpha in alphas],
            weights=whole.weights,
            knots=whole._knot_grid,
        )

    def residuals(self, rows: SolvedRows) -> NDArray[np.float64]:
        """Return the observed residuals times the roots of their weights, (rows, n_observed)."""
        return rows.residual[:, self.observed] * self.root

    def measure(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the sum of squares and the degrees of freedom under each alpha, (n_alphas,)."""
        misfit, freedom = np.empty(self.alphas.size), np.empty(self.alphas.size)
        most = rows_of_bytes(self.decomposition.signal.size)
        for first in range(0, self.alphas.size, most):
            some = slice(first, first + most)
            rows = self.solve(some)
            misfit[some] = np.maximum((self.residuals(rows) ** 2).sum(axis=1), np.finfo(np.float64).tiny)
            freedom[some] = 2 * _bursts(rows.driver) + np.diff(rows.spline_ends) + np.diff(rows.drift_ends)
        return misfit, freedom


def response_norm(tau0: float, tau1: float, sampling_rate: float) -> float:
    """Return the Euclidean norm of the sampled response to a driver of one for one sample.

    The integral of ``h(t)^2``, ``h(t) = exp(-t/tau0) - exp(-t/tau1)`` (``t exp(-t/tau0) / tau0`` where they are equal),
    over the sampling interval: how much white noise of deviation one moves the driver's gradient.
    """
    a0, a1 = 1.0 / max(tau0, tau1), 1.0 / min(tau0, tau1)
    square = 1 / (4 * a0) if a0 == a1 else 1 / (2 * a0) + 1 / (2 * a1) - 2 / (a0 + a1)
    return math.sqrt(square / sampling_rate)


def autocorrelation_time(x: NDArray[np.float64], longest: int) -> float:
    """Return 1 + 2 sum of the autocorrelation up to the first lag at which it is not above chance, >= 1.

    Parameters
    ----------
    x
        (n,) a stationary series.
    longest
        Lags considered, samples.
    """
    x = x - x.mean()
    power = np.abs(np.fft.rfft(x, 2 * x.size)) ** 2
    correlation = np.fft.irfft(power)[1 : min(longest, x.size - 1) + 1]
    variance = float(x @ x)
    if variance == 0.0 or not correlation.size:
        return 1.0
    correlation /= variance
    below = np.flatnonzero(correlation <= 2.0 / math.sqrt(x.size))
    return 1.0 + 2.0 * float(correlation[: below[0] if below.size else None].sum())


def _bursts(driver: NDArray[np.float64]) -> NDArray[np.int64]:
    """Count the runs of active samples in each row of a driver, (rows, n) -> (rows,)."""
    active = driver > _ACTIVE * driver.max(axis=1, keepdims=True)
    return np.asarray(active[:, 0] + (active[:, 1:] & ~active[:, :-1]).sum(axis=1), dtype=np.int64)

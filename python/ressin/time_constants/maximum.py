"""The maximum of the likelihood of held-out samples over time constants and alpha, and its intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ressin.time_constants.likelihood import HeldOut

    Array = NDArray[np.float64]

MIN_SEGMENTS, MAX_SEGMENTS, SEGMENT_SECONDS = 4, 24, 10.0
SINGULAR = 1e-12  # curvature of a direction, against the largest, below which nothing is known in it
STEP = 0.01  # of the errors' derivative, in logarithms
ALIKE = 0.01  # logarithms of likelihoods that differ by less tell nothing apart; their rounding is far below it


def bounds(sampling_rate: float) -> tuple[tuple[float, float], ...]:
    """Bound the logarithms of tau1, tau0/tau1 - 1 and alpha, which keep the constants in order.

    A tau1 below a sampling interval cannot be seen; one below half of it would make the sampled response swing.
    """
    fastest = max(0.05, 1.0 / sampling_rate)
    return (
        (math.log(fastest), math.log(5.0)),
        (math.log(0.05), math.log(50.0)),
        (math.log(1e-5), math.log(100.0)),
    )


@dataclass(frozen=True)
class Maximum:
    """Where the likelihood is largest, the error of the held-out samples there, and how the optimizer ended."""

    place: Array  # log tau1, log(tau0/tau1 - 1), log alpha
    loss: float
    rms: float
    ended: bool
    message: str


def maximise(
    likelihood: HeldOut, starts: Sequence[tuple[float, float, float]], free: tuple[int, ...], max_iterations: int
) -> Maximum:
    """Maximise the likelihood over the `free` parameters, from each of `starts`; the best end counts.

    Of ends that are alike the first start's does: where the likelihood is flat, rounding does not choose.
    """
    ends = [_climb(likelihood, _place(*start), list(free), max_iterations) for start in starts]
    least = min(end.loss for end in ends)
    return next(end for end in ends if end.loss <= least + ALIKE)


def _climb(likelihood: HeldOut, place: Array, free: list[int], max_iterations: int) -> Maximum:
    from scipy.optimize import minimize

    if not free:
        return _maximum(likelihood, place, _loss(likelihood, place)[0], True, "nothing to learn")

    limits = bounds(likelihood.sampling_rate)

    def at(chosen: Array) -> Array:
        there = place.copy()
        there[free] = chosen
        return there

    def loss(chosen: Array) -> tuple[float, Array]:
        value, gradient = _loss(likelihood, at(chosen))
        return value, gradient[free]

    found = minimize(
        loss,
        place[free],
        jac=True,
        method="L-BFGS-B",
        bounds=[limits[k] for k in free],
        options={"maxiter": max_iterations},
    )
    # a line search may end on a kink, where a driver sample appears: as good a maximum as any
    ended = bool(found.success) or "ABNORMAL" in str(found.message)
    return _maximum(likelihood, at(found.x), float(found.fun), ended, str(found.message))


def _maximum(likelihood: HeldOut, place: Array, loss: float, ended: bool, message: str) -> Maximum:
    return Maximum(place, loss, likelihood.rms(loss), ended, message)


def _place(tau0: float, tau1: float, alpha: float) -> Array:
    return np.log([tau1, tau0 / tau1 - 1.0, alpha])


def values(place: Array) -> tuple[float, float, float]:
    """Return tau0, tau1 and alpha of a place."""
    tau1, ratio, alpha = np.exp(place)
    return float(tau1 * (1.0 + ratio)), float(tau1), float(alpha)


def _loss(likelihood: HeldOut, place: Array) -> tuple[float, Array]:
    """Return the loss and its gradient in the logarithms."""
    tau0, tau1, alpha = values(place)
    loss, (to_tau0, to_tau1, to_alpha) = likelihood.loss(tau0, tau1, alpha)
    return loss, np.array([to_tau0 * tau0 + to_tau1 * tau1, to_tau0 * (tau0 - tau1), to_alpha * alpha])


def intervals(
    likelihood: HeldOut, place: Array, free: Sequence[int]
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Give 95 % intervals of tau0, tau1, from the sandwich covariance: Gauss-Newton Hessian, per-segment scores.

    Parameters that are not `free` are taken as known. What the samples do not determine has the interval (0, inf).
    """
    from scipy.stats import t as student

    count = min(MAX_SEGMENTS, int(likelihood.seconds / SEGMENT_SECONDS))
    if count < MIN_SEGMENTS or 0 not in free:
        return ((math.nan, math.nan), (math.nan, math.nan))
    slopes = []
    for k in free:
        ends = [likelihood.errors(*values(place + step * (np.arange(3) == k))) for step in (STEP, -STEP)]
        slopes.append((ends[0] - ends[1]) / (2 * STEP))
    slope = np.stack(slopes)
    error, segment = likelihood.errors(*values(place)), likelihood.segments(count)
    scores = np.stack([np.bincount(segment, error * x, count) for x in slope], axis=1)
    scores -= scores.mean(axis=0)
    inverse, lost = _inverse(slope @ slope.T)
    covariance = inverse @ (scores.T @ scores * count / (count - 1)) @ inverse
    tau0, tau1, _ = values(place)
    along = np.array([[1.0, (tau0 - tau1) / tau0, 0.0], [1.0, 0.0, 0.0]])[:, list(free)]  # of log tau0, log tau1
    wide = student.ppf(0.975, count - 1) * np.sqrt(np.diag(along @ covariance @ along.T))
    wide[~np.isfinite(wide) | (np.abs(along @ lost) > 1e-6).any(axis=1)] = math.inf
    with np.errstate(over="ignore"):
        low, high = np.exp(-wide), np.exp(wide)
    return ((float(tau0 * low[0]), float(tau0 * high[0])), (float(tau1 * low[1]), float(tau1 * high[1])))


def _inverse(matrix: Array) -> tuple[Array, Array]:
    """Invert a symmetric matrix where it can be, and return the directions, in columns, in which it cannot."""
    sizes, directions = np.linalg.eigh(matrix)
    known = sizes > SINGULAR * sizes.max(initial=np.finfo(np.float64).tiny)
    return (directions[:, known] / sizes[known]) @ directions[:, known].T, directions[:, ~known]

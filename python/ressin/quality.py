"""Plain words on what the decomposition itself does badly on a signal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ressin.decomposition import Decomposition

MAX_RESIDUAL_SHARE = 0.1
MAX_CORRELATION = 0.5
MAX_FAST_DECAY_SHARE = 0.05
BLOCK_SECONDS = 0.5


@dataclass(frozen=True)
class Quality:
    """How well the model suits the signal.

    Attributes
    ----------
    residual_share
        Variance of the residual over that of the signal, 0 to about 1: what neither part explains.
    phasic_tonic_correlation
        Pearson correlation of the phasic with the tonic part, -1 to 1 (0 where one is constant): far from zero the
        two share slow changes, and the split between them depends on alpha, gamma and the knots.
    fast_decay_share
        Share, 0 to 1, of half-second steps in which the signal above the tonic level falls faster than the slow time
        constant allows (steeper than its height over tau0, noise allowed for): movement artefacts, or a tau0 that is
        too long.
    messages
        One sentence for each of these that is worth a look; empty where none is.
    """

    residual_share: float
    phasic_tonic_correlation: float
    fast_decay_share: float
    messages: tuple[str, ...]

    def __str__(self) -> str:
        return "good" if not self.messages else " ".join(self.messages)


def assess(decomposition: Decomposition) -> Quality:
    """Compute the quality flags of a decomposition."""
    seen = ~np.isnan(decomposition.signal)
    if decomposition.weights is not None:
        seen &= decomposition.weights > 0
    signal_variance = float(np.var(decomposition.signal[seen]))
    residual_share = float(np.mean(decomposition.residual[seen] ** 2)) / signal_variance if signal_variance > 0 else 0.0
    correlation = _correlation(decomposition.phasic[seen], decomposition.tonic[seen])
    fast = _fast_decay_share(decomposition, seen)
    messages = []
    if residual_share > MAX_RESIDUAL_SHARE:
        messages.append(
            f"The residual holds {residual_share:.0%} of the signal's variance: noise, artefacts, or alpha too large."
        )
    if abs(correlation) > MAX_CORRELATION:
        messages.append(
            f"Phasic and tonic part are correlated ({correlation:+.2f}): slow changes may sit in either; "
            "compare other values of delta_knot, alpha and gamma."
        )
    if fast > MAX_FAST_DECAY_SHARE:
        slow = max(decomposition.settings.tau0, decomposition.settings.tau1)
        messages.append(
            f"The signal falls faster than a time constant of {slow:g} s allows in {fast:.0%} of the recording: "
            "movement artefacts, or a tau0 that is too long."
        )
    return Quality(residual_share, correlation, fast, tuple(messages))


def _correlation(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    x, y = x - x.mean(), y - y.mean()
    lengths = float(np.linalg.norm(x)), float(np.linalg.norm(y))
    if min(lengths) <= 1e-12 * max(lengths):
        return 0.0
    return float((x / lengths[0]) @ (y / lengths[1]))


def _fast_decay_share(decomposition: Decomposition, seen: NDArray[np.bool_]) -> float:
    """Share of half-second steps that fall faster than -height / tau0 by three robust deviations of the residual."""
    size = max(1, round(BLOCK_SECONDS * decomposition.sampling_rate))
    n_blocks = seen.size // size
    if n_blocks < 3:
        return 0.0

    def blocks(x: NDArray[np.float64]) -> NDArray[np.float64]:
        counts = seen[: n_blocks * size].reshape(n_blocks, size).sum(axis=1)
        sums = np.where(seen, x, 0.0)[: n_blocks * size].reshape(n_blocks, size).sum(axis=1)
        return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)

    step = size / decomposition.sampling_rate
    height = blocks(decomposition.signal - decomposition.tonic)
    slope = np.diff(height) / step
    noise = np.diff(blocks(decomposition.residual)) / step
    known = np.isfinite(slope) & np.isfinite(noise)
    if not known.any():
        return 0.0
    deviation = 1.4826 * float(np.median(np.abs(noise[known] - np.median(noise[known]))))
    slow = max(decomposition.settings.tau0, decomposition.settings.tau1)
    highest = np.maximum(np.maximum(height[:-1], height[1:]), 0.0)
    rounding = 1e-9 * float(np.nanmax(np.abs(decomposition.signal)))
    return float(np.mean(slope[known] < (-highest / slow)[known] - 3.0 * deviation - rounding / step))

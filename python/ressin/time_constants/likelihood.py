"""The likelihood of samples that a decomposition has not seen, and its gradient in the programme's parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ressin import _core
from ressin.errors import ConvergenceError, InvalidInputError
from ressin.settings import Settings, core_settings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Recordings, each once for every fold with that fold's samples held out.

    Attributes
    ----------
    signals
        (rows, n) z-scored, 0 beyond a recording's end and where it is missing.
    weights
        (rows, n) 0 where a sample is held out or missing, else 1.
    held
        (rows, n) bool, where a sample is held out.
    lengths
        (rows,) samples of each.
    time
        (rows, n) seconds from the first recording's start, all recordings one after the other.
    sampling_rate
        Hz.
    settings
        The programme; alpha and time constants are given with each call.
    """

    signals: Array
    weights: Array
    held: NDArray[np.bool_]
    lengths: NDArray[np.int64]
    time: Array
    sampling_rate: float
    settings: Settings

    @property
    def seconds(self) -> float:
        """Duration of all recordings together."""
        return float(self.time.max()) + 1.0 / self.sampling_rate

    def rms(self, loss: float) -> float:
        """Root mean square error of the held-out samples behind a loss."""
        return float(np.exp(loss / self.held.sum()))

    def loss(self, tau0: float, tau1: float, alpha: float) -> tuple[float, Array]:
        """Compute N/2 log(sum e^2 / N) over the held-out samples, and its gradient in tau0, tau1, alpha, (3,)."""
        gradient, error = self._solve(tau0, tau1, alpha)
        n, squares = int(self.held.sum()), float((error**2).sum())
        to_alpha, _, to_tau0, to_tau1 = gradient(-n / squares * error)
        return 0.5 * n * float(np.log(squares / n)), np.array([to_tau0, to_tau1, to_alpha])

    def errors(self, tau0: float, tau1: float, alpha: float) -> Array:
        """Compute the errors of the held-out samples, (N,)."""
        return np.asarray(self._solve(tau0, tau1, alpha)[1][self.held])

    def segments(self, count: int) -> NDArray[np.int64]:
        """Find the segment of time of each held-out sample, of `count` equal ones over all recordings, (N,)."""
        number = (self.time[self.held] / self.seconds * count).astype(np.int64)
        return np.asarray(np.minimum(number, count - 1))

    def _solve(self, tau0: float, tau1: float, alpha: float) -> tuple[Callable[[Array], Array], Array]:
        """Decompose.

        Returns the errors of the held-out samples, (rows, n), and a function from a loss's gradient in phasic and tonic
        part alike, (rows, n), to that in alpha, gamma, tau0 and tau1, (4,).
        """
        programs = np.tile([alpha, self.settings.gamma, tau0, tau1], (len(self.signals), 1))
        core, dt = core_settings(self.settings, None), 1.0 / self.sampling_rate
        phasic, tonic, driver, residual, curvature, kept, solved, gap = _core.layer_forward(
            self.signals, self.weights, self.lengths, programs, dt, core
        )
        if not all(solved):
            raise ConvergenceError(
                f"with tau0 = {tau0:.4g} s, tau1 = {tau1:.4g} s and alpha = {alpha:.3g} a recording was decomposed "
                f"only to a relative duality gap of {max(gap):.1e}"
            )

        def gradient(to_parts: Array) -> Array:
            _, to_program = _core.layer_backward(
                self.signals, self.weights, self.lengths, programs, dt, core,
                driver, residual, curvature, kept, to_parts, to_parts, None,
            )  # fmt: skip
            return np.asarray(to_program.sum(axis=0))

        return gradient, np.where(self.held, self.signals - phasic - tonic, 0.0)


def hold_out(
    recordings: Sequence[Array], sampling_rate: float, settings: Settings, block: float, folds: int
) -> HeldOut:
    """Lay out z-scored recordings, NaN where samples are missing; block k of each belongs to fold k modulo `folds`.

    Raises
    ------
    InvalidInputError
        A recording is shorter than two rounds of all folds.
    """
    size = max(1, round(block * sampling_rate))
    shape = (folds * len(recordings), max(x.size for x in recordings))
    signals, weights, time = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    held = np.zeros(shape, dtype=bool)
    begin = 0.0
    for r, x in enumerate(recordings):
        if x.size < 2 * folds * size:
            raise InvalidInputError(
                f"recording {r} has {x.size} samples; at least {2 * folds * size} are needed to hold out {folds} folds "
                f"of blocks of {size}"
            )
        known = np.isfinite(x)
        fold = np.arange(x.size) // size % folds
        for k in range(folds):
            row = r * folds + k
            held[row, : x.size] = known & (fold == k)
            signals[row, : x.size] = np.where(known, x, 0.0)
            weights[row, : x.size] = known & (fold != k)
            time[row, : x.size] = begin + np.arange(x.size) / sampling_rate
        begin += x.size / sampling_rate
    lengths = np.repeat([x.size for x in recordings], folds).astype(np.int64)
    return HeldOut(signals, weights, held, lengths, time, sampling_rate, settings)

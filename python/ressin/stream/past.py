"""The effect of the samples before a stream's window on the programme of the window.

With their drivers held, the samples before the window cost a quadratic in the coefficients that reach into it,

    1/2 c'J c - h'c,     c = (l_0, l_1, l_2, d_level, d_slope):

the three oldest knots and the line below the spline. Knots whose bump has ended are minimised out, which is a step of
the elimination that factors the whole recording's programme, in the order of time: so the
quadratic is exact, however long the past and whatever the line will be. All in the signal's unit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

N_KNOTS = 3
LEVEL, SLOPE = 3, 4
N_COEFFICIENTS = 5
_ROUNDING = 1e-12  # what h is beside a signal of unit size, or none at all, is rounding

_OLD = np.array([0, 1, 2, 1 + LEVEL, 1 + SLOPE])  # the past's coefficients among an interval's, which have another knot
_WITH_OLD = np.ix_(_OLD, _OLD)
# the slope's column starts anew at the next knot: d_level' = d_level + d_slope
_TO_NEXT_KNOT = np.eye(N_COEFFICIENTS)
_TO_NEXT_KNOT[LEVEL, SLOPE] = -1.0


@dataclass(frozen=True)
class Past:
    """The quadratic 1/2 c'J c - h'c.

    Attributes
    ----------
    J
        (5, 5), symmetric and positive semidefinite.
    h
        (5,), in the signal's unit.
    """

    J: Array
    h: Array

    @classmethod
    def empty(cls) -> Past:
        """Return the past of a recording's first sample."""
        return cls(np.zeros((N_COEFFICIENTS, N_COEFFICIENTS)), np.zeros(N_COEFFICIENTS))

    def with_interval(self, tonic: Array, weights: Array, bumps: Array, gamma: float, is_start: bool) -> Past:
        """Return the past of the next knot: this one and the interval between.

        The slope is counted per interval: its column grows by 1 from one knot to the next, and is 0 at the past's end.

        Parameters
        ----------
        tonic
            (ks,) what the interval's signal leaves for the tonic part: signal - phasic; not read where weights are 0.
        weights
            (ks,) of the samples, >= 0.
        bumps
            (ks, 4) the four bumps over an interval, oldest first.
        gamma
            Weight of the coefficients' squared norm.
        is_start
            Whether it is the recording's first interval, before which there is no knot.
        """
        spacing = tonic.size
        phi = np.empty((spacing, N_COEFFICIENTS + 1))  # four knots, then the line
        phi[:, :4] = bumps
        if is_start:
            phi[:, 0] = 0.0
        phi[:, 1 + LEVEL] = 1.0
        phi[:, 1 + SLOPE] = np.arange(spacing) / spacing
        weighted = phi.T * weights
        J = weighted @ phi
        h = weighted @ np.where(weights > 0, tonic, 0.0)
        J[_WITH_OLD] += self.J
        h[_OLD] += self.h
        J, h = _without_oldest(J, h, gamma)
        T = _TO_NEXT_KNOT
        J = T.T @ J @ T
        return Past(0.5 * (J + J.T), T.T @ h)


def _without_oldest(J: Array, h: Array, gamma: float) -> tuple[Array, Array]:
    """Minimise over the oldest knot, whose bump has ended; one that no sample determines is left out."""
    pivot = J[0, 0] + gamma
    if pivot <= 0.0:
        return J[1:, 1:], h[1:]
    row = J[0, 1:] / pivot
    return J[1:, 1:] - J[0, 1:, np.newaxis] * row, h[1:] - row * h[0]

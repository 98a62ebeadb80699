"""Mean, deviation and line of all samples so far, in constant memory."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ressin import _core


@dataclass(frozen=True)
class Moments:
    """Count, means and sums of products of deviations, of samples y at times t seen in pieces.

    Attributes
    ----------
    count
        Samples; NaN does not count.
    mean, mean_time
        Of y, and of t.
    yy, ty, tt
        Sums over the samples of (y - mean)^2, (t - mean_time)(y - mean) and (t - mean_time)^2.
    largest
        Of |y|.

    Notes
    -----
    Pieces are joined as by Chan, Golub and LeVeque (1979): no large sums of squares, so no cancellation.
    """

    count: int = 0
    mean: float = 0.0
    mean_time: float = 0.0
    yy: float = 0.0
    ty: float = 0.0
    tt: float = 0.0
    largest: float = 0.0

    def joined(self, time: NDArray[np.float64], samples: NDArray[np.float64]) -> Moments:
        """Return the moments with those of samples, (n,), at times (n,)."""
        n, mean, mean_time, yy, ty, tt, largest = _core.moments(time, samples)
        if n == 0:
            return self
        count = self.count + n
        dy, dt, weight = mean - self.mean, mean_time - self.mean_time, self.count * n / count
        return Moments(
            count,
            self.mean + dy * n / count,
            self.mean_time + dt * n / count,
            self.yy + yy + dy * dy * weight,
            self.ty + ty + dt * dy * weight,
            self.tt + tt + dt * dt * weight,
            max(self.largest, largest),
        )

    def later(self, n: float) -> Moments:
        """Return the moments with times counted from n later."""
        return replace(self, mean_time=self.mean_time - n)

    @property
    def deviation(self) -> float:
        """Standard deviation of the population; 1 where the samples are constant to rounding."""
        if self.count == 0:
            return 1.0
        deviation = math.sqrt(self.yy / self.count)
        return deviation if deviation > 4.0 * sys.float_info.epsilon * self.largest else 1.0

    @property
    def slope(self) -> float:
        """Slope of the line of least squares, 0 where there is no other time."""
        return self.ty / self.tt if self.tt > 0.0 else 0.0

"""The samples a stream holds, and the programme on them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ressin import _core
from ressin.settings import Settings, core_settings
from ressin.stream.held import Held, Solved
from ressin.stream.past import Past
from ressin.stream.result import StreamParts

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Scale:
    """The standardisation of the signal: (y - line) / deviation.

    Attributes
    ----------
    deviation
        > 0.
    level, slope
        The line below the spline: level + slope i at sample i of the recording.
    """

    deviation: float
    level: float = 0.0
    slope: float = 0.0


@dataclass(frozen=True, eq=False)
class FilterSolved(Solved):
    """As `Solved`; `later_state`, (2,), is the response filter's state one knot spacing on, where the next begins."""

    later_state: Array


class Window(Held):
    """The newest samples, and the cvxEDA programme on them."""

    def __init__(self, capacity: int, sampling_rate: float, settings: Settings) -> None:
        self.settings = settings
        self._core = _core.Window(capacity, 1.0 / sampling_rate, core_settings(settings, None))
        super().__init__(capacity, self._core.knot_spacing)
        self._bumps = self._core.bumps
        self.past = Past.empty()
        self.state = np.zeros(2)

    def solve(self, scale: Scale, first_index: int, is_end: bool = False) -> FilterSolved:
        """Solve the window's programme.

        Parameters
        ----------
        scale
            The standardisation of the signal.
        first_index
            Number in the stream of the window's first sample.
        is_end
            Whether the recording ends with the window: its last knots are then those of `decompose`.
        """
        signal = self.signal.copy()
        missing = np.isnan(signal)
        weights = np.where(missing, 0.0, 1.0)
        level = scale.level + scale.slope * self.begin
        line = level + scale.slope * np.arange(self.n)
        above = np.where(missing, 0.0, signal - line)
        unit = _size(above, signal, int(self.n - missing.sum())) or scale.deviation
        J, h = self.past.under(level, scale.slope * self.spacing, unit)
        solution = self._core.solve(
            above / unit,
            weights,
            self.settings.alpha * scale.deviation / unit,
            self.begin == 0,
            is_end,
            (self.state[0] / unit, self.state[1] / unit),
            J,
            h,
            min(self.spacing, self.n),
            self.begin,
        )
        phasic, tonic = solution.phasic * unit, solution.tonic * unit + line
        parts = StreamParts(
            index=np.arange(first_index, first_index + self.n),
            time=self.time.copy(),
            signal=signal,
            phasic=phasic,
            tonic=tonic,
            driver=solution.driver * unit,
            residual=signal - phasic - tonic,
            outliers=np.zeros(self.n),
            shifts=np.zeros(self.n),
        )
        return FilterSolved(
            parts,
            solution.status,
            solution.iterations,
            solution.relative_gap,
            solution.stationarity,
            np.array(solution.later_state) * unit,
        )

    @property
    def support(self) -> tuple[NDArray[np.int64], Array]:
        """Samples of the recording from which the next programme's active set starts, and the driver there."""
        return self._core.support

    @support.setter
    def support(self, support: tuple[NDArray[np.int64], Array]) -> None:
        self._core.support = support

    def learn(self, solved: Solved, samples: int) -> None:
        """Start the next programme from this one's support; its settings are given."""
        self._core.keep_support()

    def slide(self, solved: Solved) -> None:
        """Drop the oldest knot spacing of samples; their drivers stay as they were solved."""
        assert isinstance(solved, FilterSolved)
        out = self.spacing
        left = solved.parts.signal[:out] - solved.parts.phasic[:out]
        weights = np.where(np.isnan(left), 0.0, 1.0)
        self.past = self.past.with_interval(left, weights, self._bumps, float(self.settings.gamma), self.begin == 0)
        self.state = solved.later_state
        self.drop_oldest()

    def clear(self) -> None:
        """Clear the window for another recording."""
        self.forget()
        self.past = Past.empty()
        self.state = np.zeros(2)


def _size(above: Array, signal: Array, count: int) -> float:
    """Return the root mean square of the count samples that are not missing, 0 where it is only rounding."""
    if count == 0:
        return 0.0
    size = math.sqrt(float(above @ above) / count)
    return size if size > 4.0 * np.finfo(float).eps * float(np.nanmax(np.abs(signal))) else 0.0

"""The samples a stream holds, and the programme on them."""

from __future__ import annotations

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
    """As `Solved`; `later_state` is the response filter's state one knot spacing on, where the next begins."""

    later_state: tuple[float, float]


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
        solution = self._core.solve(
            self.signal,
            self.begin,
            scale.level + scale.slope * self.begin,
            scale.slope,
            scale.deviation,
            self.settings.alpha,
            is_end,
            (self.state[0], self.state[1]),
            self.past.J,
            self.past.h,
            min(self.spacing, self.n),
        )
        nothing = np.zeros(self.n)
        parts = StreamParts(
            index=np.arange(first_index, first_index + self.n),
            time=self.time.copy(),
            signal=self.signal.copy(),
            phasic=solution.phasic,
            tonic=solution.tonic,
            driver=solution.driver,
            residual=solution.residual,
            outliers=nothing,
            shifts=nothing,
        )
        return FilterSolved(
            parts,
            solution.status,
            solution.iterations,
            solution.relative_gap,
            solution.stationarity,
            solution.later_state,
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
        self.state = np.array(solved.later_state)
        self.drop_oldest()

    def clear(self) -> None:
        """Clear the window for another recording."""
        self.forget()
        self.past = Past.empty()
        self.state = np.zeros(2)

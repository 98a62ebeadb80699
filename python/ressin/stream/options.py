"""Options of a stream besides the settings of its programme, and their checks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import get_args

import numpy as np

from ressin.errors import InvalidInputError
from ressin.settings import Errors, Settings, check_option, check_sampling_rate


@dataclass(frozen=True, kw_only=True)
class StreamOptions:
    """Rate, lag and intervals of a stream; see `Stream` for what each means.

    Raises
    ------
    InvalidInputError
        A value is out of range; the message names it, what was given and what is needed.
    """

    sampling_rate: float
    lag: float = 20.0
    mean: float | None = None
    deviation: float | None = None
    context: float = 60.0
    hop: float = 1.0
    warm_up: float = 60.0
    max_gap: float = 60.0
    max_jitter: float = 0.1
    errors: Errors = "raise"

    def __post_init__(self) -> None:
        check_sampling_rate(self.sampling_rate)
        for name in ("lag", "context", "hop", "max_gap"):
            _check_number(name, getattr(self, name), "> 0 in seconds", lambda x: x > 0)
        _check_number("warm_up", self.warm_up, ">= 0 in seconds", lambda x: x >= 0)
        _check_number("max_jitter", self.max_jitter, ">= 0 in seconds", lambda x: x >= 0)
        if (self.mean is None) != (self.deviation is None):
            given, absent = ("mean", "deviation") if self.deviation is None else ("deviation", "mean")
            raise InvalidInputError(
                f"{given} is given without {absent}; give both, or neither for those of the samples"
            )
        if self.mean is not None:
            _check_number("mean", self.mean, "in the signal's unit", lambda _: True)
            _check_number("deviation", self.deviation, "> 0 in the signal's unit", lambda x: x > 0)
        check_option("errors", self.errors, get_args(Errors))

    def check_with(self, settings: Settings) -> None:
        """Check what depends on the programme.

        Raises
        ------
        InvalidInputError
            context, hop, warm_up or baseline do not go with the rest, or a given mean with standardize.
        """
        if settings.solver == "osqp":
            raise InvalidInputError(
                "solver is 'osqp'; a stream takes 'auto', 'active_set' or 'interior_point': OSQP does not know of the "
                "samples before the window"
            )
        if self.context < 2 * settings.delta_knot:
            raise InvalidInputError(
                f"context is {self.context:g} s; it must be at least two knot spacings, {2 * settings.delta_knot:g} s"
            )
        if self.warm_up > self.lag + self.context:
            raise InvalidInputError(
                f"warm_up is {self.warm_up:g} s; it must be at most lag + context, {self.lag + self.context:g} s"
            )
        if settings.programme == "robust":
            self._check_robust()
        if settings.baseline == "spline":
            raise InvalidInputError(
                "baseline is 'spline'; a stream takes 'none', 'constant' or 'linear': away from the ends of a "
                "recording the sum of all bumps is constant"
            )
        if round(self.hop * self.sampling_rate) > round(settings.delta_knot * self.sampling_rate):
            raise InvalidInputError(f"hop is {self.hop:g} s; it must be at most delta_knot, {settings.delta_knot:g} s")
        if self.mean is not None and not settings.standardize:
            raise InvalidInputError("mean and deviation are given, but standardize is False: leave them out, or set it")

    def _check_robust(self) -> None:
        if self.mean is not None:
            raise InvalidInputError(
                "mean and deviation are given, which programme='robust' does not take; leave them out"
            )
        if self.max_gap + self.hop > self.lag + self.context:
            raise InvalidInputError(
                f"max_gap is {self.max_gap:g} s; with programme='robust' it must be at most lag + context - hop, "
                f"{self.lag + self.context - self.hop:g} s: its window knows of no sample before it"
            )


def _check_number(name: str, value: object, needed: str, holds: object) -> None:
    number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if not (number and math.isfinite(value) and holds(value)):  # type: ignore[arg-type, operator]
        raise InvalidInputError(f"{name} is {value!r}; it must be a finite number {needed}")

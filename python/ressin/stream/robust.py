"""The robust programme on a stream's window, with settings from what has been heard so far."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ressin import _core
from ressin.settings import Settings
from ressin.stream.held import Held, Solved
from ressin.stream.result import StreamParts
from ressin.stream.window import Scale

Array = NDArray[np.float64]

MEMORY = 600.0  # seconds over which noise and height are averaged
BLOCK = 0.25  # seconds, whose means they are of


@dataclass(frozen=True)
class Learned:
    """Noise, height and stiffness of a recording so far, from which a window's settings are made.

    Attributes
    ----------
    noise
        Deviation of the noise on means over a quarter of a second: geometric mean over the windows, the older the less.
    height
        95 % quantile of the phasic part, likewise, the arithmetic mean.
    stiffness
        Of the tonic curve in seconds, as the noise.
    seconds
        How long it has been learned for; 0 where nothing is known.
    """

    noise: float = 0.0
    height: float = 0.0
    stiffness: float = 3.0
    seconds: float = 0.0

    def after(self, noise: float, height: float, stiffness: float, seconds: float) -> Learned:
        """Return what is known after another window, whose end is `seconds` later."""
        if noise <= 0.0:  # a window without any change says nothing
            return self
        if self.seconds == 0.0:
            return Learned(noise, height, stiffness, seconds)
        share = seconds / (min(self.seconds, MEMORY) + seconds)
        return Learned(
            self.noise * math.exp(share * math.log(noise / self.noise)),
            self.height + share * (height - self.height),
            self.stiffness * math.exp(share * math.log(stiffness / self.stiffness)),
            self.seconds + seconds,
        )


@dataclass(frozen=True, eq=False)
class RobustSolved(Solved):
    """As `Solved`, with what the window itself says of noise, height and stiffness, and the smallest response used."""

    noise: float
    height: float
    stiffness: float
    smallest_response: float
    steps: Array  # (n,) shifts less contact lost for a moment


class RobustWindow(Held):
    """The newest samples, and the robust programme on them.

    While the window holds the whole recording so far, the programme is that of `decompose` for these samples. Later the
    smallest response believed comes from `learned`, and each sample's costs from one round on the window.

    Attributes
    ----------
    learned
        Noise and height so far.
    level
        Shift at the first sample held, in the signal's unit, without contact lost for a moment; 0 at the recording's
        first.
    """

    def __init__(self, capacity: int, sampling_rate: float, settings: Settings) -> None:
        super().__init__(capacity, max(1, round(settings.delta_knot * sampling_rate)))
        self.settings = settings
        self.sampling_rate = sampling_rate
        self.learned = Learned()
        self.level = 0.0

    def solve(self, scale: Scale, first_index: int, is_end: bool = False) -> RobustSolved:
        """Solve the window's programme; it has no scale, and ends with the window whatever follows."""
        signal = self.signal.copy()
        missing = np.isnan(signal)
        found = self._solve(np.where(missing, 0.0, signal), np.where(missing, 0.0, 1.0) if missing.any() else None)
        sums = found["phasic"] + found["tonic"] + found["outliers"]
        steps = found["shifts"] - found["contact"]
        steps += self.level - steps[0]
        parts = StreamParts(
            index=np.arange(first_index, first_index + self.n),
            time=self.time.copy(),
            signal=signal,
            phasic=found["phasic"],
            tonic=found["tonic"],
            driver=found["driver"],
            residual=signal - sums,
            outliers=found["outliers"],
            shifts=steps + found["contact"],
        )
        return RobustSolved(
            parts,
            found["status"],
            found["iterations"] + found["estimation_iterations"],
            found["relative_gap"],
            found["stationarity"],
            found["noise"],
            found["height"],
            float(np.median(found["stiffness"])),
            found["smallest_response"],
            steps,
        )

    def _solve(self, signal: Array, weights: Array | None) -> dict[str, Any]:
        s = self.settings
        known = None
        if self.begin > 0 and self.learned.seconds > 0.0:
            block = max(1, math.floor(BLOCK * self.sampling_rate * (1.0 + 1e-12)))
            known = (
                self.learned.noise,
                self.learned.height,
                self.learned.stiffness,
                (self.begin + self.n) / block,
            )
        (found,) = _core.decompose_robust(
            [signal],
            [weights],
            [1.0 / self.sampling_rate],
            s.tau0,
            s.tau1,
            s.delta_knot,
            s.tol,
            s.max_iterations,
            1,
            None,
            [known],
        )
        return dict(found)

    def learn(self, solved: Solved, samples: int) -> None:
        """Take note of a window's noise and height; `samples` are new in it."""
        assert isinstance(solved, RobustSolved)
        before, seconds = self.learned, samples / self.sampling_rate
        if self.begin == 0:  # of all samples so far: nothing to average
            before, seconds = Learned(), self.n / self.sampling_rate
        after = before.after(solved.noise, solved.height, solved.stiffness, seconds)
        self.learned = after if after.seconds > 0.0 else self.learned

    def slide(self, solved: Solved) -> None:
        """Let the oldest knot spacing of samples go, and go on with the shift that they end with."""
        assert isinstance(solved, RobustSolved)
        self.level = float(solved.steps[self.spacing])
        self.drop_oldest()

    def clear(self) -> None:
        """Forget everything: another recording begins."""
        self.forget()
        self.learned = Learned()
        self.level = 0.0

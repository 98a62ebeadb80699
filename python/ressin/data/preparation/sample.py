"""One recording as a model takes it: its three channels, its place in its file, and the evidence behind them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ressin.data.preparation.cut import Cut

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ressin.data.preparation.settings import DecompositionChoice
    from ressin.decomposition.result import Decomposition


@dataclass(frozen=True)
class Levels:
    """Where a file's channels lie, by which ``scale="recording"`` scales them.

    Attributes
    ----------
    mean, deviation
        (3,) float64 over all samples of the file that were decomposed and not missing, in the order of
        `ressin.image.CHANNELS`.
    """

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]

    @classmethod
    def of(cls, channels: NDArray[np.float32]) -> Levels:
        """Take mean and deviation over (3, n) channels; zeros where there are none."""
        if not channels.shape[1]:
            return cls(np.zeros(3), np.zeros(3))
        values = channels.astype(np.float64)
        constant = values.min(axis=1) == values.max(axis=1)  # or rounding would make a deviation of it
        return cls(values.mean(axis=1), np.where(constant, 0.0, values.std(axis=1)))

    def scores(self, channels: NDArray[np.float32]) -> NDArray[np.float32]:
        """Z-scores of (3, n) channels; a channel that is constant in its file is less its mean only."""
        divisor = np.where(self.deviation > 0.0, self.deviation, 1.0)
        scores: NDArray[np.float32] = ((channels - self.mean[:, None]) / divisor[:, None]).astype(np.float32)
        return scores


@dataclass(frozen=True)
class Decomposed:
    """A decomposed stretch of a signal as it is kept.

    Attributes
    ----------
    channels
        (3, n) float32 in the order of `ressin.image.CHANNELS`, in the signal's unit; where a sample is missing the
        origin is phasic plus tonic part.
    driver
        (n,) float32, the driver of the phasic part, in the signal's unit per second.
    missing
        (n,) bool, where the file has no sample.
    evidence
        How the solve ended and how well the model suits the signal, by the names of the prepared folder's columns.
    messages
        What `ressin.decomposition.quality.Quality` says of it.
    """

    channels: NDArray[np.float32]
    driver: NDArray[np.float32]
    missing: NDArray[np.bool_]
    evidence: dict[str, Any]
    messages: tuple[str, ...] = ()

    @classmethod
    def of(cls, result: Decomposition) -> Decomposed:
        """Put together what is kept of a decomposition."""
        missing = np.isnan(result.signal)
        origin = np.where(missing, result.phasic + result.tonic, result.signal)
        channels = np.stack([origin, result.phasic, result.tonic]).astype(np.float32)
        return cls(channels, result.driver.astype(np.float32), missing, evidence_of(result), result.quality.messages)

    def part(self, first: int, end: int) -> Decomposed:
        """Take some of the samples; nothing is copied, and the evidence stays that of the whole stretch."""
        place = slice(first, end)
        return replace(self, channels=self.channels[:, place], driver=self.driver[place], missing=self.missing[place])

    @property
    def present(self) -> NDArray[np.float32]:
        """The channels where the file has samples, (3, m)."""
        return self.channels[:, ~self.missing] if self.missing.any() else self.channels


@dataclass(frozen=True)
class Sample:
    """A recording that is ready for a model, in training and in prediction.

    Attributes
    ----------
    window
        The part of its file that it is.
    decomposed
        Its parts, without the window's lead; the evidence is that of the whole stretch that it was cut from.
    """

    window: Cut
    decomposed: Decomposed

    @classmethod
    def of(cls, window: Cut, stretch: Decomposed, after: int = 0) -> Sample:
        """Take a window, without its lead, from a stretch that begins `after` samples before it; nothing is copied."""
        return cls(window, stretch.part(after + window.lead, after + len(window.signal)))

    @property
    def channels(self) -> NDArray[np.float32]:
        """Origin, phasic and tonic part, (3, n) float32 in the signal's unit."""
        return self.decomposed.channels

    @property
    def missing_share(self) -> float:
        """Share of the samples that were missing, 0 to 1."""
        return float(self.decomposed.missing.mean())


def evidence_of(result: Decomposition) -> dict[str, Any]:
    """Columns of the evidence of a decomposition."""
    return {
        "status": result.status,
        "converged": result.converged,
        "iterations": result.iterations,
        "objective": result.objective,
        "relative_gap": result.relative_gap,
        "residual_share": result.quality.residual_share,
        "phasic_tonic_correlation": result.quality.phasic_tonic_correlation,
        "fast_decay_share": result.quality.fast_decay_share,
        "quality": " ".join(result.quality.messages),
    }


def programme_of(choice: DecompositionChoice) -> dict[str, Any]:
    """Return the arguments of `decompose` and `decompose_batch`: the choice, and missing samples solved through."""
    return {**asdict(choice), "missing": "solve"}

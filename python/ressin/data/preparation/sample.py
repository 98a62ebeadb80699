"""One recording as a model takes it: its window decomposed, its three channels, the dropped beginning gone."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ressin.data.preparation.cut import Cut

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ressin.data.preparation.settings import DecompositionChoice
    from ressin.decomposition.result import Decomposition


@dataclass(frozen=True)
class Sample:
    """A recording that is ready for a model, in training and in prediction.

    Attributes
    ----------
    window
        The part of it that was used.
    result
        The window's decomposition.
    channels
        (3, n) float32 in the order of `ressin.image.CHANNELS`, in the signal's unit; where a sample is missing the
        origin is phasic plus tonic part.
    missing_share
        Share of the channels' samples that were missing, 0 to 1.
    """

    window: Cut
    result: Decomposition
    channels: NDArray[np.float32]
    missing_share: float

    @classmethod
    def of(cls, window: Cut, result: Decomposition) -> Sample:
        """Put the channels of a decomposed window together, without its lead."""
        missing = np.isnan(window.signal)
        origin = np.where(missing, result.phasic + result.tonic, window.signal)
        channels = np.stack([origin, result.phasic, result.tonic])[:, window.lead :].astype(np.float32)
        return cls(window, result, channels, float(missing[window.lead :].mean()))


def programme_of(choice: DecompositionChoice) -> dict[str, Any]:
    """Return the arguments of `decompose` and `decompose_batch`: the choice, and missing samples solved through."""
    return {**asdict(choice), "missing": "solve"}

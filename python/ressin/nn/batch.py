"""A batch of signals in the rows of one array, checked, as the compiled core takes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ressin.errors import InvalidInputError
from ressin.signals import MIN_SAMPLES

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

NAMES = ("alpha", "gamma", "tau0", "tau1")  # columns of a program


@dataclass(frozen=True)
class Rows:
    """Signals (B, n), their weights (B, n) or None for ones, their lengths (B,) and programs (B, 4)."""

    signals: NDArray[np.float64]
    weights: NDArray[np.float64] | None
    lengths: NDArray[np.int64]
    programs: NDArray[np.float64]

    @classmethod
    def of(cls, signal: Tensor, mask: Tensor | None, sample_weight: Tensor | None, program: Tensor) -> Rows:
        """Check the tensors of a batch.

        Parameters
        ----------
        signal
            (B, n).
        mask
            (B, n) bool: a row ends with its last True; a False before that is a missing sample.
        sample_weight
            (B, n), finite and >= 0.
        program
            (B, 4): alpha, gamma, tau0, tau1.

        Raises
        ------
        InvalidInputError
            With the row and the value that cannot be used.
        """
        signals = _array(signal)
        weights = None if sample_weight is None else _array(sample_weight)
        lengths = np.full(len(signals), signals.shape[1], dtype=np.int64)
        if mask is not None:
            valid = mask.detach().to("cpu").numpy()
            lengths = signals.shape[1] - np.argmax(valid[:, ::-1], axis=1).astype(np.int64)
            if not (valid.sum(axis=1) == lengths).all():  # something is missing before a signal's end
                weights = np.where(valid, 1.0 if weights is None else weights, 0.0)
        _check_weights(weights)
        _check_samples(signals, weights, lengths, mask)
        programs = _array(program)
        _check_programs(programs)
        return cls(signals, weights, lengths, programs)

    def arrays(
        self,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64] | None, NDArray[np.int64], NDArray[np.float64]]:
        """Return the four in the core's order."""
        return self.signals, self.weights, self.lengths, self.programs


def _array(x: Tensor) -> NDArray[np.float64]:
    return np.ascontiguousarray(x.detach().to("cpu", torch.float64).numpy())


def _check_weights(weights: NDArray[np.float64] | None) -> None:
    if weights is None:
        return
    bad = ~(np.isfinite(weights) & (weights >= 0))
    if bad.any():
        row, place = map(int, np.argwhere(bad)[0])
        raise InvalidInputError(
            f"sample_weight[{row}, {place}] is {weights[row, place]}; weights must be finite and >= 0"
        )


def _check_samples(
    signals: NDArray[np.float64],
    weights: NDArray[np.float64] | None,
    lengths: NDArray[np.int64],
    mask: Tensor | None,
) -> None:
    used = np.arange(signals.shape[1]) < lengths[:, None]
    if mask is not None:
        used &= mask.detach().to("cpu").numpy()
    if weights is not None:
        used &= weights > 0
    counts = used.sum(axis=1)
    if (counts < MIN_SAMPLES).any():
        row = int(np.argmax(counts < MIN_SAMPLES))
        raise InvalidInputError(f"signal {row} has {counts[row]} samples to fit; at least {MIN_SAMPLES} are needed")
    bad = used & ~np.isfinite(signals)
    if bad.any():
        row, place = map(int, np.argwhere(bad)[0])
        raise InvalidInputError(
            f"signal[{row}, {place}] is {signals[row, place]}; samples must be finite, or masked, or of weight 0"
        )


def _check_programs(programs: NDArray[np.float64]) -> None:
    good = np.isfinite(programs) & (programs > 0)
    good[:, 1] |= programs[:, 1] == 0  # gamma
    if not good.all():
        row, column = map(int, np.argwhere(~good)[0])
        needed = ">= 0" if NAMES[column] == "gamma" else "> 0"
        raise InvalidInputError(
            f"{NAMES[column]} of signal {row} is {programs[row, column]:g}; it must be a finite number {needed}"
        )


def knot_count(n: Any, sampling_rate: float, delta_knot: float, revision: str) -> Any:
    """Count the knots of `n` samples, a number or torch's symbol for one: 0, ks, 2 ks ... < n + ks//2, or < n."""
    spacing = round(delta_knot / (1.0 / sampling_rate))
    end = n + spacing // 2 if revision == "2025" else n
    return (end + spacing - 1) // spacing

"""A batch of signals and their programmes, checked: as tensors, and in the rows of one array for the compiled core."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.autograd import forward_ad

from ressin.decomposition.inputs import MIN_SAMPLES
from ressin.errors import InvalidInputError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

DTYPES = (torch.float32, torch.float64)
NAMES = ("alpha", "gamma", "tau0", "tau1")  # columns of a program


@dataclass(frozen=True)
class SignalRows:
    """Signals (B, n), their weights (B, n) or None for ones, their lengths (B,) and programs (B, 4)."""

    signals: NDArray[np.float64]
    weights: NDArray[np.float64] | None
    lengths: NDArray[np.int64]
    programs: NDArray[np.float64]

    @classmethod
    def of(cls, signal: Tensor, mask: Tensor | None, sample_weight: Tensor | None, program: Tensor) -> SignalRows:
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


def refuse_forward_mode(name: str, value: Tensor) -> None:
    """Raise InvalidInputError for a tensor with a tangent, which an operator with a backward pass alone would lose."""
    if torch.compiler.is_compiling():
        return
    _, tangent = forward_ad.unpack_dual(value)  # type: ignore[no-untyped-call]
    if tangent is not None:
        raise InvalidInputError(
            f"{name} has a tangent; forward-mode differentiation is not implemented: use backward()"
        )


def refuse_second_derivative(ctx: Any, *gradients: Any) -> Any:
    """Raise InvalidInputError: the backward pass of an operator whose own derivative is not implemented."""
    raise InvalidInputError(
        "a second derivative (the gradient of a gradient, create_graph=True) is not implemented for this operator: "
        "detach the first one"
    )


def without_autocast(signal: Any) -> Any:
    """Return a half precision signal in float32 where autocast has made it one; others as they are."""
    half = isinstance(signal, torch.Tensor) and signal.dtype in (torch.bfloat16, torch.float16)
    return signal.float() if half and torch.is_autocast_enabled(signal.device.type) else signal


def check_signal(signal: Tensor) -> torch.Size:
    """Return the batch's shape (...) of signals (..., n)."""
    _check_tensor("the signal", signal)
    if signal.ndim < 1 or signal.dtype not in DTYPES:
        raise InvalidInputError(
            f"the signal is a {signal.dtype} tensor of shape {tuple(signal.shape)}; float32 or float64 of shape "
            "(..., n) is needed"
        )
    if signal.shape[-1] < MIN_SAMPLES:
        raise InvalidInputError(f"the signal has {signal.shape[-1]} samples; at least {MIN_SAMPLES} are needed")
    return signal.shape[:-1]


def _check_tensor(name: str, value: object) -> None:
    if not isinstance(value, torch.Tensor):
        raise InvalidInputError(f"{name} is a {type(value).__name__}; a torch tensor is needed")
    if value.layout != torch.strided:
        raise InvalidInputError(f"{name} is a tensor of layout {value.layout}; a dense one is needed: use to_dense()")
    refuse_forward_mode(name, value)


def rows_like(name: str, value: Tensor | None, signal: Tensor) -> Tensor | None:
    """Return a mask or weights of the signal's shape as rows, (B, n)."""
    if value is None:
        return None
    _check_tensor(name, value)
    if value.shape != signal.shape:
        raise InvalidInputError(
            f"{name} has shape {tuple(value.shape)}; it must have the signal's, {tuple(signal.shape)}"
        )
    if name == "mask" and value.dtype != torch.bool:
        raise InvalidInputError(f"mask is a {value.dtype} tensor; it must be bool, True where there is a sample")
    return value.reshape(-1, signal.shape[-1])


def stack_program(batch: torch.Size, signal: Tensor, values: tuple[float | Tensor, ...]) -> Tensor:
    """Stack alpha, gamma, tau0 and tau1 of every signal: (B, 4), double."""
    columns = []
    for name, value in zip(NAMES, values, strict=True):
        try:
            tensor = torch.as_tensor(value, dtype=torch.float64, device=signal.device)
        except (TypeError, ValueError, RuntimeError):
            raise InvalidInputError(f"{name} is {value!r}; it must be a number or a tensor") from None
        refuse_forward_mode(name, tensor)
        try:
            columns.append(tensor.expand(batch).reshape(-1))
        except RuntimeError:
            raise InvalidInputError(
                f"{name} has shape {tuple(tensor.shape)}, which does not broadcast to the batch's, {tuple(batch)}"
            ) from None
    program = torch.stack(columns, dim=1)
    if not torch.compiler.is_compiling() and (columns[2].requires_grad or columns[3].requires_grad):
        _check_differentiable(program)
    return program


def _check_differentiable(program: Tensor) -> None:
    """Refuse a gradient in time constants that are equal; compiled, where values are unknown, it is NaN."""
    equal = (program[:, 2] == program[:, 3]).nonzero()
    if len(equal):
        row = int(equal[0])
        raise InvalidInputError(
            f"tau0 and tau1 of signal {row} are both {float(program[row, 2].detach()):g} s; the response has no "
            "derivative in its time constants where they are equal: start them apart"
        )


def knot_count(n: Any, sampling_rate: float, delta_knot: float, revision: str) -> Any:
    """Count the knots of `n` samples, a number or torch's symbol for one: 0, ks, 2 ks ... < n + ks//2, or < n."""
    spacing = round(delta_knot / (1.0 / sampling_rate))
    end = n + spacing // 2 if revision == "2025" else n
    return (end + spacing - 1) // spacing

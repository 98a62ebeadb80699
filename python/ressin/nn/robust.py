"""The robust decomposition and its gradient as operators that torch knows: `ressin::robust`, `ressin::robust_backward`.

Settings and weights are found in each signal by the forward pass and are constants for the backward pass: the gradient
is that of the last programme's solution in the signal, its costs held.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ressin import _core
from ressin.decomposition.robust import before_contact, solve_robust
from ressin.errors import ConvergenceError
from ressin.nn.batch import NAMES, SignalRows, refuse_second_derivative
from ressin.settings import BEFORE, Settings, check_sampling_rate

_SAMPLES = ("driver", "residual", "outliers", "shifts", "alpha", "kappa")  # that the backward pass needs


class RobustParts(NamedTuple):
    """A signal's parts by the robust programme, each with the signal's shape, dtype and device.

    They are 0 beyond a masked signal's end.

    Attributes
    ----------
    phasic, tonic
        In the signal's unit; the tonic part includes the shifts.
    driver
        Sudomotor nerve activity, >= 0, in the signal's unit per second.
    residual
        signal - phasic - tonic - outliers; 0 where the mask is False.
    outliers
        What belongs to neither part nor to the noise; 0 where a sample is missing.
    shifts
        Level beside the tonic curve, a constant for the derivative: the tonic part carries its gradient. Where contact
        is lost for a moment the tonic part is the signal and a constant.
    """

    phasic: Tensor
    tonic: Tensor
    driver: Tensor
    residual: Tensor
    outliers: Tensor
    shifts: Tensor


def robust_settings(
    sampling_rate: float, tau0: float, tau1: float, delta_knot: float, tol: float, max_iterations: int, n_threads: int
) -> Settings:
    """Return the settings of the robust programme, checked."""
    check_sampling_rate(sampling_rate)
    return Settings(
        programme="robust",
        tau0=tau0,
        tau1=tau1,
        delta_knot=delta_knot,
        tol=tol,
        max_iterations=max_iterations,
        n_threads=n_threads,
    )


@torch.library.custom_op("ressin::robust", mutates_args=())
def robust_operator(
    signal: Tensor,
    mask: Tensor | None,
    sample_weight: Tensor | None,
    sampling_rate: float,
    tau0: float,
    tau1: float,
    delta_knot: float,
    tol: float,
    max_iterations: int,
    n_threads: int,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Decompose the rows of `signal`, (B, n), each with settings and weights of its own.

    Returns phasic, tonic, driver, shifts, delta, the cost of an outlier, and contact, (B, n), like `signal`; tonic part
    and shifts are the programme's, to which lost contact is to be added. And on the CPU in double precision what the
    backward pass needs: samples, (B, 6, n), and coefficients, (B, 2 + before + 3 n_knots).
    """
    settings = robust_settings(sampling_rate, tau0, tau1, delta_knot, tol, max_iterations, n_threads)
    rows = _rows(signal, mask, sample_weight)
    solved = _solve(rows, sampling_rate, settings)
    count, n = rows.signals.shape
    parts = {name: np.zeros((count, n)) for name in ("phasic", "tonic", "delta", "contact", *_SAMPLES)}
    before, n_knots = sizes(n, sampling_rate, delta_knot)
    coefficients = np.zeros((count, 2 + before + 3 * n_knots))
    for k, (fields, length) in enumerate(zip(solved, rows.lengths, strict=True)):
        robust = fields["robust"]
        own = before_contact(fields)
        for name, part in parts.items():
            part[k, :length] = own.get(name, fields.get(name, getattr(robust, name, None)))
        one = coefficients[k]
        one[0], one[1] = robust.alpha_before, robust.bounded
        one[2 : 2 + before] = robust.before
        spline, at = fields["spline"], 2 + before
        one[at : at + spline.size] = spline
        one[at + n_knots : at + n_knots + spline.size] = robust.level * fields["scale"]
        one[at + 2 * n_knots : at + 2 * n_knots + robust.stiffness.size] = robust.stiffness
    samples = torch.from_numpy(np.stack([parts[name] for name in _SAMPLES], axis=1))
    phasic, tonic, driver, shifts, delta, contact = (
        _like(torch.from_numpy(parts[name]), signal)
        for name in ("phasic", "tonic", "driver", "shifts", "delta", "contact")
    )
    return phasic, tonic, driver, shifts, delta, contact, samples, torch.from_numpy(coefficients)


def _rows(signal: Tensor, mask: Tensor | None, sample_weight: Tensor | None) -> SignalRows:
    """Check a batch; of cvxEDA's settings there are none."""
    unused = signal.new_ones((signal.shape[0], len(NAMES)), dtype=torch.float64)
    return SignalRows.of(signal, mask, sample_weight, unused)


def _solve(rows: SignalRows, sampling_rate: float, settings: Settings) -> list[dict[str, Any]]:
    """Decompose the rows, or raise ConvergenceError."""
    signals, weights = [], []
    for k, length in enumerate(rows.lengths):
        weight = None if rows.weights is None else rows.weights[k, :length]
        signal = rows.signals[k, :length]
        signals.append(signal if weight is None else np.where(weight > 0, signal, 0.0))
        weights.append(weight)
    solved = solve_robust(signals, weights, [1.0 / sampling_rate] * len(signals), settings, None)
    for k, fields in enumerate(solved):
        if fields["status"] != "optimal":
            raise ConvergenceError(
                f"signal {k}: the solver stopped with a relative duality gap of {fields['relative_gap']:.1e} (tol is "
                f"{settings.tol:g}): allow more iterations with max_iterations, or ask for a larger tol"
            )
    return solved


def sizes(n: Any, sampling_rate: float, delta_knot: float) -> tuple[int, Any]:
    """Count the samples before the first, and the knots of `n` samples, a number or torch's symbol for one."""
    before = int(np.floor(BEFORE * sampling_rate + 0.5))
    spacing = max(1, int(np.floor(delta_knot * sampling_rate + 0.5)))
    return before, (n + before + spacing - 1) // spacing + 3


@robust_operator.register_fake
def _(
    signal: Tensor,
    mask: Tensor | None,
    sample_weight: Tensor | None,
    sampling_rate: float,
    tau0: float,
    tau1: float,
    delta_knot: float,
    *settings: Any,
) -> tuple[Tensor, ...]:
    count, n = signal.shape
    before, n_knots = sizes(n, sampling_rate, delta_knot)
    parts = [torch.empty_like(signal, memory_format=torch.contiguous_format) for _ in range(6)]
    kept = [(count, len(_SAMPLES), n), (count, 2 + before + 3 * n_knots)]
    return (*parts, *(signal.new_empty(shape, dtype=torch.float64, device="cpu") for shape in kept))


@torch.library.custom_op("ressin::robust_backward", mutates_args=())
def robust_backward(
    to_phasic: Tensor | None,
    to_tonic: Tensor | None,
    to_driver: Tensor | None,
    signal: Tensor,
    mask: Tensor | None,
    sample_weight: Tensor | None,
    samples: Tensor,
    coefficients: Tensor,
    sampling_rate: float,
    tau0: float,
    tau1: float,
    delta_knot: float,
) -> Tensor:
    """Gradient of a loss in the signal, (B, n), from those in the parts."""
    rows = _rows(signal, mask, sample_weight)
    gradients = (np.zeros(rows.signals.shape) if x is None else _array(x) for x in (to_phasic, to_tonic, to_driver))
    gradient = _core.differentiate_robust(
        rows.weights,
        rows.lengths,
        samples.numpy(),
        coefficients.numpy(),
        1.0 / sampling_rate,
        tau0,
        tau1,
        delta_knot,
        *gradients,
    )
    return _like(torch.from_numpy(gradient), signal)


@robust_backward.register_fake
def _(
    to_phasic: Tensor | None, to_tonic: Tensor | None, to_driver: Tensor | None, signal: Tensor, *rest: Any
) -> Tensor:
    return torch.empty_like(signal, memory_format=torch.contiguous_format)


robust_backward.register_autograd(refuse_second_derivative)


def _keep(ctx: Any, inputs: Sequence[Any], output: Sequence[Tensor]) -> None:
    signal, mask, sample_weight, *ctx.settings = inputs
    ctx.save_for_backward(signal, mask, sample_weight, *output[6:])
    ctx.set_materialize_grads(False)


def _backward(ctx: Any, *gradients: Tensor | None) -> tuple[Any, ...]:
    signal, mask, sample_weight, samples, coefficients = ctx.saved_tensors
    nothing = (None,) * (2 + len(ctx.settings))
    if all(x is None for x in gradients[:3]):
        return (None, *nothing)
    to_signal = robust_backward(*gradients[:3], signal, mask, sample_weight, samples, coefficients, *ctx.settings[:4])
    return (to_signal, *nothing)


robust_operator.register_autograd(_backward, setup_context=_keep)


def robust_parts(
    signal: Tensor, mask: Tensor | None, sample_weight: Tensor | None, settings: tuple[Any, ...]
) -> RobustParts:
    """Decompose signals, (..., n), with masks and weights as rows, (B, n); the parts say what an outlier is."""
    found = robust_operator(signal.reshape(-1, signal.shape[-1]), mask, sample_weight, *settings)[:6]
    phasic, tonic, driver, shifts, delta, contact = (x.reshape(signal.shape) for x in found)
    rest, delta, contact = signal - phasic - tonic, delta.detach(), contact.detach()
    outliers = rest - torch.minimum(torch.maximum(rest, -delta), delta)
    there = None if mask is None else mask.reshape(signal.shape)
    seen = there
    if sample_weight is not None:
        weighed = sample_weight.reshape(signal.shape) > 0
        seen = weighed if seen is None else seen & weighed
    if seen is not None:
        outliers = outliers.masked_fill(~seen, 0.0)
    change = _lost(signal, tonic, contact)
    none = torch.zeros_like(change)
    outlying = torch.minimum(torch.maximum(outliers, torch.minimum(change, none)), torch.maximum(change, none))
    outliers = outliers - outlying
    residual = rest - change - outliers
    if there is not None:
        residual = residual.masked_fill(~there, 0.0)
    return RobustParts(phasic, tonic + change, driver, residual, outliers, shifts.detach() + contact)


def _lost(signal: Tensor, tonic: Tensor, contact: Tensor) -> Tensor:
    """Return `contact` with its gradient: the measured level there is the signal and a constant, or zero."""
    measured = torch.where(contact < 0, signal - signal.detach(), torch.zeros_like(signal))
    return torch.where(contact == 0, contact, contact + measured - (tonic - tonic.detach()))


def _array(x: Tensor) -> NDArray[np.float64]:
    return np.ascontiguousarray(x.detach().to("cpu", torch.float64).numpy())


def _like(x: Tensor, other: Tensor) -> Tensor:
    return x.to(other.device, other.dtype)

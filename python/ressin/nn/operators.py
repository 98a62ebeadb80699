"""The decomposition and its gradient as operators that torch knows: `ressin::cvxeda` and `ressin::cvxeda_backward`.

They run in the compiled core on the CPU, without the GIL, and see tensors of plain numbers only; `ressin.nn.layer` is
the public interface. One more solve, at the driver's events or with the matrix of the last Newton step, gives all
gradients; what the backward pass takes beside the forward pass is measured by ``pytest bench/test_layer.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ressin import _core
from ressin.errors import ConvergenceError
from ressin.nn.batch import SignalRows, knot_count, refuse_second_derivative
from ressin.settings import Settings, check_knots, check_sampling_rate, core_settings

N_KEPT = 4  # mean, scale and two starting values stand before the spline's coefficients


def checked_settings(
    sampling_rate: float,
    delta_knot: float,
    revision: str,
    baseline: str,
    standardize: bool,
    tol: float,
    max_iterations: int,
    n_threads: int,
) -> _core.Settings:
    """Return the settings as the compiled core takes them, or raise InvalidInputError."""
    settings = Settings(
        delta_knot=delta_knot,
        revision=revision,  # type: ignore[arg-type]  # Settings checks it
        baseline=baseline,  # type: ignore[arg-type]
        standardize=standardize,
        tol=tol,
        max_iterations=max_iterations,
        n_threads=n_threads,
    )
    check_knots(None, settings, check_sampling_rate(sampling_rate))
    return core_settings(settings, None)


@torch.library.custom_op("ressin::cvxeda", mutates_args=())
def cvxeda_operator(
    signal: Tensor,
    mask: Tensor | None,
    sample_weight: Tensor | None,
    program: Tensor,
    sampling_rate: float,
    delta_knot: float,
    revision: str,
    baseline: str,
    standardize: bool,
    tol: float,
    max_iterations: int,
    n_threads: int,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Decompose the rows of `signal`, (B, n); `program`, (B, 4), holds alpha, gamma, tau0 and tau1 of each.

    Returns phasic, tonic and driver, (B, n), like `signal`, and on the CPU in double precision what the backward pass
    needs: residual and curvature, (B, n), and coefficients, (B, 4 + n_knots).
    """
    rows = SignalRows.of(signal, mask, sample_weight, program)
    core = checked_settings(sampling_rate, delta_knot, revision, baseline, standardize, tol, max_iterations, n_threads)
    *arrays, solved, gap = _core.layer_forward(*rows.arrays(), 1.0 / sampling_rate, core)
    if not all(solved):
        first = solved.index(False)
        raise ConvergenceError(
            f"signal {first}: the solver stopped with a relative duality gap of {gap[first]:.1e} (tol is {tol:g}): "
            "allow more iterations with max_iterations, or ask for a larger tol"
        )
    phasic, tonic, driver, residual, curvature, kept = (torch.from_numpy(x) for x in arrays)
    return _like(phasic, signal), _like(tonic, signal), _like(driver, signal), residual, curvature, kept


@cvxeda_operator.register_fake
def _(
    signal: Tensor,
    mask: Tensor | None,
    sample_weight: Tensor | None,
    program: Tensor,
    sampling_rate: float,
    delta_knot: float,
    revision: str,
    *settings: Any,
) -> tuple[Tensor, ...]:
    n_knots = knot_count(signal.shape[1], sampling_rate, delta_knot, revision)
    parts = [torch.empty_like(signal, memory_format=torch.contiguous_format) for _ in range(3)]
    kept = [_on_cpu(signal, signal.shape[1]), _on_cpu(signal, signal.shape[1]), _on_cpu(signal, N_KEPT + n_knots)]
    return (*parts, *kept)


@torch.library.custom_op("ressin::cvxeda_backward", mutates_args=())
def cvxeda_backward(
    to_phasic: Tensor | None,
    to_tonic: Tensor | None,
    to_driver: Tensor | None,
    signal: Tensor,
    mask: Tensor | None,
    sample_weight: Tensor | None,
    program: Tensor,
    driver: Tensor,
    residual: Tensor,
    curvature: Tensor,
    kept: Tensor,
    sampling_rate: float,
    delta_knot: float,
    revision: str,
    baseline: str,
    standardize: bool,
    tol: float,
    max_iterations: int,
    n_threads: int,
) -> tuple[Tensor, Tensor]:
    """Gradients of a loss in the signal, (B, n), and in the program, (B, 4), from those in the parts."""
    rows = SignalRows.of(signal, mask, sample_weight, program)
    core = checked_settings(sampling_rate, delta_knot, revision, baseline, standardize, tol, max_iterations, n_threads)
    solution = (_array(driver), _array(residual), _array(curvature), _array(kept))
    gradients = (None if x is None else _array(x) for x in (to_phasic, to_tonic, to_driver))
    to_signal, to_program = _core.layer_backward(*rows.arrays(), 1.0 / sampling_rate, core, *solution, *gradients)
    return _like(torch.from_numpy(to_signal), signal), _like(torch.from_numpy(to_program), program)


@cvxeda_backward.register_fake
def _(
    to_phasic: Tensor | None,
    to_tonic: Tensor | None,
    to_driver: Tensor | None,
    signal: Tensor,
    mask: Tensor | None,
    sample_weight: Tensor | None,
    program: Tensor,
    *rest: Any,
) -> tuple[Tensor, Tensor]:
    contiguous = torch.contiguous_format
    return torch.empty_like(signal, memory_format=contiguous), torch.empty_like(program, memory_format=contiguous)


cvxeda_backward.register_autograd(refuse_second_derivative)


def _keep(ctx: Any, inputs: Sequence[Any], output: Sequence[Tensor]) -> None:
    signal, mask, sample_weight, program, *ctx.settings = inputs
    _, _, driver, *kept = output
    ctx.save_for_backward(signal, mask, sample_weight, program, driver, *kept)
    ctx.set_materialize_grads(False)


def _backward(ctx: Any, *gradients: Tensor | None) -> tuple[Any, ...]:
    signal, mask, sample_weight, program, *solution = ctx.saved_tensors
    nothing = (None,) * len(ctx.settings)
    if all(x is None for x in gradients[:3]):
        return (None, None, None, None, *nothing)
    to_signal, to_program = cvxeda_backward(
        *gradients[:3], signal, mask, sample_weight, program, *solution, *ctx.settings
    )
    return (to_signal, None, None, to_program, *nothing)


cvxeda_operator.register_autograd(_backward, setup_context=_keep)


def _array(x: Tensor) -> NDArray[np.float64]:
    return np.ascontiguousarray(x.detach().to("cpu", torch.float64).numpy())


def _like(x: Tensor, other: Tensor) -> Tensor:
    return x.to(other.device, other.dtype)


def _on_cpu(signal: Tensor, n: Any) -> Tensor:
    return signal.new_empty((signal.shape[0], n), dtype=torch.float64, device="cpu")

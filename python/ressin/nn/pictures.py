"""Signals as pictures, differentiably: the image kernel of `ressin.image` and its transpose as operators of torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ressin import _core
from ressin.errors import InvalidInputError
from ressin.image import DEFAULT, ImageSettings, check_rate, empty_images, too_short
from ressin.nn.batch import refuse_forward_mode, refuse_second_derivative


def draw(
    signals: Tensor,
    sampling_rate: float,
    *,
    lengths: Tensor | None = None,
    settings: ImageSettings = DEFAULT,
    mean: Tensor | None = None,
    shifts: Tensor | None = None,
    n_threads: int = 0,
) -> Tensor:
    """Draw signals as pictures, with a gradient in the samples.

    Parameters
    ----------
    signals
        (B, n_channels, n) float32 or float64, at most 8 channels, on any device; drawn on the CPU.
    sampling_rate
        Hz, >= 1.
    lengths
        (B,) samples of each signal, default n; what comes after is not read.
    settings
        Size and filter.
    mean
        (n_channels,), subtracted from the pixels, not differentiated; default zeros.
    shifts
        (B, 2) pixels, see `ressin.image.PackedSignals.draw`; default zeros.
    n_threads
        Threads; 0 takes every core.

    Returns
    -------
    Tensor
        (B, n_channels, size, size) float32.

    Raises
    ------
    InvalidInputError
        If a shape is wrong, a signal shorter than two seconds, a sample not finite, or with forward-mode
        differentiation.

    Notes
    -----
    The gradient includes that of each channel's minimum and maximum, at the first sample that takes them; a constant
    channel has none.
    """
    check_rate(sampling_rate)
    if signals.ndim != 3 or not signals.is_floating_point():
        raise InvalidInputError(
            f"signals are {signals.dtype} of shape {tuple(signals.shape)}; floats of shape (batch, channels, n) are "
            "needed"
        )
    refuse_forward_mode("signals", signals)
    count, n_channels, n = signals.shape
    if lengths is None:
        lengths = torch.full((count,), n, dtype=torch.int64)
    if shifts is None:
        shifts = torch.zeros((count, 2), dtype=torch.int64)
    if mean is None:
        mean = torch.zeros(n_channels)
    for name, value, shape in (
        ("lengths", lengths, (count,)),
        ("shifts", shifts, (count, 2)),
        ("mean", mean, (n_channels,)),
    ):
        if tuple(value.shape) != shape:
            raise InvalidInputError(f"{name} has shape {tuple(value.shape)}; {shape} is needed")
    pixels: Tensor = pictures_operator(
        signals, lengths, mean, shifts, float(sampling_rate), settings.size, settings.antialias, n_threads
    )
    return pixels


@torch.library.custom_op("ressin::pictures", mutates_args=())
def pictures_operator(
    signals: Tensor,
    lengths: Tensor,
    mean: Tensor,
    shifts: Tensor,
    sampling_rate: float,
    size: int,
    antialias: bool,
    n_threads: int,
) -> Tensor:
    """Draw (B, n_channels, n) as (B, n_channels, size, size), float32."""
    counts = _integers(lengths)
    short = [k for k, n in enumerate(counts.tolist()) if _core.image_grid(max(n, 0), sampling_rate)[0] < 2]
    if short:
        raise InvalidInputError(too_short(int(counts[short[0]]), sampling_rate, f"signal {short[0]}: "))
    pixels = empty_images((*signals.shape[:2], size, size))
    means = np.ascontiguousarray(mean.detach().to("cpu", torch.float32).numpy())
    bad = _core.pictures_forward(
        _doubles(signals), counts, sampling_rate, _integers(shifts), means, antialias, pixels, n_threads
    )
    if bad >= 0:
        raise InvalidInputError(f"signal {bad} holds a sample that is not finite")
    return torch.from_numpy(pixels).to(signals.device)


@pictures_operator.register_fake
def _(signals: Tensor, lengths: Tensor, mean: Tensor, shifts: Tensor, rate: float, size: int, *rest: Any) -> Tensor:
    return signals.new_empty((signals.shape[0], signals.shape[1], size, size), dtype=torch.float32)


@torch.library.custom_op("ressin::pictures_backward", mutates_args=())
def pictures_backward(
    to_pixels: Tensor,
    signals: Tensor,
    lengths: Tensor,
    shifts: Tensor,
    sampling_rate: float,
    antialias: bool,
    n_threads: int,
) -> Tensor:
    """Gradient in the samples, (B, n_channels, n), from that in the pixels."""
    pixels = np.ascontiguousarray(to_pixels.detach().to("cpu", torch.float32).numpy())
    found = _core.pictures_backward(
        _doubles(signals), _integers(lengths), sampling_rate, _integers(shifts), antialias, pixels, n_threads
    )
    return torch.from_numpy(found).to(signals.device, signals.dtype)


@pictures_backward.register_fake
def _(to_pixels: Tensor, signals: Tensor, *rest: Any) -> Tensor:
    return torch.empty_like(signals, memory_format=torch.contiguous_format)


pictures_backward.register_autograd(refuse_second_derivative)


def _keep(ctx: Any, inputs: Sequence[Any], output: Tensor) -> None:
    signals, lengths, _, shifts, sampling_rate, _, antialias, n_threads = inputs
    ctx.save_for_backward(signals, lengths, shifts)
    ctx.settings = (sampling_rate, antialias, n_threads)


def _backward(ctx: Any, to_pixels: Tensor) -> tuple[Tensor | None, ...]:
    return (pictures_backward(to_pixels, *ctx.saved_tensors, *ctx.settings), *(None,) * 7)


pictures_operator.register_autograd(_backward, setup_context=_keep)


def _doubles(x: Tensor) -> Any:
    return np.ascontiguousarray(x.detach().to("cpu", torch.float64).numpy())


def _integers(x: Tensor) -> Any:
    return np.ascontiguousarray(x.detach().to("cpu", torch.int64).numpy())

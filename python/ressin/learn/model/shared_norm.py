"""Batch normalisation over all processes of a training: the moments are those of the whole batch.

torch's ``SyncBatchNorm`` does the same on GPUs alone; this one runs on every backend, gloo on CPUs among them.
"""

from __future__ import annotations

from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

Network = TypeVar("Network", bound=nn.Module)


class _Sum(torch.autograd.Function):
    """The sum over all processes; its gradient is the sum of theirs."""

    @staticmethod
    def forward(context: Any, values: Tensor) -> Tensor:
        """Sum a copy."""
        total = values.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> Tensor:
        """Sum the gradients."""
        total = gradient.contiguous().clone()
        dist.all_reduce(total)
        return total


def shares_batches() -> bool:
    """Whether several processes share every batch."""
    return dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1


class _SharedNorm(_BatchNorm):
    """Normalisation by the mean and deviation of each channel over the samples of all processes.

    Alone, or in evaluation mode, it is torch's own. Processes may hold unequal numbers of samples.
    """

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 -- torch's name
        """Normalise (B, C, ...) along all axes but the second."""
        if not (self.training and shares_batches()):
            return super().forward(input)
        values = input if input.dtype == torch.float64 else input.float()  # moments lose too much in bf16
        axes = [axis for axis in range(values.ndim) if axis != 1]
        shape = [1, -1] + [1] * (values.ndim - 2)
        own = values.new_tensor([values.numel() // values.shape[1]])
        sums: Tensor = _Sum.apply(torch.cat([values.sum(dim=axes), own]))  # type: ignore[no-untyped-call]
        count = sums[-1].detach()
        mean = sums[:-1] / count
        centred = values - mean.view(shape)
        variance: Tensor = _Sum.apply(centred.square().sum(dim=axes)) / count  # type: ignore[no-untyped-call]
        self._note(mean.detach(), variance.detach() * count / (count - 1).clamp(min=1))
        scaled = centred * torch.rsqrt(variance + self.eps).view(shape)
        if self.affine:
            scaled = scaled * self.weight.view(shape) + self.bias.view(shape)
        normalised = scaled.to(input.dtype)
        return normalised

    @torch.no_grad()
    def _note(self, mean: Tensor, variance: Tensor) -> None:
        """Bring the running moments up to date, as torch does."""
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return
        self.num_batches_tracked.add_(1)
        momentum = 1.0 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean, momentum)
        self.running_var.lerp_(variance, momentum)


class SharedNorm1d(_SharedNorm, nn.BatchNorm1d):
    """`torch.nn.BatchNorm1d` over all processes."""


class SharedNorm2d(_SharedNorm, nn.BatchNorm2d):
    """`torch.nn.BatchNorm2d` over all processes."""

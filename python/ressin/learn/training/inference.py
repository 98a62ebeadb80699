"""Inference: probabilities, loss and accuracy of samples, in single precision."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ressin.learn.training.dataset import Inputs, InputSource


def moved(inputs: Inputs, device: torch.device, channels_last: bool = False) -> Inputs:
    """Move a model's arguments to its device, pictures in the memory layout of the model."""

    def move(tensor: Tensor | None) -> Tensor | None:
        if tensor is None:
            return None
        layout = torch.channels_last if channels_last and tensor.ndim == 4 else torch.preserve_format
        return tensor.to(device, non_blocking=True, memory_format=layout)

    return tuple(move(tensor) for tensor in inputs)


@torch.no_grad()
def logits(
    model: nn.Module, source: InputSource, index: NDArray[np.int64], *, batch_size: int, device: torch.device
) -> Tensor:
    """Logits of samples, (n, 2), float32 on the CPU; the model is in evaluation mode meanwhile."""
    was_training = model.training
    model.to(device).eval()
    found = torch.empty(len(index), 2)
    try:
        for rows in batches_of(index, getattr(source, "groups", None), batch_size):
            found[rows] = model(*moved(source.inputs(index[rows], None), device)).float().cpu()
    finally:
        model.train(was_training)
    return found


def batches_of(index: NDArray[np.int64], groups: NDArray[np.int64] | None, batch_size: int) -> list[NDArray[np.int64]]:
    """Divide positions of samples into batches: so many at a time, or group by group where groups are given."""
    if groups is None:
        return [np.arange(begin, min(begin + batch_size, len(index))) for begin in range(0, len(index), batch_size)]
    whose = groups[index]
    return [np.flatnonzero(whose == group) for group in np.unique(whose)]


def probabilities(
    model: nn.Module, source: InputSource, index: NDArray[np.int64], *, batch_size: int, device: torch.device
) -> NDArray[np.float64]:
    """Probability of class 1 for samples, (n,)."""
    found = logits(model, source, index, batch_size=batch_size, device=device)
    chances: NDArray[np.float64] = torch.softmax(found.double(), dim=1)[:, 1].numpy()
    return chances


def loss_and_accuracy(
    model: nn.Module,
    source: InputSource,
    label: NDArray[np.int64],
    index: NDArray[np.int64],
    *,
    batch_size: int,
    device: torch.device,
) -> tuple[float, float]:
    """Mean cross-entropy and share of right answers over samples."""
    found = logits(model, source, index, batch_size=batch_size, device=device)
    right = torch.from_numpy(label[index])
    loss = nn.functional.cross_entropy(found, right)
    return float(loss), float((found.argmax(dim=1) == right).float().mean())

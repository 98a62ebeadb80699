"""Samples for torch: pictures drawn a batch at a time, in one call of the kernel, while the last batch trains.

`SignalImages` is an ordinary map-style dataset, for any ``DataLoader``; it answers ``__getitems__``, so a loader asks
for a whole batch at once. `BatchStream` is the loader that training uses: an endless sequence of shuffles cut into full
batches, where batch s depends on the seed and on s alone, so that training can go on from any step and be shared by
processes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor
from torch.utils.data import Dataset

from ressin.data.samples.labelled import LabelledData
from ressin.errors import InvalidInputError
from ressin.image import DEFAULT, ImageSettings
from ressin.learn.training.buffers import BatchBuffers

RUN = 12  # samples of one person that stay together, where a model compares them
Inputs = tuple[Tensor | None, ...]


class InputSource(Protocol):
    """Source of a model's inputs: tensors for some of the samples."""

    def inputs(self, index: NDArray[np.int64], shifts: NDArray[np.int64] | None) -> Inputs:
        """Tensors of these samples; `shifts`, (B, 2) pixels, are the crops of a training batch."""


@dataclass(frozen=True)
class Batch:
    """One training step's samples, or one process's share of them.

    Attributes
    ----------
    step
        Number of the batch, from 0.
    index
        Its samples.
    inputs
        Arguments of the model.
    label
        int64, (B,).
    whole
        Samples of the whole batch, over all processes.
    """

    step: int
    index: NDArray[np.int64]
    inputs: Inputs
    label: Tensor
    whole: NDArray[np.int64]


class SignalImages(Dataset[tuple[Tensor, int]]):
    """Pictures of samples.

    Parameters
    ----------
    data
        Signals and labels.
    channels
        Positions of the planes among origin, phasic, tonic.
    settings
        Size and filter.
    mean
        Shape (n_planes,), subtracted; default zeros.
    n_threads
        Threads of the kernel; 0 takes every core.
    """

    def __init__(
        self,
        data: LabelledData,
        channels: Sequence[int] = (0, 1, 2),
        settings: ImageSettings = DEFAULT,
        *,
        mean: ArrayLike | None = None,
        n_threads: int = 0,
    ) -> None:
        self.data, self.settings, self.n_threads = data, settings, n_threads
        self.signals = data.signals.select(channels)
        self._buffers = BatchBuffers()
        self.mean = np.zeros(len(channels), np.float32) if mean is None else np.asarray(mean, np.float32)

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, sample: int) -> tuple[Tensor, int]:
        if not 0 <= sample < len(self):
            raise IndexError(f"sample {sample} of {len(self)}")
        return self.draw(np.array([sample]))[0], int(self.data.label[sample])

    def __getitems__(self, samples: Sequence[int]) -> list[tuple[Tensor, int]]:
        index = np.asarray(samples, np.int64)
        return list(zip(self.draw(index), self.data.label[index].tolist(), strict=True))

    def draw(self, index: NDArray[np.int64], shifts: NDArray[np.int64] | None = None) -> Tensor:
        """Draw samples, (B, n_planes, size, size), each moved by its row of `shifts`, (B, 2) pixels."""
        size = self.settings.size
        out = self._buffers.take((len(index), self.signals.n_channels, size, size))
        place = self.data.place[index]
        self.signals.draw(
            place, self.settings, mean=self.mean, shifts=shifts, out=out.numpy(), n_threads=self.n_threads
        )
        return out


def channel_means(images: SignalImages, index: NDArray[np.int64], batch_size: int = 256) -> NDArray[np.float32]:
    """Mean pixel of each plane over some samples (the training part), (n_planes,)."""
    total = np.zeros(images.signals.n_channels)
    for begin in range(0, len(index), batch_size):
        part = images.draw(index[begin : begin + batch_size])
        total += part.double().mean(dim=(2, 3)).sum(dim=0).numpy()
    return (total / max(len(index), 1)).astype(np.float32) + images.mean


class BatchStream:
    """Endless training batches, drawn one ahead in a thread of its own.

    The training samples are shuffled again and again; the sequence of all these shuffles is cut into batches, so every
    batch is full. Shuffle k and the crops of step s come from generators seeded by (seed, k) and (seed, s).

    Parameters
    ----------
    source
        Draws the tensors.
    label
        Labels of all samples.
    index
        Samples of the training part.
    batch_size
        Samples a step, over all processes.
    crop_padding
        Largest move of a crop in either direction, pixels.
    seed
        Decides order and crops.
    rank, world
        This process and how many there are; each draws its own share of every batch.
    groups
        Of all samples, such as whose they are: then runs of 12 samples of one group stay together, so that a batch
        holds several of each group that it holds at all.

    Raises
    ------
    InvalidInputError
        If there are no samples, or fewer samples a step than processes.
    """

    def __init__(
        self,
        source: InputSource,
        label: NDArray[np.int64],
        index: NDArray[np.int64],
        batch_size: int,
        *,
        seed: int,
        crop_padding: int = 0,
        rank: int = 0,
        world: int = 1,
        groups: NDArray[np.int64] | None = None,
    ) -> None:
        if not len(index):
            raise InvalidInputError("there are no samples to train on")
        if batch_size < world:
            raise InvalidInputError(f"batch_size={batch_size} for {world} processes: each needs a sample")
        self.source, self.label, self.index, self.batch_size = source, label, index, batch_size
        self.seed, self.crop_padding, self.rank, self.world = seed, crop_padding, rank, world
        self.groups = None if groups is None else groups[index]
        self._shuffles: dict[int, NDArray[np.int64]] = {}

    def samples(self, step: int) -> NDArray[np.int64]:
        """Find the samples of batch `step`, over all processes."""
        n = len(self.index)
        begin, end = step * self.batch_size, (step + 1) * self.batch_size
        first, last = begin // n, math.ceil(end / n)
        row = np.concatenate([self._shuffle(k) for k in range(first, last)])
        samples: NDArray[np.int64] = self.index[row[begin - first * n : end - first * n]]
        return samples

    def epoch(self, step: int) -> float:
        """How often the training part has been seen after `step` batches."""
        return step * self.batch_size / len(self.index)

    def batch(self, step: int) -> Batch:
        """Draw this process's share of batch `step`."""
        whole = self.samples(step)
        mine = slice(self.rank, None, self.world)
        index, shifts = whole[mine], self._shifts(step)[mine] if self.crop_padding else None
        return Batch(step, index, self.source.inputs(index, shifts), torch.from_numpy(self.label[index]), whole)

    def batches(self, start: int, stop: int) -> Iterator[Batch]:
        """Batches start .. stop - 1; while one is in use the next is being drawn."""
        with ThreadPoolExecutor(max_workers=1) as drawing:
            waiting: Future[Batch] | None = drawing.submit(self.batch, start) if start < stop else None
            for step in range(start, stop):
                assert waiting is not None
                ready = waiting.result()
                waiting = drawing.submit(self.batch, step + 1) if step + 1 < stop else None
                yield ready

    def _shifts(self, step: int) -> NDArray[np.int64]:
        rng = np.random.default_rng([self.seed, 1, step])
        shifts: NDArray[np.int64] = rng.integers(-self.crop_padding, self.crop_padding + 1, size=(self.batch_size, 2))
        return shifts

    def _shuffle(self, k: int) -> NDArray[np.int64]:
        if k not in self._shuffles:
            self._shuffles = {j: order for j, order in self._shuffles.items() if j >= k - 1}
            rng = np.random.default_rng([self.seed, 0, k])
            order = rng.permutation(len(self.index))
            self._shuffles[k] = order if self.groups is None else _in_runs(order, self.groups, rng)
        return self._shuffles[k]


def _in_runs(order: NDArray[np.int64], groups: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Rearrange a shuffle so that runs of at least 12 samples of one group stay together; smaller groups whole."""
    runs: list[NDArray[np.int64]] = []
    for group in np.unique(groups):
        own = order[groups[order] == group]
        runs += np.array_split(own, max(1, len(own) // RUN))
    return np.concatenate([runs[i] for i in rng.permutation(len(runs))])

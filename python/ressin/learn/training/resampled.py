"""Signals as networks on signals take them: so many means over equal stretches, whatever the rate and the duration."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from ressin.data.samples.labelled import LabelledData
from ressin.learn.model.settings import LearnSettings

MIN_DEVIATION = 1e-6  # a channel that varies less over the training samples is left out: it becomes 0


def stretched(channels: NDArray[np.floating], length: int) -> NDArray[np.float64]:
    """Divide signals, (n_channels, n), into `length` equal stretches and average each, (n_channels, length).

    A stretch may begin and end within a sample, which then counts with its share: the mean over all stretches is the
    mean of the signal, whether it becomes shorter or longer.
    """
    n = channels.shape[1]
    sums = np.zeros((len(channels), n + 1))
    np.cumsum(channels, axis=1, dtype=np.float64, out=sums[:, 1:])
    edges = np.linspace(0.0, n, length + 1)
    at = np.stack([np.interp(edges, np.arange(n + 1), row) for row in sums])
    means: NDArray[np.float64] = np.diff(at, axis=1) * (length / n)
    return means


def resampled(
    data: LabelledData, index: NDArray[np.int64], planes: tuple[int, ...], length: int
) -> NDArray[np.float32]:
    """Resample samples, (len(index), n_planes, length), in the unit of the recordings."""
    out = np.empty((len(index), len(planes), length), np.float32)
    for row, sample in enumerate(index):
        out[row] = stretched(data.signal(int(sample))[list(planes)], length)
    return out


def fit_series_scale(
    data: LabelledData, train: NDArray[np.int64], settings: LearnSettings
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean and deviation of each channel over the training samples, (n_planes,); infinite where one does not vary."""
    series = resampled(data, train, settings.model.channel_index, settings.model.length).astype(np.float64)
    mean, deviation = series.mean(axis=(0, 2)), series.std(axis=(0, 2))
    flat = deviation <= MIN_DEVIATION * np.maximum(1.0, np.abs(mean))
    return mean.astype(np.float32), np.where(flat, np.inf, deviation).astype(np.float32)


class ResampledSignals:
    """The signals of all samples at one length, z-scored by the training part.

    Parameters
    ----------
    data
        Samples.
    settings
        Channels and length.
    mean, deviation
        Shape (n_planes,), from `fit_series_scale`.
    """

    def __init__(
        self,
        data: LabelledData,
        settings: LearnSettings,
        mean: NDArray[np.float32],
        deviation: NDArray[np.float32],
    ) -> None:
        self.data, self.planes, self.length = data, settings.model.channel_index, settings.model.length
        self.mean, self.deviation = mean[:, None], deviation[:, None]
        self._known: dict[int, NDArray[np.float32]] = {}

    def of(self, index: NDArray[np.int64], shifts: NDArray[np.int64] | None) -> torch.Tensor:
        """Signals of samples, (B, n_planes, length), each moved by the first of its `shifts`, the ends repeated."""
        for sample in map(int, index):
            if sample not in self._known:
                whole = resampled(self.data, np.array([sample]), self.planes, self.length)[0]
                self._known[sample] = ((whole - self.mean) / self.deviation).astype(np.float32)
        series = np.stack([self._known[int(sample)] for sample in index])
        if shifts is not None:
            at = np.clip(np.arange(self.length) + shifts[:, :1], 0, self.length - 1)  # (B, length)
            series = np.take_along_axis(series, at[:, None, :], axis=2)
        return torch.from_numpy(series)

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


def ranked_within(series: NDArray[np.float32], group: NDArray[np.int64]) -> NDArray[np.float32]:
    """Replace each value of a channel by its rank among all values that its group has there, 0 to 1.

    `series` is (n, n_planes, length), `group` (n,); equal values share their middle rank.
    """
    out = np.empty_like(series)
    for one in np.unique(group):
        own = series[group == one]
        for plane in range(series.shape[1]):
            values = own[:, plane]
            ordered = np.sort(values, axis=None)
            below, to = (np.searchsorted(ordered, values, side=side) for side in ("left", "right"))
            own[:, plane] = (below + to) / (2.0 * ordered.size)
        out[group == one] = own
    return out


def _all(data: LabelledData, settings: LearnSettings) -> NDArray[np.float32]:
    """Series of all samples as the network sees them before the z-score: within the person where it compares these."""
    series = resampled(data, np.arange(len(data)), settings.model.channel_index, settings.model.length)
    if not settings.model.within_person:
        return series
    return ranked_within(series, np.unique(data.subject, return_inverse=True)[1])


def fit_series_scale(
    data: LabelledData, train: NDArray[np.int64], settings: LearnSettings
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean and deviation of each channel over the training samples, (n_planes,); infinite where one does not vary."""
    series = _all(data, settings)[train].astype(np.float64)
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
        self.length = settings.model.length
        self.series = ((_all(data, settings) - mean[:, None]) / deviation[:, None]).astype(np.float32)

    def of(self, index: NDArray[np.int64], shifts: NDArray[np.int64] | None) -> torch.Tensor:
        """Signals of samples, (B, n_planes, length), each moved by the first of its `shifts`, the ends repeated."""
        series = self.series[index]
        if shifts is not None:
            at = np.clip(np.arange(self.length) + shifts[:, :1], 0, self.length - 1)  # (B, length)
            series = np.take_along_axis(series, at[:, None, :], axis=2)
        return torch.from_numpy(series)

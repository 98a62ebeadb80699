"""Signals as images and images as signals: one second a row, resized to a square grey picture per channel.

A recording of n samples at rate f becomes a grid of T rows and w = round(f) columns. Row s begins at sample
round(s f), so that at a fractional rate every row still begins within half a sample of its second; T counts the rows
that fit, and an incomplete last second is dropped. Each channel is scaled by its own minimum and maximum to [0, 1]
(a constant channel becomes zeros) and resized bilinearly with half-pixel centres (``align_corners=False``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ressin import _core
from ressin.errors import InvalidInputError
from ressin.packed import DEFAULT, ImageSettings, PackedSignals, check_rate, empty_images, too_short

__all__ = [
    "CHANNELS",
    "DEFAULT",
    "ImageGrid",
    "ImageSettings",
    "PackedSignals",
    "empty_images",
    "image_grid",
    "to_image",
    "to_images",
    "to_signal",
]

CHANNELS = ("origin", "phasic", "tonic")  # the order of a recording's channels everywhere in ressin


@dataclass(frozen=True)
class ImageGrid:
    """The layout of one recording: `rows` whole seconds of `columns` samples each; row s starts at ``starts[s]``."""

    rows: int
    columns: int
    starts: NDArray[np.int64]

    @property
    def n_samples(self) -> int:
        """Samples from the first to the last one that the grid holds."""
        return int(self.starts[-1]) + self.columns


def image_grid(n_samples: int, sampling_rate: float) -> ImageGrid:
    """Lay out `n_samples` samples at `sampling_rate` Hz in rows of one second.

    Raises
    ------
    InvalidInputError
        If the rate is below 1 Hz (a row needs a sample) or the recording is shorter than two rows.
    """
    check_rate(sampling_rate)
    rows, columns = _core.image_grid(n_samples, sampling_rate)
    if rows < 2:
        raise InvalidInputError(too_short(n_samples, sampling_rate))
    return ImageGrid(rows, columns, _core.grid_starts(rows, sampling_rate))


def to_image(
    channels: ArrayLike, sampling_rate: float, *, size: int = 224, antialias: bool = False
) -> NDArray[np.float32]:
    """Turn one recording into a picture.

    Parameters
    ----------
    channels
        Shape (n_channels, n_samples), at most 8 channels, usually origin, phasic and tonic.
    sampling_rate
        Samples per second (Hz), >= 1.
    size
        Pixels of either side.
    antialias
        See `ImageSettings`.

    Returns
    -------
    ndarray
        Shape (n_channels, size, size), float32, in [0, 1].

    Raises
    ------
    InvalidInputError
        If the shape is wrong, the recording shorter than two seconds, or a sample not finite.

    Notes
    -----
    Coordinates are rounded to single precision the way ``torch.nn.functional.interpolate`` rounds them; the two agree
    to 1e-6 at any length and rate.
    """
    image: NDArray[np.float32] = PackedSignals.pack([channels], sampling_rate).draw(
        [0], ImageSettings(size, antialias)
    )[0]
    return image


def to_images(
    recordings: Sequence[ArrayLike],
    sampling_rate: ArrayLike,
    *,
    size: int = 224,
    antialias: bool = False,
    out: NDArray[np.float32] | None = None,
    n_threads: int = 0,
) -> NDArray[np.float32]:
    """Turn recordings of unequal lengths into pictures, shape (n, n_channels, size, size).

    As `to_image` for every recording; `sampling_rate` is one rate or one for each. Errors as there and in
    `PackedSignals.draw`.
    """
    packed = PackedSignals.pack(recordings, sampling_rate)
    return packed.draw(np.arange(len(packed)), ImageSettings(size, antialias), out=out, n_threads=n_threads)


def to_signal(
    image: ArrayLike,
    sampling_rate: float,
    n_samples: int,
    *,
    low: ArrayLike = 0.0,
    high: ArrayLike = 1.0,
) -> NDArray[np.float64]:
    """Read a picture back as the signal it was drawn from.

    Parameters
    ----------
    image
        Shape (n_channels, size, size), as `to_image` returns it (no mean subtracted, not shifted).
    sampling_rate
        Samples per second (Hz) of the recording.
    n_samples
        Samples of the recording.
    low, high
        Minimum and maximum of each channel, in its unit: a number or shape (n_channels,).

    Returns
    -------
    ndarray
        Shape (n_channels, m), float64, the first m <= n_samples samples: those that the grid held.

    Raises
    ------
    InvalidInputError
        If the picture is not square or the recording shorter than two seconds.

    Notes
    -----
    A side on which the grid was enlarged is undone exactly, by least squares (the resize has full rank there, with a
    condition number of at most 11); a side on which it was reduced is interpolated. At a fractional rate a sample
    between two rows is the mean of its neighbours, and one in two rows the mean of both.
    """
    pixels = np.ascontiguousarray(image, dtype=np.float32)
    if pixels.ndim != 3 or pixels.shape[1] != pixels.shape[2]:
        raise InvalidInputError(f"image has shape {pixels.shape}; (n_channels, size, size) is needed")
    grid = image_grid(n_samples, sampling_rate)
    place = (grid.starts[:, None] + np.arange(grid.columns)).ravel()
    count = np.bincount(place, minlength=grid.n_samples)
    signals = np.empty((len(pixels), grid.n_samples))
    for c, picture in enumerate(pixels):
        rows = _core.read_image(np.ascontiguousarray(picture), grid.rows, grid.columns)
        total = np.bincount(place, weights=rows.ravel(), minlength=grid.n_samples)
        known = np.flatnonzero(count)
        signals[c] = np.interp(np.arange(grid.n_samples), known, total[known] / count[known])
    lowest = np.broadcast_to(np.asarray(low, dtype=np.float64), (len(pixels),))[:, None]
    highest = np.broadcast_to(np.asarray(high, dtype=np.float64), (len(pixels),))[:, None]
    return lowest + signals * (highest - lowest)

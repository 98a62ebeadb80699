"""Signals as images and images as signals: some seconds a row, resized to a square grey picture per channel.

A recording of n samples at rate f becomes a grid of T rows and w = round(f) columns. Row s begins at sample
round(s f), so that at a fractional rate every row still begins within half a sample of its second; T counts the rows
that fit, and an incomplete last second is dropped. A row can hold any other number of seconds (`row_seconds`), in the
place of one: at few samples a second one a row gives stripes. Each channel is scaled by its own minimum and maximum to
[0, 1] (a constant channel becomes zeros), or from two given values (`span`) to 0 and 1, and resized bilinearly with
half-pixel centres (``align_corners=False``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ressin import _core
from ressin.errors import InvalidInputError

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


MAX_CHANNELS = 8
MAX_SIZE = 4096  # pixels


@dataclass(frozen=True)
class ImageSettings:
    """How a grid becomes a picture.

    Attributes
    ----------
    size
        Pixels of either side, 2 to 4096; the paper's 224.
    antialias
        Weigh every sample under a pixel (a triangle filter) instead of the nearest two. Makes a difference where a side
        of the grid is longer than the picture: rates above `size` Hz, or recordings of more than `size` seconds.
    """

    size: int = 224
    antialias: bool = False

    def __post_init__(self) -> None:
        if not 2 <= self.size <= MAX_SIZE:
            raise InvalidInputError(f"size={self.size}: a picture has between 2 and {MAX_SIZE} pixels a side")


DEFAULT = ImageSettings()


class PackedSignals:
    """Recordings of unequal length and rate, end to end in one array per channel, ready to be drawn in batches.

    Parameters
    ----------
    values
        One contiguous array per channel, all of one length and one dtype (float32 or float64); at most 8.
    offsets
        Shape (n + 1,): recording i is ``values[c][offsets[i]:offsets[i + 1]]``.
    sampling_rates
        Shape (n,), Hz, with at least one sample in a row.
    row_seconds
        Seconds in a row of a picture, > 0; the paper's 1.
    span
        The two values that are drawn as 0 and 1, in every channel; what lies outside them is drawn below 0 and above 1.
        None, the paper's way: the minimum and the maximum of each recording's channel.

    Raises
    ------
    InvalidInputError
        If shapes disagree, a row has no sample, a recording is shorter than two rows (its number is in the message), or
        `row_seconds` or `span` is out of range.
    """

    def __init__(
        self,
        values: Sequence[NDArray[np.floating]],
        offsets: NDArray[np.int64],
        sampling_rates: ArrayLike,
        *,
        row_seconds: float = 1.0,
        span: tuple[float, float] | None = None,
    ) -> None:
        check_row(row_seconds)
        if span is not None and not (math.isfinite(span[0]) and math.isfinite(span[1]) and span[0] < span[1]):
            raise InvalidInputError(f"span={span}: two finite numbers are needed, the lower first")
        self.row_seconds, self.span = float(row_seconds), span
        if not 1 <= len(values) <= MAX_CHANNELS:
            raise InvalidInputError(f"{len(values)} channels were given: between 1 and {MAX_CHANNELS} can be drawn")
        self.values: tuple[NDArray[np.float32], ...] | tuple[NDArray[np.float64], ...]
        if all(v.dtype == np.float32 for v in values):
            self.values = tuple(np.ascontiguousarray(v, dtype=np.float32) for v in values)
        else:
            self.values = tuple(np.ascontiguousarray(v, dtype=np.float64) for v in values)
        self.offsets = np.ascontiguousarray(offsets, dtype=np.int64)
        n = len(self.offsets) - 1
        self.sampling_rates = np.ascontiguousarray(np.broadcast_to(np.asarray(sampling_rates, dtype=np.float64), (n,)))
        for values_of in self.values:
            if values_of.ndim != 1 or len(values_of) < int(self.offsets[-1]):
                raise InvalidInputError(
                    f"a channel holds {values_of.size} samples, the offsets need {int(self.offsets[-1])}"
                )
        for i in range(n):
            rate, length = float(self.sampling_rates[i]), int(self.offsets[i + 1] - self.offsets[i])
            check_rate(rate, f" of recording {i}", row_seconds)
            if _core.image_grid(max(length, 0), rate * row_seconds)[0] < 2:
                raise InvalidInputError(too_short(length, rate, f"recording {i}: ", row_seconds))

    @classmethod
    def pack(
        cls,
        recordings: Sequence[ArrayLike],
        sampling_rate: ArrayLike,
        *,
        row_seconds: float = 1.0,
        span: tuple[float, float] | None = None,
    ) -> PackedSignals:
        """Copy recordings of shape (n_channels, n_samples) each into one array per channel."""
        arrays = [np.asarray(recording) for recording in recordings]
        if not arrays:
            raise InvalidInputError("no recording was given")
        for i, array in enumerate(arrays):
            if array.ndim != 2 or len(array) != len(arrays[0]):
                raise InvalidInputError(
                    f"recording {i} has shape {array.shape}: ({len(arrays[0])}, n_samples) is needed, channels first"
                )
        rates = np.asarray(sampling_rate, dtype=np.float64)
        if rates.ndim and rates.shape != (len(arrays),):
            raise InvalidInputError(
                f"{rates.size} sampling rates for {len(arrays)} recordings: give one, or one for each"
            )
        offsets = np.cumsum([0, *(array.shape[1] for array in arrays)], dtype=np.int64)
        values = [np.concatenate([array[c] for array in arrays]) for c in range(len(arrays[0]))]
        return cls(values, offsets, rates, row_seconds=row_seconds, span=span)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def n_channels(self) -> int:
        """Number of channels."""
        return len(self.values)

    def recording(self, i: int) -> NDArray[np.floating]:
        """Return recording `i`, shape (n_channels, n_samples), a copy."""
        return np.stack([values[self.offsets[i] : self.offsets[i + 1]] for values in self.values])

    def lengths(self) -> NDArray[np.int64]:
        """Count the samples of every recording, shape (n,)."""
        return np.diff(self.offsets)

    def select(self, channels: Sequence[int]) -> PackedSignals:
        """Keep these channels only; nothing is copied."""
        chosen = object.__new__(PackedSignals)
        chosen.values = tuple(self.values[c] for c in channels)  # type: ignore[assignment]  # all of one kind
        chosen.offsets, chosen.sampling_rates = self.offsets, self.sampling_rates
        chosen.row_seconds, chosen.span = self.row_seconds, self.span
        return chosen

    def draw(
        self,
        index: ArrayLike,
        settings: ImageSettings = DEFAULT,
        *,
        mean: ArrayLike | None = None,
        shifts: ArrayLike | None = None,
        out: NDArray[np.float32] | None = None,
        n_threads: int = 0,
    ) -> NDArray[np.float32]:
        """Draw a batch of recordings in one call of the kernel.

        Parameters
        ----------
        index
            Shape (batch,), numbers of the recordings.
        settings
            Size and filter.
        mean
            Shape (n_channels,), subtracted from the pixels of each channel; default zeros.
        shifts
            Shape (batch, 2), pixels: picture row 0 shows row ``shifts[b, 0]``, column 0 column ``shifts[b, 1]``.
            What lies outside counts as 0 before the mean is subtracted, so shifts in -p..p are crops from a picture
            padded by p pixels.
        out
            Shape (batch, n_channels, size, size), float32, C-contiguous, written to. Best from `empty_images`.
        n_threads
            Threads; 0 takes every core. The result does not depend on it.

        Returns
        -------
        ndarray
            `out`, or a new array of that shape.

        Raises
        ------
        InvalidInputError
            If an index is out of range, a shape is wrong or a sample is not finite (the recording is named).
        """
        which = np.ascontiguousarray(index, dtype=np.int64)
        if which.ndim != 1:
            raise InvalidInputError(f"index has {which.ndim} dimensions; a list of recording numbers is needed")
        if len(which) and not 0 <= which.min() <= which.max() < len(self):
            raise InvalidInputError(
                f"index holds {which.min()}..{which.max()}; there are recordings 0..{len(self) - 1}"
            )
        moves = np.zeros((len(which), 2), np.int64) if shifts is None else np.ascontiguousarray(shifts, dtype=np.int64)
        means = np.zeros(self.n_channels, np.float32) if mean is None else np.ascontiguousarray(mean, dtype=np.float32)
        shape = (len(which), self.n_channels, settings.size, settings.size)
        pixels = empty_images(shape) if out is None else out
        if moves.shape != (len(which), 2):
            raise InvalidInputError(f"shifts has shape {moves.shape}; ({len(which)}, 2) is needed")
        if means.shape != (self.n_channels,):
            raise InvalidInputError(f"mean has shape {means.shape}; ({self.n_channels},) is needed")
        if pixels.shape != shape or pixels.dtype != np.float32 or not pixels.flags.c_contiguous:
            raise InvalidInputError(f"out is {pixels.dtype} {pixels.shape}; contiguous float32 {shape} is needed")
        bad = _core.draw_images(
            self.values, self.offsets, self.sampling_rates * self.row_seconds, which, moves, means, settings.antialias,
            pixels, n_threads, self.span,
        )  # fmt: skip
        if bad >= 0:
            raise InvalidInputError(f"recording {int(which[bad])} holds a sample that is not finite")
        return pixels


def empty_images(shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Uninitialised float32 array of this shape that starts on a cache line, which the kernel writes fastest."""
    count = math.prod(shape)
    memory = np.empty(count + 16, dtype=np.float32)
    skip = -(memory.ctypes.data // 4) % 16
    images: NDArray[np.float32] = memory[skip : skip + count].reshape(shape)
    return images


def check_row(row_seconds: float) -> None:
    """Refuse a number of seconds a row that is not positive."""
    if not (math.isfinite(row_seconds) and row_seconds > 0.0):
        raise InvalidInputError(f"row_seconds={row_seconds:g}: a number of seconds > 0 is needed")


def check_rate(rate: float, which: str = "", row_seconds: float = 1.0) -> None:
    """Refuse a rate of less than a sample a row; `which` says whose it is."""
    if not (math.isfinite(rate) and rate * row_seconds >= 1.0):
        least = 1.0 / row_seconds
        raise InvalidInputError(
            f"sampling_rate{which} is {rate:g} Hz; a picture needs at least {least:g} Hz, one sample a row"
        )


def too_short(n_samples: int, rate: float, where: str = "", row_seconds: float = 1.0) -> str:
    """Say that a recording has less than two rows."""
    needed = "two whole seconds" if row_seconds == 1.0 else f"two rows of {row_seconds:g} s"
    return f"{where}{n_samples} samples at {rate:g} Hz are {n_samples / rate:.2f} s; a picture needs {needed}"


@dataclass(frozen=True)
class ImageGrid:
    """The layout of one recording: `rows` whole rows of `columns` samples each; row s starts at ``starts[s]``."""

    rows: int
    columns: int
    starts: NDArray[np.int64]

    @property
    def n_samples(self) -> int:
        """Samples from the first to the last one that the grid holds."""
        return int(self.starts[-1]) + self.columns


def image_grid(n_samples: int, sampling_rate: float, *, row_seconds: float = 1.0) -> ImageGrid:
    """Lay out `n_samples` samples at `sampling_rate` Hz in rows of `row_seconds`.

    Raises
    ------
    InvalidInputError
        If a row has no sample or the recording is shorter than two rows.
    """
    check_row(row_seconds)
    check_rate(sampling_rate, row_seconds=row_seconds)
    rows, columns = _core.image_grid(n_samples, sampling_rate * row_seconds)
    if rows < 2:
        raise InvalidInputError(too_short(n_samples, sampling_rate, row_seconds=row_seconds))
    return ImageGrid(rows, columns, _core.grid_starts(rows, sampling_rate * row_seconds))


def to_image(
    channels: ArrayLike,
    sampling_rate: float,
    *,
    size: int = 224,
    antialias: bool = False,
    row_seconds: float = 1.0,
    span: tuple[float, float] | None = None,
) -> NDArray[np.float32]:
    """Turn one recording into a picture.

    Parameters
    ----------
    channels
        Shape (n_channels, n_samples), at most 8 channels, usually origin, phasic and tonic.
    sampling_rate
        Samples per second (Hz), at least one in a row.
    size
        Pixels of either side.
    antialias
        See `ImageSettings`.
    row_seconds, span
        See `PackedSignals`.

    Returns
    -------
    ndarray
        Shape (n_channels, size, size), float32, in [0, 1] where `span` is None.

    Raises
    ------
    InvalidInputError
        If the shape is wrong, the recording shorter than two seconds, or a sample not finite.

    Notes
    -----
    Coordinates are rounded to single precision the way ``torch.nn.functional.interpolate`` rounds them; the two agree
    to 1e-6 at any length and rate.
    """
    image: NDArray[np.float32] = PackedSignals.pack([channels], sampling_rate, row_seconds=row_seconds, span=span).draw(
        [0], ImageSettings(size, antialias)
    )[0]
    return image


def to_images(
    recordings: Sequence[ArrayLike],
    sampling_rate: ArrayLike,
    *,
    size: int = 224,
    antialias: bool = False,
    row_seconds: float = 1.0,
    span: tuple[float, float] | None = None,
    out: NDArray[np.float32] | None = None,
    n_threads: int = 0,
) -> NDArray[np.float32]:
    """Turn recordings of unequal lengths into pictures, shape (n, n_channels, size, size).

    As `to_image` for every recording; `sampling_rate` is one rate or one for each. Errors as there and in
    `PackedSignals.draw`.
    """
    packed = PackedSignals.pack(recordings, sampling_rate, row_seconds=row_seconds, span=span)
    return packed.draw(np.arange(len(packed)), ImageSettings(size, antialias), out=out, n_threads=n_threads)


def to_signal(
    image: ArrayLike,
    sampling_rate: float,
    n_samples: int,
    *,
    low: ArrayLike = 0.0,
    high: ArrayLike = 1.0,
    row_seconds: float = 1.0,
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
        What was drawn as 0 and as 1: minimum and maximum of each channel, in its unit, or the `span`; a number or
        shape (n_channels,).
    row_seconds
        As it was drawn.

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
    grid = image_grid(n_samples, sampling_rate, row_seconds=row_seconds)
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

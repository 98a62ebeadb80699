"""The image kernel against a slow oracle, against torch, and its laws."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ressin.errors import InvalidInputError
from ressin.image import ImageSettings, PackedSignals, empty_images, image_grid, to_image, to_images, to_signal

ODD_RATES = [1.0, 2.0, 4.0, 7.5, 31.25, 50.0, 64.0, 223.0, 224.0, 225.0, 1000.0]


def noise(n_channels: int, n_samples: int, seed: int = 0) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(3.0, 2.0, size=(n_channels, n_samples))


def oracle(channels: NDArray[np.float64], rate: float, size: int) -> NDArray[np.float64]:
    """The definition, pixel by pixel, with coordinates in single precision as the kernel documents."""
    columns = int(np.floor(rate + 0.5))
    starts = [0]
    while True:
        start = int(np.floor((len(starts)) * rate + 0.5))
        if start + columns > channels.shape[1]:
            break
        starts.append(start)
    picture = np.zeros((len(channels), size, size))
    for c, channel in enumerate(channels):
        used = channel[: starts[-1] + columns]
        span = used.max() - used.min()
        if span == 0:
            continue
        grid = np.array([(channel[s : s + columns] - used.min()) / span for s in starts])
        for y in range(size):
            i, f = _coordinate(y, len(starts), size)
            for x in range(size):
                j, g = _coordinate(x, columns, size)
                below, right = min(i + 1, len(starts) - 1), min(j + 1, columns - 1)
                upper = (1 - g) * grid[i, j] + g * grid[i, right]
                lower = (1 - g) * grid[below, j] + g * grid[below, right]
                picture[c, y, x] = (1 - f) * upper + f * lower
    return picture


def _coordinate(pixel: int, n_in: int, n_out: int) -> tuple[int, float]:
    scale = float(np.float32(n_in) / np.float32(n_out))
    source = max(0.0, float(np.float32(scale * (pixel + 0.5) - 0.5)))
    return min(int(source), n_in - 1), source - min(int(source), n_in - 1)


@settings(max_examples=40, deadline=None)
@given(
    rate=st.floats(1.0, 90.0),
    seconds=st.floats(2.6, 30.0),
    size=st.integers(2, 24),
    n_channels=st.integers(1, 4),
    seed=st.integers(0, 2**16),
)
def test_agrees_with_the_definition(rate: float, seconds: float, size: int, n_channels: int, seed: int) -> None:
    channels = noise(n_channels, int(np.ceil(seconds * rate)) + 1, seed)
    np.testing.assert_allclose(to_image(channels, rate, size=size), oracle(channels, rate, size), atol=1e-6)


@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize("rate", [1, 2, 4, 31, 50, 112, 113, 223, 224, 225, 500, 1000])
@pytest.mark.parametrize("seconds", [2, 3, 45, 224, 225, 400])
def test_agrees_with_torch(rate: int, seconds: int, antialias: bool) -> None:
    torch = pytest.importorskip("torch", reason="needs the extra 'train'")
    channels = noise(2, rate * seconds + rate // 2).astype(np.float32)
    used = torch.from_numpy(channels[:, : rate * seconds])
    low, high = used.amin(1, keepdim=True), used.amax(1, keepdim=True)
    grid = ((used - low) / (high - low)).reshape(1, 2, seconds, rate)
    expected = torch.nn.functional.interpolate(
        grid, size=(224, 224), mode="bilinear", align_corners=False, antialias=antialias
    )
    np.testing.assert_allclose(to_image(channels, rate, antialias=antialias), expected[0].numpy(), rtol=0, atol=1e-6)


@pytest.mark.parametrize("n_threads", [1, 2, 3, 7])
def test_a_batch_of_unequal_lengths_equals_its_members_bit_for_bit(n_threads: int) -> None:
    rates = np.array([50.0, 4.0, 31.25, 50.0, 200.0, 7.5, 50.0] * 5)
    recordings = [noise(3, int(rate * (2 + i % 11)) + i, i) for i, rate in enumerate(rates)]
    together = to_images(recordings, rates, size=56, n_threads=n_threads)
    for i, (recording, rate) in enumerate(zip(recordings, rates, strict=True)):
        np.testing.assert_array_equal(together[i], to_image(recording, float(rate), size=56), err_msg=f"recording {i}")


def test_single_precision_input_gives_the_same_picture() -> None:
    channels = noise(3, 2250).astype(np.float32)
    np.testing.assert_allclose(to_image(channels, 50), to_image(channels.astype(np.float64), 50), atol=1e-6)


def test_a_large_offset_costs_nothing_in_double_precision() -> None:
    channels = noise(1, 2250)
    np.testing.assert_allclose(to_image(channels + 1e6, 50), to_image(channels, 50), atol=2e-6)


@pytest.mark.parametrize("rate", ODD_RATES)
def test_every_row_begins_within_half_a_sample_of_its_second(rate: float) -> None:
    n_samples = int(rate * 20.5)
    grid = image_grid(n_samples, rate)
    np.testing.assert_array_less(np.abs(grid.starts - np.arange(grid.rows) * rate), 0.5 + 1e-9)
    assert grid.columns == np.floor(rate + 0.5)
    assert grid.n_samples <= n_samples
    next_start = int(np.floor(grid.rows * rate + 0.5))
    assert next_start + grid.columns > n_samples, "one more row would have fitted"


def test_an_incomplete_last_second_is_dropped() -> None:
    channels = noise(1, 50 * 9 + 49)
    channels[0, 450:] = 1e3  # would change the scaling if it were used
    np.testing.assert_array_equal(to_image(channels, 50), to_image(channels[:, :450], 50))


def test_constant_channels_become_zeros_and_others_reach_both_ends() -> None:
    channels = np.vstack([np.full(500, 7.3), np.linspace(0, 1, 500), np.zeros(500)])
    picture = to_image(channels, 50)
    assert not picture[[0, 2]].any()
    assert picture[1].min() == 0.0
    assert picture[1].max() == 1.0


@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize("shift", [(0, 0), (8, -8), (-3, 5), (1, 0), (0, -7), (40, 0), (0, -41)])
def test_a_shift_is_a_crop_from_a_padded_picture(shift: tuple[int, int], antialias: bool) -> None:
    packed = PackedSignals.pack([noise(3, 1000)], 50)
    how = ImageSettings(40, antialias)
    mean = np.array([0.25, 0.5, 0.125], np.float32)
    padded = np.pad(packed.draw([0], how)[0], ((0, 0), (41, 41), (41, 41)))
    expected = padded[:, 41 + shift[0] : 81 + shift[0], 41 + shift[1] : 81 + shift[1]] - mean[:, None, None]
    np.testing.assert_allclose(packed.draw([0], how, mean=mean, shifts=[shift])[0], expected, atol=1e-6)


@pytest.mark.parametrize("rate", [4.0, 31.25, 50.0, 200.0, 223.0])
@pytest.mark.parametrize("seconds", [2, 45, 150, 223])
def test_reading_a_picture_back_returns_the_signal(rate: float, seconds: int) -> None:
    channels = np.cumsum(noise(2, int(rate * seconds) + 3) - 3.0, axis=1)
    covered = channels[:, : image_grid(channels.shape[1], rate).n_samples]
    back = to_signal(
        to_image(channels, rate), rate, channels.shape[1], low=covered.min(axis=1), high=covered.max(axis=1)
    )
    assert back.shape == covered.shape
    span = np.ptp(covered, axis=1, keepdims=True)
    grid = image_grid(channels.shape[1], rate)
    held = np.unique(grid.starts[:, None] + np.arange(grid.columns))
    np.testing.assert_array_less(np.abs(back - covered)[:, held] / span, 2e-5)


def test_reading_back_follows_a_smooth_curve_where_the_picture_was_reduced() -> None:
    time = np.arange(1000 * 60) / 1000.0
    curve = np.sin(2 * np.pi * time / 9.0) + 0.3 * np.sin(2 * np.pi * time / 1.7)
    back = to_signal(to_image([curve], 1000.0), 1000.0, curve.size, low=curve.min(), high=curve.max())
    assert np.abs(back[0] - curve).max() < 0.01 * np.ptp(curve)


def test_writes_into_the_array_it_is_given() -> None:
    packed = PackedSignals.pack([noise(3, 500), noise(3, 300)], 50)
    out = empty_images((2, 3, 32, 32))
    assert packed.draw([1, 0], ImageSettings(32), out=out) is out
    assert out.ctypes.data % 64 == 0
    np.testing.assert_array_equal(out[1], packed.draw([0], ImageSettings(32))[0])


@pytest.mark.parametrize(
    ("channels", "rate", "message"),
    [
        (np.zeros((3, 99)), 50.0, r"99 samples at 50 Hz are 1.98 s; a picture needs two whole seconds"),
        (np.zeros((3, 99)), 0.5, r"sampling_rate of recording 0 is 0.5 Hz; a picture needs at least 1 Hz"),
        (np.zeros((3, 99)), np.nan, r"is nan Hz"),
        (np.zeros(99), 4.0, r"recording 0 has shape \(99,\)"),
        (np.zeros((9, 99)), 4.0, r"9 channels were given: between 1 and 8"),
        (np.where(np.arange(400) == 133, np.nan, np.arange(400.0))[None], 50.0, "recording 0 holds a sample that is"),
        (np.where(np.arange(400) == 399, np.inf, np.arange(400.0))[None], 50.0, "recording 0 holds a sample that is"),
    ],
)
def test_says_what_is_wrong(channels: NDArray[np.float64], rate: float, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        to_image(channels, rate)


def test_says_what_is_wrong_with_a_batch() -> None:
    packed = PackedSignals.pack([noise(3, 500), noise(3, 300)], 50)
    how = ImageSettings(32)
    with pytest.raises(InvalidInputError, match=r"index holds 0\.\.2; there are recordings 0\.\.1"):
        packed.draw([0, 2], how)
    with pytest.raises(InvalidInputError, match=r"index holds -1\.\.0"):
        packed.draw([0, -1], how)
    with pytest.raises(InvalidInputError, match=r"shifts has shape \(1, 2\); \(2, 2\) is needed"):
        packed.draw([0, 1], how, shifts=[(0, 0)])
    with pytest.raises(InvalidInputError, match=r"mean has shape \(2,\); \(3,\) is needed"):
        packed.draw([0, 1], how, mean=[0.0, 0.0])
    with pytest.raises(InvalidInputError, match=r"contiguous float32 \(2, 3, 32, 32\) is needed"):
        packed.draw([0, 1], how, out=np.empty((2, 3, 32, 32)))  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match=r"recording 1: 80 samples at 50 Hz are 1\.60 s"):
        PackedSignals.pack([noise(3, 500), noise(3, 80)], 50)
    with pytest.raises(InvalidInputError, match="3 sampling rates for 2 recordings"):
        PackedSignals.pack([noise(3, 500), noise(3, 300)], [50, 50, 50])
    with pytest.raises(InvalidInputError, match="size=1: a picture has between 2 and 4096 pixels"):
        ImageSettings(1)


def test_names_the_first_bad_recording_of_a_threaded_batch() -> None:
    recordings = [noise(1, 500, i) for i in range(40)]
    recordings[17][0, 33] = np.nan
    recordings[31][0, 3] = np.nan
    with pytest.raises(InvalidInputError, match="recording 17 holds"):
        to_images(recordings, 50, size=64, n_threads=4)


def resized(grid: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Bilinear resize with half-pixel centres, by two matrices."""

    def weights(n: int) -> NDArray[np.float64]:
        place = np.clip((np.arange(size) + 0.5) * n / size - 0.5, 0.0, None)
        first = np.minimum(place.astype(int), n - 1)
        second = np.minimum(first + 1, n - 1)
        matrix = np.zeros((size, n))
        np.add.at(matrix, (np.arange(size), first), 1.0 - (place - first))
        np.add.at(matrix, (np.arange(size), second), place - first)
        return matrix

    return np.asarray(weights(grid.shape[0]) @ grid @ weights(grid.shape[1]).T)


@pytest.mark.parametrize("row_seconds", [0.5, 1.0, 4.0, 7.0])
@pytest.mark.parametrize("span", [None, (-3.0, 3.0), (0.0, 1.0)])
def test_rows_of_any_length_and_a_given_span(row_seconds: float, span: tuple[float, float] | None) -> None:
    rate, n = 4.0, 243
    signal = np.random.default_rng(3).normal(size=n) + 2.0
    columns = round(rate * row_seconds)
    grid = signal[: n // columns * columns].reshape(-1, columns)
    low, high = span or (grid.min(), grid.max())
    channels = np.stack([signal, np.full(n, 0.5)])
    image = to_image(channels, rate, size=37, row_seconds=row_seconds, span=span)
    np.testing.assert_allclose(image[0], resized((grid - low) / (high - low), 37), atol=2e-5)
    constant = 0.0 if span is None else (0.5 - low) / (high - low)
    np.testing.assert_allclose(image[1], constant, atol=1e-6)
    large = to_image(channels[:1], rate, size=224, row_seconds=row_seconds, span=span)
    back = to_signal(large, rate, n, low=low, high=high, row_seconds=row_seconds)
    np.testing.assert_allclose(back[0], grid.ravel(), atol=1e-3)


def test_what_lies_outside_a_picture_of_a_given_span_is_the_mean_below_zero() -> None:
    packed = PackedSignals.pack([np.full((1, 80), 0.75)], 4.0, row_seconds=2.0, span=(0.0, 1.0))
    image = packed.draw([0], ImageSettings(16), mean=[0.25], shifts=[[3, -2]])
    expected = np.full((16, 16), 0.5)
    expected[-3:], expected[:, :2] = -0.25, -0.25
    np.testing.assert_allclose(image[0, 0], expected, atol=1e-6)
    assert packed.select([0]).span == (0.0, 1.0)
    assert packed.select([0]).row_seconds == 2.0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"row_seconds": 0.0}, "row_seconds=0: a number of seconds > 0 is needed"),
        ({"row_seconds": 0.2}, "at least 5 Hz, one sample a row"),
        ({"row_seconds": 11.0}, "80 samples at 4 Hz are 20.00 s; a picture needs two rows of 11 s"),
        ({"span": (1.0, 1.0)}, "two finite numbers are needed, the lower first"),
    ],
)
def test_rows_and_spans_that_cannot_be_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        to_image(np.zeros((1, 80)), 4.0, **options)

from __future__ import annotations

import numpy as np
import pytest

from ressin.data.samples.labelled import LabelledData
from ressin.learn.model.settings import LearnSettings, ModelSettings
from ressin.learn.training.resampled import ResampledSignals, fit_series_scale, stretched


def settings(length: int, channels: str = "mix") -> LearnSettings:
    return LearnSettings(ModelSettings(network="cnn1d", length=length, channels=channels))


def test_a_whole_number_of_samples_is_averaged_block_by_block() -> None:
    x = np.random.default_rng(0).normal(size=(2, 240))
    np.testing.assert_allclose(stretched(x, 60), x.reshape(2, 60, 4).mean(axis=2))
    np.testing.assert_allclose(stretched(x, 240), x)
    np.testing.assert_allclose(stretched(x, 480), np.repeat(x, 2, axis=1))


@pytest.mark.parametrize("n", [17, 64, 100, 3001])
@pytest.mark.parametrize("length", [16, 64, 97])
def test_any_length_keeps_the_mean_and_lines_stay_lines(n: int, length: int) -> None:
    x = np.random.default_rng(n).normal(size=(3, n))
    np.testing.assert_allclose(stretched(x, length).mean(axis=1), x.mean(axis=1))
    by_hand = np.zeros(length)
    for k in range(length):
        begin, end = k * n / length, (k + 1) * n / length
        shares = np.clip(np.minimum(end, np.arange(n) + 1) - np.maximum(begin, np.arange(n)), 0.0, None)
        by_hand[k] = shares @ x[0] / (end - begin)
    np.testing.assert_allclose(stretched(x, length)[0], by_hand, atol=1e-12)


def test_a_level_is_kept_to_the_last_digit_that_single_precision_has() -> None:
    x = np.full((1, 5000), 1e3, np.float32)
    np.testing.assert_allclose(stretched(x, 64), 1e3, rtol=1e-9)


def test_training_samples_are_z_scored_channel_by_channel(data: LabelledData) -> None:
    train = np.arange(60)
    mean, deviation = fit_series_scale(data, train, settings(32))
    source = ResampledSignals(data, settings(32), mean, deviation)
    series = source.of(train, None).double().numpy()
    assert series.shape == (60, 3, 32)
    np.testing.assert_allclose(series.mean(axis=(0, 2)), 0.0, atol=1e-4)
    np.testing.assert_allclose(series.std(axis=(0, 2)), 1.0, atol=1e-3)
    phasic = settings(32, "phasic")
    alone = ResampledSignals(data, phasic, *fit_series_scale(data, train, phasic)).of(train, None).numpy()
    np.testing.assert_allclose(alone[:, 0], series[:, 1], atol=1e-5)


def test_a_channel_without_information_becomes_zero(data: LabelledData) -> None:
    flat = np.array([1.0, 2.0, 3.0], np.float32)
    source = ResampledSignals(data, settings(16), flat, np.array([1.0, np.inf, 1.0], np.float32))
    series = source.of(np.array([4]), None).numpy()
    assert np.all(series[:, 1] == 0.0)
    assert np.all(series[:, 0] != 0.0)


def test_a_moved_signal_repeats_its_ends(data: LabelledData) -> None:
    source = ResampledSignals(data, settings(16), np.zeros(3, np.float32), np.ones(3, np.float32))
    index = np.array([3, 3, 3])
    still, later, earlier = source.of(index, np.array([[0, 9], [2, 0], [-3, 5]])).numpy()
    np.testing.assert_array_equal(later[:, :-2], still[:, 2:])
    np.testing.assert_array_equal(later[:, -2:], np.repeat(still[:, -1:], 2, axis=1))
    np.testing.assert_array_equal(earlier[:, 3:], still[:, :-3])
    np.testing.assert_array_equal(earlier[:, :3], np.repeat(still[:, :1], 3, axis=1))
    np.testing.assert_array_equal(source.of(index[:1], None).numpy()[0], still)

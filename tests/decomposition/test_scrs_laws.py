"""What holds for the SCRs of any recording: they rise, at every rate, within limits, and nothing else is reported."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter1d

from ressin.bateman import bateman, peak_height
from ressin.decomposition.decompose import decompose
from ressin.decomposition.scrs import find_scrs, match_onsets
from tests.signals import NO_RECORDINGS, Signal, Source, eda_folder, read

FINE = 160  # Hz, of which 4, 8, 16 and 32 Hz are means over blocks
FEW = settings(max_examples=25, deadline=None)
seeds = st.integers(0, 2**32 - 1)


def skin(seed: int, duration: float = 120.0, a_minute: float = 8.0, noise: float = 0.004, apart: float = 3.0) -> Signal:
    """Return responses of varying shape on a wave, with noise below 1 Hz, as good as continuous (`FINE` Hz)."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(duration * FINE)) / FINE
    gaps = apart + rng.exponential(max(60.0 / a_minute - apart, 0.0), size=round(duration))
    onsets = 3.0 + np.cumsum(gaps)
    signal = 4.0 + 0.2 * np.sin(2.0 * np.pi * t / 90.0 + rng.uniform(0.0, 6.0))
    for onset in onsets[onsets < duration - 6.0]:
        tau0, tau1 = 2.0 * np.exp(0.2 * rng.standard_normal()), 0.7 * np.exp(0.2 * rng.standard_normal())
        signal += rng.uniform(0.1, 0.6) / peak_height(tau0, tau1) * bateman(t - onset, tau0, tau1)
    rough = gaussian_filter1d(rng.standard_normal(t.size), 0.15 * FINE)
    return np.asarray(signal + noise * rough / rough.std())


def sampled(signal: Signal, rate: int) -> Signal:
    """Return means over blocks."""
    return np.asarray(signal.reshape(-1, FINE // rate).mean(axis=1))


def onset_times(signal: Signal, rate: int, **options: Any) -> Signal:
    """Return when responses start, in seconds after the first instant, not the middle of the first block."""
    scrs = find_scrs(decompose(sampled(signal, rate), rate), **options)
    return np.asarray(scrs["SCR_OnsetTime"].to_numpy() + 0.5 / rate)


def test_the_rate_does_not_matter() -> None:
    counts, matched = dict.fromkeys((4, 8, 16, 32), 0), 0
    apart: list[float] = []
    for seed in range(8):
        signal = skin(seed)
        found = {rate: onset_times(signal, rate, min_amplitude=0.05) for rate in counts}
        for rate, onsets in found.items():
            counts[rate] += onsets.size
            here, there = match_onsets(onsets, found[32], 1.0)
            matched += here.size
            apart += np.abs(onsets[here] - found[32][there]).tolist()
    assert counts[32] > 80
    assert max(counts.values()) - min(counts.values()) <= 0.05 * counts[32]
    assert matched >= 0.95 * sum(counts.values())
    assert np.quantile(apart, 0.98) <= 0.15


def test_each_response_is_found_once_at_every_rate() -> None:
    """Without the question to the signal the driver at 4 Hz falls into more bursts than there are responses."""
    true, found, bursts = 0, dict.fromkeys((4, 8, 16, 32), 0), 0
    for seed in range(4):
        quiet, loud = skin(seed, noise=0.0), skin(seed)
        true += onset_times(quiet, 32, min_amplitude=0.08).size
        for rate in found:
            found[rate] += onset_times(loud, rate, min_amplitude=0.08).size
        bursts += onset_times(loud, 4, min_rise=None, min_distance=0.0, min_amplitude=0.01).size
    assert bursts > 1.2 * true
    for count in found.values():
        assert count == pytest.approx(true, rel=0.05)


@pytest.mark.skipif(eda_folder() is None, reason=NO_RECORDINGS)
def test_the_rate_of_a_real_recording_does_not_matter() -> None:
    folder = eda_folder()
    assert folder is not None
    signal, rate = read(Source("neurokit/bio_resting_8min_100hz.csv", "EDA", 100.0), folder)
    found = {}
    for block in (1, 2, 4, 8, 16, 25):
        means = signal[: signal.size // block * block].reshape(-1, block).mean(axis=1)
        scrs = find_scrs(decompose(means, rate / block))
        found[block] = scrs["SCR_OnsetTime"].to_numpy() + 0.5 * block / rate
    for onsets in found.values():
        assert onsets.size == found[1].size > 0
        np.testing.assert_allclose(onsets, found[1], atol=0.15)


@FEW
@given(seed=seeds, rate=st.sampled_from([4, 10, 25]), late=st.floats(0.0, 4.0), noise=st.floats(0.0, 0.01))
def test_an_epoch_cut_in_a_decay_gives_none(seed: int, rate: int, late: float, noise: float) -> None:
    t = np.arange(60 * rate) / rate
    decay = bateman(t + 1.2 + late) / peak_height()
    signal = 5.0 + decay + noise * np.random.default_rng(seed).standard_normal(t.size)
    assert find_scrs(decompose(signal, rate), min_amplitude=0.05).empty


@FEW
@given(seed=seeds, rate=st.sampled_from([4, 16]))
def test_a_signal_that_only_falls_has_none(seed: int, rate: int) -> None:
    drops = np.random.default_rng(seed).exponential(size=40 * rate) ** 3
    assert find_scrs(decompose(10.0 - np.cumsum(drops) / drops.sum(), rate), min_amplitude=1e-6).empty


@FEW
@given(seed=seeds, rate=st.sampled_from([4, 8, 16]))
def test_the_signal_rises_at_every_response_by_what_the_table_says(seed: int, rate: int) -> None:
    rng = np.random.default_rng(seed)
    walk = gaussian_filter1d(np.cumsum(rng.standard_normal(60 * rate)), 0.3 * rate)
    scrs = find_scrs(decompose(walk, rate), min_amplitude=1e-3)
    for onset, peak in scrs[["SCR_Onsets", "SCR_Peaks"]].to_numpy():
        around = walk[max(onset - rate // 2, 0) : onset + rate // 2 + 1]
        assert walk[onset : peak + rate // 2].max() > around.min()
    assert (scrs["SCR_SignalRise"] > 0).all()
    assert (scrs[["SCR_SignalRise", "SCR_Amplitude"]].to_numpy() <= np.ptp(walk)).all()
    assert scrs["SCR_RiseTime"].between(0.5, 5.0).all()


@FEW
@given(seed=seeds, low=st.floats(0.0, 2.0), width=st.floats(0.1, 3.0))
def test_rise_times_are_within_their_limits(seed: int, low: float, width: float) -> None:
    result = decompose(sampled(skin(seed, 60.0), 8), 8)
    some = find_scrs(result, rise_time=(low, low + width))["SCR_RiseTime"]
    assert some.between(low - 1e-6, low + width + 1e-6).all()


@FEW
@given(seed=seeds, factor=st.sampled_from([1e-6, 1e-3, 7.0, 1e3]), level=st.sampled_from([-30.0, 0.0, 100.0]))
def test_unit_and_level_do_not_matter(seed: int, factor: float, level: float) -> None:
    signal = sampled(skin(seed, 60.0), 8)
    scrs = find_scrs(decompose(signal, 8), min_amplitude=0.02)
    other = find_scrs(decompose(factor * (signal + level), 8), min_amplitude=0.02 * factor)
    in_unit = ["SCR_Height", "SCR_Amplitude", "SCR_SignalRise"]
    other[in_unit] /= factor
    pd.testing.assert_frame_equal(scrs, other, rtol=1e-3, atol=1e-3)


def _moved(result: Any, first: int) -> SimpleNamespace:
    """Give the parts of a recording that starts `first` samples earlier, at a level and with nothing in its driver."""
    parts = {name: getattr(result, name) for name in ("signal", "phasic", "driver", "residual")}
    longer = {
        name: np.pad(part, (first, 0), mode="edge" if name == "signal" else "constant") for name, part in parts.items()
    }
    return SimpleNamespace(
        **longer, weights=None, sampling_rate=result.sampling_rate, settings=result.settings, bands=None, noise=0.004
    )


@FEW
@given(seed=seeds, seconds=st.integers(1, 50))
def test_later_by_some_time_is_later_by_that_time(seed: int, seconds: int) -> None:
    result = decompose(sampled(skin(seed, 60.0), 8), 8)
    scrs, later = find_scrs(_moved(result, 16)), find_scrs(_moved(result, 16 + 8 * seconds))
    scrs[["SCR_OnsetTime", "SCR_PeakTime"]] += seconds
    scrs[["SCR_Onsets", "SCR_Peaks", "SCR_Recovery"]] += 8 * seconds
    pd.testing.assert_frame_equal(scrs, later, rtol=1e-9)


@FEW
@given(seed=seeds, rate=st.sampled_from([4, 8, 16]), start=st.floats(5.0, 50.0), length=st.floats(0.0, 12.0))
def test_nothing_is_reported_within_missing_samples_and_what_touches_them_is_marked(
    seed: int, rate: int, start: float, length: float
) -> None:
    signal = sampled(skin(seed, 60.0, a_minute=20.0, apart=2.0), rate)
    gone = np.arange(round(start * rate), min(round((start + length) * rate) + 1, signal.size))
    weights = np.ones(signal.size)
    weights[gone] = 0.0
    missing = np.where(weights > 0, signal, np.nan)
    for result in (decompose(missing, rate, missing="solve"), decompose(signal, rate, sample_weight=weights)):
        scrs = find_scrs(result)
        assert not np.isin(scrs[["SCR_Onsets", "SCR_Peaks"]].to_numpy(), gone).any()
        first, last = gone[0] / rate, gone[-1] / rate
        near = (scrs["SCR_OnsetTime"] - 1.0 <= last) & (scrs["SCR_PeakTime"] + 1.0 >= first)
        np.testing.assert_array_equal(scrs["SCR_Artefact"], near)
        if length >= 0.5:
            assert not scrs["SCR_OnsetTime"].between(first, last).any()
            assert not scrs["SCR_PeakTime"].between(first, last).any()


@pytest.mark.parametrize("rate", [4, 8, 16, 32])
def test_a_step_is_no_response(rate: int) -> None:
    t = np.arange(60 * rate) / rate
    signal = 5.0 + (t > 30.0) + 0.002 * np.random.default_rng(0).standard_normal(t.size)
    result = decompose(signal, rate)
    assert not find_scrs(result, min_rise=None)["SCR_OnsetTime"].between(29.0, 31.0).empty
    assert not find_scrs(result)["SCR_OnsetTime"].between(29.0, 31.0).any()


def test_what_a_robust_decomposition_knows_is_used() -> None:
    result = decompose(sampled(skin(3, 60.0), 8), 8)
    scrs = find_scrs(_moved(result, 0))
    amplitudes = np.sort(scrs["SCR_Amplitude"].to_numpy())
    assert amplitudes.size >= 4
    parts = _moved(result, 0)
    parts.smallest_response = 0.5 * (amplitudes[0] + amplitudes[1])
    assert len(find_scrs(parts)) == amplitudes.size - 1
    parts.noise = 10.0
    assert find_scrs(parts).empty
    parts = _moved(result, 0)
    parts.outliers, parts.shifts = np.zeros(480), np.zeros(480)
    assert not find_scrs(parts)["SCR_Artefact"].any()
    parts.outliers[scrs["SCR_Onsets"].iloc[0]] = -0.1
    parts.shifts[scrs["SCR_Peaks"].iloc[-1] :] = 0.1
    marked = find_scrs(parts)["SCR_Artefact"].to_numpy()
    assert marked[0]
    assert marked[-1]
    assert not marked.all()


def test_confidence_is_amplitude_over_the_half_width_of_its_band() -> None:
    result = decompose(sampled(skin(4, 60.0), 8), 8)
    parts = _moved(result, 0)
    scrs = find_scrs(parts)
    np.testing.assert_allclose(scrs["SCR_Confidence"], scrs["SCR_Amplitude"] / (1.959964 * 0.004))
    width = np.linspace(0.01, 0.02, 480)
    parts.bands = SimpleNamespace(phasic_low=result.phasic - width, phasic_high=result.phasic + width)
    half = np.hypot(width[scrs["SCR_Onsets"]], width[scrs["SCR_Peaks"]])
    np.testing.assert_allclose(find_scrs(parts)["SCR_Confidence"], scrs["SCR_Amplitude"] / half)
    parts.bands, parts.noise = None, 0.0
    assert np.isinf(find_scrs(parts)["SCR_Confidence"]).all()


def test_a_recording_without_an_observed_sample_has_none() -> None:
    parts = _moved(decompose(sampled(skin(5, 60.0), 8), 8), 0)
    parts.weights = np.zeros(480)
    assert find_scrs(parts).empty

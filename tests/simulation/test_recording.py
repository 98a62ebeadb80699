"""Simulated recordings: the parts add up, the truth is where it is said to be, and every kind is what it is called."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import numpy as np
import pytest

import ressin
from ressin.errors import InvalidInputError
from ressin.simulation.kinds import ARTEFACTS, KINDS
from ressin.simulation.responses import Shape, filtered, shapes, stretched

SAMPLED = ("signal", "phasic", "tonic", "shifts", "artefacts", "noise")
TROUBLED = [name for name, kind in KINDS.items() if kind.spikes + kind.drops + kind.steps + kind.contacts + kind.losses]


def made(kind: str = "wristband", duration: float = 240.0, seed: int = 1, **given: float) -> ressin.SimulatedRecording:
    return ressin.simulate_recording(kind, duration, rng=np.random.default_rng(seed), **given)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(3))
def test_the_signal_is_the_sum_of_its_parts_and_within_the_device(kind: str, seed: int) -> None:
    recording = made(kind, 120, seed)
    total = recording.phasic + recording.tonic + recording.shifts + recording.artefacts + recording.noise
    np.testing.assert_allclose(recording.signal, total, atol=1e-12)
    assert recording.signal.min() >= 0
    assert recording.phasic.min() >= 0
    assert recording.tonic.min() > 0
    assert recording.sampling_rate == KINDS[kind].sampling_rate
    assert set(recording.masks) == set(ARTEFACTS)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("rate", "duration"), [(1.0, 1.0), (4.0, 0.1), (7.3, 61.7), (32.0, 20.0), (128.0, 10.0)])
def test_every_kind_runs_at_any_rate_and_length(kind: str, rate: float, duration: float) -> None:
    recording = made(kind, duration, sampling_rate=rate)
    n = max(2, round(duration * rate))
    for name in SAMPLED:
        values = getattr(recording, name)
        assert values.shape == (n,), name
        assert np.all(np.isfinite(values)), name
    assert all(mask.shape == (n,) and mask.dtype == bool for mask in recording.masks.values())
    assert recording.onsets.shape == recording.peaks.shape == recording.amplitudes.shape
    assert recording.duration == pytest.approx(n / rate)


def test_a_state_of_the_generator_gives_one_recording_and_another_another() -> None:
    first, again, other = made("ambulatory", seed=3), made("ambulatory", seed=3), made("ambulatory", seed=4)
    for name in (*SAMPLED, "onsets", "peaks", "amplitudes"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
    assert not np.array_equal(first.signal, other.signal)


def test_nothing_global_is_seeded_and_the_result_cannot_be_changed() -> None:
    before = str(np.random.get_state())  # noqa: NPY002
    recording = made("ambulatory")
    assert str(np.random.get_state()) == before  # noqa: NPY002
    for name in (*SAMPLED, "onsets", "peaks", "amplitudes"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(recording, name)[:1] = 0
    with pytest.raises(ValueError, match="read-only"):
        recording.masks["spike"][:1] = True
    with pytest.raises(FrozenInstanceError):
        recording.kind = "other"  # type: ignore[misc]


@pytest.mark.parametrize("kind", TROUBLED)
def test_without_artefacts_the_rest_stays_what_it_was(kind: str) -> None:
    with_them, without = made(kind, 600, seed=5), made(kind, 600, seed=5, artefacts=False)
    for name in ("phasic", "tonic", "onsets", "amplitudes"):
        np.testing.assert_array_equal(getattr(with_them, name), getattr(without, name))
    assert not without.shifts.any()
    assert not any(mask.any() for name, mask in without.masks.items() if name != "saturation")
    masked = np.any(list(with_them.masks.values()), axis=0)
    assert 0 < masked.mean() < 0.9
    clear = ~masked
    quantum = KINDS[kind].quantum
    np.testing.assert_allclose(
        with_them.signal[clear],
        (without.signal + with_them.shifts)[clear],
        atol=0.003 * with_them.tonic.max() + quantum,
    )


@pytest.mark.parametrize(
    ("kind", "mask"),
    [
        ("wristband_moving", "spike"),
        ("wristband_moving", "drop"),
        ("wristband_loose", "contact"),
        ("wristband_lost", "contact"),
        ("laboratory_steps", "step"),
        ("laboratory_saturated", "saturation"),
    ],
)
def test_a_kind_has_the_artefacts_of_its_name_and_they_stand_out(kind: str, mask: str) -> None:
    recording = made(kind, 900, seed=2)
    where = recording.masks[mask]
    assert where.any()
    moved = np.abs(recording.artefacts) + np.abs(np.gradient(recording.shifts))
    assert moved[where].mean() > 20 * moved[~np.any(list(recording.masks.values()), axis=0)].mean()


def test_steps_last_and_the_rest_of_the_artefacts_passes() -> None:
    recording = made("laboratory_steps", 900, seed=2)
    changes = np.abs(np.diff(recording.shifts)) > 0
    assert changes.any()
    assert recording.masks["step"][1:][changes].all()
    assert (
        np.abs(recording.artefacts[~np.any(list(recording.masks.values()), axis=0)]).max()
        < 0.003 * recording.tonic.max()
    )


def test_saturation_is_where_the_signal_stays_at_the_end_of_the_range() -> None:
    recording = made("laboratory_saturated", seed=4)
    where = recording.masks["saturation"]
    assert 0.02 < where.mean() < 0.16
    assert np.ptp(recording.signal[where]) <= 3e-4
    assert recording.signal[~where].max() <= recording.signal[where].max()


@pytest.mark.parametrize("kind", ["wristband", "laboratory", "laboratory_1000"])
def test_responses_are_at_their_times_with_their_heights(kind: str) -> None:
    recording = made(kind, 900, seed=6, responses_per_minute=1.0)
    on = (recording.onsets > 1) & (recording.peaks < 890)
    apart = np.diff(recording.onsets, prepend=-np.inf) > 60
    checked = 0
    truth = np.stack([recording.onsets, recording.peaks, recording.amplitudes], axis=1)  # (n_responses, 3)
    for onset, peak, amplitude in truth[on & apart]:
        if np.any((recording.onsets > onset) & (recording.onsets < peak + 1)):
            continue
        at_onset, at_peak = np.interp([onset, peak], recording.time, recording.phasic)
        assert at_onset == pytest.approx(0.05 * amplitude, abs=0.05 * amplitude)
        assert at_peak == pytest.approx(amplitude, rel=0.03)
        assert recording.phasic[(recording.time > onset) & (recording.time < peak + 1)].max() <= amplitude * 1.001
        checked += 1
    assert checked >= 2


def test_rises_and_amplitudes_are_those_of_people() -> None:
    recordings = [made("laboratory", 900, seed=seed, sampling_rate=8) for seed in range(12)]
    rises = np.concatenate([r.peaks - r.onsets for r in recordings])
    assert rises.min() >= 0.45
    assert rises.max() <= 4.3
    assert 1.2 < np.median(rises) < 2.4
    amplitudes = np.log(np.concatenate([r.amplitudes for r in recordings]))
    assert 0.15 < np.exp(np.median(amplitudes)) < 0.6
    assert 0.5 < amplitudes.std() < 1.1


@pytest.mark.parametrize("rate", [0.0, 2.0, 10.0, 30.0])
def test_responses_come_as_often_as_was_asked_for(rate: float) -> None:
    recording = made("wristband", 7200, responses_per_minute=rate)
    count = np.count_nonzero((recording.onsets >= 0) & (recording.onsets < 7200))
    assert count == pytest.approx(120 * rate, rel=0.25)
    assert np.all(np.diff(recording.onsets) >= 0)
    if rate == 0:
        assert not recording.phasic.any()


@pytest.mark.parametrize("shape", shapes())
@pytest.mark.parametrize(("rise", "recovery"), [(0.5, 1.0), (1.6, 3.0), (4.0, 10.0)])
def test_a_shape_takes_the_times_that_were_asked_for(shape: Shape, rise: float, recovery: float) -> None:
    t = np.array([-rise, 0.0, recovery])
    np.testing.assert_allclose(stretched(shape, t, rise, recovery), [0.05, 1.0, 0.5], atol=1e-6)
    moments, curve = filtered(shape, rise, recovery, 1e3)
    assert curve.max() == pytest.approx(1, abs=1e-12)
    assert curve[0] < 0.01
    assert curve[-1] < 1e-3
    assert abs(moments[curve.argmax()]) < 0.01


def test_noise_of_a_clean_wristband_is_its_white_noise_and_its_quanta() -> None:
    recordings = [made("wristband", 3600, seed=seed) for seed in range(8)]
    deviations = [recording.noise.std() for recording in recordings]
    assert 0.0015 < float(np.median(deviations)) < 0.007
    quanta = recordings[0].signal / 9e-4
    np.testing.assert_allclose(quanta, np.round(quanta), atol=1e-6)


def test_red_noise_is_correlated_as_the_kind_says() -> None:
    noise = made("wristband_red", 7200, responses_per_minute=0).noise
    red = np.corrcoef(noise[:-10], noise[10:])[0, 1]  # 2.5 s apart: exp(-2.5/2.4) of the red part's share
    assert 0.2 < red < 0.45


def test_a_held_file_repeats_and_an_upsampled_one_interpolates() -> None:
    held, lines = made("held", 60).signal, made("upsampled", 60).signal
    assert np.count_nonzero(np.diff(held)) <= 60 * 4
    blocks = held.reshape(-1, 8)
    np.testing.assert_array_equal(blocks, np.repeat(blocks[:, :1], 8, axis=1))
    bends = np.abs(np.diff(lines, 2)) > 1e-9
    assert not bends[np.arange(bends.size) % 8 != 7].any()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"kind": "watch"}, "kind is 'watch'; simulated are wristband, wristband_rest"),
        ({"duration": 0.0}, "duration is 0.0; it must be a positive number of seconds"),
        ({"duration": float("inf")}, "duration is inf"),
        ({"sampling_rate": -4.0}, "sampling_rate is -4.0; it must be a positive number of Hz"),
        ({"sampling_rate": float("nan")}, "sampling_rate is nan"),
        ({"responses_per_minute": -1.0}, "responses_per_minute is -1.0; it must be from 0 to 60"),
        ({"responses_per_minute": float("nan")}, "responses_per_minute is nan"),
    ],
)
def test_what_cannot_be_simulated_is_refused(given: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        ressin.simulate_recording(rng=np.random.default_rng(0), **given)  # type: ignore[arg-type]

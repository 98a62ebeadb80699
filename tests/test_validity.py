"""How bench.validity judges: the truth is without fault, known faults cost what they should."""

from __future__ import annotations

import numpy as np
import pytest
from bench.validity.constants import DEFAULTS, decomposed
from bench.validity.methods import Estimate, Found, attempt, methods, trough_to_peak
from bench.validity.scores import TOLERANCE, score, smallest
from bench.validity.simulated import Summary

import ressin
from ressin.simulation.kinds import KINDS


def made(kind: str = "wristband", seed: int = 1, **given: float) -> ressin.SimulatedRecording:
    return ressin.simulate_recording(kind, 300, rng=np.random.default_rng(seed), **given)  # type: ignore[arg-type]


def truth(recording: ressin.SimulatedRecording) -> tuple[Estimate, Found]:
    parts = Estimate(recording.phasic, recording.tonic + recording.shifts)
    return parts, Found(recording.onsets, recording.peaks, recording.amplitudes)


@pytest.mark.parametrize("kind", KINDS)
def test_the_truth_itself_is_without_fault(kind: str) -> None:
    recording = made(kind)
    found = score(recording, *truth(recording))
    assert found.misses == found.false == 0
    np.testing.assert_array_equal(found.amplitude_ratios, 1.0)
    if found.hits:
        assert found.phasic_error == 0
        assert found.tonic_error < 1e-12
    assert not found.below_zero


def test_a_response_too_many_is_false_and_one_too_few_a_miss() -> None:
    recording = made(responses_per_minute=4.0)
    parts, found = truth(recording)
    asked = score(recording, parts, found).hits
    free = next(t for t in np.arange(5.0, 290.0, 1.0) if np.abs(found.middles - t).min() > 2 * TOLERANCE)
    more = Found(*(np.append(a, x) for a, x in zip((found.onsets, found.peaks, found.amplitudes), (free, free, 1.0),
                                                   strict=True)))  # fmt: skip
    assert (score(recording, parts, more).hits, score(recording, parts, more).false) == (asked, 1)
    none = Found(*(np.empty(0) for _ in range(3)))
    assert (score(recording, parts, none).hits, score(recording, parts, none).misses) == (0, asked)


def test_late_responses_are_missed_beyond_the_tolerance_only() -> None:
    recording = made(responses_per_minute=1.0)
    parts, found = truth(recording)
    asked = score(recording, parts, found).hits
    assert asked >= 2
    for late, hits in ((0.9 * TOLERANCE, asked), (1.1 * TOLERANCE, 0)):
        moved = Found(found.onsets + late, found.peaks + late, found.amplitudes)
        assert score(recording, parts, moved).hits == hits


def test_small_responses_are_neither_asked_for_nor_false() -> None:
    recording = made("wristband_red")
    parts, found = truth(recording)
    small = found.amplitudes < smallest(recording)
    assert small.any()
    only = Found(found.onsets[small], found.peaks[small], found.amplitudes[small])
    result = score(recording, parts, only)
    assert result.false == result.hits == 0


def test_a_part_off_by_the_deviation_of_the_phasic_part_has_an_error_of_one() -> None:
    recording = made()
    parts, found = truth(recording)
    off = Estimate(parts.phasic + recording.phasic.std(), parts.tonic - recording.phasic.std(), {})
    result = score(recording, off, found)
    assert result.phasic_error == pytest.approx(1.0)
    assert result.tonic_error == pytest.approx(1.0)


def test_lost_contact_is_left_out_of_the_errors() -> None:
    recording = next(r for r in (made("wristband_lost", seed) for seed in range(20))
                     if 0.1 < r.masks["contact"].mean() < 0.5)  # fmt: skip
    parts, found = truth(recording)
    wrong = Estimate(np.where(recording.masks["contact"], -9.0, parts.phasic), parts.tonic, {})
    assert score(recording, wrong, found).phasic_error == 0


def test_trough_to_peak_finds_lone_responses_whatever_the_rate_and_noise_below_its_threshold() -> None:
    for rate in (4.0, 50.0, 1000.0):
        t = np.arange(round(60 * rate)) / rate
        line = sum(0.1 * np.exp(-((t - peak) ** 2) / 2.0) for peak in (10.0, 25.0, 45.0))
        line = line + 0.0005 * np.random.default_rng(0).standard_normal(t.size)
        found = trough_to_peak(np.asarray(line), rate)
        np.testing.assert_allclose(found.peaks, [10, 25, 45], atol=0.5)
        np.testing.assert_allclose(found.amplitudes, 0.1, atol=0.01)
        assert np.all(found.onsets < found.peaks)


@pytest.mark.parametrize("line", [np.zeros(50), np.linspace(1, 0, 50), np.full(4, 2.0)])
def test_trough_to_peak_finds_nothing_where_nothing_rises(line: np.ndarray) -> None:
    assert trough_to_peak(line, 4.0).peaks.size == 0


def test_figures_over_recordings_pool_counts_within_a_kind_and_average_over_kinds() -> None:
    recording, resting = made(responses_per_minute=6.0), made("wristband_rest")
    right = score(recording, *truth(recording))
    none = score(recording, truth(recording)[0], Found(*(np.empty(0) for _ in range(3))))
    rest = score(resting, truth(resting)[0], Found(np.array([5.0]), np.array([6.0]), np.array([0.1])))
    summary = Summary({"a": [right], "b": [none], "rest": [rest]})
    assert summary.f1() == pytest.approx(0.5)
    assert summary.false_per_minute() == 0
    assert summary.false_per_minute(at_rest=True) == pytest.approx(0.2)


def test_our_own_errors_are_raised_and_peers_are_quoted() -> None:
    broken = np.full(40, np.nan)
    with pytest.raises(ressin.InvalidInputError):
        attempt("ressin cvxEDA 2025", broken, 4.0)
    if "NeuroKit2 highpass" in methods():
        assert isinstance(attempt("NeuroKit2 highpass", broken, 4.0), (str, Estimate))


def test_the_constants_that_are_changed_are_the_ones_that_are_used() -> None:
    recording = made("ambulatory")
    result = ressin.decompose(recording.signal, recording.sampling_rate, programme="robust")
    for given in ({}, DEFAULTS):
        estimate = decomposed(recording.signal, recording.sampling_rate, given)
        np.testing.assert_array_equal(estimate.phasic, result.phasic)
    factors = {
        "response_reach": 1.4, "outlier_reach": 1.4,  # counted in whole quarters of a second
        "softest": 5.5, "stiffest": 0.2,  # bounds, which this recording's stiffness reaches then
    }  # fmt: skip
    for name, value in DEFAULTS.items():
        other = decomposed(recording.signal, recording.sampling_rate, {name: value * factors.get(name, 1.1)})
        assert not np.array_equal(other.phasic, result.phasic), name


@pytest.mark.parametrize(
    ("constants", "message"), [({"thresh": 1.0}, "no constant thresh"), ({"misfit": 0.0}, "misfit")]
)
def test_constants_that_do_not_exist_or_make_no_sense_are_refused(constants: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        decomposed(np.ones(40), 4.0, constants)

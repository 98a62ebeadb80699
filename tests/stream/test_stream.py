"""Streams: what becomes final, how near it is to the whole recording, and the laws that hold for every stream."""

from __future__ import annotations

import doctest
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ressin
import ressin.stream.stream
from ressin import InvalidInputError, Stream, StreamParts
from ressin.stream.moments import Moments
from tests.signals import RECORDINGS, Signal, read, simulate
from tests.streams import RATE, assert_same, joined, run


def all_knots(n: int, spacing: int) -> Signal:
    """Return every knot whose bump reaches a recording of n samples from 0 on."""
    return np.arange(0, ((n - 1) // spacing + 2) * spacing + 1, spacing)  # type: ignore[return-value]


# --- the programme


@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("revision", ["2025", "2015"])
@pytest.mark.parametrize("n", [3, 4, 40, 41, 279])
def test_before_the_window_moves_the_parts_are_those_of_decompose(n: int, revision: Any, standardize: bool) -> None:
    y = simulate(RATE, 100, seed=n)[:n]
    given = {"mean": 5.0, "deviation": 0.5} if standardize else {}
    stream = Stream(RATE, revision=revision, standardize=standardize, **given)  # type: ignore[arg-type]
    found = stream.push(y)
    assert found.status == "optimal"
    got = joined(found.final, found.provisional)
    if n < 4:
        return
    z = (y - 5.0) / 0.5 if standardize else y
    unit = 0.5 if standardize else 1.0
    asked = ressin.decompose(z, RATE, revision=revision, baseline="none", standardize=False, knots=all_knots(n, 40))
    tail = slice(n - len(found.provisional), n)
    np.testing.assert_allclose(got.phasic[tail], asked.phasic[tail] * unit, rtol=0, atol=2e-6)
    np.testing.assert_allclose(
        got.tonic[tail], asked.tonic[tail] * unit + (5.0 if standardize else 0.0), rtol=0, atol=2e-6
    )


@pytest.mark.parametrize("revision", ["2025", "2015"])
@pytest.mark.parametrize("n", [3, 4, 40, 63, 150, 239])
def test_a_short_recording_that_has_ended_is_that_of_decompose(n: int, revision: Any) -> None:
    y = simulate(RATE, 100, seed=n)[:n]
    stream = Stream(RATE, revision=revision, tol=1e-10)
    stream.push(y[: n // 2])
    stream.push(y[n // 2 :])
    got = stream.finish().final
    assert len(got) == n
    if n < 4:
        return
    asked = ressin.decompose(y, RATE, revision=revision, baseline="none")
    np.testing.assert_allclose(got.phasic, asked.phasic, rtol=0, atol=1e-6)
    np.testing.assert_allclose(got.tonic, asked.tonic, rtol=0, atol=1e-6)


@pytest.mark.parametrize("baseline", ["none", "linear"])
@pytest.mark.parametrize("rate", [4.0, 20.0])
def test_what_the_window_has_left_is_not_forgotten(rate: float, baseline: Any) -> None:
    """The longer the window, the nearer its parts are to those of a window that holds all samples."""
    y = simulate(rate, 240, seed=3)
    step = round(rate)
    whole, whole_end = run(Stream(rate, baseline=baseline, context=240), y, step)
    for context, bound in ((60.0, 1e-3), (120.0, 1e-5)):
        short, short_end = run(Stream(rate, baseline=baseline, context=context), y, step)
        for few, many in ((short, whole), (short_end.provisional, whole_end.provisional)):
            assert np.abs(few.phasic - many.phasic).max() < bound * y.std()
            assert np.abs(few.tonic - many.tonic).max() < bound * y.std()


def test_the_line_below_is_that_of_the_samples_so_far() -> None:
    rng = np.random.default_rng(0)
    t = np.arange(2000)
    y = np.where(rng.random(2000) < 0.1, np.nan, 3 + 0.01 * t + rng.standard_normal(2000))
    moments = Moments()
    for first in range(0, 2000, 137):
        moments = moments.joined(t[first : first + 137].astype(float), y[first : first + 137])
    there = ~np.isnan(y)
    slope, level = np.polyfit(t[there], y[there], 1)
    np.testing.assert_allclose(moments.mean, y[there].mean(), rtol=1e-13)
    np.testing.assert_allclose(moments.deviation, y[there].std(), rtol=1e-13)
    np.testing.assert_allclose(moments.slope, slope, rtol=1e-12)
    np.testing.assert_allclose(moments.mean - moments.slope * moments.mean_time, level, rtol=1e-12)


def test_the_example_in_the_docstring_prints_what_it_says() -> None:
    result = doctest.testmod(ressin.stream.stream)
    assert result.attempted >= 6
    assert result.failed == 0


# --- agreement with the whole recording


def largest_but_one_percent(stream: Stream, y: Signal, rate: float) -> float:
    """Return the 99th percentile of the final parts' distance to the whole recording's, in its deviations."""
    whole = ressin.decompose(y, rate, baseline="none")
    final, _ = run(stream, y, round(rate))
    n = len(final)
    assert 0 <= y.size - round(rate) * 20 - n < stream.options.hop * rate
    phasic, tonic = np.abs(final.phasic - whole.phasic[:n]), np.abs(final.tonic - whole.tonic[:n])
    return float(max(np.quantile(phasic, 0.99), np.quantile(tonic, 0.99)) / y.std())


def test_twenty_seconds_later_a_sample_is_near_its_value_in_the_whole_recording() -> None:
    y = ressin.simulate_eda(3600, RATE, n_scr=600, rng=np.random.default_rng(0)).signal
    assert largest_but_one_percent(Stream(RATE, mean=y.mean(), deviation=y.std()), y, RATE) < 0.02


def test_twenty_seconds_later_in_a_real_recording(recordings_folder: Path) -> None:
    y, rate = read(RECORDINGS[0], recordings_folder)
    stream = Stream(rate, mean=y.mean(), deviation=y.std(), hop=5.0)
    assert largest_but_one_percent(stream, y, rate) < 0.02


@pytest.mark.parametrize("source", RECORDINGS[2:4], ids=lambda source: source.name)
def test_a_wristband_needs_a_longer_lag(source: Any, recordings_folder: Path) -> None:
    """Its movements reach back further: with "none" even the whole recording's parts change with what comes later."""
    y, rate = read(source, recordings_folder)
    y = y[: 4 * 1500]
    whole = ressin.decompose(y, rate, baseline="none")
    for lag, bound in ((20, 0.6), (60, 0.02)):
        final, _ = run(Stream(rate, lag=lag, mean=y.mean(), deviation=y.std()), y)
        off = np.abs(final.phasic - whole.phasic[: len(final)]) / y.std()
        assert np.quantile(off, 0.99) < bound


# --- laws


@settings(max_examples=12)
@given(steps=st.lists(st.integers(0, 90), min_size=3, max_size=12), baseline=st.sampled_from(["none", "linear"]))
def test_how_the_samples_are_divided_over_pushes_changes_no_bit(steps: list[int], baseline: Any) -> None:
    y = simulate(RATE, 150, seed=5)
    y[200:230] = np.nan
    at_once = Stream(RATE, baseline=baseline)
    expected = joined(at_once.push(y).final, at_once.finish().final)
    stream, pieces, at = Stream(RATE, baseline=baseline), [], 0
    for step in [*steps, y.size]:
        pieces.append(stream.push(y[at : at + step]).final)
        at += step
    assert_same(joined(*pieces, stream.finish().final), expected)


def test_every_sample_becomes_final_once_and_is_the_sum_of_its_parts() -> None:
    y = simulate(RATE, 200, seed=1)
    stream = Stream(RATE, lag=15.0, warm_up=0.0)
    seen = 0
    for first in range(0, y.size, 10):
        result = stream.push(y[first : first + 10])
        n = first + result.provisional.index.size
        seen += len(result.final)
        newest = min(first + 10, y.size)
        assert seen == max(0, newest // 4 * 4 - 60)
        np.testing.assert_array_equal(result.provisional.index, np.arange(seen, newest))
        assert n >= first
    rest = stream.finish().final
    np.testing.assert_array_equal(rest.index, np.arange(seen, y.size))
    np.testing.assert_allclose(rest.phasic + rest.tonic + rest.residual, y[seen:], rtol=0, atol=1e-13)
    assert rest.driver.min() >= 0


def test_a_signal_of_another_unit_gives_parts_of_that_unit() -> None:
    y = simulate(RATE, 150, seed=2)
    one, _ = run(Stream(RATE), y)
    other, _ = run(Stream(RATE), 1000 * y + 7)
    np.testing.assert_allclose(other.phasic, 1000 * one.phasic, rtol=0, atol=1e-2)
    np.testing.assert_allclose(other.tonic, 1000 * one.tonic + 7, rtol=0, atol=1e-2)


def test_memory_does_not_grow() -> None:
    y = simulate(RATE, 300, seed=1)
    stream = Stream(RATE)

    def held_after_another_five_minutes() -> int:
        for first in range(0, y.size, 4):
            stream.push(y[first : first + 4])
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        early = [held_after_another_five_minutes() for _ in range(3)][-1]
        late = [held_after_another_five_minutes() for _ in range(4)][-1]
    finally:
        tracemalloc.stop()
    assert late - early < 4096


@pytest.mark.parametrize("choice", [{}, {"revision": "2015"}, {"baseline": "linear"}, {"standardize": False}])
def test_the_methods_agree(choice: dict[str, Any]) -> None:
    y = simulate(20.0, 260, seed=2)
    y[1500:1530] = np.nan
    finals = []
    for solver in ("auto", "active_set", "interior_point"):
        stream = Stream(20.0, solver=solver, **choice)
        results = [stream.push(second) for second in y.reshape(-1, 20)]
        assert all(result.relative_gap <= 1e-8 and result.stationarity <= 1e-8 for result in results)
        assert {result.status for result in results} <= {"waiting", "optimal"}
        finals.append(StreamParts.join([*(result.final for result in results), stream.finish().final]))
    for other in finals[:2]:
        for part in ("phasic", "tonic", "residual"):
            np.testing.assert_allclose(getattr(other, part), getattr(finals[2], part), atol=2e-5 * float(np.nanstd(y)))


def test_a_stream_does_not_take_osqp() -> None:
    with pytest.raises(InvalidInputError, match="solver is 'osqp'; a stream takes"):
        Stream(20.0, solver="osqp")

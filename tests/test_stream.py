"""Streams: what becomes final, how near it is to the whole recording, and what nothing may upset."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ressin
from ressin import InvalidInputError, Stream, StreamParts, StreamResult
from ressin.stream.moments import Moments
from tests.signals import RECORDINGS, Signal, read, simulate

RATE = 4.0
PARTS = ("index", "time", "signal", "phasic", "tonic", "driver", "residual")


def run(stream: Stream, signal: Signal, step: int = 4) -> tuple[StreamParts, StreamResult]:
    """Push a signal in pieces; return all that became final before the end, and the last result."""
    results = [stream.push(signal[i : i + step]) for i in range(0, signal.size, step)]
    return StreamParts.join([result.final for result in results]), results[-1]


def joined(*parts: StreamParts) -> StreamParts:
    return StreamParts.join(parts)


def assert_same(a: StreamParts, b: StreamParts) -> None:
    for name in PARTS:
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)


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
    """The longer the window, the nearer to one that holds everything: the drivers that it has left are settled."""
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


# --- what a sensor does


def test_a_short_gap_is_solved_through() -> None:
    y = simulate(RATE, 200, seed=6)
    z = y.copy()
    z[300:340] = np.nan
    final, _ = run(Stream(RATE), z)
    whole, _ = run(Stream(RATE), y)
    assert np.isfinite(final.phasic).all()
    assert np.isfinite(final.tonic).all()
    np.testing.assert_array_equal(np.isnan(final.residual), np.isnan(z[: len(final)]))
    away = np.abs(np.arange(len(final)) - 320) > 120
    assert np.abs(final.phasic - whole.phasic)[away].max() < 0.1 * y.std()


def test_after_a_long_gap_it_starts_anew() -> None:
    y = simulate(RATE, 400, seed=6)
    z = y.copy()
    z[600:1000] = np.nan  # 100 s
    stream = Stream(RATE, mean=y.mean(), deviation=y.std())
    final, _ = run(stream, z)
    final = joined(final, stream.finish().final)
    assert np.isfinite(final.phasic).all()
    np.testing.assert_array_equal(np.diff(final.index) > 0, True)
    held = set(final.index.tolist())
    assert held >= set(range(600)) | set(range(1000, 1600))
    assert not held & set(range(600 + 61 * 4, 1000))
    after, _ = run(Stream(RATE, mean=y.mean(), deviation=y.std()), y[1000:])
    np.testing.assert_array_equal(final.phasic[final.index >= 1000][: len(after)], after.phasic)


def test_samples_before_the_first_that_is_there_are_passed_over() -> None:
    y = simulate(RATE, 100, seed=6)
    late, plain = Stream(RATE), Stream(RATE)
    got = joined(late.push(np.concatenate([np.full(50, np.nan), y])).final, late.finish().final)
    expected = joined(plain.push(y).final, plain.finish().final)
    np.testing.assert_array_equal(got.phasic, expected.phasic)
    np.testing.assert_array_equal(got.index, expected.index + 50)


def test_nothing_but_missing_samples_gives_nothing() -> None:
    stream = Stream(RATE)
    result = stream.push(np.full(1000, np.nan))
    assert (len(result.final), len(result.provisional), result.status) == (0, 0, "waiting")
    assert len(stream.finish().final) == 0
    assert stream.n_samples == 1000


def test_a_gap_of_the_clock_is_filled_with_missing_samples() -> None:
    y = simulate(RATE, 200, seed=6)
    with_nan = y.copy()
    with_nan[400:420] = np.nan
    expected = joined((plain := Stream(RATE)).push(with_nan).final, plain.finish().final)
    stream = Stream(RATE)
    got = joined(
        stream.push(y[:400], time=1000.0).final,
        stream.push(y[420:], time=1000.0 + 420 / RATE + 0.05).final,  # jitter
        stream.finish().final,
    )
    np.testing.assert_array_equal(got.phasic, expected.phasic)
    np.testing.assert_allclose(got.time[[0, 399, 400, 420]], [1000.0, 1099.75, 1100.0, 1105.05], rtol=0, atol=1e-9)


def test_a_day_without_a_clock_costs_no_memory_and_starts_anew() -> None:
    y = simulate(RATE, 100, seed=6)
    stream = Stream(RATE)
    first = stream.push(y, time=0.0)
    second = stream.push(y, time=86400.0)
    assert len(first.final) + len(second.final) >= y.size
    assert second.provisional.index[-1] == 86400 * 4 + y.size - 1
    assert stream.n_samples == 86400 * 4 + y.size


def test_a_clock_that_runs_backwards_is_refused_and_nothing_is_taken() -> None:
    stream = Stream(RATE)
    stream.push(np.ones(40), time=50.0)
    with pytest.raises(InvalidInputError, match=r"time is 55\.000000 s, 5 s before the 60\.000000 s"):
        stream.push(np.ones(4), time=55.0)
    assert stream.n_samples == 40
    stream.push(np.ones(4), time=59.7)


@pytest.mark.parametrize("baseline", ["none", "constant", "linear"])
@pytest.mark.parametrize("event", ["jump up", "jump down", "off and on", "spike", "flat"])
def test_nothing_blows_up(event: str, baseline: Any) -> None:
    y = simulate(RATE, 500, seed=8)
    at = np.arange(y.size)
    events = {
        "jump up": y + np.where(at >= 800, 20.0, 0.0),
        "jump down": y - np.where(at >= 800, 4.5, 0.0),
        "off and on": np.where(np.abs(at - 1000) < 100, 0.0, y),
        "spike": y + np.where(at == 900, 1000.0, 0.0),
        "flat": np.where(at >= 400, 5.0, y),
    }
    y = events[event]
    stream = Stream(RATE, baseline=baseline)
    final, _ = run(stream, y)
    final = joined(final, stream.finish().final)
    assert len(final) == y.size
    span = np.ptp(y)
    for part in (final.phasic, final.tonic, final.residual):
        assert np.isfinite(part).all()
        assert np.abs(part - (y.mean() if part is final.tonic else 0)).max() < 10 * span
    np.testing.assert_allclose(final.phasic + final.tonic + final.residual, y, rtol=0, atol=1e-10 * span)


def test_when_the_sensor_is_on_again_all_is_as_before() -> None:
    y = simulate(RATE, 600, seed=9)
    off = np.where(np.abs(np.arange(y.size) - 1000) < 100, 0.0, y)
    given = {"mean": y.mean(), "deviation": y.std()}
    plain, _ = run(Stream(RATE, **given), y)
    upset, _ = run(Stream(RATE, **given), off)
    later = plain.index > 1000 + 4 * 150
    assert np.abs(upset.phasic - plain.phasic)[later].max() < 0.02 * y.std()


@pytest.mark.parametrize("rate", [1.0, 12.18, 256.0, 1000.0])
def test_other_rates(rate: float) -> None:
    y = simulate(rate, 45, seed=4)
    stream = Stream(rate, lag=5.0, context=20.0, warm_up=10.0)
    final, result = run(stream, y, max(1, round(rate)))
    assert result.status == "optimal"
    assert len(final) >= y.size - 7 * rate
    np.testing.assert_allclose(final.phasic + final.tonic + final.residual, y[: len(final)], rtol=0, atol=1e-12)


# --- input that cannot be used


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lag": 0}, r"lag is 0; it must be a finite number > 0 in seconds"),
        ({"lag": float("nan")}, r"lag is nan"),
        ({"hop": 11.0}, r"hop is 11 s; it must be at most delta_knot, 10 s"),
        ({"context": 10.0}, r"context is 10 s; it must be at least two knot spacings, 20 s"),
        ({"warm_up": 90.0}, r"warm_up is 90 s; it must be at most lag \+ context, 80 s"),
        ({"mean": 1.0}, r"mean is given without deviation"),
        ({"deviation": 1.0}, r"deviation is given without mean"),
        ({"mean": 1.0, "deviation": 0.0}, r"deviation is 0\.0; it must be a finite number > 0"),
        ({"mean": 1.0, "deviation": 1.0, "standardize": False}, r"but standardize is False"),
        ({"baseline": "spline"}, r"a stream takes 'none', 'constant' or 'linear'"),
        ({"max_jitter": -1}, r"max_jitter is -1"),
        ({"max_gap": "long"}, r"max_gap is 'long'"),
        ({"on_failure": "ignore"}, r"on_failure is 'ignore'"),
        ({"alpha": 0.0}, r"alpha is 0"),
        ({"delta_knot": 0.1}, r"delta_knot is 0\.1 s, below the sampling interval"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        Stream(RATE, **settings)


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (1.0, r"samples has shape \(\); it must be one-dimensional"),
        ([[1.0, 2.0]], r"samples has shape \(1, 2\)"),
        (["a"], r"dtype <U1"),
        ([1.0, np.inf], r"samples\[1\], sample 9 of the stream, is inf"),
        ([1 + 2j], r"dtype complex128"),
    ],
)
def test_samples_that_cannot_be_used_are_named(samples: Any, message: str) -> None:
    stream = Stream(RATE)
    stream.push(np.ones(8))
    with pytest.raises(InvalidInputError, match=message):
        stream.push(samples)
    assert stream.n_samples == 8


@pytest.mark.parametrize("time", [float("nan"), "now", True])
def test_a_time_that_is_none_is_named(time: Any) -> None:
    with pytest.raises(InvalidInputError, match="finite number of seconds"):
        Stream(RATE).push([1.0], time=time)


def test_a_programme_that_is_not_solved_is_an_error_that_brings_what_there_is() -> None:
    y = simulate(RATE, 100, seed=6)
    with pytest.raises(ressin.ConvergenceError, match="'max_iterations', up to sample 400") as caught:
        Stream(RATE, max_iterations=2).push(y)
    result = caught.value.result
    assert isinstance(result, StreamResult)
    assert len(result.final) == 320
    returned = Stream(RATE, max_iterations=2, on_failure="return").push(y)
    assert (returned.status, returned.converged) == ("max_iterations", False)
    assert_same(returned.final, result.final)

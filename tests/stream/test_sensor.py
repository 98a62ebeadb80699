"""Streams: gaps, jumps, a sensor that is taken off, and invalid input."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ressin
from ressin import InvalidInputError, Stream, StreamResult
from tests.signals import simulate
from tests.streams import RATE, assert_same, joined, run

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


@pytest.mark.parametrize("step", [1, 4, 240])
@pytest.mark.parametrize("gap", [slice(1, 2), slice(2, 3), slice(1, 20), slice(2, 6)])
def test_a_gap_right_after_the_first_samples_does_not_blow_up(gap: slice, step: int) -> None:
    """The 2015 revision leaves the phasic part's start free, which a gap there would leave undetermined."""
    y = simulate(RATE, 60, seed=5)
    y[gap] = np.nan
    stream = Stream(RATE, revision="2015", mean=5.0, deviation=0.5, warm_up=80.0)
    parts = joined(run(stream, y, step)[0], stream.finish().final)
    lost = 2 if gap.stop > 2 else 0  # too few before the gap for a programme
    assert np.isnan(parts.phasic).sum() == lost
    assert np.abs(parts.phasic[lost:]).max() < 3.0
    held = parts.index[lost:]
    asked = ressin.decompose(
        (y[held[0] :] - 5.0) / 0.5, RATE, revision="2015", baseline="none", standardize=False, missing="solve"
    )
    np.testing.assert_allclose(parts.phasic[lost:] / 0.5, asked.phasic, rtol=0, atol=1e-5)


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


@pytest.mark.parametrize("later", [86400.0, 1.75e9, 1e12])
def test_a_clock_that_jumps_starts_anew_and_builds_nothing(later: float) -> None:
    y = simulate(RATE, 100, seed=6)
    stream = Stream(RATE)
    stream.push(y, time=0.0)
    tracemalloc.start()
    stream.push(y[:40], time=later)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4e6
    expected = Stream(RATE).push(y[:40]).provisional
    got = stream.push([]).provisional
    np.testing.assert_array_equal(got.index, expected.index + round(later * RATE))
    assert stream.n_samples == round(later * RATE) + 40


@pytest.mark.parametrize("time", [1e300, -1e300, 1.75e18, 10**400, -(10**400), 1j, np.nan, "0", None])
@pytest.mark.parametrize("pushed", [False, True])
def test_a_time_that_cannot_tell_samples_apart_is_refused(time: Any, pushed: bool) -> None:
    stream = Stream(RATE)
    if pushed:
        stream.push(np.ones(8), time=0.0)
    if time is None:
        return
    with pytest.raises(InvalidInputError, match=r"in double precision, times|a finite number of seconds"):
        stream.push(np.ones(4), time=time)
    assert stream.n_samples == 8 * pushed
    stream.push(np.ones(4), time=2.0)


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


@pytest.mark.parametrize(("before", "zeros", "given"), [(0, 1200, {}), (400, 6000, {"mean": 0.0, "deviation": 1.0})])
def test_a_sensor_that_reads_nothing_but_zero_is_solved(before: int, zeros: int, given: dict[str, Any]) -> None:
    """A programme whose signal is nothing but rounding errors of its past."""
    y = simulate(RATE, 100, seed=8)
    stream = Stream(RATE, hop=10.0, **given)
    final, result = run(stream, np.concatenate([y[:before], np.zeros(zeros), y]), 40)
    assert result.status == "optimal"
    off = slice(before + zeros - 240, before + zeros - 120)
    assert max(np.abs(final.phasic[off]).max(), np.abs(final.tonic[off]).max()) < 1e-6


def test_when_the_sensor_is_on_again_all_is_as_before() -> None:
    y = simulate(RATE, 600, seed=9)
    off = np.where(np.abs(np.arange(y.size) - 1000) < 100, 0.0, y)
    given = {"mean": y.mean(), "deviation": y.std()}
    plain, _ = run(Stream(RATE, **given), y)
    upset, _ = run(Stream(RATE, **given), off)
    later = plain.index > 1000 + 4 * 150
    assert np.abs(upset.phasic - plain.phasic)[later].max() < 0.02 * y.std()


@settings(max_examples=15)
@given(
    seed=st.integers(0, 99),
    gamma=st.sampled_from([0.0, 1e-2, 1.0]),
    alpha=st.sampled_from([1e-5, 8e-4, 1e-1]),
    baseline=st.sampled_from(["none", "constant", "linear"]),
    revision=st.sampled_from(["2025", "2015"]),
    events=st.lists(st.tuples(st.integers(0, 900), st.integers(1, 300), st.sampled_from("gfzs")), max_size=3),
)
def test_whatever_happens_the_parts_are_numbers_that_add_up(
    seed: int, gamma: float, alpha: float, baseline: Any, revision: Any, events: list[tuple[int, int, str]]
) -> None:
    y = simulate(RATE, 250, seed=seed)
    for first, length, kind in events:
        some = slice(first, first + length)
        y[some] = {"g": np.nan, "f": y[first], "z": 0.0, "s": 20 * y[some]}[kind]  # gap, flat, off, scaled
    stream = Stream(RATE, gamma=gamma, alpha=alpha, baseline=baseline, revision=revision, context=20.0, warm_up=10.0)
    final, _ = run(stream, y, 10)
    final = joined(final, stream.finish().final)
    solved = np.isfinite(final.phasic)
    assert solved.sum() >= len(final) - 6  # all but recordings of less than three samples
    assert (np.diff(final.index) > 0).all()
    there = solved & ~np.isnan(final.signal)
    total = (final.phasic + final.tonic + final.residual)[there]
    np.testing.assert_allclose(total, final.signal[there], rtol=0, atol=1e-9 * np.nanmax(np.abs(y)))


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
    ("options", "message"),
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
        ({"errors": "ignore"}, r"errors is 'ignore'"),
        ({"alpha": 0.0}, r"alpha is 0"),
        ({"delta_knot": 0.1}, r"delta_knot is 0\.1 s, below the sampling interval"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        Stream(RATE, **options)


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (1.0, r"samples has shape \(\); it must be one-dimensional"),
        ([[1.0, 2.0]], r"samples has shape \(1, 2\)"),
        (["a"], r"dtype <U1"),
        ([1.0, np.inf], r"samples\[1\], sample 9 of the stream, is inf"),
        ([1.0, np.nan, -1e160], r"samples\[2\], sample 10 of the stream, is -1e\+160; it must be below 1e"),
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
        Stream(RATE, max_iterations=2, solver="interior_point").push(y)
    result = caught.value.result
    assert isinstance(result, StreamResult)
    assert len(result.final) == 320
    returned = Stream(RATE, max_iterations=2, solver="interior_point", errors="return").push(y)
    assert (returned.status, returned.converged) == ("max_iterations", False)
    assert_same(returned.final, result.final)


@pytest.mark.parametrize("by_clock", [False, True])
@pytest.mark.parametrize("beyond", [0, 1])
def test_a_gap_as_long_as_max_gap_is_solved_through_and_a_longer_one_is_not(beyond: int, by_clock: bool) -> None:
    y, longest = simulate(RATE, 200, seed=6), 40  # samples
    gap = longest + beyond * int(RATE)  # whether a gap is too long is seen when a programme is solved, every second
    stream = Stream(RATE, max_gap=longest / RATE, hop=1.0, mean=float(y.mean()), deviation=float(y.std()))
    parts = [stream.push(y[:400], time=0.0).final]
    if by_clock:
        parts.append(stream.push(y[400 + gap :], time=(400 + gap) / RATE).final)
    else:
        parts.append(stream.push(np.full(gap, np.nan)).final)
        parts.append(stream.push(y[400 + gap :]).final)
    final = joined(joined(*parts), stream.finish().final)
    after = Stream(RATE, mean=float(y.mean()), deviation=float(y.std()))
    anew = joined(after.push(y[400 + gap :]).final, after.finish().final)
    is_anew = np.array_equal(final.phasic[final.index >= 400 + gap], anew.phasic)
    assert is_anew == bool(beyond)

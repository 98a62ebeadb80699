"""A stream of the robust programme: settings from what has been heard, and no opinion from the future."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ressin import InvalidInputError, RecordingError, Stream, StreamParts, decompose
from ressin.stream.robust import RobustWindow
from tests.signals import RECORDINGS, Signal, read, simulate
from tests.streams import PARTS, RATE, assert_same, joined, run


def recording(seconds: float = 300.0, seed: int = 1) -> Signal:
    """Return a recording with a fall of its level, a short loss of contact and missing samples."""
    signal = simulate(RATE, seconds, seed, noise=0.02)
    n = signal.size
    signal[round(0.6 * n) :] -= 1.0
    signal[round(0.8 * n) : round(0.8 * n) + 3] -= 2.0
    signal[round(0.4 * n) : round(0.4 * n) + 20] = np.nan
    return signal


def make(**options: Any) -> Stream:
    return Stream(RATE, programme="robust", **options)


@pytest.mark.parametrize("n", [40, 100, 316])
def test_before_the_window_moves_the_parts_are_those_of_decompose(n: int) -> None:
    y = recording()[:n]
    result = make(warm_up=80.0).push(y)
    whole = decompose(y, RATE, programme="robust", missing="solve")
    found = joined(result.final, result.provisional)
    for part in ("phasic", "tonic", "driver", "outliers"):
        np.testing.assert_array_equal(getattr(found, part), getattr(whole, part), err_msg=part)
    np.testing.assert_allclose(found.shifts, whole.shifts - whole.shifts[0], rtol=0, atol=1e-12)
    assert (result.noise, result.smallest_response) == (whole.noise, whole.smallest_response)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 50])
def test_a_short_recording_that_has_ended(n: int) -> None:
    stream, y = make(), recording()[:n]
    stream.push(y)
    final = stream.finish().final
    assert len(final) == n
    if n >= 4:
        np.testing.assert_array_equal(final.phasic, decompose(y, RATE, programme="robust").phasic)
    assert np.isnan(final.tonic).any() == (n < 3)


@pytest.mark.parametrize("steps", [[1], [7, 1, 30], [977]])
def test_how_the_samples_are_divided_over_pushes_changes_no_bit(steps: list[int]) -> None:
    y = recording()
    expected, _ = run(make(), y, 4)
    stream, finals, at, k = make(), [], 0, 0
    while at < y.size:
        step = steps[k % len(steps)]
        finals.append(stream.push(y[at : at + step]).final)
        at, k = at + step, k + 1
    assert_same(joined(*(f for f in finals if len(f))), expected)


def test_nothing_comes_from_the_future() -> None:
    y = recording()
    whole, _ = run(make(), y)
    other = y.copy()
    other[800:] += np.random.default_rng(0).normal(0.0, 2.0, y.size - 800)
    changed, _ = run(make(), other)
    n = 800 - round(20 * RATE)
    assert_same(StreamParts.between(changed, 0, n), whole.between(0, n))


@pytest.mark.parametrize("cut", [0, 2, 37, 333, 1001])
def test_what_is_loaded_goes_on_bit_for_bit(cut: int, tmp_path: Path) -> None:
    y = recording()
    stream = make(lag=15.0)
    stream.push(y[:cut], time=100.0)
    stream.save(tmp_path / "state.npz")
    loaded = Stream.load(tmp_path / "state.npz")
    assert (loaded.settings, loaded.options, loaded.n_samples) == (stream.settings, stream.options, cut)
    at = 100.0 + cut / RATE + 3.0
    first, second = (
        joined(*(x for x in (s.push(y[cut:], at).final, s.finish().final) if len(x))) for s in (stream, loaded)
    )
    assert_same(second, first)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [("noise", -1.0, "noise"), ("noise", 0.0, "the noise is 0 after"), ("level", float("nan"), "finite")],
)
def test_a_state_that_does_not_fit_together_is_refused(key: str, value: float, message: str, tmp_path: Path) -> None:
    stream = make()
    stream.push(recording())
    stream.save(tmp_path / "state.npz")
    with np.load(tmp_path / "state.npz") as file:
        held = dict(file)
    header = json.loads(held["header"].tobytes())
    header["robust"][key] = value
    held["header"] = np.frombuffer(json.dumps(header).encode(), np.uint8)
    np.savez(tmp_path / "state.npz", **held)
    with pytest.raises(RecordingError, match=message):
        Stream.load(tmp_path / "state.npz")


def test_every_sample_becomes_final_once_and_is_the_sum_of_its_parts() -> None:
    y, stream = recording(), make()
    final, _ = run(stream, y, 10)
    final = joined(final, stream.finish().final)
    np.testing.assert_array_equal(final.index, np.arange(y.size))
    seen = ~np.isnan(y)
    sums = final.phasic + final.tonic + final.outliers + final.residual
    np.testing.assert_allclose(sums[seen], y[seen], rtol=0, atol=1e-12)
    assert (final.driver >= 0).all()
    assert np.isnan(final.residual[~seen]).all()
    assert np.isfinite(final.tonic).all()


def test_a_step_of_the_level_stays_in_the_shifts() -> None:
    y = 5.0 + np.random.default_rng(0).normal(0.0, 0.01, 1600)
    y[800:] -= 1.0
    stream = make()
    final, _ = run(stream, y)
    shifts = joined(final, stream.finish().final).shifts
    assert np.abs(shifts[:780]).max() < 0.02
    np.testing.assert_allclose(shifts[820:], -1.0, atol=0.05)  # also long after the window has left the step


def test_the_noise_is_learned_and_forgotten() -> None:
    rng = np.random.default_rng(0)
    quiet, loud = rng.normal(0.0, 0.01, 1200), rng.normal(0.0, 0.1, 4800)
    stream = make()
    noise = [stream.push(piece).noise for piece in (5.0 + quiet, 5.0 + loud[:2400], 5.0 + loud[2400:])]
    window = stream._engine.window
    assert isinstance(window, RobustWindow)
    assert noise[0] == pytest.approx(0.01, rel=0.15)
    assert noise[2] == pytest.approx(0.1, rel=0.15)
    assert 0.05 < window.learned.noise < 0.1  # 20 minutes of it: more than half way in logarithms


def test_another_unit() -> None:
    y = recording(200.0)
    (microsiemens, _), (nanosiemens, _) = run(make(), y), run(make(), 1000.0 * y)
    for part in ("phasic", "tonic", "outliers", "shifts"):
        np.testing.assert_allclose(getattr(nanosiemens, part), 1000.0 * getattr(microsiemens, part), rtol=0, atol=0.5)


def test_after_a_long_gap_it_starts_anew() -> None:
    y = recording()
    y[300:700] = np.nan
    stream = make()
    run(stream, y)
    second = make()
    run(second, y[700:])
    np.testing.assert_array_equal(stream.finish().final.phasic, second.finish().final.phasic)


@pytest.mark.parametrize("kind", ["constant", "zero", "spike", "step", "late", "ramp"])
def test_nothing_blows_up(kind: str) -> None:
    t = np.arange(800.0)
    y = {
        "constant": np.full(800, 3.0),
        "zero": np.zeros(800),
        "spike": np.where(t == 500, 1e6, 2.0),
        "step": np.where(t < 500, 0.0, 5.0),
        "late": np.where(t < 500, 0.0, 5.0 + np.sin(t / 9)),
        "ramp": 0.001 * t,
    }[kind]
    stream = make()
    final, last = run(stream, y)
    final = joined(final, stream.finish().final)
    assert last.converged
    for part in PARTS[3:]:
        assert np.isfinite(getattr(final, part)).all(), part
    size = max(1.0, float(np.abs(y).max()))
    np.testing.assert_allclose(
        final.phasic + final.tonic + final.outliers + final.residual, y, rtol=0, atol=1e-12 * size
    )


def test_what_it_holds_does_not_grow() -> None:
    stream = make()
    engine = stream._engine
    for k in range(12):
        stream.push(simulate(RATE, 60, k))
        assert engine.window.n < engine.capacity


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"alpha": 0.01}, "alpha is 0.01, which programme='robust' does not take"),
        ({"baseline": "linear"}, "baseline is 'linear', which programme='robust' does not take"),
        ({"mean": 1.0, "deviation": 2.0}, "mean and deviation are given"),
        ({"lag": 5.0, "context": 30.0}, "max_gap is 60 s; with programme='robust' it must be at most"),
        ({"standardize": False}, "standardize is False"),
    ],
)
def test_what_it_does_not_take_is_refused(options: dict[str, Any], message: str) -> None:
    if "context" in options:
        options = {**options, "warm_up": 10.0}
    with pytest.raises(InvalidInputError, match=message):
        make(**options)


def far(final: StreamParts, y: Signal, share: float) -> float:
    """Return a quantile of the larger part's distance to the whole recording's, in the signal's deviations."""
    whole = decompose(y, RATE, programme="robust")
    n = len(final)
    apart = (np.abs(getattr(final, part) - getattr(whole, part)[:n]) for part in ("phasic", "tonic"))
    return float(max(np.quantile(x, share) for x in apart) / y.std())


def test_twenty_seconds_later_a_sample_is_near_its_value_in_the_whole_recording() -> None:
    y = simulate(RATE, 900, 3, noise=0.02)
    final, _ = run(make(), y)
    assert far(final, y, 0.99) < 0.25


def test_twenty_seconds_later_on_a_wristband(recordings_folder: Path) -> None:
    y, _ = read(RECORDINGS[2], recordings_folder)
    final, _ = run(make(), y[:6000])
    assert far(final, y[:6000], 0.5) < 0.03
    assert far(final, y[:6000], 0.9) < 0.14
    assert final.tonic.min() > 0.0

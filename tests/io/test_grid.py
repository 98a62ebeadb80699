"""Gaps, jitter, bursts and rounded stamps: the even grid behind a column of times."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ressin.errors import RecordingError
from ressin.io.grid import find_grid
from ressin.io.read import read_recording
from ressin.recording import Gap


def complain(row: int, what: str) -> RecordingError:
    return RecordingError(f"row {row}: {what}")


@given(
    seed=st.integers(0, 10_000),
    rate=st.sampled_from([4.0, 15.0, 31.25, 128.0]),
    jitter=st.sampled_from([0.0, 1e-3, 0.02]),
    gaps=st.lists(st.tuples(st.integers(20, 480), st.integers(1, 300)), max_size=3, unique_by=lambda gap: gap[0] // 24),
)  # fmt: skip
def test_missing_samples_are_found_where_they_are(
    seed: int, rate: float, jitter: float, gaps: list[tuple[int, int]]
) -> None:
    places = np.arange(500)
    for place, missing in sorted(gaps):
        places[place:] += missing
    times = 1.7e9 + (places + jitter * np.random.default_rng(seed).standard_normal(500)) / rate
    grid = find_grid(times, complain)
    np.testing.assert_array_equal(places, np.arange(500) if grid.places is None else grid.places)
    assert 1 / grid.step == pytest.approx(rate, rel=2e-3)


@pytest.mark.parametrize("spread", [0.3, 0.6])
def test_jitter_is_not_taken_for_gaps(spread: float) -> None:
    rng = np.random.default_rng(2)
    times = np.sort(np.arange(2000) + spread * rng.uniform(-1, 1, 2000)) / 8
    grid = find_grid(times, complain)
    assert grid.places is None
    assert 1 / grid.step == pytest.approx(8, rel=2e-3)
    assert grid.jitter > 0.2


def test_a_late_stamp_is_no_gap() -> None:
    times = np.arange(100) / 4
    times[50] += 0.2
    assert find_grid(times, complain).places is None


@pytest.mark.parametrize("rate", [4.0, 8.0, 15.0])
def test_whole_seconds_give_the_mean_rate_and_a_missing_second_is_a_gap(rate: float) -> None:
    times = np.floor(np.arange(40 * rate) / rate)
    assert 1 / find_grid(times, complain).step == pytest.approx(rate, rel=1e-9)
    kept = times[(times < 10) | (times >= 13)]
    places = find_grid(kept, complain).places
    assert places is not None
    assert places[-1] == times.size - 1


@pytest.mark.parametrize(("rate", "decimals"), [(8.0, 1), (15.0, 2), (60.0, 2), (7.0, 1), (128.0, 3)])
def test_rounded_times_have_no_gaps(rate: float, decimals: int) -> None:
    grid = find_grid(np.round(np.arange(1000) / rate, decimals), complain)
    assert grid.places is None
    assert 1 / grid.step == pytest.approx(rate, rel=1e-3)


def test_bursts_give_the_mean_rate() -> None:
    times = (np.arange(240) // 8) + 0.001 * (np.arange(240) % 8)
    grid = find_grid(times, complain)
    assert 1 / grid.step == pytest.approx(8)
    assert grid.note == "the samples come in bursts: mean rate"


@pytest.mark.parametrize(
    ("times", "message"),
    [
        (np.concatenate([np.arange(100) / 4, 25 + np.arange(100) / 8]), "steps by .* on average from there"),
        (np.array([0.0, 1.0, 2.0, 2.0, 3.0]), "row 2: does not rise"),
        (np.array([0.0, 1.0, 0.5, 2.0]), "row 1: does not rise"),
        (np.array([0.0, 0.1, 0.2, 1.7e9, 1.7e9 + 0.1]), "row 2: jumps by"),
    ],
)
def test_what_no_grid_explains_is_refused_by_place(times: np.ndarray, message: str) -> None:
    with pytest.raises(RecordingError, match=message):
        find_grid(times, complain)


def test_a_gap_is_missing_samples_whatever_rate_is_given(tmp_path: Path) -> None:
    times = np.arange(240) / 8
    kept = np.delete(np.arange(240), np.arange(100, 140))
    (tmp_path / "x.csv").write_text("time,EDA\n" + "".join(f"{times[i]:.3f},{4 + i / 1000}\n" for i in kept))
    for rate in (None, 8.0):
        found = read_recording(tmp_path / "x.csv", sampling_rate=rate)
        assert found.n_samples == 240
        assert found.clock.gaps == (Gap(100, 40),)
        np.testing.assert_array_equal(np.flatnonzero(np.isnan(found.signal)), np.arange(100, 140))

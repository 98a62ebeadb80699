"""Windows: each equals the decomposition of its own samples, bit for bit but for close ones; and their average."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import ressin
from ressin.decomposition.decompose_windows import window_grid
from ressin.errors import ConvergenceError, InvalidInputError
from tests.signals import Signal, simulate

PARTS = ("signal", "phasic", "tonic", "driver", "residual", "spline", "drift", "knots")
EVIDENCE = ("status", "iterations", "objective", "duality_gap", "relative_gap", "stationarity", "mean", "scale")
RATE = 8.0
SIGNAL = simulate(RATE, 90.0, seed=3)


def assert_same(found: Any, expected: Any) -> None:
    for part in PARTS:
        np.testing.assert_array_equal(getattr(found, part), getattr(expected, part), err_msg=part)
    assert [getattr(found, name) for name in EVIDENCE] == [getattr(expected, name) for name in EVIDENCE]


def with_gap() -> Signal:
    signal = SIGNAL.copy()
    signal[300:390] = np.nan
    return signal


@pytest.mark.parametrize("n_threads", [1, 2, 5])
@pytest.mark.parametrize("settings", [{}, {"revision": "2015", "baseline": "spline"}, {"standardize": False}])
def test_a_window_is_the_decomposition_of_its_stretch(settings: Any, n_threads: int) -> None:
    windows = ressin.decompose_windows(SIGNAL, RATE, 20, 3.7, n_threads=n_threads, **settings)
    assert len(windows) == 19
    assert windows.phasic.shape == (19, 160)
    for k in (0, 1, 7, 18):
        start = round(k * 3.7 * RATE)
        assert windows.starts[k] == start
        alone = ressin.decompose(SIGNAL[start : start + 160], RATE, **settings)
        assert_same(windows[k], alone)
        np.testing.assert_array_equal(windows.phasic[k], alone.phasic)
        np.testing.assert_array_equal(windows.residual[k], alone.residual)
        assert (windows.objective[k], windows.status[k]) == (alone.objective, alone.status)
        assert windows[k].is_optimal(1e-8)


def test_a_window_confirmed_by_osqp() -> None:
    windows = ressin.decompose_windows(SIGNAL, RATE, 30, 20, solver="osqp")
    alone = ressin.decompose(SIGNAL[160:400], RATE, solver="osqp")
    assert_same(windows[1], alone)
    assert windows[1].osqp_residuals == alone.osqp_residuals


def test_windows_with_and_without_missing_samples() -> None:
    signal = with_gap()
    windows = ressin.decompose_windows(signal, RATE, 20, 5, missing="solve")
    for k, start in enumerate(windows.starts.tolist()):
        alone = ressin.decompose(signal[start : start + 160], RATE, missing="solve")
        assert_same(windows[k], alone)
        assert (windows[k].weights is None) == (not np.isnan(signal[start : start + 160]).any())
        np.testing.assert_array_equal(windows.residual[k], alone.residual)


def test_windows_with_sample_weights() -> None:
    weights = np.random.default_rng(0).uniform(0.1, 2.0, SIGNAL.size)
    windows = ressin.decompose_windows(SIGNAL, RATE, 20, 10, sample_weight=weights)
    assert_same(windows[2], ressin.decompose(SIGNAL[160:320], RATE, sample_weight=weights[160:320]))


def test_close_windows_start_from_the_one_before() -> None:
    signal = simulate(4.0, 110.0, seed=5)
    windows = ressin.decompose_windows(signal, 4.0, 60, 1)
    alone = [ressin.decompose(signal[at : at + 240], 4.0, solver="active_set") for at in windows.starts]
    assert {window.solver for window in windows} == {"active_set"}
    assert windows.converged.all()
    assert np.mean(windows.relative_gap <= 1e-12) > 0.95
    assert [windows[k].is_optimal(1e-8) for k in (0, 1, 31, 32, 50)] == [True] * 5
    for k, one in enumerate(alone):
        np.testing.assert_allclose(windows.phasic[k], one.phasic, atol=1e-8 * one.scale)
        np.testing.assert_allclose(windows.tonic[k], one.tonic, atol=1e-8 * one.scale)
    assert [windows.iterations[k] for k in (0, 32)] == [alone[k].iterations for k in (0, 32)]
    assert 2 * windows.iterations.sum() < 1.5 * sum(one.iterations for one in alone)


@pytest.mark.parametrize("settings", [{}, {"revision": "2015", "baseline": "spline"}, {"standardize": False}])
def test_close_windows_are_the_same_for_any_threads_and_however_many_follow(settings: Any) -> None:
    signal = simulate(4.0, 110.0, seed=6)
    signal[300:304] = np.nan  # windows with and without weights
    serial = ressin.decompose_windows(signal, 4.0, 60, 1, n_threads=1, missing="solve", **settings)
    threaded = ressin.decompose_windows(signal, 4.0, 60, 1, n_threads=2, missing="solve", **settings)
    shorter = ressin.decompose_windows(signal[:400], 4.0, 60, 1, n_threads=1, missing="solve", **settings)
    assert len(shorter) == 41
    for k in range(len(serial)):
        assert_same(threaded[k], serial[k])
    for k in range(len(shorter)):
        assert_same(shorter[k], serial[k])


@pytest.mark.parametrize("rate", [4.0, 16.0])
def test_close_windows_that_are_dense_are_left_to_the_interior_point(rate: float) -> None:
    """By their noise where the response is coarsely sampled, by what the method finds where it is not."""
    signal = np.cumsum(np.random.default_rng(1).normal(size=round(30 * rate)))
    windows = ressin.decompose_windows(signal, rate, 20, 1, alpha=1e-6)
    assert {window.solver for window in windows} == {"interior_point"}
    for k in (0, 1, 10):
        start = windows.starts[k]
        assert_same(windows[k], ressin.decompose(signal[start : start + round(20 * rate)], rate, alpha=1e-6))


def test_an_empty_window_is_named_or_returned_as_such() -> None:
    signal = with_gap()
    with pytest.raises(InvalidInputError, match=r"window 38, samples 304 to 383 \(38 s to 48 s\), has less than 4"):
        ressin.decompose_windows(signal, RATE, 10, 1, missing="solve")
    windows = ressin.decompose_windows(signal, RATE, 10, 1, missing="solve", errors="return")
    empty = windows.status == "empty"
    assert np.flatnonzero(empty).tolist() == [38, 39]  # no sample, two samples
    assert np.isnan(windows.phasic[38]).all()
    assert np.isnan(windows.objective[38])
    assert not np.isnan(windows.phasic[~empty]).any()
    with pytest.raises(InvalidInputError, match="window 38 is empty"):
        _ = windows[38]
    for k in (37, 40, 60):
        start = windows.starts[k]
        assert_same(windows[k], ressin.decompose(signal[start : start + 80], RATE, missing="solve"))
        np.testing.assert_array_equal(windows.tonic[k], windows[k].tonic)
    average = windows.average()
    assert not average["EDA_Tonic"].isna().any()  # its neighbours hold the gap's samples too
    assert average["n_windows"][345] == 8


def test_an_unsolved_window_is_an_error_that_carries_it_or_a_status() -> None:
    with pytest.raises(ConvergenceError, match=r"did not solve 8 of 8 windows .* window 0, from 0 s on") as caught:
        ressin.decompose_windows(SIGNAL, RATE, 20, 10, solver="interior_point", max_iterations=2)
    assert isinstance(caught.value.result, ressin.Decomposition)
    assert caught.value.result.signal.size == 160
    windows = ressin.decompose_windows(SIGNAL, RATE, 20, 10, solver="interior_point", max_iterations=2, errors="return")
    assert not windows.converged.any()
    assert set(windows.status) == {"max_iterations"}


def test_the_average_and_the_spread_over_the_windows() -> None:
    windows = ressin.decompose_windows(SIGNAL, RATE, 20, 3.7)
    average = windows.average()
    columns = {"EDA_Tonic": "tonic", "EDA_Phasic": "phasic", "EDA_SMNA": "driver", "EDA_Residual": "residual"}
    assert average.shape == (SIGNAL.size, 7)
    for i in (0, 100, 333, 500, 690):
        holding = [(k, i - s) for k, s in enumerate(windows.starts.tolist()) if s <= i < s + 160]
        assert average["n_windows"][i] == len(holding)
        for column, part in columns.items():
            values = [getattr(windows, part)[k, j] for k, j in holding]
            np.testing.assert_allclose(average[column][i], np.mean(values), rtol=1e-12, atol=1e-12)
            if part in ("phasic", "tonic"):
                np.testing.assert_allclose(average[f"{column}_SD"][i], np.std(values), rtol=1e-9, atol=1e-12)
    last = int(windows.starts[-1]) + 160
    assert last < SIGNAL.size
    assert average["EDA_Phasic"][last:].isna().all()
    assert (average["n_windows"][last:] == 0).all()
    total = average[["EDA_Tonic", "EDA_Phasic", "EDA_Residual"]][:last].sum(axis=1)
    np.testing.assert_allclose(total, SIGNAL[:last], atol=1e-9)


def test_the_long_form_and_the_evidence() -> None:
    windows = ressin.decompose_windows(SIGNAL, RATE, 20, 10)
    frame = windows.to_frame()
    assert len(frame) == 8 * 160
    third = frame[frame["window"] == 2]
    np.testing.assert_array_equal(third["sample"], np.arange(160, 320))
    np.testing.assert_array_equal(third["time"], np.arange(160, 320) / RATE)
    np.testing.assert_array_equal(third["EDA_Phasic"], windows[2].phasic)
    np.testing.assert_array_equal(third["EDA_SMNA"], windows[2].driver)
    evidence = windows.evidence()
    assert evidence.index.name == "window"
    assert evidence["start"].tolist() == [10.0 * k for k in range(8)]
    assert (evidence["status"] == "optimal").all()
    assert (evidence["relative_gap"] < 1e-8).all()


def test_windows_count_from_both_ends_and_are_iterated() -> None:
    windows = ressin.decompose_windows(SIGNAL, RATE, 20, 10)
    np.testing.assert_array_equal(windows[-1].phasic, windows.phasic[7])
    assert [w.objective for w in windows] == windows.objective.tolist()
    with pytest.raises(IndexError):
        _ = windows[8]


@pytest.mark.parametrize(
    ("n", "rate", "window", "step", "starts"),
    [
        (100, 10.0, 10.0, 1.0, [0]),
        (120, 10.0, 10.0, 1.0, [0, 10, 20]),
        (119, 10.0, 10.0, 1.0, [0, 10]),
        (20, 4.0, 2.0, 0.3, [0, 1, 2, 4, 5, 6, 7, 8, 10, 11, 12]),
        (12, 4.0, 1.0, 0.25, list(range(9))),
        (1000, 1.0, 10.0, 400.0, [0, 400, 800]),
    ],
)
def test_the_grid_of_windows(n: int, rate: float, window: float, step: float, starts: list[int]) -> None:
    found, length = window_grid(n, rate, window, step)
    assert found.tolist() == starts
    assert length == round(window * rate)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0.2, 1), r"window is 0\.2 s, 2 samples at 8 Hz; it must have at least 4"),
        ((100, 1), r"window is 100 s, 800 samples at 8 Hz, longer than the recording of 720 samples \(90 s\)"),
        ((20, 0.1), r"step is 0\.1 s, below the sampling interval of 0\.125 s"),
        ((20, 0), r"step is 0; it must be a finite number > 0 in seconds"),
        ((float("nan"), 1), r"window is nan; it must be a finite number > 0"),
        (("20", 1), r"window is '20'; it must be a number"),
    ],
)
def test_a_grid_that_cannot_be_is_refused(arguments: tuple[Any, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        ressin.decompose_windows(SIGNAL, RATE, *arguments)


def test_other_bad_input_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="the signal is NaN at 90 of 720 samples, first at index 300"):
        ressin.decompose_windows(with_gap(), RATE, 20, 10)
    with pytest.raises(InvalidInputError, match="errors is 'drop'; it must be 'raise' or 'return'"):
        ressin.decompose_windows(SIGNAL, RATE, 20, 10, errors="drop")  # type: ignore[arg-type]


def test_progress_is_told_and_may_call_the_run_off() -> None:
    seen: list[tuple[int, int]] = []
    ressin.decompose_windows(SIGNAL, RATE, 20, 10, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (8, 8)

    def refuse(done: int, total: int) -> None:
        raise RuntimeError("enough")

    long = simulate(100.0, 400.0, seed=1)
    with pytest.raises(RuntimeError, match="enough"):
        ressin.decompose_windows(long, 100.0, 60, 0.2, progress=refuse, n_threads=1)


def test_robust_windows_are_the_decompositions_of_their_stretches() -> None:
    signal = SIGNAL - SIGNAL.min() + 2.0 + np.random.default_rng(1).normal(0.0, 0.01, SIGNAL.size)
    signal[400:] -= 0.7  # a step of the level
    signal[200:204] -= 0.5
    signal[[350, 351]] = np.nan
    windows = ressin.decompose_windows(signal, RATE, 30, 7, programme="robust", missing="solve")
    for k, start in enumerate(windows.starts.tolist()):
        alone = ressin.decompose(signal[start : start + 240], RATE, programme="robust", missing="solve")
        assert_same(windows[k], alone)
        assert windows[k].is_optimal(1e-8)
        for part in ("outliers", "shifts"):
            np.testing.assert_array_equal(getattr(windows, part)[k], getattr(alone, part))
            np.testing.assert_array_equal(getattr(windows[k], part), getattr(alone, part))
        assert (windows.smallest_response[k], windows.noise[k]) == (alone.smallest_response, alone.noise)
    assert len(set(windows.smallest_response.tolist())) > 1  # each window finds its own
    assert np.ptp(windows.shifts, axis=1).max() > 0.2


def test_robust_windows_as_tables() -> None:
    signal = SIGNAL - SIGNAL.min() + 1.0
    signal[100:230] = np.nan
    windows = ressin.decompose_windows(signal, RATE, 10, 2, programme="robust", missing="solve", errors="return")
    empty = windows.status == "empty"
    assert 0 < np.count_nonzero(empty) < len(windows)
    assert np.isnan(windows.outliers[empty]).all()
    assert np.isnan(windows.smallest_response[empty]).all()
    average = windows.average()
    assert {"EDA_Outliers", "EDA_Shifts"} <= set(average.columns)
    at = 600
    held = (windows.starts <= at) & (at < windows.starts + 80) & ~empty
    rows = np.flatnonzero(held)
    means = np.mean([windows.shifts[k, at - windows.starts[k]] for k in rows])
    assert average.EDA_Shifts[at] == pytest.approx(means, abs=1e-12)
    assert {"smallest_response", "noise"} <= set(windows.evidence().columns)
    assert {"EDA_Outliers", "EDA_Shifts"} <= set(windows.to_frame().columns)


def test_cvxeda_windows_have_neither_outliers_nor_shifts() -> None:
    windows = ressin.decompose_windows(SIGNAL, RATE, 20, 10)
    assert windows.outliers.shape == windows.phasic.shape
    assert not windows.outliers.any()
    assert np.isnan(windows.noise).all()
    assert "EDA_Outliers" not in windows.average()


def test_what_the_robust_programme_does_not_take_is_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"alpha is 0.01, which programme='robust' does not take"):
        ressin.decompose_windows(SIGNAL, RATE, 20, 10, programme="robust", alpha=0.01)

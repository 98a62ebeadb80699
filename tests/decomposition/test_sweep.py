"""A sweep: each combination equals the decomposition with those settings, bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import ressin
from ressin.decomposition.sweep import SWEPT
from ressin.errors import ConvergenceError, InvalidInputError
from tests.decomposition.test_windows import assert_same
from tests.signals import simulate

RATE = 16.0
SIGNAL = simulate(RATE, 40.0, seed=5)
GRID: dict[str, Any] = {
    "tau0": [2.0, 3.0],
    "delta_knot": [5.0, 10.0],
    "alpha": [1e-4, 8e-4, 1e-2],
    "gamma": [1e-3, 1e-1],
    "revision": ["2025", "2015"],
    "baseline": ["linear", "spline"],
}


def alone(result: ressin.Decomposition, **more: Any) -> ressin.Decomposition:
    return ressin.decompose(SIGNAL, RATE, **{name: getattr(result.settings, name) for name in SWEPT}, **more)


@pytest.mark.parametrize("n_threads", [1, 3])
def test_every_setting_is_solved_as_if_alone(n_threads: int) -> None:
    sweep = ressin.sweep(SIGNAL, RATE, **GRID, n_threads=n_threads)
    assert len(sweep) == 96
    assert sweep.converged.all()
    assert sweep.varied == ("tau0", "delta_knot", "alpha", "gamma", "revision", "baseline")
    for i in (0, 1, 2, 3, 4, 23, 50, 77, 95):
        assert_same(sweep[i], alone(sweep[i]))
        np.testing.assert_array_equal(sweep.phasic[i], sweep[i].phasic)
        assert sweep[i].is_optimal(1e-8)


def test_settings_come_in_order_with_the_last_fastest() -> None:
    sweep = ressin.sweep(SIGNAL, RATE, alpha=np.array([1e-3, 1e-2]), tau0=[2, 4], tau1=0.5)
    found = [(s.tau0, s.tau1, s.alpha) for s in sweep.settings]
    assert found == [(2, 0.5, 1e-3), (2, 0.5, 1e-2), (4, 0.5, 1e-3), (4, 0.5, 1e-2)]
    assert sweep.varied == ("tau0", "alpha")
    assert all(type(s.alpha) is float for s in sweep.settings)


@pytest.mark.parametrize("solver", ["auto", "active_set", "interior_point", "osqp"])
def test_gamma_reaches_each_solver(solver: Any) -> None:
    sweep = ressin.sweep(SIGNAL, RATE, alpha=[1e-3, 1e-2], gamma=[1e-3, 1e-1], solver=solver)
    for result in sweep:
        assert_same(result, alone(result, solver=solver))
        assert result.is_optimal(1e-4)


@pytest.mark.parametrize("standardize", [True, False])
def test_missing_samples_and_weights(standardize: bool) -> None:
    signal = SIGNAL.copy()
    signal[200:260] = np.nan
    sweep = ressin.sweep(signal, RATE, alpha=[1e-3, 1e-2], missing="solve", standardize=standardize)
    for result, alpha in zip(sweep, (1e-3, 1e-2), strict=True):
        assert_same(result, ressin.decompose(signal, RATE, alpha=alpha, missing="solve", standardize=standardize))
    weights = np.linspace(0.5, 1.5, SIGNAL.size)
    (weighted,) = ressin.sweep(SIGNAL, RATE, sample_weight=weights)
    assert_same(weighted, ressin.decompose(SIGNAL, RATE, sample_weight=weights))


def test_the_table_has_a_row_for_each_setting() -> None:
    sweep = ressin.sweep(SIGNAL, RATE, alpha=[1e-4, 1e-2], gamma=[1e-3, 1e-1])
    table = sweep.to_frame(min_amplitude=0.05)
    assert table["alpha"].tolist() == [1e-4, 1e-4, 1e-2, 1e-2]
    assert table["gamma"].tolist() == [1e-3, 1e-1, 1e-3, 1e-1]
    for i, row in table.iterrows():
        result = sweep[int(str(i))]
        scrs = result.scrs(min_amplitude=0.05)
        assert row["n_scrs"] == len(scrs) > 0
        assert row["scr_amplitude"] == pytest.approx(scrs["SCR_Amplitude"].mean())
        assert row["residual_share"] == result.quality.residual_share
        assert row["phasic_tonic_correlation"] == result.quality.phasic_tonic_correlation
        assert row["objective"] == result.objective
        assert row["relative_gap"] <= 1e-8
    assert table["residual_share"][0] < table["residual_share"][2]


def test_a_flat_signal_has_no_scrs() -> None:
    table = ressin.sweep(np.full(200, 3.0), 4.0, alpha=[1e-3, 1e-2]).to_frame()
    assert table["n_scrs"].tolist() == [0, 0]
    assert table["scr_amplitude"].isna().all()


def test_an_unsolved_setting_is_an_error_that_names_it_or_a_status() -> None:
    with pytest.raises(ConvergenceError, match=r"did not solve 2 of 2 settings .* \(alpha=0\.001\)") as caught:
        ressin.sweep(SIGNAL, RATE, alpha=[1e-3, 1e-2], solver="interior_point", max_iterations=2)
    assert isinstance(caught.value.result, ressin.Decomposition)
    sweep = ressin.sweep(SIGNAL, RATE, alpha=[1e-3, 1e-2], solver="interior_point", max_iterations=2, errors="return")
    assert sweep.to_frame()["status"].tolist() == ["max_iterations"] * 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"alpha": []}, "alpha is empty; it must be a value or a list of at least one"),
        ({"alpha": [1e-3, 0]}, "alpha is 0; it must be > 0"),
        ({"gamma": [[1e-3]]}, "gamma has 2 dimensions; it must be a value or a list of values"),
        ({"revision": ["2025", "2020"]}, "revision is '2020'; it must be one of"),
        ({"delta_knot": [10, 0.01]}, r"delta_knot is 0\.01 s, below the sampling interval"),
        ({"errors": "drop"}, "errors is 'drop'; it must be 'raise' or 'return'"),
    ],
)
def test_values_that_cannot_be_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        ressin.sweep(SIGNAL, RATE, **arguments)


def test_progress_counts_the_settings() -> None:
    seen: list[tuple[int, int]] = []
    ressin.sweep(SIGNAL, RATE, alpha=[1e-3, 1e-2], progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (2, 2)


def test_inaccurate_settings_are_not_counted_as_converged() -> None:
    sweep = ressin.sweep(simulate(16.0, 120.0), 16.0, alpha=[1e-4, 1e-3, 1e-2], tol=1e-15, errors="return")
    status = [result.status for result in sweep]
    assert "inaccurate" in status
    assert sweep.converged.tolist() == [one == "optimal" for one in status]
    assert sweep.converged.tolist() == [result.converged for result in sweep]


def test_the_robust_programme_under_other_time_constants() -> None:
    signal = simulate(4.0, 120.0, seed=2, noise=0.02)
    signal[300:] -= 0.8
    signal[100:104] = np.nan
    calls: list[tuple[int, int]] = []
    found = ressin.sweep(
        signal,
        4.0,
        programme="robust",
        tau0=[2.0, 3.0],
        delta_knot=[10, 15],
        missing="solve",
        progress=lambda done, total: calls.append((done, total)),
    )
    assert found.varied == ("tau0", "delta_knot")
    for result, (tau0, delta_knot) in zip(found, [(2.0, 10), (2.0, 15), (3.0, 10), (3.0, 15)], strict=True):
        alone = ressin.decompose(signal, 4.0, programme="robust", tau0=tau0, delta_knot=delta_knot, missing="solve")
        for part in ("phasic", "tonic", "driver", "residual", "outliers", "shifts"):
            np.testing.assert_array_equal(getattr(result, part), getattr(alone, part))
        assert result.is_optimal(1e-8)
    table = found.to_frame()
    assert table.smallest_response.tolist() == [x.smallest_response for x in found]
    assert {"tau0", "noise", "rounds"} <= set(table.columns)
    assert not {"alpha", "gamma", "revision", "baseline"} & set(table.columns)
    assert {total for _, total in calls} == {4}
    assert [done for done, _ in calls] == sorted(done for done, _ in calls)


def test_a_picture_of_a_sweep_of_the_robust_programme() -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    found = ressin.sweep(simulate(4.0, 60.0, seed=2), 4.0, programme="robust", tau0=[2.0, 3.0])
    assert len(found.plot().axes) > 0


def test_what_the_robust_programme_finds_by_itself_cannot_be_swept() -> None:
    signal = simulate(4.0, 60.0, seed=2)
    with pytest.raises(InvalidInputError, match=r"alpha is 0.1, which programme='robust' does not take"):
        ressin.sweep(signal, 4.0, programme="robust", alpha=[8e-4, 0.1])

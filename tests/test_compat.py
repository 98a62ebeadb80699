"""The drop-ins against the packages that they replace, called with the same arguments."""

import importlib
import warnings

import numpy as np
import pandas as pd
import pytest

from ressin.compat import cvxEDA, eda_phasic
from ressin.errors import InvalidInputError
from ressin.simulation.eda import simulate_eda


def signal(rate: float = 25, seed: int = 1) -> np.ndarray:
    return simulate_eda(45, rate, n_scr=6, rng=np.random.default_rng(seed)).signal


def z_scored(rate: float = 25) -> np.ndarray:
    y = signal(rate)
    return np.asarray((y - y.mean()) / y.std())


REFERENCE_OPTIONS = {"show_progress": False, "abstol": 1e-10, "reltol": 1e-10, "feastol": 1e-10}


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"tau0": 3.0, "tau1": 0.5, "delta_knot": 6.0, "alpha": 1e-2, "gamma": 0.1},
        {"delta_knot": np.arange(0, 1125, 200)},
        {"baseline_correction": 0},
        {"baseline_correction": 1},
        {"baseline_correction": "spline_offset"},
    ],
    ids=lambda settings: ",".join(settings) or "defaults",
)
def test_the_seven_arrays_are_the_references(settings: dict[str, object]) -> None:
    cvxeda = pytest.importorskip("cvxeda", reason="cvxeda is not installed")
    y = z_scored()
    ours = cvxEDA(y, 1 / 25, options=REFERENCE_OPTIONS, **settings)  # type: ignore[arg-type]
    theirs = [np.asarray(part) for part in cvxeda.cvxEDA(y, 1 / 25, options=REFERENCE_OPTIONS, **settings)]
    assert [part.shape for part in ours] == [part.shape for part in theirs]
    for name in ("r", "t", "l", "d", "e"):
        np.testing.assert_allclose(getattr(ours, name), theirs[ours._fields.index(name)], atol=1e-4, err_msg=name)
    assert ours.obj[0] <= theirs[6][0] * (1 + 1e-7)
    # The driver moves most within the reference's tolerance; its integral, which makes the amplitudes, does not.
    np.testing.assert_allclose(np.cumsum(ours.p) / 25, np.cumsum(theirs[1]) / 25, atol=1e-3)


def test_names_and_positions_agree_and_the_signal_is_taken_as_it_is() -> None:
    y = signal()
    parts = cvxEDA(y, 1 / 25, 2.0, 0.7, 10.0, 8e-4, 1e-2)
    r, p, t, l, d, e, obj = parts  # noqa: E741
    assert (parts.r is r, parts.p is p, parts.l is l, parts.d is d, parts.obj is obj) == (True,) * 5
    np.testing.assert_allclose(r + t + e, y, atol=1e-12)
    assert np.all(p >= 0)
    assert obj.shape == (1,)


def test_options_and_solvers_are_read() -> None:
    y = z_scored()
    exact = cvxEDA(y, 1 / 25)
    np.testing.assert_array_equal(cvxEDA(y, 1 / 25, options={"reltol": 1e-3, "show_progress": True}).r, exact.r)
    np.testing.assert_allclose(cvxEDA(y, 1 / 25, solver="osqp").t, exact.t, atol=1e-4)
    with pytest.warns(UserWarning, match="'mosek' is not used"):
        np.testing.assert_array_equal(cvxEDA(y, 1 / 25, solver="mosek").r, exact.r)


@pytest.mark.parametrize("delta_knot", [10.0, np.arange(0, 1000, 250)])
def test_the_callers_objects_and_warnings_are_left_alone(delta_knot: object) -> None:
    y = z_scored()
    options = {"maxiters": 50}
    before = y.copy()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        cvxEDA(y, 1 / 25, delta_knot=delta_knot, options=options)  # type: ignore[arg-type]
    np.testing.assert_array_equal(y, before)
    assert options == {"maxiters": 50}
    assert caught == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"delta": 0.0}, "delta is 0.0; it must be the sampling interval in seconds"),
        ({"delta": float("nan")}, "delta is nan; it must be the sampling interval"),
        ({"delta": None}, "delta is None; it must be the sampling interval"),
        ({"baseline_correction": [2]}, r"baseline_correction is \[2\]"),
        ({"options": 5}, "options is 5; it must be a mapping"),
        ({"solver": "qpoases"}, "solver is 'qpoases'; it must be None, 'auto', 'active_set', 'interior_point', 'osqp'"),
        ({"options": {"max_iters": 3}}, "options has 'max_iters'; CVXOPT's options are maxiters, reltol"),
        ({"options": {"maxiters": 0}}, r"options\['maxiters'\] is 0; it must be a positive whole number"),
        ({"options": {"reltol": "small"}}, r"options\['reltol'\] is 'small'; it must be a positive number"),
        ({"baseline_correction": 3}, "baseline_correction is 3; it must be 0"),
        ({"alpha": 0.0}, "alpha is 0"),
        ({"delta_knot": [0, 100, 250]}, "knots must increase by one constant spacing"),
    ],
)
def test_bad_arguments_are_refused(settings: dict[str, object], message: str) -> None:
    arguments: dict[str, object] = {"delta": 1 / 25, **settings}
    with pytest.raises(InvalidInputError, match=message):
        cvxEDA(z_scored(), **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("rate", [8, 25, 50])
@pytest.mark.parametrize("scale", [1.0, "z"])
def test_eda_phasic_is_neurokits(rate: int, scale: object) -> None:
    nk = pytest.importorskip("neurokit2", reason="neurokit2 is not installed")
    y = z_scored(rate) if scale == "z" else signal(rate)
    theirs = nk.eda_phasic(pd.Series(y), sampling_rate=rate, method="cvxeda")
    ours = eda_phasic(pd.Series(y), sampling_rate=rate)
    assert list(ours.columns) == list(theirs.columns)
    assert ours.index.equals(theirs.index)
    np.testing.assert_allclose(ours["EDA_Tonic"], theirs["EDA_Tonic"], atol=1e-3)
    np.testing.assert_allclose(ours["EDA_Phasic"], theirs["EDA_Phasic"], atol=1e-3)


@pytest.mark.parametrize(
    ("name", "value"), [("tau0", 3.0), ("tau1", 0.5), ("delta_knot", 5.0), ("alpha", 5e-3), ("gamma", 0.05)]
)
def test_eda_phasic_obeys_its_settings_as_neurokits_own_solver_does(name: str, value: float) -> None:
    pytest.importorskip("neurokit2", reason="neurokit2 is not installed")
    y = z_scored()
    # NeuroKit's eda_phasic takes these settings and does not pass them on, so the function behind it is called.
    behind = importlib.import_module("neurokit2.eda.eda_phasic")._eda_phasic_cvxeda
    tonic, phasic = (np.asarray(part).ravel() for part in behind(y, sampling_rate=25, **{name: value}))
    ours = eda_phasic(y, 25, "cvxEDA", **{name: value})  # type: ignore[arg-type]
    np.testing.assert_allclose(ours["EDA_Tonic"], tonic, atol=1e-3)
    np.testing.assert_allclose(ours["EDA_Phasic"], phasic, atol=1e-3)
    assert np.abs(ours["EDA_Tonic"] - eda_phasic(y, 25)["EDA_Tonic"]).max() > 1e-2


def test_the_arrays_can_be_written_to_like_the_references() -> None:
    for part in cvxEDA(z_scored(), 1 / 25):
        part[:] = 0.0


@pytest.mark.parametrize("method", ["highpass", "neurokit", None])
def test_other_methods_of_neurokit_are_refused(method: str) -> None:
    with pytest.raises(InvalidInputError, match="ressin computes 'cvxeda', and NeuroKit has the others"):
        eda_phasic(signal(), 25, method)

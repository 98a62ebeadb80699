"""Random programmes: none fails, and the status of each is true.

RESSIN_HYPOTHESIS=thorough runs 20,000 of them; see conftest.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

import ressin
from ressin.decomposition.inputs import MIN_SAMPLES
from tests.proof import assert_proved, prove
from tests.signals import RECORDINGS, Signal, eda_folder, read, simulate

SOLVERS = ("auto", "active_set", "active_set", "interior_point")
RATES = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 16.0, 25.0, 32.0, 50.0, 64.0, 100.0, 250.0, 256.0, 500.0, 512.0, 1000.0, 2000.0)
SHORTEST, LONGEST = MIN_SAMPLES, 5000
SHAPES = (
    "eda", "walk", "white", "steps", "spikes", "ramps", "sine", "adc", "flat line with a spike", "constant",
    "flat line with rounding", "two values", "stairs", "recording",
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One programme as it is handed to decompose."""

    signal: Signal
    rate: float
    choice: dict[str, Any]
    standardize: bool


def make_signal(shape: str, n: int, rate: float, rng: np.random.Generator) -> Signal:
    """Return n samples of one shape, in no particular unit."""
    t = np.arange(n)
    if shape == "eda":
        return simulate(rate, (n + 1) / rate, int(rng.integers(2**31)))[:n] if n / rate > 4 else rng.normal(size=n)
    if shape == "walk":
        return np.asarray(np.cumsum(rng.normal(size=n)))
    if shape == "white":
        return rng.normal(size=n)
    if shape == "steps":
        return np.asarray(rng.normal(size=6)[np.searchsorted(np.sort(rng.uniform(0, n, 5)), t)])
    if shape == "spikes":
        return np.where(rng.random(n) < 0.02, rng.exponential(10.0, n), 0.0) + 0.01 * rng.normal(size=n)
    if shape == "ramps":
        knots = np.linspace(0, max(n - 1, 1), 7)
        return np.interp(t, knots, rng.normal(size=7))
    if shape == "sine":
        return np.asarray(np.sin(2 * np.pi * t / rng.uniform(2, max(n, 3)) + rng.uniform(0, 6)))
    if shape == "adc":  # 8 to 12 bits of a slow wave
        wave = np.sin(2 * np.pi * t / max(n, 2)) + 0.05 * np.cumsum(rng.normal(size=n)) / np.sqrt(n)
        return np.asarray(np.round(wave * 2 ** rng.integers(1, 12)))
    if shape == "flat line with a spike":
        signal = np.zeros(n)
        signal[rng.integers(n)] = 1.0
        return signal
    if shape == "flat line with rounding":  # one unit in the last place up or down
        level = float(rng.normal())
        return np.asarray(level + np.spacing(level) * rng.integers(-1, 2, n))
    if shape == "two values":
        return np.where(rng.random(n) < rng.random(), float(rng.normal()), float(rng.normal()))
    if shape == "stairs":
        return np.asarray(np.floor(t / max(1, n // 8)) * float(rng.choice([-1.0, 1.0])))
    if shape == "recording":
        return crop_recording(n, rng)
    return np.full(n, float(rng.normal()))


@cache
def recordings() -> tuple[Signal, ...]:
    """Real ones, where there are any; else one that is simulated."""
    folder = eda_folder()
    if folder is None:
        return (simulate(50.0, 200.0, 0),)
    return tuple(signal[np.isfinite(signal)] for signal, _ in (read(source, folder) for source in RECORDINGS))


def crop_recording(n: int, rng: np.random.Generator) -> Signal:
    """Return n samples of a recording from somewhere on, the recording repeated where it is shorter."""
    recording = recordings()[rng.integers(len(recordings()))]
    start = int(rng.integers(max(1, recording.size - n)))
    return np.resize(recording[start:], n)


def make_weights(kind: str, n: int, rng: np.random.Generator) -> Signal | None:
    if kind == "none":
        return None
    if kind == "gaps":
        weights = np.ones(n)
        for _ in range(int(rng.integers(1, 4))):
            start = int(rng.integers(n))
            weights[start : start + int(rng.integers(1, n // 4 + 2))] = 0
    elif kind == "early gap":  # after the first few samples, on which the 2015 revision's free start rests
        weights = np.ones(n)
        weights[: int(rng.integers(0, 4))] = 0
        start = int(rng.integers(1, 8))
        weights[start : start + int(rng.integers(1, n // 2 + 2))] = 0
        return weights if weights.sum() >= SHORTEST else None
    else:
        weights = rng.uniform(0, 1, n) if kind != "wild" else 10.0 ** rng.uniform(-4, 0, n)
    weights[rng.choice(n, size=SHORTEST, replace=False)] = 1.0  # something to decompose remains
    return np.asarray(weights * (1e6 if kind == "large" else 1.0))


def log_uniform(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(np.log10(low), np.log10(high)).map(lambda x: float(10**x))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = min(LONGEST, max(SHORTEST, round(draw(log_uniform(SHORTEST, LONGEST)))))
    rate = draw(st.sampled_from(RATES))
    tau0 = draw(log_uniform(0.05, 50.0))
    signal = make_signal(draw(st.sampled_from(SHAPES)), n, rate, rng)
    signal = signal + draw(st.sampled_from([0.0, 0.0, 5.0, -100.0]))
    size = draw(st.sampled_from([1.0, 1.0, 1.0, 1e-6, 1e6, 1e-150, 1e150]))
    if size in (1e-150, 1e150):  # of the largest sample
        signal = signal / (np.abs(signal).max() or 1.0)
    signal = signal * size
    choice: dict[str, Any] = {
        "tau0": tau0,
        "tau1": draw(st.one_of(st.just(tau0), log_uniform(0.05, 50.0))),
        "delta_knot": max(1.0 / rate, draw(log_uniform(0.5, 100.0))),
        "alpha": draw(log_uniform(1e-8, 10.0)),
        "gamma": draw(log_uniform(1e-6, 10.0)),
        "revision": draw(st.sampled_from(["2025", "2015"])),
        "baseline": draw(st.sampled_from(["linear", "linear", "constant", "none", "spline"])),
        "solver": draw(st.sampled_from(SOLVERS)),
        "sample_weight": make_weights(
            draw(st.sampled_from(["none", "none", "gaps", "early gap", "uniform", "wild", "large"])), n, rng
        ),
    }
    # not standardised, the objective has the square of the signal's unit, times the weights: it must be a number
    standardize = draw(st.booleans()) or size == 1e150
    if not standardize:  # alpha has the signal's unit; its range is meant for a signal of unit size
        offset = signal.mean() if choice["baseline"] in ("constant", "linear") else 0.0
        choice["alpha"] *= float(np.sqrt(np.mean((signal - offset) ** 2))) or 1.0
    return Case(signal, rate, choice, standardize)


@given(case=cases())
def test_no_programme_fails_and_none_lies_about_its_status(case: Case) -> None:
    found = ressin.decompose(case.signal, case.rate, **case.choice, standardize=case.standardize, errors="return")
    event(f"{case.choice['solver']}: {found.solver}, {found.status}, {found.iterations // 10 * 10}+ iterations")
    choice = {name: value for name, value in case.choice.items() if name not in ("sample_weight", "solver")}
    if not found.converged and prove(found, **choice).gap_rounding > 1e-8:
        event("parts so large that their own rounding is more than the gap asked for, and the status says so")
        assert found.relative_gap > 1e-8
        return
    assert found.converged, f"{found.status} after {found.iterations} iterations, gap {found.relative_gap:.1e}"
    assert_proved(found, **choice)


def test_gradients_that_lag_behind_a_closed_gap_are_waited_for() -> None:
    """Nearly every driver sample is active at a tiny alpha: shortened last steps leave part of the dual residual."""
    signal = np.zeros(4217)
    signal[3587] = 1.0
    choice: dict[str, Any] = {
        "tau0": 16.548170999431814,
        "tau1": 16.548170999431814,
        "delta_knot": 74.98942093324558,
        "alpha": 1.53973754619378e-10,
        "gamma": 1.0,
        "baseline": "constant",
    }
    found = ressin.decompose(signal, 0.5, **choice, standardize=False)
    assert_proved(found, **choice)


@pytest.mark.parametrize(
    ("n", "spike", "choice"),
    [
        (4347, 2000, {"tau0": 48.9, "tau1": 0.135, "delta_knot": 30.9, "alpha": 2.4e-10, "gamma": 5.5e-6}),
        (4962, 1000, {"tau0": 49.0, "tau1": 0.1, "delta_knot": 3.5, "alpha": 1.7e-10, "gamma": 1.0}),
        (4219, 3000, {"tau0": 29.7, "tau1": 29.7, "delta_knot": 7.7, "alpha": 2e-10, "gamma": 1.3e-6}),
    ],
)
def test_a_drift_that_the_driver_can_imitate_is_found(n: int, spike: int, choice: dict[str, Any]) -> None:
    """At a tiny alpha next to no driver sample is zero, and the drift is determined by little more than alpha."""
    signal = np.zeros(n)
    signal[spike] = 1.0
    found = ressin.decompose(signal, 0.5, **choice, standardize=False)
    assert_proved(found, **choice)
    assert np.abs(found.phasic).max() > 1e3


@pytest.mark.parametrize("seed", [18, 22, 38, 82])
def test_weights_beside_which_alpha_is_lost_in_roundings_of_the_residual(seed: int) -> None:
    """By roundings alone the gradients are above alpha by 1e-4 of it: the proof is that of an alpha a little lower."""
    rng = np.random.default_rng(seed)
    signal, weights = rng.normal(size=83), 1e6 * rng.uniform(0, 1, 83)
    choice: dict[str, Any] = {"tau0": 50.0, "tau1": 50.0, "delta_knot": 2.5, "alpha": 3e-7, "gamma": 1.0}
    choice["revision"] = "2015"
    found = ressin.decompose(signal, 2.0, **choice, sample_weight=weights)
    assert_proved(found, **choice)
    assert found.converged


@pytest.mark.parametrize("revision", ["2025", "2015"])
@pytest.mark.parametrize("tol", [1e-16, 1e-30])
def test_a_tolerance_beyond_the_digits_ends_with_the_digits(tol: float, revision: Any) -> None:
    for seed in range(8):
        found = ressin.decompose(simulate(25.0, 40.0, seed), 25.0, tol=tol, revision=revision, errors="return")
        assert found.status == "inaccurate"
        assert found.relative_gap < 1e-12


@pytest.mark.parametrize("solver", ["active_set", "interior_point"])
@pytest.mark.parametrize("seen", [1, 2, 3, 4, 5])
def test_a_free_start_that_hardly_a_sample_before_a_gap_sees(seen: int, solver: Any) -> None:
    """One sample alone would leave the start to what the response has decayed to after the gap: rounding."""
    rng = np.random.default_rng(seen)
    signal, weights = np.cumsum(rng.normal(size=529)), np.ones(529)
    weights[seen:99] = 0
    choice: dict[str, Any] = {"tau0": 0.6, "tau1": 0.4, "delta_knot": 3.0, "alpha": 1e-4, "revision": "2015"}
    found = ressin.decompose(signal, 1.0, **choice, sample_weight=weights, solver=solver)
    assert_proved(found, **choice)


def test_a_long_recording_of_a_dense_driver_is_solved_in_stretches() -> None:
    """The same bits beside others and on two threads, and the active set's parts."""
    rng = np.random.default_rng(3)
    signals = [np.cumsum(rng.normal(size=5000)) / 30 + 0.1 * rng.normal(size=5000) for _ in range(3)]
    alone = [ressin.decompose(signal, 4.0, solver="interior_point") for signal in signals]
    for n_threads in (1, 2):
        together = ressin.decompose_batch(signals, 4.0, solver="interior_point", n_threads=n_threads)
        for one, other in zip(alone, together, strict=True):
            np.testing.assert_array_equal(one.phasic, other.phasic)
            np.testing.assert_array_equal(one.tonic, other.tonic)
    for signal, found in zip(signals, alone, strict=True):
        assert_proved(found)
        assert found.solver == "interior_point"
        active = ressin.decompose(signal, 4.0, solver="active_set")
        np.testing.assert_allclose(found.phasic, active.phasic, atol=1e-5)


@pytest.mark.parametrize("alpha", [1e-6, 1e-5])
def test_stretches_whose_run_in_does_not_forget(alpha: float) -> None:
    """A driver free at nearly every sample can stand for the spline: lanes that do not meet have longer run-ins."""
    rng = np.random.default_rng(5)
    signal = np.cumsum(rng.normal(size=900)) * 0.1 + rng.normal(size=900)
    choice: dict[str, Any] = {"alpha": alpha, "gamma": 1e-3, "delta_knot": 5.0, "tau0": 2.0, "tau1": 0.3}
    found = ressin.decompose(signal, 1.0, **choice, solver="interior_point")
    assert_proved(found, **choice)

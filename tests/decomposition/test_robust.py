"""The robust programme: an oracle, laws, its evidence, and what it says of itself."""

from __future__ import annotations

import pickle
import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import ressin
from ressin import _core
from ressin.decomposition.robust import before_contact, certify_robust, solve_robust
from tests.decomposition.robust_oracle import BEFORE, Programme, matrices, objective, solve
from tests.signals import RECORDINGS, Signal, read, simulate

PARTS = ("phasic", "tonic", "driver", "residual", "outliers", "shifts")


def recording(rate: float = 4.0, seconds: float = 90.0, seed: int = 0) -> Signal:
    """Return a recording with noise, a step of the level and two artefacts."""
    signal = simulate(rate, seconds, seed, noise=0.01)
    rng = np.random.default_rng(seed)
    signal[round(0.6 * signal.size) :] += 0.8
    for start in rng.integers(0, signal.size, 2):
        signal[start : start + max(1, round(0.5 * rate))] -= 0.5
    return signal


def random_programme(rng: np.random.Generator, n: int, dt: float, sparse: bool = True) -> Programme:
    """Return a programme with weights like those that reweighting gives, on a signal with all that it is made for."""
    t = np.arange(n) * dt
    impulses = np.zeros(n)
    impulses[rng.integers(0, n, max(2, n // 40))] = rng.exponential(1.0, max(2, n // 40))
    signal = np.convolve(impulses, np.exp(-t / 2) - np.exp(-t / 0.7))[:n]
    signal += 1 + 0.3 * np.sin(t / 30) + rng.choice([0.003, 0.02, 0.1]) * rng.normal(size=n)
    signal[n // 2 :] += rng.normal()
    signal[rng.integers(0, n, 3)] += rng.normal(size=3)
    alpha = 0.0425 * np.exp(rng.normal())
    weights = (rng.random(n) > 0.1) * rng.choice([1.0, 1.0, 0.5], n) if sparse else np.ones(n)
    middle = float(np.median(signal))

    def less(cost: float, most: float, share: float) -> Signal:
        return np.asarray(cost / (1 + rng.exponential(most, n) * (rng.random(n) < share)))

    n_bends = -(-(n + round(BEFORE / dt)) // max(1, round(10.0 / dt))) + 1
    return Programme(
        np.where(weights > 0, signal - middle, 0.0),
        np.asarray(weights, float),
        less(alpha, 3, 0.3),
        less(5 * alpha, 3, 0.2),
        less(12 * alpha, 5, 0.2),
        alpha,
        -middle if rng.random() < 0.8 else -np.inf,
        dt,
        stiffness=rng.uniform(1.0, 6.0, n_bends) if rng.random() < 0.7 else None,
    )


def solve_core(programmes: list[Programme], *, tol: float = 1e-8, lanes: bool = True) -> list[dict[str, np.ndarray]]:
    first = programmes[0]
    loads = [p.loads() for p in programmes]
    return _core.robust_solve(loads, first.dt, first.tau0, first.tau1, first.delta_knot, tol, 200, True, lanes)


@pytest.mark.parametrize(
    ("n", "dt", "seed"), [(120, 0.25, 0), (60, 1.0, 1), (200, 0.125, 2), (300, 0.02, 3), (12, 0.25, 4)]
)
def test_the_oracle_agrees(n: int, dt: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(4):
        programme = random_programme(rng, n, dt)
        (mine,) = solve_core([programme], tol=1e-9)
        theirs = solve(programme)
        before = int(mine["before"])
        at = objective(programme, mine["driver"], mine["spline"], mine["shift"][before:], mine["outliers"])
        assert mine["status"] == "optimal"
        assert at == pytest.approx(float(mine["objective"]), rel=1e-11)
        assert at == pytest.approx(theirs.objective, rel=2e-8)
        np.testing.assert_allclose(mine["phasic"][before:], theirs.phasic, atol=3e-4)
        tonic = mine["tonic"] + mine["shift"]
        seen = programme.weights > 0
        np.testing.assert_allclose(tonic[before:][seen], (theirs.tonic + theirs.shift)[seen], atol=3e-4)


def test_the_constraints_hold() -> None:
    rng = np.random.default_rng(5)
    for _ in range(20):
        programme = random_programme(rng, 200, 0.25)
        (mine,) = solve_core([programme])
        level = mine["spline"] + mine["shift"][np.clip(matrices(programme).knots, 0, mine["shift"].size - 1)]
        assert (mine["driver"] >= 0).all()
        assert (level >= programme.floor - 1e-12).all()
        np.testing.assert_allclose(
            mine["phasic"][24:] + (mine["tonic"] + mine["shift"])[24:] + mine["outliers"] + mine["residual"],
            programme.y,
            atol=1e-12,
        )


def test_random_programmes_are_proved() -> None:
    rng = np.random.default_rng(6)
    for n, dt, count in ((180, 0.25, 160), (64, 0.125, 80), (400, 0.25, 60), (600, 0.02, 24), (40, 1.0, 40)):
        solutions = solve_core([random_programme(rng, n, dt) for _ in range(count)])
        assert {s["status"] for s in solutions} == {"optimal"}
        assert max(float(s["relative_gap"]) for s in solutions) <= 1e-8


def test_a_wrong_witness_proves_less_never_more() -> None:
    result = ressin.decompose(recording(), 4.0, programme="robust")
    robust, rng = result.robust, np.random.default_rng(7)
    assert robust is not None
    exact, _ = result._certify()
    for size in (1e-6, 1e-3, 0.1, 10.0):
        wrong = replace(robust, force=robust.force + size * rng.normal(size=robust.force.size))
        evidence = certify_robust(result.signal, None, 0.25, result.settings, vars(result), wrong).evidence
        assert evidence.duality_gap >= exact.duality_gap - 1e-12 * exact.objective
    for size in (1.0, 0.9):  # a driver that is too large or too small
        parts = dict(vars(result), driver=result.driver * (1 + 0.1 * size))
        evidence = certify_robust(result.signal, None, 0.25, result.settings, parts, robust).evidence
        assert evidence.duality_gap >= evidence.objective - exact.objective > 0


@pytest.mark.parametrize("rate", [4.0, 5.0, 8.0, 50.0, 128.0])
def test_the_parts_sum_to_the_signal(rate: float) -> None:
    signal = recording(rate, 60.0)
    result = ressin.decompose(signal, rate, programme="robust")
    assert result.status == "optimal"
    assert result.is_optimal(1e-7)
    assert (result.driver >= 0).all()
    np.testing.assert_allclose(result.phasic + result.tonic + result.outliers + result.residual, signal, atol=1e-12)
    assert np.median(result.shifts) == pytest.approx(0.0, abs=1e-12)
    assert result.robust is not None
    assert result.robust.smallest_response > result.robust.noise > 0


def test_a_step_down_and_a_spike_are_no_responses() -> None:
    rng = np.random.default_rng(8)
    t = np.arange(480) / 4
    signal = 5 + 0.1 * np.sin(t / 30) + 0.005 * rng.normal(size=480)
    signal[t > 60] -= 1.0
    signal[200] += 1.0
    result = ressin.decompose(signal, 4.0, programme="robust")
    assert result.shifts[-1] - result.shifts[0] == pytest.approx(-1.0, abs=0.02)
    assert result.outliers[200] == pytest.approx(1.0, abs=0.05)
    assert result.phasic.max() < 0.01
    assert result.noise == pytest.approx(0.005, rel=0.2)


def test_is_optimal_looks_for_itself() -> None:
    result = ressin.decompose(recording(), 4.0, programme="robust")
    assert result.is_optimal()
    for name in ("driver", "tonic", "residual", "spline"):
        changed = pickle.loads(pickle.dumps(result))
        vars(changed)[name] = vars(changed)[name] * 1.01
        assert not changed.is_optimal(), name
    assert result.robust is not None
    moved = 0.01 * (np.arange(result.signal.size) == 40)  # from the outliers to the residual
    other = replace(
        result, residual=result.residual + moved, robust=replace(result.robust, outliers=result.outliers - moved)
    )
    assert other._imbalance() <= 1e-12
    assert not other.is_optimal(1e-3)
    rising = result.robust.shifts + np.linspace(0, 0.1, result.shifts.size)
    other = replace(result, robust=replace(result.robust, shifts=rising))
    assert not other.is_optimal()


@pytest.mark.parametrize("scale", [1e-6, 0.37, 1e5])
def test_the_unit_does_not_matter(scale: float) -> None:
    signal = recording()
    one, other = (ressin.decompose(s, 4.0, programme="robust") for s in (signal, scale * signal))
    for name in PARTS:
        np.testing.assert_allclose(getattr(other, name) / scale, getattr(one, name), atol=1e-5)
    assert one.robust is not None
    assert other.robust is not None
    assert other.robust.smallest_response / scale == pytest.approx(one.robust.smallest_response, rel=1e-9)


def test_a_constant_moves_the_tonic_part_alone() -> None:
    signal = recording()
    one, other = (ressin.decompose(s, 4.0, programme="robust") for s in (signal, signal + 3.0))
    # the floor's distance changes the way to the settings, which are found to about 1e-4
    np.testing.assert_allclose(other.tonic - 3.0, one.tonic, atol=1e-4)
    for name in ("phasic", "outliers", "shifts", "residual"):
        np.testing.assert_allclose(getattr(other, name), getattr(one, name), atol=1e-4)


@pytest.mark.parametrize("value", [0.0, 2.5, -1.0])
def test_a_constant_is_all_tonic(value: float) -> None:
    result = ressin.decompose(np.full(100, value), 4.0, programme="robust")
    assert result.status == "optimal"
    assert result.is_optimal()
    np.testing.assert_array_equal(result.tonic, value)
    for name in ("phasic", "outliers", "shifts", "residual"):
        np.testing.assert_array_equal(getattr(result, name), 0.0)


@pytest.mark.parametrize("programme", ["robust", "cvxeda"])
@pytest.mark.parametrize("exponent", [-1074, -1060, -1040, -1023, -1000, -500, 500, 900])
def test_a_signal_of_any_size_is_solved_or_a_constant(exponent: int, programme: ressin.settings.Programme) -> None:
    result = ressin.decompose(np.ldexp(recording(), exponent), 4.0, programme=programme)
    assert result.status == "optimal"
    assert result.is_optimal()
    assert all(np.isfinite(getattr(result, name)).all() for name in PARTS)


def test_a_batch_is_its_signals_bit_for_bit() -> None:
    signals = [recording(seed=k) for k in range(11)] + [recording(50.0, 20.0, k) for k in range(3)]
    rates = [4.0] * 11 + [50.0] * 3
    alone = [ressin.decompose(s, r, programme="robust", n_threads=1) for s, r in zip(signals, rates, strict=True)]
    for n_threads in (1, 2, 5):
        together = ressin.decompose_batch(signals[::-1], rates[::-1], programme="robust", n_threads=n_threads)[::-1]
        for a, b in zip(alone, together, strict=True):
            for name in (*PARTS, "spline"):
                np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
            assert a.relative_gap == b.relative_gap


def test_missing_samples() -> None:
    signal = recording()
    signal[40:60] = np.nan
    signal[100] = np.nan
    result = ressin.decompose(signal, 4.0, programme="robust", missing="solve")
    assert result.is_optimal(1e-7)
    missing = np.isnan(signal)
    assert np.isnan(result.residual[missing]).all()
    assert (result.outliers[missing] == 0).all()
    assert np.isfinite(result.phasic).all()
    weights = np.where(missing, 0.0, 1.0)
    again = ressin.decompose(np.where(missing, 77.0, signal), 4.0, programme="robust", sample_weight=weights)
    np.testing.assert_array_equal(again.phasic, result.phasic)


def test_a_negative_signal_drops_the_bound_and_says_so() -> None:
    signal = recording()
    result = ressin.decompose(signal - signal.mean(), 4.0, programme="robust")
    assert result.robust is not None
    assert not result.robust.bounded
    assert "negative" in result.robust.notes[0]
    assert result.summary()["robust"]["notes"] == list(result.robust.notes)
    assert result.is_optimal(1e-7)


@pytest.mark.parametrize("choice", [{"alpha": 1e-3}, {"gamma": 0.1}, {"revision": "2015"}, {"standardize": False}])
def test_what_the_robust_programme_does_not_take_is_refused(choice: dict[str, object]) -> None:
    with pytest.raises(ressin.InvalidInputError, match=f"{next(iter(choice))} is .*programme='robust'"):
        ressin.decompose(recording(), 4.0, programme="robust", **choice)  # type: ignore[arg-type]


def test_an_unknown_programme_is_refused() -> None:
    with pytest.raises(ressin.InvalidInputError, match="programme is 'sparse'"):
        ressin.decompose(recording(), 4.0, programme="sparse")  # type: ignore[arg-type]


def test_cvxeda_has_the_robust_parts_as_zeros() -> None:
    result = ressin.decompose(simulate(4.0, 60.0), 4.0)
    assert result.programme == "cvxeda"
    assert [result.robust, result.smallest_response, result.noise, result.rounds] == [None] * 4
    np.testing.assert_array_equal(result.outliers, np.zeros(240))
    np.testing.assert_array_equal(result.shifts, np.zeros(240))


def test_an_impossible_level_is_said() -> None:
    rng = np.random.default_rng(0)
    steps = np.repeat(rng.uniform(0.0, 1.5, 30), 40)
    with pytest.warns(ressin.QualityWarning, match="programme='robust'"):
        ressin.decompose(steps, 4.0)
    with pytest.warns(ressin.QualityWarning, match="signal 'b', one of 1 like it"):
        ressin.decompose_batch({"a": simulate(4.0, 60.0), "b": steps}, 4.0)


def test_good_recordings_are_not_warned_of() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for seed in range(20):
            ressin.decompose(simulate(4.0, 120.0, seed), 4.0)


@pytest.mark.parametrize("source", RECORDINGS, ids=lambda s: s.name)
def test_real_recordings_are_proved(source, recordings_folder) -> None:  # type: ignore[no-untyped-def]
    signal, rate = read(source, recordings_folder)
    result = ressin.decompose(signal, rate, programme="robust")
    assert result.relative_gap <= 1e-8
    assert result.is_optimal(1e-6)


def test_a_day_whose_noise_changes_has_more_than_one_smallest_response() -> None:
    rng = np.random.default_rng(0)
    signal = simulate(4.0, 3600.0, 3, noise=0.002)
    signal[signal.size // 2 :] += 0.05 * rng.normal(size=signal.size - signal.size // 2)
    quiet = ressin.decompose(signal[: signal.size // 2], 4.0, programme="robust")
    whole = ressin.decompose(signal, 4.0, programme="robust")
    assert quiet.robust is not None
    assert whole.robust is not None
    # the highest cost is that of samples without a response
    first, last = (float(whole.robust.alpha[part].max()) for part in (slice(0, 3600), slice(-3600, None)))
    assert first == pytest.approx(quiet.robust.alpha.max(), rel=0.3)
    assert last > 3 * first
    assert whole.is_optimal()


def bends(signal: Signal) -> float:
    """Return the noise from sample to sample by second differences."""
    return float(np.median(np.abs(np.diff(signal, 2))) / 0.6745 / np.sqrt(6.0))


@pytest.mark.parametrize("rate", [4.0, 32.0])
def test_the_level_is_one_that_could_have_been_measured(rate: float) -> None:
    signal = simulate(rate, 90.0, 0, noise=0.01)
    lost = slice(round(50 * rate), round(50.5 * rate))
    signal[lost] -= 1.0
    result = ressin.decompose(signal, rate, programme="robust")
    robust = result.robust
    assert robust is not None
    assert (result.tonic >= 0).all()
    assert (result.tonic <= signal + 3 * min(bends(signal), robust.noise)).all()
    assert (robust.contact[lost] < -0.25).all()
    assert (robust.shifts[lost] < -0.25).all()
    curve = result.tonic - robust.shifts
    assert np.abs(np.diff(curve)).max() < 0.05
    assert robust.facts()["lost_contact"] == np.mean(robust.contact < 0)
    assert result.is_optimal()


def test_contact_that_the_signal_does_not_show_is_no_solution() -> None:
    result = ressin.decompose(recording(), 4.0, programme="robust")
    assert result.robust is not None
    for change in (0.01, -0.01):
        moved = change * (np.arange(result.signal.size) == 40)
        robust = replace(result.robust, contact=result.contact + moved, shifts=result.shifts + moved)
        other = replace(result, tonic=result.tonic + moved, residual=result.residual - moved, robust=robust)
        assert other._imbalance() <= 1e-12
        assert not other.is_optimal(1e-3)


def test_before_contact_the_parts_are_the_programmes_own() -> None:
    result = ressin.decompose(recording(), 4.0, programme="robust")
    robust, own = result.robust, before_contact(vars(result))
    assert robust is not None
    assert (robust.contact < 0).any()
    sums = result.phasic + own["tonic"] + own["outliers"] + own["residual"]
    np.testing.assert_allclose(sums, result.signal, rtol=0, atol=1e-12)
    assert (np.abs(own["residual"]) <= robust.delta * (1 + 1e-9)).all()
    is_outlier = own["outliers"] != 0
    np.testing.assert_allclose(np.abs(own["residual"])[is_outlier], robust.delta[is_outlier], rtol=1e-9)


def test_missing_samples_say_nothing_of_contact() -> None:
    signal = recording()
    signal[200:212] = np.nan
    result = ressin.decompose(signal, 4.0, programme="robust", missing="solve")
    assert (result.contact[200:212] == 0).all()
    assert result.is_optimal()


def test_a_slow_recovery_is_not_taken_for_the_level() -> None:
    t = np.arange(4 * 120) / 4.0
    signal = 1.0 + 0.002 * np.random.default_rng(0).normal(size=t.size)
    for onset in np.arange(20.0, 80.0, 4.0):  # a train of responses that recover more slowly than the model's
        later = np.maximum(t - onset, 0.0)
        signal += 0.4 * (np.exp(-later / 5.0) - np.exp(-later / 0.7))
    settings = ressin.Settings(programme="robust", n_threads=1)
    level = [
        solve_robust([signal], [None], [0.25], settings, None, rules)[0]["tonic"][4 * 40 : 4 * 75].mean() - 1.0
        for rules in ({}, {"recovery": 0.01})
    ]
    assert level[0] < 0.9 * level[1]


def test_constants_by_name() -> None:
    signal = recording()
    settings = ressin.Settings(programme="robust", n_threads=1)

    def solved(**rules: float) -> dict[str, Any]:
        return solve_robust([signal], [None], [0.25], settings, None, rules)[0]

    plain = solved()
    same = solved(threshold=1.23, period=900.0)
    other = solved(threshold=3.0)
    np.testing.assert_array_equal(plain["phasic"], same["phasic"])
    assert other["robust"].smallest_response > plain["robust"].smallest_response
    with pytest.raises(ValueError, match="no constant treshold"):
        solved(treshold=1.0)
    with pytest.raises(ValueError, match="misfit must be positive"):
        solved(misfit=-1.0)

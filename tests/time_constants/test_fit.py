"""A person's time constants estimated from recordings, with intervals, and the message where that is not possible."""

from __future__ import annotations

import doctest
import math
from functools import partial
from typing import Any

import numpy as np
import pytest

import ressin
import ressin.time_constants.fit
from ressin.time_constants.likelihood import hold_out
from ressin.time_constants.maximum import intervals
from tests.signals import Signal

RATE = 16.0


def person(seed: int, tau0: float, tau1: float, seconds: float = 120.0, decibel: float = 40.0) -> Signal:
    rng = np.random.default_rng(seed)
    made = ressin.simulate_eda(seconds, RATE, n_scr=int(seconds / 8), tau0=tau0, tau1=tau1, noise=0.0, rng=rng)
    signal: Signal = made.signal + made.phasic.std() * 10 ** (-decibel / 20) * rng.standard_normal(made.signal.size)
    return signal


def test_time_constants_are_recovered() -> None:
    truth = {"slow": (3.6, 0.35), "fast": (1.7, 1.0), "usual": (2.2, 0.6)}
    people = {name: person(k, *constants, seconds=60.0) for k, (name, constants) in enumerate(truth.items())}
    found = ressin.fit_time_constants(people, RATE, n_threads=1)
    assert list(found) == list(truth)
    errors = [abs(x / t - 1) for name in truth for x, t in zip((found[name].tau0, found[name].tau1), truth[name],
                                                               strict=True)]  # fmt: skip
    assert np.median(errors) < 0.05
    assert max(errors) < 0.2
    for fit in found.values():
        assert fit.converged
        assert fit.rms < fit.default_rms
        assert fit.tau0_interval[0] < fit.tau0 < fit.tau0_interval[1]


def test_recordings_of_unequal_length_and_gaps_are_taken_together() -> None:
    recordings = [person(5, 2.8, 0.5, 80.0), person(6, 2.8, 0.5, 55.0)]
    recordings[0][250:280] = np.nan
    found = ressin.fit_time_constants(recordings, RATE, n_threads=1)
    assert found.n_signals == 2
    assert found.seconds == pytest.approx(135.0)
    assert found.tau0 == pytest.approx(2.8, rel=0.2)
    assert found.tau1 == pytest.approx(0.5, rel=0.2)
    for value, (low, high) in ((found.tau0, found.tau0_interval), (found.tau1, found.tau1_interval)):
        assert low < value < high
        assert high < 1.5 * low
    assert found.summary()["alpha"] == found.alpha


def test_a_given_alpha_is_kept() -> None:
    found = ressin.fit_time_constants(person(2, 2.5, 0.5, 60.0), RATE, alpha=1e-3, n_threads=1)
    assert found.alpha == pytest.approx(1e-3, rel=1e-12)


def test_the_gradient_of_the_likelihood_is_right() -> None:
    y = person(3, 2.5, 0.6, 40.0)
    y = (y - y.mean()) / y.std()
    likelihood = hold_out([y, y[:400]], RATE, ressin.Settings(standardize=False, tol=1e-11, n_threads=1), 0.25, 4)
    place = np.array([2.2, 0.7, 2e-3])
    _, gradient = likelihood.loss(*place)
    for k, h in enumerate(1e-6 * place):
        ends = [likelihood.loss(*(place + step * (np.arange(3) == k)))[0] for step in (h, -h)]
        assert gradient[k] == pytest.approx((ends[0] - ends[1]) / (2 * h), rel=1e-4)


def test_every_sample_is_held_out_once() -> None:
    y = np.sin(np.arange(500.0))
    y[100:120] = np.nan
    likelihood = hold_out([y, y[:350]], RATE, ressin.Settings(), 0.25, 4)
    assert likelihood.held[:4].sum(axis=0).tolist() == np.isfinite(y).astype(int).tolist()
    assert not (likelihood.held & (likelihood.weights > 0)).any()
    assert likelihood.held[4:, 350:].sum() == 0
    assert np.isfinite(likelihood.signals).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"signals": np.ones(500)}, "constant"),
        ({"signals": []}, "empty"),
        ({"signals": "EDA.csv"}, "text"),
        ({"signals": 3.0}, "signals is 3.0; give a recording"),
        ({"signals": None}, "signals is None; give a recording"),
        ({"signals": [np.sin(np.arange(500.0)), np.zeros((2, 2))]}, "recording 1: the signal has shape"),
        ({"signals": [np.sin(np.arange(500.0)), np.ones(500)]}, "recording 1: .* is constant"),
        ({"signals": {"Ada": np.sin(np.arange(500.0)), "Bea": [np.full(500, np.nan)]}}, "'Bea': recording 0: all 500"),
        ({"signals": {"Ada": np.sin(np.arange(30.0))}}, "'Ada': recording 0 has 30 samples; at least 32"),
        ({"block": "short"}, "block is 'short'"),
        ({"signals": np.sin(np.arange(30.0))}, "at least 32"),
        ({"block": 0.0}, "block is 0"),
        ({"folds": 1}, "folds is 1"),
        ({"max_iterations": 0}, "max_iterations is 0"),
        ({"alpha": -1.0}, "alpha is -1"),
        ({"sampling_rate": 0}, "sampling_rate is 0"),
    ],
)
def test_bad_input_is_named(change: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {"signals": np.sin(np.arange(500.0)), "sampling_rate": RATE, **change}
    with pytest.raises(ressin.InvalidInputError, match=message):
        ressin.fit_time_constants(given.pop("signals"), given.pop("sampling_rate"), **given)


def test_of_pure_noise_nothing_is_predicted() -> None:
    found = ressin.fit_time_constants(np.random.default_rng(0).standard_normal(600), RATE, n_threads=1)
    assert found.rms > 0.9


@pytest.mark.parametrize("seed", [0, 2, 6])
def test_of_a_recording_without_responses_it_says_what_is_not_determined(seed: int) -> None:
    time, rng = np.arange(60 * 16) / 16, np.random.default_rng(seed)
    signal = 2 + 0.3 * np.sin(time / 20 + seed) + 0.01 * rng.standard_normal(time.size) * (seed % 3)
    found = ressin.fit_time_constants(signal, 16, max_iterations=30, n_threads=1)
    assert not found.converged
    assert "do not determine" in found.message
    for value, (low, high) in ((found.tau0, found.tau0_interval), (found.tau1, found.tau1_interval)):
        assert low <= value <= high
        assert high > 10 * low


@pytest.mark.parametrize("alpha", [None, 10.0])
def test_of_noise_alone_every_solver_says_the_same(monkeypatch: pytest.MonkeyPatch, alpha: float | None) -> None:
    time = np.arange(60 * 16) / 16
    signal = 2 + 0.3 * np.sin(time / 20 + 2) + 0.02 * np.random.default_rng(2).standard_normal(time.size)
    found = []
    for solver in ("auto", "active_set", "interior_point"):
        monkeypatch.setattr(ressin.time_constants.fit, "Settings", partial(ressin.Settings, solver=solver))
        found.append(ressin.fit_time_constants(signal, 16, alpha=alpha, n_threads=1))
    names = "tau0 and tau1 and alpha" if alpha is None else "tau0 and tau1"
    for fit in found:
        assert fit.message.startswith(f"the recordings do not determine {names}: they are predicted as well without")
        assert fit.tau0 == pytest.approx(2.0, rel=1e-12)
        assert fit.tau1 == pytest.approx(0.7, rel=1e-12)
        assert fit.tau0_interval == fit.tau1_interval == (0.0, math.inf)
        assert fit.rms == pytest.approx(fit.default_rms, rel=1e-9)
        assert not fit.converged


class Flat:
    """Errors of held-out samples that tell nothing, or too little, of the time constants."""

    seconds = 100.0

    def __init__(self, slope: float) -> None:
        self.slope = slope
        self.noise = np.random.default_rng(0).standard_normal(1000)

    def errors(self, tau0: float, tau1: float, alpha: float) -> Any:
        return self.noise + self.slope * np.sin(np.arange(1000.0)) * np.log(tau1)

    def segments(self, count: int) -> Any:
        return np.arange(1000) * count // 1000


@pytest.mark.parametrize("slope", [0.0, 1e-300, 1e-6])
def test_where_nothing_is_known_the_interval_is_everything(slope: float) -> None:
    place = np.log([0.7, 2.0 / 0.7 - 1.0, 1e-3])
    for low, high in intervals(Flat(slope), place, (0, 1, 2)):  # type: ignore[arg-type]
        assert (low, high) == (0.0, math.inf)
    of_tau0, of_tau1 = intervals(Flat(0.1), place, (0,))  # type: ignore[arg-type]
    assert 0.0 < of_tau1[0] < 0.7 < of_tau1[1] < 100.0
    assert 0.0 < of_tau0[0] < 2.0 < of_tau0[1] < 1000.0


def test_the_example_in_the_docstring_prints_what_it_says() -> None:
    result = doctest.testmod(ressin.time_constants.fit)
    assert result.attempted >= 5
    assert result.failed == 0


def test_the_default_is_compared_with_the_best_alpha_for_it() -> None:
    signal = person(2, 2.5, 0.5, 60.0)
    found = ressin.fit_time_constants(signal, RATE, n_threads=1)
    likelihood = hold_out(
        [(signal - signal.mean()) / signal.std()], RATE, ressin.Settings(standardize=False, tol=1e-6), 0.25, 4
    )
    settings = ressin.Settings()
    by_alpha = [
        likelihood.rms(likelihood.loss(settings.tau0, settings.tau1, alpha)[0]) for alpha in np.geomspace(1e-5, 1.0, 21)
    ]
    assert min(by_alpha) < 0.999 * min(by_alpha[0], by_alpha[-1])
    assert found.default_rms <= min(by_alpha) * (1 + 1e-6)


def test_with_alpha_given_the_default_is_taken_at_that_alpha() -> None:
    signal = person(2, 2.5, 0.5, 60.0)
    found = ressin.fit_time_constants(signal, RATE, alpha=1e-3, n_threads=1)
    likelihood = hold_out(
        [(signal - signal.mean()) / signal.std()], RATE, ressin.Settings(standardize=False, tol=1e-6), 0.25, 4
    )
    assert found.default_rms == pytest.approx(likelihood.rms(likelihood.loss(2.0, 0.7, 1e-3)[0]), rel=1e-9)

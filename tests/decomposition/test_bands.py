"""Bands: equal to a slow bootstrap in Python, their laws, and coverage close to their level."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import ressin
from ressin.decomposition import solve as rows
from ressin.decomposition.bands import bootstrap_bands
from ressin.decomposition.bootstrap_pilot import autocorrelation_time, find_pilot, response_norm
from ressin.decomposition.result import Bands
from ressin.errors import ConvergenceError, InvalidInputError
from ressin.settings import Settings
from ressin.simulation.eda import SimulatedEDA
from tests.signals import simulate

ENDS = ("phasic_low", "phasic_high", "tonic_low", "tonic_high")
RATE = 4.0


def recording(seed: int = 0, noise: float = 0.01) -> SimulatedEDA:
    return ressin.simulate_eda(60, RATE, n_scr=6, noise=noise, rng=np.random.default_rng(seed))


def decompose(signal: Any, **settings: Any) -> ressin.Decomposition:
    return ressin.decompose(signal, RATE, **settings)


def assert_equal(a: Bands, b: Bands) -> None:
    for end in ENDS:
        np.testing.assert_array_equal(getattr(a, end), getattr(b, end), err_msg=end)


def share_inside(bands: Bands, truth: SimulatedEDA, part: str) -> float:
    low, high, true = getattr(bands, f"{part}_low"), getattr(bands, f"{part}_high"), getattr(truth, part)
    return float(np.mean((low <= true) & (true <= high)))


@pytest.mark.parametrize("with_weights", [False, True])
def test_the_bands_are_those_of_a_slow_bootstrap(with_weights: bool) -> None:
    signal = recording().signal
    weights = np.random.default_rng(5).uniform(0.5, 2.0, signal.size) if with_weights else None
    result = decompose(signal, sample_weight=weights)
    bands = bootstrap_bands(result, 30, level=0.8, block=1.5, seed=7)

    pilot = decompose(signal, sample_weight=weights, alpha=bands.pilot_alpha, tol=1e-6)
    root = np.ones(signal.size) if weights is None else np.sqrt(weights)
    residual = pilot.residual * root
    residual = residual - residual.mean()
    residual *= bands.noise / residual.std()
    on = pilot.driver > 1e-3 * pilot.driver.max()
    bursts = sum(bool(now and not before) for now, before in zip(on, [False, *on], strict=False))
    lost = 2 * bursts + pilot.spline.size + pilot.drift.size
    np.testing.assert_allclose(
        bands.noise**2, (pilot.residual * root).var() * signal.size / (signal.size - lost), rtol=1e-9
    )

    starts = np.random.default_rng(7).integers(0, signal.size, (30, 40))  # 40 blocks of 6 samples
    shifts: dict[str, list[Any]] = {"phasic": [], "tonic": []}
    for k in range(30):
        noise = np.concatenate([[residual[(s + i) % signal.size] for i in range(6)] for s in starts[k]])
        again = decompose(pilot.phasic + pilot.tonic + noise / root, sample_weight=weights, tol=1e-6)
        shifts["phasic"].append(again.phasic - pilot.phasic)
        shifts["tonic"].append(again.tonic - pilot.tonic)
    for part, shift in shifts.items():
        low, high = np.quantile(shift, [0.1, 0.9], axis=0)
        ends = getattr(result, part) - high, getattr(result, part) - low
        if part == "phasic":
            ends = np.maximum(ends[0], 0), np.maximum(ends[1], 0)
        np.testing.assert_allclose(getattr(bands, f"{part}_low"), ends[0], atol=1e-6)
        np.testing.assert_allclose(getattr(bands, f"{part}_high"), ends[1], atol=1e-6)


def test_the_same_seed_gives_the_same_bands_on_any_number_of_threads() -> None:
    result = decompose(recording().signal)
    bands = bootstrap_bands(result, 40, seed=3, n_threads=1)
    assert_equal(bands, bootstrap_bands(result, 40, seed=3, n_threads=3))
    other = bootstrap_bands(result, 40, seed=4)
    assert (bands.tonic_low != other.tonic_low).any()


def test_solving_a_few_replicates_at_a_time_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    result = decompose(recording().signal)
    bands = bootstrap_bands(result, 40, seed=3)
    monkeypatch.setattr(rows, "_MOST_BYTES", 1)
    assert rows.rows_of_bytes(240) == 16
    assert_equal(bands, bootstrap_bands(result, 40, seed=3))


def test_a_higher_level_gives_wider_bands() -> None:
    result = decompose(recording().signal)
    narrow, wide = (bootstrap_bands(result, 60, level=level) for level in (0.5, 0.95))
    for part in ("phasic", "tonic"):
        assert (getattr(wide, f"{part}_low") <= getattr(narrow, f"{part}_low")).all()
        assert (getattr(wide, f"{part}_high") >= getattr(narrow, f"{part}_high")).all()
    assert narrow.facts()["tonic_width"] < 0.6 * wide.facts()["tonic_width"]


def test_bands_follow_the_units_of_the_signal() -> None:
    signal = recording().signal
    bands = bootstrap_bands(decompose(signal), 30)
    scaled = bootstrap_bands(decompose(1000 * signal - 40), 30)
    np.testing.assert_allclose(scaled.phasic_high, 1000 * bands.phasic_high, atol=1e-2)
    np.testing.assert_allclose(scaled.tonic_low, 1000 * bands.tonic_low - 40, atol=1e-2)
    plain = bootstrap_bands(decompose(signal, standardize=False, alpha=8e-4 * signal.std()), 30)
    assert np.abs(plain.tonic_high - bands.tonic_high).max() < 0.15 * bands.facts()["tonic_width"]


def test_bands_hold_the_truth_about_as_often_as_they_say() -> None:
    inside: dict[str, list[float]] = {"phasic": [], "tonic": []}
    for seed in range(24):
        truth = recording(seed)
        bands = bootstrap_bands(decompose(truth.signal), 100, level=0.9, seed=seed)
        for part, shares in inside.items():
            shares.append(share_inside(bands, truth, part))
    for shares in inside.values():
        assert 0.84 <= np.mean(shares) <= 0.96


def test_bands_take_out_the_bias_of_a_driver_that_fits_noise() -> None:
    truth = recording(seed=2, noise=0.05)
    result = decompose(truth.signal)
    bands = bootstrap_bands(result, 100)
    assert bands.pilot_alpha > 5 * result.settings.alpha
    bias = np.mean(result.phasic - truth.phasic)
    assert bias > 0.05
    middle = 0.5 * (bands.tonic_low + bands.tonic_high)
    assert abs(np.mean(middle - truth.tonic)) < 0.4 * bias


def test_missing_samples_have_bands_too() -> None:
    truth = recording(seed=1)
    signal = truth.signal.copy()
    signal[80:160] = np.nan
    bands = bootstrap_bands(decompose(signal, missing="solve"), 60)
    for end in ENDS:
        assert np.isfinite(getattr(bands, end)).all()
    without_gap = bootstrap_bands(decompose(truth.signal), 60)
    width, other = (b.tonic_high[100:140] - b.tonic_low[100:140] for b in (bands, without_gap))
    assert width.mean() > 1.2 * other.mean()


def test_a_flat_signal_has_bands_of_no_width() -> None:
    bands = bootstrap_bands(decompose(np.full(100, 3.0)), 20)
    np.testing.assert_array_equal(bands.tonic_low, np.full(100, 3.0))
    np.testing.assert_array_equal(bands.tonic_high, np.full(100, 3.0))
    np.testing.assert_array_equal(bands.phasic_high, np.zeros(100))


def test_where_the_start_is_free_the_phasic_band_may_be_negative() -> None:
    signal = recording().signal
    new, old = (bootstrap_bands(decompose(signal, revision=revision), 40) for revision in ("2025", "2015"))
    assert (new.phasic_low >= 0).all()
    assert (old.phasic_low < 0).any()


def test_knots_of_ones_own_are_kept() -> None:
    signal = recording().signal
    knots = np.arange(-40, 300, 60)
    with_knots = bootstrap_bands(decompose(signal, knots=knots), 20)
    assert (with_knots.tonic_low != bootstrap_bands(decompose(signal), 20).tonic_low).any()


def test_decompose_gives_bands_on_demand() -> None:
    signal = recording().signal
    plain, result = decompose(signal), decompose(signal, n_boot=30, boot_seed=5)
    assert plain.bands is None
    assert "bands" not in plain.summary()
    assert list(plain.to_frame()) == ["EDA_Tonic", "EDA_Phasic", "EDA_SMNA", "EDA_Residual"]
    np.testing.assert_array_equal(result.phasic, plain.phasic)
    assert result.bands is not None
    assert_equal(result.bands, bootstrap_bands(plain, 30, seed=5))
    frame = result.to_frame()
    for column, end in zip(("EDA_Phasic_Low", "EDA_Phasic_High", "EDA_Tonic_Low", "EDA_Tonic_High"), ENDS, strict=True):
        np.testing.assert_array_equal(frame[column], getattr(result.bands, end))
    facts = result.summary()["bands"]
    assert (facts["n_boot"], facts["seed"], facts["level"]) == (30, 5, 0.9)
    assert result.is_optimal(1e-8)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_boot": 10}, "n_boot is 10; it must be an integer >= 20"),
        ({"n_boot": True}, "n_boot is True"),
        ({"n_boot": 30.0}, r"n_boot is 30\.0"),
        ({"level": 1.0}, r"level is 1\.0; it must lie between 0 and 1"),
        ({"block": 0.0}, r"block is 0; it must be a finite number > 0 in seconds"),
        ({"seed": -1}, "seed is -1; it must be an integer >= 0"),
    ],
)
def test_numbers_out_of_range_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        bootstrap_bands(decompose(recording().signal), **arguments)


def test_decompose_refuses_them_before_it_solves() -> None:
    with pytest.raises(InvalidInputError, match="n_boot is -3; it must be an integer >= 20"):
        decompose(np.full(3, np.inf), n_boot=-3)


def test_a_replicate_that_is_not_solved_is_an_error() -> None:
    result = decompose(recording().signal, solver="interior_point", max_iterations=4, errors="return")
    with pytest.raises(ConvergenceError, match="30 of 30 replicates of the bootstrap were not solved"):
        bootstrap_bands(result, 30)


@pytest.mark.parametrize(("tau0", "tau1"), [(2.0, 0.7), (0.5, 3.0), (1.2, 1.2)])
def test_the_norm_of_the_response(tau0: float, tau1: float) -> None:
    t = np.arange(0, 60, 1e-3)
    h = t / tau0 * np.exp(-t / tau0) if tau0 == tau1 else np.exp(-t / tau0) - np.exp(-t / tau1)
    assert response_norm(tau0, tau1, 10.0) == pytest.approx(np.sqrt((h**2).sum() * 1e-3 / 10.0), rel=1e-3)


def test_the_autocorrelation_time_of_known_noise() -> None:
    rng = np.random.default_rng(0)
    white = rng.normal(size=40_000)
    assert autocorrelation_time(white, 50) == pytest.approx(1.0, abs=0.05)
    red = np.empty_like(white)
    red[0] = 0.0
    for i in range(1, red.size):
        red[i] = 0.8 * red[i - 1] + white[i]
    assert autocorrelation_time(red, 200) == pytest.approx(1.8 / 0.2, rel=0.15)
    assert autocorrelation_time(np.zeros(10), 5) == 1.0
    assert autocorrelation_time(white, 0) == 1.0


def test_noise_with_a_memory_asks_for_a_larger_alpha() -> None:
    truth = ressin.simulate_eda(45, 50, n_scr=5, noise=0, rng=np.random.default_rng(1))
    white = np.random.default_rng(2).normal(size=truth.signal.size)
    red = np.empty_like(white)
    red[0] = white[0]
    for i in range(1, red.size):
        red[i] = 0.8 * red[i - 1] + 0.6 * white[i]
    alphas = []
    for noise in (white, red):
        result = ressin.decompose(truth.signal + 0.01 * noise, 50)
        alphas.append(find_pilot(result, result.settings, 2.0).alpha)
    assert alphas[1] > 2 * alphas[0]


def test_a_pilot_leaves_no_part_of_the_signal_to_the_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    truth = ressin.simulate_eda(120, RATE, n_scr=12, rng=np.random.default_rng(0))
    walk = 0.05 * np.cumsum(np.random.default_rng(1).normal(size=truth.signal.size))  # which no response explains
    result = decompose(truth.signal + walk)
    own = result.residual.std()
    assert find_pilot(result, result.settings, 2.0).residual.std() <= 1.5 * own
    monkeypatch.setattr("ressin.decomposition.bootstrap_pilot._LOUDEST", 100.0)
    assert find_pilot(result, result.settings, 2.0).residual.std() > 3.0 * own


@pytest.mark.parametrize("solver", ["auto", "active_set", "interior_point"])
@pytest.mark.parametrize("revision", ["2025", "2015"])
def test_programmes_that_start_from_another_ones_driver_end_at_their_own_solution(solver: Any, revision: Any) -> None:
    y, other = (simulate(25.0, 40.0, seed) for seed in (0, 1))
    settings = Settings(solver=solver, revision=revision, n_threads=1)
    starts = np.arange(3) * 10
    alone = rows.solve_rows(y, starts, 900, 25.0, [settings])
    for driver in (alone.driver[0], ressin.decompose(other[:900], 25.0).driver, np.zeros(900), np.ones(900)):
        found = rows.solve_rows(y, starts, 900, 25.0, [settings], start=driver)
        assert (found.relative_gap <= 1e-8).all()
        np.testing.assert_allclose(found.phasic, alone.phasic, atol=1e-6 * float(y.std()))
    with pytest.raises(ValueError, match="start must be empty or have the programmes' length"):
        rows.solve_rows(y, starts, 900, 25.0, [settings], start=np.zeros(899))

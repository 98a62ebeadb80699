"""SCR events against simulated responses whose onsets are known."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.signal import fftconvolve

from ressin.bateman import bateman
from ressin.decomposition.decompose import decompose
from ressin.decomposition.result import Decomposition
from ressin.decomposition.scrs import find_scrs, match_onsets
from ressin.errors import InvalidInputError
from ressin.settings import Programme
from ressin.simulation.eda import SimulatedEDA, simulate_eda

COLUMNS = [
    "SCR_Onsets", "SCR_Peaks", "SCR_Height", "SCR_Amplitude", "SCR_RiseTime", "SCR_Recovery", "SCR_RecoveryTime",
    "SCR_OnsetTime", "SCR_PeakTime", "SCR_SignalRise", "SCR_Confidence", "SCR_Artefact",
]  # fmt: skip
NEUROKIT = COLUMNS[:7]
SAMPLES = ("SCR_Onsets", "SCR_Peaks")


def simulate(rate: float = 50, duration: float = 60, seed: int = 1, **settings: object) -> SimulatedEDA:
    return simulate_eda(duration, rate, rng=np.random.default_rng(seed), **settings)  # type: ignore[arg-type]


def with_driver(driver: np.ndarray, rate: float) -> Decomposition:
    """Give a decomposition whose driver is set by hand, to test the events apart from the solver."""
    made = decompose(np.linspace(0, 1, driver.size), rate)
    shape = bateman(np.arange(driver.size) / rate)
    phasic = fftconvolve(driver, shape)[: driver.size] / rate
    return replace(made, driver=driver, phasic=phasic, signal=1.0 + phasic, residual=np.zeros(driver.size))


def impulses(rate: int, *at: tuple[float, float], duration: float = 30.0) -> np.ndarray:
    """Give a driver whose impulses at given seconds make responses of given heights."""
    peak = np.exp(-1.1305776725370376 / 2) - np.exp(-1.1305776725370376 / 0.7)
    driver = np.zeros(round(duration * rate))
    for second, height in at:
        driver[round(second * rate)] += height / peak * rate
    return driver


@pytest.mark.parametrize("rate", [4, 16, 50, 250, 1000])
def test_a_lone_response_is_measured_as_its_formula_says(rate: int) -> None:
    scrs = find_scrs(with_driver(impulses(rate, (10.0, 0.5)), rate))
    assert list(scrs.columns) == COLUMNS
    assert len(scrs) == 1
    row = scrs.iloc[0]
    assert row["SCR_Onsets"] == pytest.approx(10 * rate, abs=max(0.5, 0.005 * rate))
    # The peak of exp(-t/2) - exp(-t/0.7) is at 1.1306 s; it has fallen to half 2.1505 s later (roots found apart).
    assert row["SCR_OnsetTime"] == pytest.approx(10.0, abs=0.005)
    assert row["SCR_RiseTime"] == pytest.approx(1.1306, abs=0.01)
    assert row["SCR_RecoveryTime"] == pytest.approx(2.1505, abs=0.01)
    assert row["SCR_Amplitude"] == pytest.approx(0.5, rel=0.002 if rate > 4 else 0.01)  # not above the highest sample
    assert row["SCR_SignalRise"] == pytest.approx(0.5, rel=0.15)
    assert row["SCR_Confidence"] > 10
    assert not row["SCR_Artefact"]


@pytest.mark.parametrize("rate", [4, 16, 50, 250])
def test_types_and_units_are_neurokits(rate: int) -> None:
    scrs = find_scrs(with_driver(impulses(rate, (10.0, 0.5), (20.0, 0.2)), rate))
    kinds = {name: kind.kind for name, kind in scrs.dtypes.items()}
    assert kinds == {name: "i" if name in SAMPLES else "b" if name == "SCR_Artefact" else "f" for name in COLUMNS}
    np.testing.assert_array_equal(scrs["SCR_Onsets"], np.round(scrs["SCR_OnsetTime"] * rate))
    np.testing.assert_array_equal(scrs["SCR_Peaks"], np.round(scrs["SCR_PeakTime"] * rate))
    np.testing.assert_allclose(scrs["SCR_RiseTime"], scrs["SCR_PeakTime"] - scrs["SCR_OnsetTime"])
    recovered = (scrs["SCR_PeakTime"] + scrs["SCR_RecoveryTime"]) * rate
    np.testing.assert_array_equal(scrs["SCR_Recovery"], np.round(recovered))


@pytest.mark.parametrize("rate", [8, 25, 50, 250])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_simulated_responses_are_found_where_they_were_made(rate: float, seed: int) -> None:
    made = simulate(rate, 120, seed)
    result = decompose(made.signal, rate)
    scrs = find_scrs(result, min_amplitude=0.05)
    found, true = match_onsets(scrs["SCR_Onsets"].to_numpy() / rate, made.onsets)
    assert len(scrs) == true.size == made.onsets.size
    onset_errors = scrs["SCR_Onsets"].to_numpy()[found] / rate - made.onsets[true]
    assert np.abs(onset_errors).max() <= 0.25
    assert np.median(np.abs(onset_errors)) <= 0.02 + 0.5 / rate
    np.testing.assert_allclose(scrs["SCR_Amplitude"].to_numpy()[found], made.amplitudes[true], rtol=0.1)
    np.testing.assert_array_equal(scrs["SCR_Height"], result.phasic[scrs["SCR_Peaks"]])


def test_overlapping_responses_keep_their_own_amplitude_and_recovery() -> None:
    made = simulate(onsets=[20.003, 21.507, 22.911], amplitudes=[0.5, 0.4, 0.3], noise=0.002)
    result = decompose(made.signal, 50)
    scrs = find_scrs(result, min_amplitude=0.05)
    np.testing.assert_allclose(scrs["SCR_Onsets"] / 50, made.onsets, atol=0.05)
    np.testing.assert_allclose(scrs["SCR_Amplitude"], made.amplitudes, rtol=0.05)
    np.testing.assert_allclose(scrs["SCR_RecoveryTime"], 2.15, atol=0.1)
    # The phasic part at the third peak stands on the tails of the other two.
    assert scrs["SCR_Height"].iloc[2] > 2 * scrs["SCR_Amplitude"].iloc[2]


def test_no_response_gives_an_empty_table_with_its_columns_and_types() -> None:
    for signal in (simulate(n_scr=0, noise=0.0).signal, simulate(n_scr=0, noise=0.002).signal):
        scrs = find_scrs(decompose(signal, 50), min_amplitude=0.02)
        assert list(scrs.columns) == COLUMNS
        assert len(scrs) == 0
        assert scrs["SCR_Onsets"].dtype == np.int64


def test_noise_makes_few_events_and_hides_none() -> None:
    made = simulate(50, 120, 4, noise=0.03)
    scrs = find_scrs(decompose(made.signal, 50), min_amplitude=0.1)
    _, true = match_onsets(scrs["SCR_Onsets"].to_numpy() / 50, made.onsets)
    assert true.size == made.onsets.size
    assert len(scrs) - true.size <= 1


@pytest.mark.parametrize("rate", [16, 50, 250])
@pytest.mark.parametrize("share", [1.0, 0.3])
def test_impulses_closer_than_the_distance_are_one_event(rate: int, share: float) -> None:
    def count(gap: float) -> int:
        return len(
            find_scrs(with_driver(impulses(rate, (10.0, 0.5), (10.0 + gap, 0.5 * share)), rate), min_distance=0.7)
        )

    assert count(0.5) == 1
    assert count(0.85) == 2


def test_a_driver_without_a_dip_is_one_event_and_amplitude_adds_up() -> None:
    rate = 50
    tail = np.zeros(1500)
    tail[500:700] = np.linspace(1.0, 0.0, 200)
    scrs = find_scrs(with_driver(tail, rate))
    assert len(scrs) == 1
    assert scrs["SCR_Onsets"].iloc[0] in range(500, 530)


def test_a_trace_of_noise_before_a_burst_does_not_move_its_onset() -> None:
    scrs = find_scrs(with_driver(impulses(50, (9.7, 0.01), (10.0, 0.5)), 50))
    assert scrs["SCR_Onsets"].tolist() == [500]


def test_small_responses_are_left_out() -> None:
    driver = impulses(50, (5.0, 0.02), (12.0, 0.04), (20.0, 0.5))
    assert find_scrs(with_driver(driver, 50), min_amplitude=0.03)["SCR_Onsets"].tolist() == [600, 1000]
    assert len(find_scrs(with_driver(driver, 50), min_amplitude=0.6)) == 0


def test_a_response_that_the_end_cuts_has_no_recovery_or_is_left_out() -> None:
    rising = find_scrs(with_driver(impulses(50, (29.5, 0.5)), 50))
    assert len(rising) == 0
    falling = find_scrs(with_driver(impulses(50, (28.0, 0.5)), 50))
    assert len(falling) == 1
    assert np.isnan(falling[["SCR_Recovery", "SCR_RecoveryTime"]].to_numpy()).all()


@pytest.mark.parametrize(("tau0", "tau1"), [(2.0, 2.0), (3.0, 0.3), (0.7, 2.0)])
def test_other_time_constants(tau0: float, tau1: float) -> None:
    made = simulate(50, 80, onsets=[20.0, 45.0], amplitudes=[0.5, 0.3], tau0=tau0, tau1=tau1, noise=0.001)
    scrs = find_scrs(decompose(made.signal, 50, tau0=tau0, tau1=tau1), min_amplitude=0.05)
    np.testing.assert_allclose(scrs["SCR_Onsets"] / 50, made.onsets, atol=0.1)
    np.testing.assert_allclose(scrs["SCR_Amplitude"], made.amplitudes, rtol=0.05)


def test_responses_add_up_to_the_phasic_part() -> None:
    made = simulate(noise=0.0)
    result = decompose(made.signal, 50)
    scrs = find_scrs(result, min_amplitude=1e-6)
    alone = scrs["SCR_Amplitude"].sum() / made.amplitudes.sum()
    assert alone == pytest.approx(1.0, rel=0.02)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"min_amplitude": 0.0}, "min_amplitude is 0.0; it must be positive"),
        ({"min_amplitude": float("nan")}, "min_amplitude is nan; it must be positive"),
        ({"rise_time": (2.0, 1.0)}, r"rise_time is \(2.0, 1.0\); it must be two times in seconds"),
        ({"rise_time": (0.5, float("nan"))}, "rise_time is"),
        ({"min_rise": -1.0}, "min_rise is -1.0; it must be zero or a positive number of deviations"),
        ({"min_rise": float("nan")}, "min_rise is nan"),
        ({"min_distance": -1.0}, "min_distance is -1.0; it must be zero or a positive number of seconds"),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        find_scrs(with_driver(impulses(50), 50), **settings)  # type: ignore[arg-type]


def test_onsets_are_paired_one_to_one_closest_first() -> None:
    found, true = match_onsets(np.array([0.9, 1.2, 5.0, 9.0]), np.array([1.0, 1.3, 9.6]), tolerance=0.5)
    assert (found.tolist(), true.tolist()) == ([0, 1], [0, 1])
    found, true = match_onsets(np.array([]), np.array([1.0]))
    assert found.size == true.size == 0


def test_the_events_agree_with_neurokits_for_lone_responses() -> None:
    nk = pytest.importorskip("neurokit2", reason="neurokit2 is not installed")
    made = simulate(100, 60, onsets=[10.0, 25.0, 40.0], amplitudes=[0.5, 0.8, 0.3], noise=0.0, wander=0.0)
    result = decompose(made.signal, 100, solver="interior_point")  # NeuroKit finds no onset on an exact zero
    ours = find_scrs(result, min_amplitude=0.05)
    theirs = pd.DataFrame({name: nk.eda_peaks(result.phasic, sampling_rate=100)[1][name] for name in NEUROKIT})
    np.testing.assert_allclose(ours["SCR_Peaks"], theirs["SCR_Peaks"], atol=2)
    np.testing.assert_allclose(ours["SCR_Height"], theirs["SCR_Height"], rtol=1e-3)
    np.testing.assert_allclose(ours["SCR_Amplitude"], theirs["SCR_Amplitude"], rtol=2e-2)
    np.testing.assert_allclose(ours["SCR_RecoveryTime"], theirs["SCR_RecoveryTime"], atol=0.1)


@pytest.mark.parametrize("programme", ["cvxeda", "robust"])
@pytest.mark.parametrize("min_rise", [3.5, 0.0, None])
def test_a_response_within_missing_samples_is_left_out_or_marked(programme: Programme, min_rise: float | None) -> None:
    within = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        rate = float(rng.choice([4, 16, 50]))
        signal = simulate_eda(90, rate, n_scr=20, rng=rng).signal
        for _ in range(5):
            start = int(rng.integers(signal.size))
            signal[start : start + int(rng.uniform(0.2, 8.0) * rate)] = np.nan
        found = decompose(signal, rate, missing="solve", programme=programme, errors="return")
        for _, scr in find_scrs(found, min_rise=min_rise).iterrows():
            first, last = np.ceil(scr["SCR_OnsetTime"] * rate), np.floor(scr["SCR_PeakTime"] * rate)
            if np.isnan(signal[max(0, int(first)) : int(last) + 1]).all():
                within += 1
                assert scr["SCR_Artefact"]
                assert min_rise is None
    assert within > 0 or min_rise is not None

"""The simulated recording follows its equation."""

import numpy as np
import pytest

from ressin.bateman import bateman, peak_height, peak_time
from ressin.errors import InvalidInputError
from ressin.simulation.eda import simulate_eda


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize(("tau0", "tau1"), [(2.0, 0.7), (0.7, 2.0), (3.0, 0.1), (2.0, 2.0), (2.0, 2.0 - 1e-9)])
def test_the_response_peaks_where_it_is_said_to(tau0: float, tau1: float) -> None:
    fine = np.linspace(0.0, 20.0, 2_000_001)
    response = bateman(fine, tau0, tau1)
    assert abs(fine[response.argmax()] - peak_time(tau0, tau1)) < 2e-5
    assert abs(response.max() - peak_height(tau0, tau1)) <= 1e-9 * response.max()


def test_the_response_is_zero_before_its_impulse_and_a_difference_of_exponentials_after() -> None:
    t = np.array([-1.0, 0.0, 0.5, 3.0])
    expected = np.where(t > 0, np.exp(-t / 2.0) - np.exp(-t / 0.7), 0.0)
    np.testing.assert_allclose(bateman(t, 2.0, 0.7), expected, rtol=1e-14, atol=1e-16)


def test_close_time_constants_tend_to_the_response_of_equal_ones() -> None:
    t = np.linspace(0, 10, 50)
    near = bateman(t, 2.0, 2.0 - 1e-7) / peak_height(2.0, 2.0 - 1e-7)
    np.testing.assert_allclose(near, bateman(t, 2.0, 2.0) / peak_height(2.0, 2.0), atol=1e-7)


def test_the_phasic_part_is_the_sum_of_responses_at_times_between_samples() -> None:
    made = simulate_eda(20, 8, rng=rng(), onsets=[3.1237, -1.5], amplitudes=[0.5, 0.2], noise=0)
    np.testing.assert_array_equal(made.onsets, [-1.5, 3.1237])
    np.testing.assert_array_equal(made.amplitudes, [0.2, 0.5])
    t = np.arange(160) / 8
    slow = np.exp(-(t + 1.5) / 2.0) - np.exp(-(t + 1.5) / 0.7)
    late = np.where(t > 3.1237, np.exp(-(t - 3.1237) / 2.0) - np.exp(-(t - 3.1237) / 0.7), 0.0)
    expected = (0.2 * slow + 0.5 * late) / peak_height()
    np.testing.assert_allclose(made.phasic, expected, atol=1e-12)
    np.testing.assert_allclose(made.signal, made.phasic + made.tonic, atol=1e-12)


def test_amplitude_is_the_height_of_the_peak_whatever_the_rate() -> None:
    for rate in (50.0, 2000.0):
        made = simulate_eda(20, rate, rng=rng(), onsets=[2.0], amplitudes=[0.7])
        assert abs(made.phasic.max() - 0.7) < 1e-4


def test_the_same_generator_state_gives_the_same_recording_and_another_another() -> None:
    first, second, third = (simulate_eda(30, 10, n_scr=5, rng=rng(seed)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.signal, second.signal)
    assert not np.array_equal(first.signal, third.signal)


def test_drawn_onsets_keep_their_distance_and_leave_room_to_rise() -> None:
    made = simulate_eda(600, 4, n_scr=200, min_gap=2.5, rng=rng())
    assert made.onsets.shape == made.amplitudes.shape == (200,)
    assert np.diff(made.onsets).min() >= 2.5
    assert made.onsets[0] >= 0
    assert made.onsets[-1] <= 595
    assert (made.amplitudes > 0).all()


def test_tonic_starts_at_its_level_and_drifts() -> None:
    made = simulate_eda(120, 4, rng=rng(), n_scr=0, level=7, drift=1.5, wander=0, noise=0)
    np.testing.assert_allclose(made.tonic, 7 + 1.5 * made.time / 60)
    np.testing.assert_array_equal(made.phasic, 0)


def test_noise_and_wandering_have_the_deviation_that_was_asked_for() -> None:
    made = simulate_eda(20_000, 4, rng=rng(), n_scr=0, wander=0.4, noise=0.05, drift=0)
    assert np.std(made.signal - made.tonic) == pytest.approx(0.05, rel=0.02)
    assert np.std(made.tonic) == pytest.approx(0.4, rel=0.02)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"duration": 0.0}, "duration is 0.0; it must be a positive number"),
        ({"sampling_rate": float("nan")}, "sampling_rate is nan; it must be a positive number"),
        ({"tau1": -0.7}, "tau1 is -0.7; it must be a positive number"),
        ({"noise": -1.0}, "noise is -1.0; it must be zero or a positive number"),
        ({"level": float("inf")}, "level is inf; it must be a finite number"),
        ({"n_scr": -1}, "n_scr is -1; the number of responses is 0 or more"),
        ({"n_scr": 100}, "n_scr=100 responses min_gap=2.0 s apart need 198 s, .* has room for 115 s"),
        ({"onsets": [1.0, 2.0], "amplitudes": [1.0]}, r"Length of amplitudes \(1\) must match number of onsets \(2\)"),
        ({"onsets": [1.0], "amplitudes": [-1.0]}, "amplitudes holds -1; heights of responses are 0 or more"),
        ({"onsets": [float("nan")]}, "onsets must be a sequence of finite numbers"),
    ],
)
def test_what_cannot_be_simulated_is_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        simulate_eda(rng=rng(), **settings)  # type: ignore[arg-type]

"""The exact-model simulator: skin conductance of the very form that cvxEDA assumes, with known parts.

`ressin.simulate_recording` makes recordings that know nothing of the model.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ressin.bateman import bateman, peak_height
from ressin.errors import InvalidInputError


@dataclass(frozen=True, eq=False)
class SimulatedEDA:
    """A simulated recording and the truth behind it; arrays of samples have shape (n_samples,), float64.

    Attributes
    ----------
    signal
        What an instrument would have recorded: phasic + tonic + noise, in microsiemens.
    phasic
        Sum of the responses, in microsiemens.
    tonic
        Slowly varying level, in microsiemens.
    onsets
        Times of the impulses in seconds, ascending, shape (n_scr,). They lie between samples.
    amplitudes
        Height of each response at its own peak, in microsiemens, shape (n_scr,).
    sampling_rate
        Samples per second (Hz).
    tau0, tau1
        Time constants of the responses in seconds.
    noise
        Standard deviation of the noise in microsiemens.
    """

    signal: NDArray[np.float64]
    phasic: NDArray[np.float64]
    tonic: NDArray[np.float64]
    onsets: NDArray[np.float64]
    amplitudes: NDArray[np.float64]
    sampling_rate: float
    tau0: float
    tau1: float
    noise: float

    @property
    def time(self) -> NDArray[np.float64]:
        """Time of each sample in seconds, shape (n_samples,)."""
        return np.arange(self.signal.size) / self.sampling_rate


def simulate_eda(
    duration: float = 120.0,
    sampling_rate: float = 50.0,
    *,
    rng: np.random.Generator,
    n_scr: int = 12,
    onsets: Sequence[float] | NDArray[np.float64] | None = None,
    amplitudes: Sequence[float] | NDArray[np.float64] | None = None,
    min_gap: float = 2.0,
    tau0: float = 2.0,
    tau1: float = 0.7,
    level: float = 5.0,
    drift: float = 0.5,
    wander: float = 0.3,
    noise: float = 0.01,
) -> SimulatedEDA:
    """Simulate skin conductance of exactly the model's form: Bateman responses at known times, a slow level, noise.

    For recordings that know nothing of the model, with artefacts, see `simulate_recording`.

    Parameters
    ----------
    duration
        Length in seconds; round(duration * sampling_rate) samples are made, at least one.
    sampling_rate
        Samples per second (Hz), > 0.
    rng
        Source of the random onsets, amplitudes, phases and noise; the same state gives the same recording.
    n_scr
        Number of responses, >= 0, where `onsets` is not given.
    onsets
        Times of the impulses in seconds, any real numbers: one before zero leaves the tail of its response in the
        recording. None draws `n_scr` times uniformly, `min_gap` apart, none within 5 s of the end (or within the last
        fifth of a shorter recording), so that every response has room to rise.
    amplitudes
        Height of each response at its own peak in microsiemens, >= 0, one per onset. None draws them from the
        log-normal distribution of median 0.4 and logarithmic deviation 0.5, which keeps most between 0.15 and 1.1.
    min_gap
        Least distance between drawn onsets in seconds, >= 0.
    tau0, tau1
        Time constants of the responses in seconds, > 0.
    level, drift, wander
        Tonic level at the start in microsiemens, its slope in microsiemens per minute, and the standard deviation of
        its slow wandering in microsiemens, >= 0.
    noise
        Standard deviation of the white Gaussian noise in microsiemens, >= 0.

    Returns
    -------
    SimulatedEDA
        The signal and the parts that it was made of.

    Raises
    ------
    InvalidInputError
        If a number is out of its range, `onsets` and `amplitudes` differ in length, or `n_scr` onsets `min_gap` apart
        do not fit into `duration`.

    Notes
    -----
    The recording is a continuous function of time, evaluated at t = 0, 1/f, 2/f, ...::

        y(t)      = phasic(t) + tonic(t) + noise N(0, 1)
        phasic(t) = sum_k  a_k h(t - s_k) / max h,      h(t) = exp(-t/tau0) - exp(-t/tau1)  for t >= 0, else 0
        tonic(t)  = level + drift t/60 + wander sqrt(2/3) sum_{m=1..3} sin(2 pi t / P_m + phi_m)

    with onsets s_k that need not fall on samples, periods P of 61, 97 and 173 s and uniform phases phi. The draws
    come in the order onsets, amplitudes, phases, noise.

    Examples
    --------
    >>> import numpy as np
    >>> from ressin.simulation.eda import simulate_eda
    >>> simulated = simulate_eda(60, 50, n_scr=4, rng=np.random.default_rng(0))
    >>> simulated.signal.shape, simulated.onsets.shape
    ((3000,), (4,))
    """
    _check_numbers(duration, sampling_rate, tau0, tau1, level, drift, wander, noise, min_gap)
    times = _draw_onsets(n_scr, duration, min_gap, rng) if onsets is None else np.sort(_vector("onsets", onsets))
    heights = _draw_amplitudes(times.size, rng) if amplitudes is None else _given_amplitudes(amplitudes, onsets, times)

    t = np.arange(max(1, round(duration * sampling_rate))) / sampling_rate  # (n,)
    phasic = np.zeros_like(t)
    for onset, height in zip(times, heights, strict=True):
        phasic += height / peak_height(tau0, tau1) * bateman(t - onset, tau0, tau1)
    tonic = level + drift * t / 60.0 + wander * _slow_waves(t, rng)
    signal = phasic + tonic + noise * rng.standard_normal(t.size)
    return SimulatedEDA(signal, phasic, tonic, times, heights, float(sampling_rate), tau0, tau1, noise)


def _draw_onsets(n_scr: int, duration: float, min_gap: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw ascending times at least `min_gap` apart: uniform draws on what the gaps leave, then the gaps put back."""
    if n_scr < 0:
        raise InvalidInputError(f"n_scr is {n_scr}; the number of responses is 0 or more")
    room = duration - min(5.0, duration / 5.0)
    free = room - min_gap * max(0, n_scr - 1)
    if free < 0:
        raise InvalidInputError(
            f"n_scr={n_scr} responses min_gap={min_gap} s apart need {min_gap * (n_scr - 1):g} s, and a recording of "
            f"{duration:g} s has room for {room:g} s of onsets; take fewer, closer or a longer duration"
        )
    return np.sort(rng.uniform(0.0, free, n_scr)) + min_gap * np.arange(n_scr)


def _draw_amplitudes(n_scr: int, rng: np.random.Generator) -> NDArray[np.float64]:
    return rng.lognormal(math.log(0.4), 0.5, n_scr)


def _given_amplitudes(
    amplitudes: Sequence[float] | NDArray[np.float64],
    onsets: Sequence[float] | NDArray[np.float64] | None,
    times: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Check the heights and, where the onsets were given, bring them into the onsets' ascending order."""
    heights = _vector("amplitudes", amplitudes)
    if heights.size != times.size:
        raise InvalidInputError(f"Length of amplitudes ({heights.size}) must match number of onsets ({times.size})")
    if np.any(heights < 0):
        raise InvalidInputError(f"amplitudes holds {heights.min():g}; heights of responses are 0 or more microsiemens")
    return heights if onsets is None else heights[np.argsort(_vector("onsets", onsets), kind="stable")]


def _slow_waves(t: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Sum three slow sines of random phase, scaled to a standard deviation of one over a long time."""
    periods = np.array([61.0, 97.0, 173.0])  # s; no two share a multiple within an hour
    phases = rng.uniform(0.0, 2.0 * np.pi, periods.size)
    return np.asarray(np.sqrt(2.0 / 3.0) * np.sin(2.0 * np.pi * t[:, None] / periods + phases).sum(axis=1))


def _vector(name: str, values: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
    vector = np.asarray(values, dtype=np.float64)
    if vector.ndim != 1 or not np.all(np.isfinite(vector)):
        raise InvalidInputError(f"{name} must be a sequence of finite numbers, got {values!r}")
    return vector


def _check_numbers(
    duration: float,
    sampling_rate: float,
    tau0: float,
    tau1: float,
    level: float,
    drift: float,
    wander: float,
    noise: float,
    min_gap: float,
) -> None:
    positive = {"duration": duration, "sampling_rate": sampling_rate, "tau0": tau0, "tau1": tau1}
    for name, value in positive.items():
        if not (math.isfinite(value) and value > 0):
            raise InvalidInputError(f"{name} is {value!r}; it must be a positive number")
    for name, value in {"wander": wander, "noise": noise, "min_gap": min_gap}.items():
        if not (math.isfinite(value) and value >= 0):
            raise InvalidInputError(f"{name} is {value!r}; it must be zero or a positive number")
    for name, value in {"level": level, "drift": drift}.items():
        if not math.isfinite(value):
            raise InvalidInputError(f"{name} is {value!r}; it must be a finite number")

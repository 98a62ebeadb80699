"""Responses of simulated recordings: when they come, how large they are, and their shapes, none of them a Bateman's."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.signal import lfilter

Array = NDArray[np.float64]

ONSET_SHARE = 0.05
"""A response's onset is where it has come to this share of its amplitude."""

_FINE = 200.0  # Hz, of the curve on which a response is filtered and measured
_BEFORE = 60.0  # s before the recording in which responses start too: their tails reach into it
_END = 1e-4  # share of the amplitude below which a response has ended


@dataclass(frozen=True)
class Shape:
    """A published curve for t > 0 with one peak, and the three times that its stretching needs."""

    curve: Callable[[Array], Array]
    start: float  # 5 % on the rising side
    peak: float
    half: float  # 50 % on the falling side
    end: float  # share _END on the falling side


@dataclass(frozen=True)
class Responses:
    """Responses in order of onset: times in seconds, amplitudes in microsiemens, (n_responses,) each."""

    onsets: Array
    peaks: Array
    amplitudes: Array
    phasic: Array  # (n_samples,) their sum


def _sigmoid_exponential(t: Array) -> Array:
    return np.exp(-t / 3.0) / (1.0 + t**-2.0) ** 2


def _log_normal(t: Array) -> Array:
    return np.exp(-(np.log(t) ** 2) / (2.0 * 0.6**2))


def _gamma(t: Array) -> Array:
    return t**3.0 * np.exp(-3.0 * (t - 1.0))


@lru_cache(maxsize=1)
def shapes() -> tuple[Shape, ...]:
    """Return the families: sigmoid rise with exponential decay (Lim et al. 1997), log-normal and gamma."""
    return tuple(_measured(curve) for curve in (_sigmoid_exponential, _log_normal, _gamma))


def _measured(curve: Callable[[Array], Array]) -> Shape:
    t = np.linspace(1e-3, 60.0, 600_000)
    values = curve(t)
    peak = float(t[values.argmax()])
    top = float(values.max())

    def crossing(share: float, low: float, high: float) -> float:
        return float(brentq(lambda x: float(curve(np.array(x))) / top - share, low, high))

    scaled = lambda x: curve(x) / top  # noqa: E731
    return Shape(scaled, crossing(ONSET_SHARE, 1e-3, peak), peak, crossing(0.5, peak, 60.0), crossing(_END, peak, 60.0))


def stretched(shape: Shape, since_peak: Array, rise: float, recovery: float) -> Array:
    """Evaluate a shape whose rise from 5 % and whose half recovery take the given seconds.

    Either side of the peak is stretched on its own; both have slope zero there, so that the curve is smooth.
    """
    before = shape.peak + since_peak / rise * (shape.peak - shape.start)
    after = shape.peak + since_peak / recovery * (shape.half - shape.peak)
    t = np.where(since_peak < 0, before, after)
    return np.where(t > 0, shape.curve(np.maximum(t, 1e-6)), 0.0)


def draw_responses(
    rng: np.random.Generator,
    times: Array,
    level: Callable[[Array], Array],
    *,
    a_minute: float,
    amplitude: float,
    spreads: tuple[float, float],
    largest_share: float,
    cutoff: float,
) -> Responses:
    """Draw the responses of a recording and add them up at its sample times.

    Parameters
    ----------
    rng
        Source of chance.
    times
        Sample times in seconds from 0, ascending, (n_samples,).
    level
        Tonic level in microsiemens at given seconds.
    a_minute
        Mean number of responses a minute, >= 0.
    amplitude
        Median amplitude in microsiemens.
    spreads
        Standard deviations of the logarithms within the person and between people.
    largest_share
        Largest amplitude as a share of the tonic level.
    cutoff
        Cut-off frequency of the device's first-order low-pass filter (Hz), which the responses pass.
    """
    within, between = spreads
    rise, recovery, typical = np.exp(between * rng.standard_normal(3)) * (1.6, 3.0, amplitude)
    starts = _starts(rng, float(times[-1]), a_minute)
    count = starts.size
    rises = np.clip(rise * np.exp(0.25 * rng.standard_normal(count)), 0.5, 4.0)
    recoveries = np.clip(recovery * np.exp(0.25 * rng.standard_normal(count)), 1.0, 10.0)
    heights = typical * np.exp(within * rng.standard_normal(count))
    heights = np.minimum(heights, largest_share * level(np.maximum(starts, 0.0)))
    family = shapes()[int(rng.integers(len(shapes())))]
    phasic = np.zeros_like(times)
    onsets, peaks = np.empty(count), np.empty(count)
    for k in range(count):
        moments, curve = filtered(family, rises[k], recoveries[k], cutoff)
        onsets[k], peaks[k] = starts[k], starts[k] + _since_onset(moments, curve)
        first = starts[k] - _onset(moments, curve)
        lo, hi = np.searchsorted(times, (first + moments[0], first + moments[-1]))
        phasic[lo:hi] += heights[k] * np.interp(times[lo:hi] - first, moments, curve)
    return Responses(onsets, peaks, heights, phasic)


def filtered(shape: Shape, rise: float, recovery: float, cutoff: float) -> tuple[Array, Array]:
    """Return moments in seconds since the peak of the skin's response, and the curve behind the filter, of height 1."""
    begin = -rise * shape.peak / (shape.peak - shape.start)
    end = recovery * (shape.end - shape.peak) / (shape.half - shape.peak)
    moments = np.arange(begin, end, 1.0 / _FINE)
    keep = math.exp(-2.0 * math.pi * cutoff / _FINE)
    curve = lfilter([1.0 - keep], [1.0, -keep], stretched(shape, moments, rise, recovery))
    return moments, curve / curve.max()


def _onset(moments: Array, curve: Array) -> float:
    """Return the moment at which the curve comes to 5 %."""
    first = int(np.argmax(curve >= ONSET_SHARE))
    return float(np.interp(ONSET_SHARE, curve[first - 1 : first + 1], moments[first - 1 : first + 1]))


def _since_onset(moments: Array, curve: Array) -> float:
    return float(moments[curve.argmax()]) - _onset(moments, curve)


def _starts(rng: np.random.Generator, duration: float, a_minute: float) -> Array:
    """Draw onsets from a minute before the recording on: inverse Gaussian intervals, calm and busy minutes.

    Subramanian, Barbieri and Brown (2020) find inverse Gaussian intervals, as of an integrating sweat gland.
    """
    if a_minute <= 0:
        return np.empty(0)
    arousal = np.exp(0.4 * rng.standard_normal(math.ceil((duration + _BEFORE) / 60.0) + 1) - 0.08)
    onsets, now = [], -_BEFORE + 60.0 / a_minute * rng.random()
    while now < duration:
        onsets.append(now)
        mean = 60.0 / (a_minute * arousal[int((now + _BEFORE) // 60.0)])
        now += rng.wald(mean, mean / 0.5)  # coefficient of variation sqrt(0.5)
    return np.array(onsets)

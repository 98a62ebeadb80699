"""Simulated experiments of two conditions whose mean responses are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ressin.bateman import bateman, peak_height
from ressin.events.canonical import canonical_response
from ressin.recording import Recording

RATE = 10.0
MEAN = 0.6  # of the larger condition


@dataclass(frozen=True)
class Experiment:
    """A recording, its events, and what an amplitude of one is in the model's own measure."""

    recording: Recording
    events: dict[str, NDArray[np.float64] | list[str]]
    scale_of_signal: float
    scale_of_driver: float


def experiment(seed: int, difference: float, n_trials: int = 40) -> Experiment:
    """Make a recording in which condition a responds with MEAN and b with `difference` less, on average.

    Trials differ in amplitude; spontaneous responses, a wandering level and noise are added. The response has the
    canonical shape for the model of the signal, whose amplitude it then is.
    """
    rng = np.random.default_rng(seed)
    onsets = np.cumsum(rng.uniform(8.0, 14.0, n_trials))
    names = rng.permutation(["a", "b"] * (n_trials // 2)).tolist()
    n = round((onsets[-1] + 25.0) * RATE)
    response, _ = canonical_response(RATE)
    impulse = bateman(np.arange(round(20 * RATE)) / RATE) / peak_height()
    signal = 3.0 + np.cumsum(rng.normal(0.0, 0.002, n)) + rng.normal(0.0, 0.005, n)
    for onset, name in zip(onsets, names, strict=True):
        amplitude = rng.gamma(9.0, (MEAN if name == "a" else MEAN - difference) / 9.0)
        _add(signal, amplitude * response, onset)
    for onset in rng.uniform(0.0, n / RATE, round(n / RATE / 20.0)):
        _add(signal, rng.exponential(0.1) * impulse, onset)
    return Experiment(Recording(signal, RATE), {"onset": onsets, "condition": names}, 1.0, _driver_area())


def _add(signal: NDArray[np.float64], curve: NDArray[np.float64], onset: float) -> None:
    start = round(onset * RATE)
    signal[start : start + curve.size] += curve[: max(signal.size - start, 0)]


def _driver_area() -> float:
    """Area of the driver in the model's window for a canonical response of height one, by the model itself."""
    import ressin

    response, _ = canonical_response(RATE)
    signal = np.full(3000, 3.0)
    onsets = np.arange(20.0, 260.0, 40.0)
    for onset in onsets:
        _add(signal, response, onset)
    found = ressin.response_estimate(ressin.decompose(signal, RATE), onsets, on="driver")
    return float(found.amplitude[0])

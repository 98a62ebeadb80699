"""Simulated experiments of two conditions whose mean responses are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ressin.bateman import bateman, peak_height
from ressin.events.canonical import canonical_response
from ressin.recording import Recording

RATE = 10.0
MEAN = 0.6  # of the larger condition


@dataclass(frozen=True)
class Experiment:
    """A recording, its events, and what a response of height one is in the model's own measure."""

    recording: Recording
    events: dict[str, NDArray[np.float64] | list[str]]
    scale: float


def experiment(
    seed: int, difference: float, n_trials: int = 40, *, on: Literal["signal", "driver"] = "signal"
) -> Experiment:
    """Make a recording in which condition a responds with MEAN and b with `difference` less, on average.

    Trials differ in amplitude; spontaneous responses, a wandering level and noise are added. For the model of the
    signal the response has the canonical shape, whose height is the amplitude; for that of the driver it is one impulse
    after 1.5 to 3 s, whose area is the amplitude.
    """
    rng = np.random.default_rng(seed)
    onsets = np.cumsum(rng.uniform(8.0, 14.0, n_trials))
    names = rng.permutation(["a", "b"] * (n_trials // 2)).tolist()
    n = round((onsets[-1] + 25.0) * RATE)
    impulse = bateman(np.arange(round(20 * RATE)) / RATE) / peak_height()
    signal = 3.0 + np.cumsum(rng.normal(0.0, 0.002, n)) + rng.normal(0.0, 0.005, n)
    for onset, name in zip(onsets, names, strict=True):
        amplitude = rng.gamma(9.0, (MEAN if name == "a" else MEAN - difference) / 9.0)
        if on == "signal":
            _add(signal, amplitude * canonical_response(RATE)[0], onset)
        else:
            _add(signal, amplitude * impulse, onset + rng.uniform(1.5, 3.0))
    for onset in rng.uniform(0.0, n / RATE, round(n / RATE / 20.0)):
        _add(signal, rng.exponential(0.1) * impulse, onset)
    scale = 1.0 if on == "signal" else 1.0 / peak_height()
    return Experiment(Recording(signal, RATE), {"onset": onsets, "condition": names}, scale)


def _add(signal: NDArray[np.float64], curve: NDArray[np.float64], onset: float) -> None:
    start = round(onset * RATE)
    signal[start : start + curve.size] += curve[: max(signal.size - start, 0)]

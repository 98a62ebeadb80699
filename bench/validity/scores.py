"""How one estimate compares with the truth of one simulated recording."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import ressin
from bench.validity.methods import LEAST, Estimate, Found
from ressin.decomposition.scrs import match_onsets

Array = NDArray[np.float64]

TOLERANCE = 1.0  # s between the middles of the rises of a found and a true response
NOISES = 3.0  # deviations of the noise, on means over a quarter of a second, that a response must have to be asked for


@dataclass(frozen=True)
class Score:
    """One recording's figures; see docs/validity.md."""

    hits: int
    misses: int
    false: int
    minutes: float
    amplitude_ratios: Array  # found over true amplitude of the hits, (hits,)
    phasic_error: float  # NaN where there is no response
    tonic_error: float
    correlation: float  # of the parts; NaN where one is constant
    below_zero: bool  # the tonic part is, somewhere


def score(made: ressin.SimulatedRecording, estimate: Estimate, found: Found, tolerance: float = TOLERANCE) -> Score:
    """Compare parts and responses with the truth.

    Samples of lost contact and of saturation show nothing of the skin: parts are not compared there. A response that
    is asked for has an amplitude of at least 0.01 uS and of `NOISES` deviations of the noise, rises and peaks within
    the recording, and not where contact is lost or the amplifier saturated. A found response is a hit if it can be
    paired with one of these, closest pairs first; else it is no error if it can be paired with any other response; else
    it is false.
    """
    seen = ~(made.masks["contact"] | made.masks["saturation"])
    middles = (made.onsets + made.peaks) / 2.0
    asked = _asked_for(made, middles, seen)
    pairs = match_onsets(found.middles, middles[asked], tolerance)
    rest = np.setdiff1d(np.arange(found.middles.size), pairs[0])
    excused = match_onsets(found.middles[rest], middles[~asked], tolerance)[0].size
    deviation = made.phasic[seen].std() if asked.any() and seen.any() else 0.0
    return Score(
        hits=pairs[0].size,
        misses=int(np.count_nonzero(asked)) - pairs[0].size,
        false=rest.size - excused,
        minutes=made.duration / 60.0,
        amplitude_ratios=found.amplitudes[pairs[0]] / made.amplitudes[asked][pairs[1]],
        phasic_error=_error(estimate.phasic, made.phasic, seen, deviation),
        tonic_error=_error(estimate.tonic, made.tonic + made.shifts, seen, deviation),
        correlation=correlation(estimate.phasic, estimate.tonic),
        below_zero=bool(estimate.tonic.min() < 0),
    )


def correlation(phasic: Array, tonic: Array) -> float:
    """Return the parts' correlation, or NaN where one of them is constant."""
    if min(np.ptp(phasic), np.ptp(tonic)) <= 1e-12:
        return float("nan")
    return float(np.corrcoef(phasic, tonic)[0, 1])


def smallest(made: ressin.SimulatedRecording) -> float:
    """Return the amplitude from which on a response is asked for."""
    block = max(1, round(made.sampling_rate / 4.0))
    whole = made.noise.size // block * block
    return max(LEAST, NOISES * float(made.noise[:whole].reshape(-1, block).mean(axis=1).std()))


def _asked_for(made: ressin.SimulatedRecording, middles: Array, seen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    inside = (made.onsets >= 0) & (made.peaks <= made.duration - 1.0 / made.sampling_rate)
    at = np.clip(np.round(middles * made.sampling_rate).astype(int), 0, made.signal.size - 1)
    return np.asarray(inside & (made.amplitudes >= smallest(made)) & seen[at])


def _error(found: Array, truth: Array, seen: NDArray[np.bool_], deviation: float) -> float:
    if deviation == 0:
        return float("nan")
    return float(np.sqrt(np.mean((found[seen] - truth[seen]) ** 2)) / deviation)

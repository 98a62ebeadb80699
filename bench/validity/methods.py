"""The methods that are compared, each as one call from a recording to its parts and its responses."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import itertools
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

import ressin
from ressin.decomposition.scrs import find_scrs

Array = NDArray[np.float64]

LEAST = 0.01  # uS: the field's least amplitude of a response (Boucsein et al. 2012)
PEER_RATE, LEDAPY_RATE = (
    100.0,
    25.0,
)  # Hz; the peers get block means above; 100 Hz / 4 is the example of Ledapy's manual


@dataclass(frozen=True)
class Found:
    """Responses: onsets and peaks in seconds, amplitudes in the signal's unit, (n_found,) each."""

    onsets: Array
    peaks: Array
    amplitudes: Array

    @property
    def middles(self) -> Array:
        """Middle of each rise in seconds, by which responses are compared."""
        return np.asarray((self.onsets + self.peaks) / 2.0)


@dataclass(frozen=True)
class Estimate:
    """What one method makes of a recording: (n,) parts and, by the name of the detector, its responses."""

    phasic: Array
    tonic: Array
    found: dict[str, Found] = field(default_factory=dict)
    contact: Array | None = None  # (n,) what of the tonic part is contact lost for a moment, where a method has it


Method = Callable[[Array, float], Estimate]
SLOW = ("Ledapy CDA",)  # takes a minute an hour of recording; on whole real files only where it is named
OWN, STANDARD = "own", "trough to peak"
# What a peer raises on a recording that it cannot decompose; anything else is a fault of this programme.
PEER_ERRORS = (ArithmeticError, IndexError, TypeError, ValueError, np.linalg.LinAlgError)


def has_robust() -> bool:
    """Tell whether this ressin has the robust programme."""
    return "programme" in inspect.signature(ressin.decompose).parameters


def methods() -> dict[str, Method]:
    """Return all methods that are installed, by name."""
    found: dict[str, Method] = {}
    if has_robust():
        found["ressin robust"] = lambda signal, rate: decomposed(signal, rate, programme="robust")
    found["ressin cvxEDA 2025"] = lambda signal, rate: decomposed(signal, rate, revision="2025")
    found["ressin cvxEDA 2015"] = lambda signal, rate: decomposed(signal, rate, revision="2015")
    if importlib.util.find_spec("neurokit2"):
        for name in ("cvxeda", "highpass", "smoothmedian", "sparse"):
            found[f"NeuroKit2 {name}"] = _neurokit(name)
    if importlib.util.find_spec("ledapy"):
        found["Ledapy CDA"] = _at_most(_ledapy, LEDAPY_RATE)
    return found


def attempt(name: str, signal: Array, rate: float) -> Estimate | str:
    """Run one method; where a peer cannot decompose the recording, return what it says. Our own errors are raised."""
    method = methods()[name]
    if name.startswith("ressin"):
        return method(signal, rate)
    try:
        return method(signal, rate)
    except PEER_ERRORS as error:
        return f"{type(error).__name__}: {error}"


def decomposed(signal: Array, rate: float, **settings: Any) -> Estimate:
    """Decompose by ressin; its responses are those of `find_scrs`, none below what the result itself believes in."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what a QualityWarning says is what the tables measure
        result = ressin.decompose(signal, rate, n_threads=1, **settings)
        least = LEAST if result.robust is None else max(LEAST, result.robust.smallest_response)
        table = find_scrs(result, min_amplitude=least)
    own = Found(*(table[name].to_numpy() for name in ("SCR_OnsetTime", "SCR_PeakTime", "SCR_Amplitude")))
    standard = trough_to_peak(result.phasic, rate, least)
    return Estimate(result.phasic, result.tonic, {OWN: own, STANDARD: standard}, result.contact)


def trough_to_peak(phasic: Array, rate: float, least: float = LEAST) -> Found:
    """Find responses as the field does: rises of at least `least` from a trough to the next peak.

    A fall of half of `least` ends a rise, so that noise on a rise does not cut it in two.
    """
    turns = _turns(phasic, 0.5 * least)
    pairs = [(a, b) for a, b in itertools.pairwise(turns) if phasic[b] - phasic[a] >= least]
    troughs, peaks = (np.array([pair[k] for pair in pairs], dtype=int) for k in (0, 1))
    return Found(troughs / rate, peaks / rate, phasic[peaks] - phasic[troughs])


def _turns(values: Array, reversal: float) -> list[int]:
    """Return the indices of the alternating extremes between which the line moves by `reversal` at least."""
    slopes = np.sign(np.diff(values))
    candidates = np.concatenate([[0], 1 + np.flatnonzero(slopes[1:] != slopes[:-1]), [values.size - 1]])
    turns, last, direction = [], int(candidates[0]), 0
    for index in candidates[1:].tolist():
        move = values[index] - values[last]
        if direction == 0 and abs(move) >= reversal:
            turns.append(last)
            direction, last = int(np.sign(move)), index
        elif direction * move >= 0 and direction != 0:
            last = index
        elif direction != 0 and abs(move) >= reversal:
            turns.append(last)
            direction, last = -direction, index
        elif direction == 0 and values[index] < values[last]:
            last = index
    return [*turns, last] if direction else []


def _at_most(method: Method, most: float) -> Method:
    """Give a method block means at `most` Hz or fewer, and put its parts back on the recording's samples."""

    def slower(signal: Array, rate: float) -> Estimate:
        block = int(np.ceil(rate / most))
        if block == 1:
            return method(signal, rate)
        whole = signal.size // block * block
        estimate = method(signal[:whole].reshape(-1, block).mean(axis=1), rate / block)
        middles = (np.arange(estimate.phasic.size) + 0.5) * block - 0.5
        at = np.arange(signal.size)
        phasic, tonic = (np.interp(at, middles, part) for part in (estimate.phasic, estimate.tonic))
        return Estimate(phasic, tonic, estimate.found)

    return slower


def _neurokit(name: str) -> Method:
    """Run NeuroKit2's own chain: eda_clean, eda_phasic, and eda_peaks for its own responses."""
    import neurokit2

    def split(signal: Array, rate: float) -> Estimate:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            clean = np.asarray(neurokit2.eda_clean(signal, sampling_rate=rate))
            parts = neurokit2.eda_phasic(clean, sampling_rate=rate, method=name)
            phasic, tonic = (parts[key].to_numpy(dtype=float) for key in ("EDA_Phasic", "EDA_Tonic"))
            found = {STANDARD: trough_to_peak(phasic, rate), OWN: _neurokit_peaks(phasic, rate)}
        return Estimate(phasic, tonic, found)

    return _at_most(split, PEER_RATE)


def _neurokit_peaks(phasic: Array, rate: float) -> Found:
    """Run eda_peaks at its defaults: peaks of at least a tenth of the highest."""
    import neurokit2

    if np.ptp(phasic) == 0:
        return Found(*(np.empty(0) for _ in range(3)))
    _, info = neurokit2.eda_peaks(phasic, sampling_rate=rate)
    onsets, peaks, amplitudes = (np.asarray(info[k], dtype=float) for k in ("SCR_Onsets", "SCR_Peaks", "SCR_Amplitude"))
    whole = np.isfinite(onsets) & np.isfinite(peaks) & np.isfinite(amplitudes)
    return Found(onsets[whole] / rate, peaks[whole] / rate, amplitudes[whole])


def _ledapy(signal: Array, rate: float) -> Estimate:
    """Run Ledapy's continuous decomposition analysis with its time constants optimised, as Ledalab does."""
    import ledapy
    from ledapy import leda2

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        phasic = np.asarray(ledapy.runner.getResult(signal, "phasicdata", rate, downsample=1, optimisation=2))
    analysis = leda2.analysis
    large = np.asarray(analysis.amp) >= LEAST
    own = Found(*(np.asarray(values, dtype=float)[large] for values in
                  (analysis.impulseOnset, analysis.peakTime, analysis.amp)))  # fmt: skip
    return Estimate(phasic, np.asarray(analysis.tonicData), {OWN: own, STANDARD: trough_to_peak(phasic, rate)})

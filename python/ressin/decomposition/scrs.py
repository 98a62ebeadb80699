"""Skin conductance responses (SCRs), read off the driver of a decomposition."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d
from scipy.signal import find_peaks, lfilter

from ressin.bateman import peak_height, peak_time
from ressin.errors import InvalidInputError

if TYPE_CHECKING:
    from ressin.decomposition.result import Decomposition

# A burst's onset is where this share of its driver has come: an impulse of noise just before it does not move it.
_ONSET_SHARE = 0.05
# Driver below this share of min_amplitude (heights per second) is silence; an interior point leaves a trace everywhere.
_SILENCE = 0.02


def find_scrs(decomposition: Decomposition, *, min_amplitude: float = 0.01, min_distance: float = 0.7) -> pd.DataFrame:
    """Find the SCRs of a recording: bursts of its driver and the response that each of them makes on its own.

    Parameters
    ----------
    decomposition
        The recording, decomposed.
    min_amplitude
        Least height of a response above its own start, in the unit of the signal (microsiemens), > 0.
    min_distance
        Impulses closer than this many seconds belong to one burst, >= 0; so do those between which the driver does not
        fall silent.

    Returns
    -------
    DataFrame
        One row per SCR in order of time, with NeuroKit's columns and conventions:

        - ``SCR_Onsets`` (int64): sample where the response starts: where 5 % of its burst of the driver has come;
        - ``SCR_Peaks`` (int64): sample where its own response is highest;
        - ``SCR_Height`` (float64): phasic part at the peak, responses that overlap included, in the unit of the signal;
        - ``SCR_Amplitude`` (float64): height of its own response, without those that overlap, in the unit of the
          signal;
        - ``SCR_RiseTime`` (float64): seconds from onset to peak;
        - ``SCR_Recovery`` (float64): sample where its own response has fallen to half of its amplitude, NaN where the
          recording ends before;
        - ``SCR_RecoveryTime`` (float64): seconds from the peak to there, NaN likewise.

        Samples count from 0. No SCR gives an empty table with these columns.

    Raises
    ------
    InvalidInputError
        If `min_amplitude` is not positive or `min_distance` is negative.

    Notes
    -----
    Bursts are the maxima of the driver, smoothed over `min_distance`, between which it falls to half of the lower one.
    The response of burst k is ``r_k = M A^-1 p_k`` with the model's own filter, so that ``sum_k r_k`` is the phasic
    part up to what is below `min_amplitude`. NeuroKit measures amplitude and recovery on the phasic part itself, where
    a response that rides on the tail of another one looks lower and never recovers; for a response on its own the two
    agree. A response that is still rising when the recording ends is left out, as its amplitude is not known.
    """
    if not (math.isfinite(min_amplitude) and min_amplitude > 0):
        raise InvalidInputError(f"min_amplitude is {min_amplitude!r}; it must be positive, in the unit of the signal")
    if not (math.isfinite(min_distance) and min_distance >= 0):
        raise InvalidInputError(f"min_distance is {min_distance!r}; it must be zero or a positive number of seconds")
    model = _Response.of(decomposition)
    heights = decomposition.driver * (model.peak_height / model.sampling_rate)  # (n,) height that each sample adds
    heights[heights <= _SILENCE * min_amplitude / model.sampling_rate] = 0.0
    events = []
    for burst in _bursts(heights, min_distance * model.sampling_rate):
        # The response of a burst is never higher than its impulses together (give or take the filter's discreteness).
        if heights[burst].sum() >= 0.5 * min_amplitude:
            event = model.event(burst, decomposition.driver, heights)
            if event is not None and event.amplitude >= min_amplitude:
                events.append(event)
    return _table(events, decomposition.phasic, model.sampling_rate)


@dataclass(frozen=True)
class _Event:
    """One SCR: samples, and its height in the unit of the signal; recovery is NaN beyond the recording's end."""

    onset: int
    peak: int
    amplitude: float
    recovery: float


@dataclass(frozen=True)
class _Response:
    """The model's filter M A^-1, in difference-equation form, and the shape of its impulse response."""

    sampling_rate: float
    ma: NDArray[np.float64]  # (3,)
    ar: NDArray[np.float64]  # (3,)
    peak_height: float
    reach: int  # samples in which an impulse's response has peaked and fallen below half

    @classmethod
    def of(cls, decomposition: Decomposition) -> _Response:
        """Build the filter: the Bateman function's Laplace transform (a1 - a0)/((s + a0)(s + a1)), bilinear."""
        settings, rate = decomposition.settings, decomposition.sampling_rate
        a0, a1 = 1.0 / max(settings.tau0, settings.tau1), 1.0 / min(settings.tau0, settings.tau1)
        dt = 1.0 / rate
        scale = (a1 - a0 if a1 > a0 else a1) * dt**2
        ar = np.array([(a1 * dt + 2) * (a0 * dt + 2), 2 * a1 * a0 * dt**2 - 8, (a1 * dt - 2) * (a0 * dt - 2)]) / scale
        rise = peak_time(settings.tau0, settings.tau1)
        reach = math.ceil((2.0 * rise + 2.0 * max(settings.tau0, settings.tau1)) * rate) + 2
        height = peak_height(settings.tau0, settings.tau1)
        return cls(rate, np.array([1.0, 2.0, 1.0]), ar, height, reach)

    def event(
        self, burst: NDArray[np.intp], driver: NDArray[np.float64], heights: NDArray[np.float64]
    ) -> _Event | None:
        """Measure the response of one burst (indices of its samples); None if it still rises at the end."""
        first = int(burst[0])
        stop = min(int(burst[-1]) + self.reach, driver.size)
        impulses = np.zeros(stop - first)
        impulses[burst - first] = driver[burst]
        response = lfilter(self.ma, self.ar, impulses)
        peak = int(np.argmax(response))
        if first + peak == driver.size - 1:
            return None
        come = np.cumsum(heights[burst])
        onset = int(burst[np.searchsorted(come, _ONSET_SHARE * come[-1])])
        fallen = np.flatnonzero(response[peak:] <= 0.5 * response[peak])
        recovery = float(first + peak + fallen[0]) if fallen.size else math.nan
        return _Event(onset, first + peak, float(response[peak]), recovery)


def _bursts(heights: NDArray[np.float64], min_distance: float) -> list[NDArray[np.intp]]:
    """Split the driver into bursts: give the samples that add anything, burst by burst.

    A triangle of half-width w smooths the driver, and two of its maxima belong to different bursts where it falls to
    half of the lower one between them. For two lone impulses of any heights that is so from 1.5 w apart on, which is
    `min_distance` (in samples); a driver that goes on without such a dip is one burst, however long.
    """
    width = max(1, round(min_distance / 1.5))
    smooth = uniform_filter1d(
        uniform_filter1d(heights, width, mode="constant"), width, mode="constant", origin=-(1 - width % 2)
    )
    tops = _separate_maxima(smooth)
    cuts = [a + int(np.argmin(smooth[a:b])) for a, b in itertools.pairwise(tops)]
    active = np.flatnonzero(heights > 0)
    return [burst for burst in np.split(active, np.searchsorted(active, cuts)) if burst.size]


def _separate_maxima(smooth: NDArray[np.float64]) -> list[int]:
    """Give the maxima between any two of which the line falls to half of the lower one or below, in order."""
    peaks = find_peaks(np.concatenate([[0.0], smooth, [0.0]]))[0] - 1  # zeros around, so that either end can be one
    if not peaks.size:
        return []
    valleys = np.minimum.reduceat(smooth, peaks)[:-1]  # from each peak to the next
    kept, valley = [int(peaks[0])], np.inf
    for peak, low in zip(peaks[1:].tolist(), valleys.tolist(), strict=True):
        valley = min(valley, low)  # since the last kept one
        if valley <= 0.5 * min(smooth[kept[-1]], smooth[peak]):
            kept.append(peak)
            valley = np.inf
        elif smooth[peak] > smooth[kept[-1]]:
            kept[-1], valley = peak, np.inf
    return kept


def _table(events: list[_Event], phasic: NDArray[np.float64], sampling_rate: float) -> pd.DataFrame:
    onsets = np.array([event.onset for event in events], dtype=np.int64)
    peaks = np.array([event.peak for event in events], dtype=np.int64)
    recovery = np.array([event.recovery for event in events], dtype=np.float64)
    table = pd.DataFrame(
        {
            "SCR_Onsets": onsets,
            "SCR_Peaks": peaks,
            "SCR_Height": phasic[peaks],
            "SCR_Amplitude": np.array([event.amplitude for event in events], dtype=np.float64),
            "SCR_RiseTime": (peaks - onsets) / sampling_rate,
            "SCR_Recovery": recovery,
            "SCR_RecoveryTime": (recovery - peaks) / sampling_rate,
        }
    )
    return table.sort_values("SCR_Onsets", ignore_index=True)


def match_onsets(
    found: NDArray[np.float64], true: NDArray[np.float64], tolerance: float = 0.5
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Pair found with true onsets one to one, closest pairs first, to compare a decomposition with the truth.

    Parameters
    ----------
    found, true
        Times in seconds, (n_found,) and (n_true,).
    tolerance
        Largest difference of a pair in seconds, >= 0.

    Returns
    -------
    found_index, true_index : ndarray
        Indices of the pairs, (n_pairs,) each, in order of `true`.
    """
    apart = np.abs(found[:, None] - true[None, :])  # (n_found, n_true)
    pairs: dict[int, int] = {}
    for flat in np.argsort(apart, axis=None, kind="stable"):
        i, j = divmod(int(flat), true.size)
        if apart[i, j] > tolerance:
            break
        if i not in pairs.values() and j not in pairs:
            pairs[j] = i
    order = sorted(pairs)
    return np.array([pairs[j] for j in order], dtype=np.intp), np.array(order, dtype=np.intp)

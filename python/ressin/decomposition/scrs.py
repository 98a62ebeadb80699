"""Skin conductance responses (SCRs): bursts of the driver that the signal itself shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ressin._spans import long_stretches
from ressin.decomposition.bursts import Bateman, Responses, find_responses
from ressin.decomposition.rises import BLOCK, Curve, noise_of, quantum_of
from ressin.errors import InvalidInputError, shown
from ressin.settings import check_limited

if TYPE_CHECKING:
    from ressin.settings import Settings

Array = NDArray[np.float64]

# Driver below this share of min_amplitude (heights per second) is silence; an interior point leaves a trace everywhere.
_SILENCE = 0.02
_WIDTH = 0.5  # s over which the signal is averaged at an onset and at a peak
_LOOKS = 17  # how often from onset to peak
_NEAR = 1.0  # s around a rise in which an artefact is near
_LOST = 0.5  # s of missing samples in which no response starts or peaks
_OBSERVED = 0.5  # least share of a rise that is observed
_EXCESS = 1.1  # an amplitude above the signal's range, up to this, is the range: the tonic part dips under a response
_JUMP = 0.9  # share of an amplitude that the signal may not make within 0.4 s
_SUDDEN = 0.8  # of the shortest rise: half a second, of which a response that short makes almost all
_FASTER = 1.25  # and how much faster than the phasic part it must be
_BEFORE, _AFTER = 1.5, 3.0  # s before an onset and after a peak in which a wave of the level goes on
_BEND = 0.2  # share of an amplitude by which the signal rises more, in a response's rise, than it did before
MIN_AMPLITUDE = 0.01  # uS
_NORMAL = 1.959964  # half of a 95 % band in standard deviations


class Parts(Protocol):
    """What responses are found in: a `ressin.Decomposition`, or anything with these arrays, (n,) each.

    Where phasic part or driver are NaN, as where a `ressin.Stream` gives no parts, there is no driver and a sample
    counts as missing.

    Where there are also `noise` (standard deviation on means over 1/4 s), `smallest_response`, `outliers`, `shifts` and
    `contact` (scalars and arrays in the signal's unit, or None), as the robust programme gives them, they are used.
    """

    @property
    def signal(self) -> Array:
        """The signal, NaN where it is missing."""

    @property
    def phasic(self) -> Array:
        """Its phasic part."""

    @property
    def driver(self) -> Array:
        """The driver, in the signal's unit per second."""

    @property
    def residual(self) -> Array:
        """What neither phasic nor tonic part explain."""

    @property
    def weights(self) -> Array | None:
        """Sample weights, 0 where a sample does not count, or None."""

    @property
    def sampling_rate(self) -> float:
        """Hz."""

    @property
    def settings(self) -> Settings:
        """Where the time constants stand."""

    @property
    def bands(self) -> PhasicBand | None:
        """A band for the phasic part, or None."""


class PhasicBand(Protocol):
    """A band for the phasic part, sample by sample."""

    @property
    def phasic_low(self) -> Array:
        """Lower end, (n,), in the signal's unit."""

    @property
    def phasic_high(self) -> Array:
        """Upper end."""


def find_scrs(
    decomposition: Parts,
    *,
    min_amplitude: float = 0.01,
    min_distance: float = 1.0,
    rise_time: tuple[float, float] = (0.5, 5.0),
    min_rise: float | None = 3.5,
) -> pd.DataFrame:
    """Find the SCRs of a recording: bursts of its driver whose response the signal itself shows.

    Parameters
    ----------
    decomposition
        The recording, decomposed.
    min_amplitude
        Least height of a response above its own start, in the unit of the signal (microsiemens), > 0. Where the
        decomposition knows its `smallest_response`, the larger of the two holds.
    min_distance
        Two impulses closer than this many seconds are one response, >= 0; so are all between which the driver does not
        fall to seven tenths of the lower one. Responses much closer than the time in which one rises (1.13 s by
        default) cannot be told apart from one of another shape.
    rise_time
        Shortest and longest time from onset to peak in seconds, 0 <= shortest < longest.
    min_rise
        How far the signal, averaged over half a second, rises at least above its onset until the peak, in standard
        deviations of its noise, >= 0; white noise alone makes none above 3.5. None asks nothing of the signal: every
        burst of the driver that is large enough and rises in `rise_time` is a response, whether or not the signal
        rises, is missing, or is smaller.

    Returns
    -------
    DataFrame
        One row per SCR in order of time. NeuroKit's columns and conventions, samples counted from 0:

        - ``SCR_Onsets`` (int64): sample at which the response starts, the observed one next to ``SCR_OnsetTime``;
        - ``SCR_Peaks`` (int64): sample at which its own response is highest, likewise;
        - ``SCR_Height`` (float64): phasic part at the peak, responses that overlap included, in the unit of the signal;
        - ``SCR_Amplitude`` (float64): height of its own response, without those that overlap, in the unit of the
          signal; never above the signal's range;
        - ``SCR_RiseTime`` (float64): seconds from onset to peak;
        - ``SCR_Recovery`` (float64): sample at which its own response has fallen to half of its amplitude, NaN where
          the recording ends before;
        - ``SCR_RecoveryTime`` (float64): seconds from the peak to there, NaN likewise;

        and further ones:

        - ``SCR_OnsetTime``, ``SCR_PeakTime`` (float64): seconds from the first sample, between samples too;
        - ``SCR_SignalRise`` (float64): how far the signal, averaged over half a second, rises above its onset until
          the peak, in its unit; below the amplitude where an earlier response still falls;
        - ``SCR_Confidence`` (float64): amplitude over half of the width of its 95 % band, see Notes; 1 is a response as
          large as its uncertainty; infinite where there is no noise;
        - ``SCR_Artefact`` (bool): an artefact is near: from 1 s before the onset to 1 s after the peak a sample is
          missing or carries no weight, or an outlier or a shift larger than the noise was taken off.

        No SCR gives an empty table with these columns.

    Raises
    ------
    InvalidInputError
        A setting out of its range.

    Notes
    -----
    The driver counts as impulses in continuous time, and all times are interpolated, so that the sampling rate does not
    show. Bursts are the maxima of the driver, smoothed over `min_distance`, between which it falls to seven tenths of
    the lower one. The response of a burst is its convolution with the Bateman function; its onset is found from where
    it comes to 35 and 90 % of its amplitude, so that a lone impulse starts where it is. A response is left out

    - where it is smaller than `min_amplitude` or `smallest_response`, or more than a tenth larger than the signal's
      range;
    - where its rise is shorter or longer than `rise_time`, or still goes on when the recording ends;
    - where the signal does not rise by `min_rise` deviations of the noise from its onset until its peak: so nothing
      starts in a decay, be it one that was under way when the recording began;
    - where the signal neither bends upwards at the onset nor turns at the peak: does not rise by a fifth of the
      amplitude more than it would have at its slope of the 1.5 s before, and is not lower 3 s after the peak. That is a
      wave of the level, which the driver can follow by many small impulses;
    - where the signal jumps: makes nine tenths of the amplitude, or of its own rise if that is larger, within 0.4 s
      around the onset, if `rise_time` excludes that;
    - where onset or peak is in a stretch of missing (or weightless) samples half a second or longer, or more than half
      of the rise is missing.

    Noise is the standard deviation on means over a quarter of a second: the decomposition's `noise`, or what
    `ressin.decomposition.rises.noise_of` estimates. The half-width of the band is that of a bootstrap band's ends at
    onset and peak, as the root of the sum of their squares, where the decomposition has `bands`; else 1.96 times the
    noise, which is the deviation of a difference of two means over half a second.

    NeuroKit measures amplitude and recovery on the phasic part itself, where a response that rides on the tail of
    another one looks lower and never recovers; for a response on its own the two agree.
    """
    _check(min_amplitude, min_distance, rise_time, min_rise)
    rate, settings = decomposition.sampling_rate, decomposition.settings
    model = Bateman.of(settings.tau0, settings.tau1, rate)
    least = max(min_amplitude, float(getattr(decomposition, "smallest_response", None) or 0.0))
    known = _known(decomposition)
    found = find_responses(
        decomposition.driver if known.all() else np.where(known, decomposition.driver, 0.0),
        rate, model, least=least, min_distance=min_distance, silence=_SILENCE * min_amplitude,
    )  # fmt: skip
    found = found.only(
        (found.amplitudes >= least)
        & (found.peaks <= (decomposition.driver.size - 1) / rate)
        & _within(found.peaks - found.onsets, rise_time)
    )
    seen = _Seen.of(decomposition)
    if min_rise is not None:
        found = seen.shown(found, min_rise, min(rise_time[0], 0.5))
    return _table(found, seen, decomposition)


def least_amplitude(signal: Array, unit: str) -> float:
    """Return the least height of an SCR where none is asked for, in the unit of the signal.

    Parameters
    ----------
    signal
        Samples, (n,); NaN where one is missing.
    unit
        Its unit. In microsiemens, or where the unit is unknown, 0.01; in another one a threshold in microsiemens means
        nothing, and a millionth of the signal's range lets every height pass.
    """
    if unit in ("uS", ""):
        return MIN_AMPLITUDE
    present = signal[~np.isnan(signal)]
    return max(1e-6 * float(present.max() - present.min()), 5e-324)


def _check(min_amplitude: float, min_distance: float, rise_time: tuple[float, float], min_rise: float | None) -> None:
    check_limited("min_amplitude", min_amplitude, "positive, in the unit of the signal", least=0.0, above=True)
    check_limited("min_distance", min_distance, "zero or a positive number of seconds", least=0.0)
    try:
        shortest, longest = rise_time
        in_order = bool(0 <= shortest < longest)
    except (TypeError, ValueError, RuntimeError):
        in_order = False
    if not in_order:
        raise InvalidInputError(
            f"rise_time is {shown(rise_time)}; it must be two times in seconds, 0 <= shortest < longest"
        )
    if min_rise is not None:
        check_limited("min_rise", min_rise, "zero or a positive number of deviations, or None", least=0.0)


def _known(parts: Parts) -> NDArray[np.bool_]:
    """Where a recording has parts."""
    return np.asarray(~(np.isnan(parts.driver) | np.isnan(parts.phasic)))


def _within(rises: Array, limits: tuple[float, float]) -> NDArray[np.bool_]:
    """Whether rise times are within limits, give or take what interpolation leaves open."""
    return np.asarray((rises >= limits[0] - 1e-6) & (rises <= limits[1] + 1e-6))


@dataclass(frozen=True)
class _Seen:
    """What the signal itself shows, and where artefacts are."""

    curve: Curve
    phasic: Curve
    observed: NDArray[np.bool_]  # (n,)
    spoilt: NDArray[np.bool_]  # (n,) missing, or an outlier or a shift
    noise: float
    range: float

    @classmethod
    def of(cls, parts: Parts) -> _Seen:
        """Look at the signal; without an observed sample it shows nothing."""
        known = _known(parts)
        observed = known & ~np.isnan(parts.signal)
        if parts.weights is not None:
            observed &= parts.weights > 0
        values = parts.signal[observed]
        level = float(np.median(values)) if values.size else 0.0
        curve = Curve.of(parts.signal - level, observed, parts.sampling_rate)
        noise = getattr(parts, "noise", None)
        if noise is None:
            residual = Curve.of(parts.residual, observed, parts.sampling_rate)
            noise = noise_of(curve, residual, quantum_of(values))
        spoilt = ~observed | _taken_off(parts, float(noise))
        phasic = Curve.of(parts.phasic, known, parts.sampling_rate)
        return cls(curve, phasic, observed, spoilt, float(noise), float(np.ptp(values)) if values.size else 0.0)

    def rise(self, found: Responses) -> Array:
        """How far the signal rises above its onset until the peak; NaN where nothing is observed at the onset."""
        width = self.curve.width_of(_WIDTH)
        start, rise = self.curve.mean(found.onsets, width), np.full(found.onsets.shape, np.nan)
        for share in np.linspace(0.0, 1.0, _LOOKS):
            level = self.curve.mean(found.onsets + share * (found.peaks - found.onsets), width)
            rise = np.fmax(rise, level - start)
        return rise

    def shown(self, found: Responses, min_rise: float, shortest: float) -> Responses:
        """Return the responses that the signal shows, none of them larger than its range."""
        enough = self.rise(found) > min_rise * self.noise  # not so where it is NaN
        enough &= found.amplitudes <= _EXCESS * self.range
        enough &= self.curve.observed_share(found.onsets, found.peaks) >= _OBSERVED
        lost = long_stretches(~self.observed, _LOST * self.curve.sampling_rate)
        for times in (found.onsets, found.peaks):
            enough &= ~lost[_samples(times, self.curve.sampling_rate, lost.size)]
        found = found.only(enough)
        found = found.only(~self._jumps(found, _SUDDEN * shortest))
        found = found.only(~self._goes_on(found))
        amplitudes = np.minimum(found.amplitudes, self.range)
        return Responses(found.onsets, found.peaks, found.recoveries, amplitudes)

    def _goes_on(self, found: Responses) -> NDArray[np.bool_]:
        """Whether the signal only goes on as before the onset, and rises on after the peak."""
        width = self.curve.width_of(_WIDTH)
        before, start, peak, after = (
            self.curve.mean(times, width)
            for times in (found.onsets - _BEFORE, found.onsets, found.peaks, found.peaks + _AFTER)
        )
        expected = (start - before) / _BEFORE * (found.peaks - found.onsets)
        straight = peak - start - expected < _BEND * found.amplitudes  # not so where it is NaN
        return np.asarray(straight & (after >= peak))

    def _jumps(self, found: Responses, within: float) -> NDArray[np.bool_]:
        """Whether the signal makes most of an amplitude around the onset, in less time than a response may take.

        It must also rise faster there than the phasic part, to which a larger response close by may belong.
        """
        jumps = np.zeros(found.onsets.size, dtype=np.bool_)
        if within < BLOCK:
            return jumps
        width = self.curve.width_of(BLOCK)
        whole = np.fmax(found.amplitudes, self.rise(found))
        for start in np.arange(-within, 0.5 * BLOCK, 0.5 * BLOCK) + 0.5 * BLOCK:
            first, last = found.onsets + start, found.onsets + start + within
            change, explained = (
                curve.mean(last, width) - curve.mean(first, width) for curve in (self.curve, self.phasic)
            )
            least = np.maximum(_JUMP * whole, _FASTER * explained)
            jumps |= change > least + 2.0 * self.noise  # not so where it is NaN
        return jumps


def _samples(times: Array, rate: float, n_samples: int) -> NDArray[np.int64]:
    """Return the sample nearest to each time."""
    return np.clip(np.round(times * rate), 0, n_samples - 1).astype(np.int64)


def _taken_off(parts: Parts, noise: float) -> NDArray[np.bool_]:
    """Whether the decomposition took an outlier or a shift larger than the noise off each sample."""
    off = np.zeros(parts.signal.size, dtype=np.bool_)
    outliers, shifts, contact = (getattr(parts, name, None) for name in ("outliers", "shifts", "contact"))
    if outliers is not None:
        off |= np.abs(outliers) > noise
    if shifts is not None and contact is not None:
        off |= np.abs(contact) > noise
        shifts = shifts - contact
    if shifts is not None:
        off[1:] |= np.abs(np.diff(shifts)) > noise
    return off


def _table(found: Responses, seen: _Seen, parts: Parts) -> pd.DataFrame:
    rate, last = parts.sampling_rate, parts.signal.size - 1
    onsets, peaks = (_nearest(times, seen.observed, rate) for times in (found.onsets, found.peaks))
    recoveries = np.where(found.recoveries * rate <= last, found.recoveries, np.nan)
    return pd.DataFrame(
        {
            "SCR_Onsets": onsets,
            "SCR_Peaks": peaks,
            "SCR_Height": parts.phasic[peaks],
            "SCR_Amplitude": found.amplitudes,
            "SCR_RiseTime": found.peaks - found.onsets,
            "SCR_Recovery": np.round(recoveries * rate),
            "SCR_RecoveryTime": recoveries - found.peaks,
            "SCR_OnsetTime": found.onsets,
            "SCR_PeakTime": found.peaks,
            "SCR_SignalRise": seen.rise(found),
            "SCR_Confidence": _confidence(found.amplitudes, onsets, peaks, seen.noise, parts.bands),
            "SCR_Artefact": _near(seen.spoilt, found, rate),
        }
    )


def _nearest(times: Array, observed: NDArray[np.bool_], rate: float) -> NDArray[np.int64]:
    """Return the sample nearest to each time, the nearest observed one where it is missing."""
    samples = _samples(times, rate, observed.size)
    missing = ~observed[samples]
    if missing.any() and observed.any():
        known = np.flatnonzero(observed)
        after = np.clip(np.searchsorted(known, samples[missing]), 1, max(known.size - 1, 1))
        before, after = known[after - 1], known[np.minimum(after, known.size - 1)]
        nearer = np.abs(before - samples[missing]) <= np.abs(after - samples[missing])
        samples[missing] = np.where(nearer, before, after)
    return samples


def _confidence(
    amplitudes: Array, onsets: NDArray[np.int64], peaks: NDArray[np.int64], noise: float, bands: PhasicBand | None
) -> Array:
    """Return amplitudes over half-widths of their 95 % bands."""
    half = np.full(amplitudes.size, _NORMAL * noise)
    if bands is not None:
        width = 0.5 * (bands.phasic_high - bands.phasic_low)
        half = np.hypot(width[onsets], width[peaks])
    return np.asarray(np.divide(amplitudes, half, out=np.full(amplitudes.size, np.inf), where=half > 0))


def _near(spoilt: NDArray[np.bool_], found: Responses, rate: float) -> NDArray[np.bool_]:
    """Whether any sample from 1 s before the onset to 1 s after the peak is spoilt."""
    counts = np.concatenate([[0], np.cumsum(spoilt)])
    first = np.clip(np.ceil((found.onsets - _NEAR) * rate), 0, spoilt.size).astype(np.intp)
    stop = np.clip(np.floor((found.peaks + _NEAR) * rate) + 1, 0, spoilt.size).astype(np.intp)
    return np.asarray(counts[stop] > counts[first])


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

"""Features of a recording's oscillations over intervals: sympathetic indices and autocorrelation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, get_window, hilbert, sosfiltfilt

from ressin._spans import Spans
from ressin.intervals.levels import Moments

Array = NDArray[np.float64]

_RATE = 2.0  # Hz to which the signal is averaged down, as Posada-Quintero et al. have it
_BAND = (0.045, 0.25)  # Hz
_WHOLE = (0.01, 0.4)  # Hz to which the normalised index relates
_SEGMENT = 128  # samples of one periodogram, half overlapping, Blackman window
_VARYING = (0.08, 0.24)  # Hz of the time-varying index
_LAG = 4.0  # s
_CHUNK = 2048  # intervals whose periodograms are computed at a time


def down(signal: Array, sampling_rate: float) -> tuple[Array, float]:
    """Average a signal without gaps down to about 2 Hz, which also keeps faster changes out."""
    size = max(1, round(sampling_rate / _RATE))
    n = signal.size // size
    return signal[: n * size].reshape(n, size).mean(axis=1), sampling_rate / size


def sympathetic(signal: Array, rate: float, intervals: Spans, enough: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Return the power from 0.045 to 0.25 Hz and its share of that from 0.01 to 0.4 Hz.

    Parameters
    ----------
    signal, rate
        As `down` gives them.
    intervals
        In samples of that signal.
    enough
        Which of them are long enough and valid; NaN for the others.

    Returns
    -------
    power, share
        (n,) in the signal's unit squared, and 0 to 1.
    """
    power, share = np.full(enough.size, np.nan), np.full(enough.size, np.nan)
    counts = intervals.count
    for n in np.unique(counts[enough]):
        chosen = np.flatnonzero(enough & (counts == n))
        for first in range(0, chosen.size, _CHUNK):
            rows = chosen[first : first + _CHUNK]
            windows = np.lib.stride_tricks.sliding_window_view(signal, n)[intervals.start[rows]]
            density, frequency = _welch(windows, rate)
            step = frequency[1] - frequency[0]
            power[rows] = density[:, _within(frequency, _BAND)].sum(axis=1) * step
            whole = density[:, _within(frequency, _WHOLE)].sum(axis=1) * step
            share[rows] = np.divide(power[rows], whole, out=np.full(rows.size, np.nan), where=whole > 0)
    return power, share


def _welch(windows: Array, rate: float) -> tuple[Array, Array]:
    """Mean of the periodograms of half overlapping segments, each without its mean and slope."""
    n = min(_SEGMENT, windows.shape[1])
    taper = get_window("blackman", n)
    starts = range(0, windows.shape[1] - n + 1, max(1, n // 2))
    time = np.linspace(-1.0, 1.0, n)
    density = np.zeros((windows.shape[0], n // 2 + 1))
    for start in starts:
        segment = windows[:, start : start + n]
        segment = segment - segment.mean(axis=1, keepdims=True)
        segment = segment - np.outer(segment @ time / (time @ time), time)
        density += np.abs(np.fft.rfft(segment * taper, axis=1)) ** 2
    density *= 2.0 / (len(starts) * rate * (taper @ taper))
    return np.asarray(density), np.asarray(np.fft.rfftfreq(n, 1.0 / rate), dtype=np.float64)


def _within(frequency: Array, band: tuple[float, float]) -> NDArray[np.bool_]:
    return (frequency >= band[0]) & (frequency <= band[1])


def varying(signal: Array, rate: float) -> Array:
    """Return the time-varying sympathetic index of a whole recording, (n,), at its samples.

    The amplitude of the oscillation from 0.08 to 0.24 Hz over its standard deviation. Posada-Quintero et al. demodulate
    with a variable frequency; here the band is filtered as a whole and its analytic signal taken.
    """
    if signal.size < round(20.0 * rate):
        return np.full(signal.size, np.nan)
    section = butter(4, _VARYING, "bandpass", fs=rate, output="sos")
    band = sosfiltfilt(section, signal - signal.mean(), padlen=min(signal.size - 1, round(30.0 * rate)))
    deviation = float(band.std())
    rounding = 1e-12 * float(np.abs(signal).max())
    return np.asarray(np.abs(hilbert(band))) / deviation if deviation > rounding else np.full(signal.size, np.nan)


def autocorrelation(signal: Array, seen: NDArray[np.bool_], rate: float, intervals: Spans) -> Array:
    """Return the correlation of each interval's signal with itself 4 s later, -1 to 1; NaN where it is constant."""
    lag = round(_LAG * rate)
    found = np.full(intervals.start.size, np.nan)
    usable = intervals.count > lag + 1
    if not usable.any() or signal.size <= lag:
        return found
    both = seen[lag:] & seen[:-lag]
    centred = np.where(seen, signal - (float(np.median(signal[seen])) if seen.any() else 0.0), 0.0)
    early, late = centred[:-lag], centred[lag:]
    pairs = Spans(intervals.start[usable], intervals.stop[usable] - lag)
    x, y = Moments(early, both, pairs), Moments(late, both, pairs)
    number = x.number
    with np.errstate(invalid="ignore", divide="ignore"):
        products = pairs.sums(np.where(both, early * late, 0.0))
        cross = (products - x.mean() * y.mean() * number) / (number - 1)
        product = x.deviation() * y.deviation()
        ratio = np.where(product > 1e-12 * np.abs(x.mean() * y.mean()), cross / product, np.nan)
    found[usable] = np.clip(ratio, -1.0, 1.0)
    return found

"""Classical features of skin conductance: numbers per recording, for baselines and for the regression of Table 1.

Two vectors, both documented by their names: `classical_features` in the unit of the recording (SCR counts and
amplitudes, tonic statistics), and `channel_features`, 20 statistics of one channel after a 0.6 Hz low-pass and a
z-score.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ressin.data.samples.labelled import LabelledData
from ressin.errors import InvalidInputError

RELATIVE_AMPLITUDE = 0.1  # a rise below this share of the recording's largest is not counted as a response
CUTOFF = 0.6  # Hz
ORDER = 4

CLASSICAL = (
    "scr_per_minute",
    "scr_amplitude_mean",
    "scr_amplitude_max",
    "scr_amplitude_deviation",
    "scr_amplitude_per_minute",
    "scr_rise_time_mean",
    "phasic_mean",
    "phasic_deviation",
    "phasic_max",
    "phasic_skewness",
    "phasic_second_half_share",
    "tonic_mean",
    "tonic_deviation",
    "tonic_min",
    "tonic_max",
    "tonic_slope",
    "tonic_change",
    "origin_mean",
    "origin_deviation",
    "origin_slope",
    "origin_mean_absolute_step",
)
STATISTICS = (
    "mean",
    "deviation",
    "min",
    "max",
    "median",
    "quartile_range",
    "skewness",
    "kurtosis",
    "slope",
    "change",
    "mean_absolute_slope",
    "slope_deviation",
    "curvature_deviation",
    "rising_share",
    "area",
    "peaks_per_minute",
    "peak_height_mean",
    "peak_height_max",
    "time_of_max",
    "second_half_minus_first",
)


def classical_features(data: LabelledData) -> NDArray[np.float64]:
    """Compute SCR counts, amplitudes and tonic statistics, (n, 21), columns `CLASSICAL`, in the recording's unit.

    Notes
    -----
    A response is a peak of the phasic channel that stands out from its surroundings (its prominence) by at least a
    tenth of the largest such rise of the recording; amplitude is that prominence, rise time the time from the foot
    before it.
    """
    rates = data.sampling_rates()
    return np.array([_classical(data.signal(i).astype(np.float64), float(rates[i])) for i in range(len(data))])


def channel_features(data: LabelledData, channel: int) -> NDArray[np.float64]:
    """Compute 20 statistics of one channel, (n, 20), columns `STATISTICS`.

    Parameters
    ----------
    data
        Samples.
    channel
        0 origin, 1 phasic, 2 tonic.

    Raises
    ------
    InvalidInputError
        If a recording is sampled too slowly for the filter.

    Notes
    -----
    All channels are low-passed at 0.6 Hz without phase shift (a Butterworth filter of order 4, forwards and backwards).
    The origin's mean and deviation then z-score the recording: origin and tonic as (x - mean) / deviation, phasic as
    x / deviation, which is what decomposing the z-scored signal gives, so the share of each channel is kept.
    """
    rates = data.sampling_rates()
    if len(rates) and rates.min() <= 2.0 * CUTOFF:
        raise InvalidInputError(
            f"a recording is sampled at {rates.min():g} Hz; the {CUTOFF} Hz filter needs more than {2 * CUTOFF} Hz"
        )
    rows = []
    for i in range(len(data)):
        rate = float(rates[i])
        rows.append(_statistics(standardised(_low_passed(data.signal(i), rate))[channel], rate))
    return np.array(rows)


def standardised(recording: NDArray[np.floating]) -> NDArray[np.float64]:
    """Z-score origin, phasic and tonic, (3, n), by the origin's mean and deviation; a constant one becomes zeros."""
    values = recording.astype(np.float64)
    mean, deviation = float(values[0].mean()), float(values[0].std())
    if deviation <= 1e-12 * max(1.0, abs(mean)):
        return np.zeros_like(values)
    scaled: NDArray[np.float64] = (values - np.array([[mean], [0.0], [mean]])) / deviation
    return scaled


def _low_passed(recording: NDArray[np.floating], rate: float) -> NDArray[np.float64]:
    from scipy.signal import butter, sosfiltfilt

    sections = butter(ORDER, CUTOFF, fs=rate, output="sos")
    pad = min(recording.shape[1] - 1, int(3 * rate / CUTOFF))
    filtered: NDArray[np.float64] = sosfiltfilt(sections, recording.astype(np.float64), axis=1, padlen=pad)
    return filtered


def _classical(recording: NDArray[np.float64], rate: float) -> list[float]:
    origin, phasic, tonic = recording
    minutes = origin.size / rate / 60.0
    time = np.arange(origin.size) / rate
    heights, rises = _responses(phasic, rate)
    half = phasic.size // 2
    total = np.abs(phasic).sum()
    return [
        heights.size / minutes,
        _or_zero(heights, np.mean),
        _or_zero(heights, np.max),
        _or_zero(heights, np.std),
        heights.sum() / minutes,
        _or_zero(rises, np.mean),
        phasic.mean(),
        phasic.std(),
        phasic.max(),
        _moment(phasic, 3),
        np.abs(phasic[half:]).sum() / total if total > 0 else 0.5,
        tonic.mean(),
        tonic.std(),
        tonic.min(),
        tonic.max(),
        _slope(time, tonic),
        tonic[-1] - tonic[0],
        origin.mean(),
        origin.std(),
        _slope(time, origin),
        np.abs(np.diff(origin)).mean() * rate,
    ]


def _responses(phasic: NDArray[np.float64], rate: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Amplitudes and rise times (s) of the responses in a phasic channel."""
    from scipy.signal import find_peaks

    peaks, found = find_peaks(phasic, prominence=(None, None))
    heights = found["prominences"]
    if not len(peaks):
        return np.zeros(0), np.zeros(0)
    counted = heights >= RELATIVE_AMPLITUDE * heights.max()
    return heights[counted], (peaks - found["left_bases"])[counted] / rate


def _statistics(x: NDArray[np.float64], rate: float) -> list[float]:
    from scipy.signal import find_peaks

    time = np.arange(x.size) / rate
    step = np.diff(x) * rate
    peaks, found = find_peaks(x, prominence=0.02)
    low, median, high = np.quantile(x, [0.25, 0.5, 0.75])
    half = x.size // 2
    return [
        x.mean(),
        x.std(),
        x.min(),
        x.max(),
        median,
        high - low,
        _moment(x, 3),
        _moment(x, 4),
        _slope(time, x),
        x[-1] - x[0],
        np.abs(step).mean(),
        step.std(),
        np.diff(step).std() * rate,
        (step > 0).mean(),
        np.abs(x).mean(),
        len(peaks) / (x.size / rate / 60.0),
        _or_zero(found["prominences"], np.mean),
        _or_zero(found["prominences"], np.max),
        float(np.argmax(x)) / x.size,
        x[half:].mean() - x[:half].mean(),
    ]


def _moment(x: NDArray[np.float64], order: int) -> float:
    deviation = x.std()
    return float((((x - x.mean()) / deviation) ** order).mean()) if deviation > 1e-12 else 0.0


def _slope(time: NDArray[np.float64], x: NDArray[np.float64]) -> float:
    centred = time - time.mean()
    return float(centred @ x / (centred @ centred))


def _or_zero(values: NDArray[np.float64], of: np.ufunc | object) -> float:
    return float(of(values)) if values.size else 0.0  # type: ignore[operator]

"""Classical features of skin conductance: numbers per recording, for baselines and for the regression of Table 1.

Two vectors, both documented by their names: `classical_features`, those of `ressin.features` in the unit of the
recording, and `channel_features`, 20 statistics of one channel after a 0.6 Hz low-pass and a z-score.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from ressin.data.samples.labelled import LabelledData
from ressin.data.samples.pieces import pieces_of
from ressin.errors import InvalidInputError
from ressin.intervals.definitions import NAMES
from ressin.intervals.features import features

_KEPT: WeakKeyDictionary[LabelledData, NDArray[np.float64]] = WeakKeyDictionary()

CUTOFF = 0.6  # Hz
ORDER = 4

CLASSICAL = tuple(name for name in NAMES if name != "EDA_Valid")
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


def channel_of(name: str) -> str:
    """Name the channel that a feature of `CLASSICAL` is computed from: origin, phasic or tonic."""
    if name.startswith(("SCR_", "EDA_ISCR", "EDA_Phasic")):
        return "phasic"
    return "tonic" if name.startswith("EDA_Tonic") else "origin"


def classical_features(data: LabelledData) -> NDArray[np.float64]:
    """Compute the features of `ressin.features` for every sample, (n, n_features), columns `CLASSICAL`.

    Returns
    -------
    ndarray
        In the recording's unit; NaN where a sample is too short for a feature, or has no response. They are computed
        once for one `data` and kept with it; do not change them.

    Notes
    -----
    Samples that overlap in their file and agree there were cut from one decomposition: they are put together again, so
    that a response at a window's edge is seen whole, and a response counts where its onset is. The driver is found from
    the phasic part: with the programme's A and M, M p = A r, so A r / 4 is the driver, averaged over three samples with
    the weights 1, 2, 1.
    """
    return _kept(data)[:, : len(CLASSICAL)]


def personal_features(data: LabelledData) -> NDArray[np.float64]:
    """Give `classical_features` with both of `relative_to_person` beside them, (n, 3 n_features); computed once."""
    return _kept(data)


def _kept(data: LabelledData) -> NDArray[np.float64]:
    found = _KEPT.get(data)
    if found is None:
        own = np.full((len(data), len(CLASSICAL)), np.nan)
        for piece in pieces_of(data):
            table = features(piece, intervals=piece.intervals)
            own[piece.samples] = table[list(CLASSICAL)].to_numpy(np.float64)
        found = np.hstack([own, *relative_to_person(own, data.subject)])
        found.flags.writeable = False
        _KEPT[data] = found
    return found


def relative_to_person(
    features: NDArray[np.float64], subject: NDArray[np.str_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Scale each feature by the person's other samples; labels are not looked at.

    Parameters
    ----------
    features
        (n, n_features), NaN where there is none.
    subject
        (n,), whose sample it is.

    Returns
    -------
    z, rank
        (n, n_features) each: less the person's mean, over the person's standard deviation (0 where that is 0), and the
        share of the person's samples below it, ties by half (0 to 1, 0.5 for a single sample); NaN stays NaN.
    """
    import pandas as pd

    table = pd.DataFrame(features)
    people = table.groupby(pd.Series(subject))
    mean, largest, number = (people.transform(name).to_numpy() for name in ("mean", "max", "count"))
    centred = pd.DataFrame(features - mean)
    deviation = np.sqrt((centred**2).groupby(pd.Series(subject)).transform("mean").to_numpy())
    varied = deviation > 1e-12 * np.maximum(np.abs(mean), np.abs(largest))  # more than rounding
    z = np.where(varied, centred / np.where(varied, deviation, 1.0), np.where(np.isnan(features), np.nan, 0.0))
    return z, (people.rank().to_numpy() - 0.5) / np.maximum(number, 1)


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
        rows.append(
            _statistics(standardised(_low_passed(data.measured.recording(int(data.place[i])), rate))[channel], rate)
        )
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

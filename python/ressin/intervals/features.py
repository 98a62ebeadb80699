"""Features of intervals of a recording: sliding windows, or intervals of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ressin._spans import Spans, ratio
from ressin._units import factor_of, is_number, plain_name
from ressin.bateman import area
from ressin.decomposition.scrs import Parts, find_scrs
from ressin.errors import InvalidInputError
from ressin.intervals.definitions import FEATURES, NAMES
from ressin.intervals.levels import Moments
from ressin.intervals.spectrum import autocorrelation, down, sympathetic, varying

if TYPE_CHECKING:
    from ressin.decomposition.result import Decomposition

Array = NDArray[np.float64]


class Marked(Protocol):
    """Which samples are valid: a `ressin.Validity`, or anything with this mask."""

    @property
    def valid(self) -> NDArray[np.bool_]:
        """(n,) whether a sample can be trusted."""


class IntervalParts(Parts, Protocol):
    """What features are computed from: a `ressin.Decomposition`, or anything with these arrays, (n,) each."""

    @property
    def tonic(self) -> Array:
        """The tonic part, in the signal's unit."""

    @property
    def validity(self) -> Marked:
        """Which samples count."""


def features(
    result: Decomposition | IntervalParts,
    *,
    window: float | None = None,
    step: float | None = None,
    intervals: pd.DataFrame | Mapping[str, Any] | None = None,
    min_amplitude: float = 0.01,
    min_valid: float = 0.5,
) -> pd.DataFrame:
    """Compute the features of intervals of a recording, which is decomposed as a whole.

    Parameters
    ----------
    result
        The recording, decomposed (or the same parts of it from elsewhere).
    window, step
        Seconds of each interval and from the start of one to that of the next, > 0; `step` is `window` by default, and
        without a window there is one interval, the whole recording. Only whole windows count.
    intervals
        Instead: a table with the columns ``start`` (or ``onset``) and ``end`` (or ``duration``) in seconds after the
        first sample, or in the unit that the column's name gives, as ``start (ms)``; its other columns come back beside
        the features. An interval must lie in the recording.
    min_amplitude
        Least amplitude of a response, in the unit of the signal, > 0; see `find_scrs`.
    min_valid
        Least share of an interval that must be valid (`result.validity`), 0 to 1.

    Returns
    -------
    DataFrame
        One row an interval: ``Start``, ``End`` (s), the columns of ``ressin.intervals.definitions.FEATURES``, and
        ``Reason``: ``""``, or why features are NaN: the interval is shorter than some of them need, or too little of it
        is valid (then all but EDA_Valid are NaN). Statistics are over valid samples.

    Raises
    ------
    InvalidInputError
        A setting out of its range; an interval that is empty or leaves the recording; a window longer than it.

    Examples
    --------
    >>> import numpy as np
    >>> import ressin
    >>> recording = ressin.simulate_eda(300, 50, rng=np.random.default_rng(0))
    >>> table = ressin.features(ressin.decompose(recording.signal, 50), window=60, step=30)
    >>> table[["Start", "End", "SCR_Peaks_N"]].head(2)
       Start   End  SCR_Peaks_N
    0    0.0  60.0          3.0
    1   30.0  90.0          1.0
    """
    if not is_number(min_valid) or not 0.0 <= min_valid <= 1.0:
        raise InvalidInputError(f"min_valid is {min_valid!r}; it must lie between 0 and 1")
    rate, n = result.sampling_rate, result.signal.size
    start, end, kept = _bounds(n / rate, window, step, intervals, rate)
    samples = Spans(_sample(start, rate, n), _sample(end, rate, n))
    if (samples.count < 1).any():
        i = int(np.argmax(samples.count < 1))
        raise InvalidInputError(f"interval {i + 1}, from {start[i]:g} to {end[i]:g} s, holds no sample at {rate:g} Hz")
    valid = result.validity.valid & ~np.isnan(result.phasic)  # a stream gives no parts in a long gap
    share = samples.sums(valid.astype(np.float64)) / samples.count
    found = {
        **_responses(result, start, end, min_amplitude),
        **_parts(result, valid, samples),
        **_oscillations(result, valid, samples, start, end),
        "EDA_Valid": share,
    }
    length = end - start
    damaged = share < min_valid
    columns = {}
    for feature in FEATURES:
        values = np.asarray(found[feature.name], dtype=np.float64)
        if feature.name != "EDA_Valid":
            values = np.where(damaged | (length < feature.least_seconds - 1e-9), np.nan, values)
        columns[feature.name] = values
    reasons = _reasons(length, damaged, share, min_valid)
    return pd.DataFrame({**kept, "Start": start, "End": end, **columns, "Reason": reasons})


_NAMED = {"onset": "start", "begin": "start", "stop": "end", "offset": "end"}


def _bounds(
    duration: float,
    window: float | None,
    step: float | None,
    intervals: pd.DataFrame | Mapping[str, Any] | None,
    rate: float,
) -> tuple[Array, Array, dict[str, pd.Series]]:
    if intervals is not None:
        if window is not None or step is not None:
            raise InvalidInputError("intervals and window are two ways to say the same; give one of them")
        return _given(duration, intervals, rate)
    if window is None:
        if step is not None:
            raise InvalidInputError("step needs a window")
        return np.array([0.0]), np.array([duration]), {}
    step = window if step is None else step
    for name, value in (("window", window), ("step", step)):
        if not is_number(value) or not 0.0 < value < np.inf:
            raise InvalidInputError(f"{name} is {value!r}; it must be seconds > 0")
    if window > duration + 1e-9:
        raise InvalidInputError(f"window is {window:g} s, and the recording {duration:g} s long")
    start: Array = np.arange(int(np.floor((duration - window) / step + 1e-9)) + 1, dtype=np.float64) * step
    return start, start + window, {}


def _given(
    duration: float, intervals: pd.DataFrame | Mapping[str, Any], rate: float
) -> tuple[Array, Array, dict[str, pd.Series]]:
    if not isinstance(intervals, (pd.DataFrame, Mapping)):
        raise InvalidInputError(f"intervals are {type(intervals).__name__}; a table with start and end is needed")
    intervals = pd.DataFrame(intervals)
    known: dict[str, tuple[Any, str | None]] = {}
    for name in intervals.columns:
        what, unit = plain_name(name)
        if what not in _NAMED:
            known[what] = (name, unit)
        else:
            known.setdefault(_NAMED[what], (name, unit))
    if "start" not in known or not {"end", "duration"} & set(known):
        raise InvalidInputError(
            f"the intervals have the columns {', '.join(map(repr, intervals.columns))}; start and end are needed"
        )
    start, end = (
        _numbers(intervals[known[name][0]]) * factor_of(known[name][1], "seconds", rate, f"the column {name}")
        for name in ("start", "end" if "end" in known else "duration")
    )
    if "end" not in known:
        end = start + end
    if not start.size:
        raise InvalidInputError("there are no intervals")
    wrong = ~((start >= 0) & (start < end) & (end <= duration + 1e-6))
    if wrong.any():
        i = int(np.argmax(wrong))
        raise InvalidInputError(
            f"interval {i + 1} is from {start[i]:g} to {end[i]:g} s; 0 <= start < end <= {duration:g} s is needed"
        )
    taken = {"start", "end", "Start", "End", "Reason", *NAMES}
    kept = {str(name): intervals[name].reset_index(drop=True) for name in intervals.columns if name not in taken}
    return start, np.asarray(np.minimum(end, duration)), kept


def _numbers(column: pd.Series) -> Array:
    return np.array(pd.to_numeric(column, errors="coerce"), dtype=np.float64)


def _sample(time: Array, rate: float, n: int) -> NDArray[np.int64]:
    return np.clip(np.ceil(time * rate - 1e-6), 0, n).astype(np.int64)


def _responses(result: IntervalParts, start: Array, end: Array, min_amplitude: float) -> dict[str, Array]:
    scrs = find_scrs(result, min_amplitude=min_amplitude)
    onset = scrs["SCR_OnsetTime"].to_numpy()
    first, stop = (np.searchsorted(onset, edge - 1e-9, side="left").astype(np.int64) for edge in (start, end))
    number = (stop - first).astype(np.float64)
    some = np.where(number > 0, number, np.nan)
    within = Spans(first, stop)
    amplitude = scrs["SCR_Amplitude"].to_numpy()
    centred = amplitude - (amplitude.mean() if amplitude.size else 0.0)
    mean = within.sums(amplitude) / some
    squares = within.sums(centred**2) - within.sums(centred) ** 2 / some
    recovery = scrs["SCR_RecoveryTime"].to_numpy()
    known = np.isfinite(recovery)
    recovered = within.sums(known.astype(np.float64))
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "SCR_Peaks_N": number,
            "SCR_Rate": number / (end - start) * 60.0,
            "SCR_Peaks_Amplitude_Mean": mean,
            "SCR_Amplitude_SD": np.where(number > 1, np.sqrt(np.maximum(squares / (some - 1), 0.0)), np.nan),
            "SCR_Amplitude_Max": within.largest(amplitude),
            "SCR_Amplitude_Sum": within.sums(amplitude),
            "SCR_Amplitude_Rate": within.sums(amplitude) / (end - start) * 60.0,
            "SCR_RiseTime_Mean": within.sums(scrs["SCR_RiseTime"].to_numpy()) / some,
            "SCR_RecoveryTime_Mean": within.sums(np.where(known, recovery, 0.0))
            / np.where(recovered > 0, recovered, np.nan),
        }


def _parts(result: IntervalParts, valid: NDArray[np.bool_], samples: Spans) -> dict[str, Array]:
    rate = result.sampling_rate
    phasic, tonic = Moments(result.phasic, valid, samples), Moments(result.tonic, valid, samples)
    whole = Moments(result.signal, valid, samples)
    driver = samples.sums(np.where(valid, result.driver, 0.0)) / rate
    return {
        "EDA_ISCR": driver * area(result.settings.tau0, result.settings.tau1),
        "EDA_Phasic_Mean": phasic.mean(),
        "EDA_Phasic_SD": phasic.deviation(),
        "EDA_Phasic_Max": phasic.largest(),
        "EDA_Phasic_Skewness": phasic.skewness(),
        "EDA_Phasic_Late": _late(np.where(valid, np.abs(result.phasic), 0.0), samples),
        "EDA_Tonic_Mean": tonic.mean(),
        "EDA_Tonic_SD": tonic.deviation(),
        "EDA_Tonic_Min": tonic.smallest(),
        "EDA_Tonic_Max": tonic.largest(),
        "EDA_Tonic_Slope": tonic.slope(rate),
        "EDA_Tonic_Change": result.tonic[samples.stop - 1] - result.tonic[samples.start],
        "EDA_Mean": whole.mean(),
        "EDA_SD": whole.deviation(),
        "EDA_Slope": whole.slope(rate),
        "EDA_Step": _steps(result.signal, valid, samples) * rate,
    }


def _late(area: Array, samples: Spans) -> Array:
    """Share of an area that lies in the second half of each interval; NaN where there is none."""
    late = Spans(samples.start + samples.count // 2, samples.stop).sums(area)
    total = samples.sums(area)
    return ratio(late, total)


def _steps(signal: Array, valid: NDArray[np.bool_], samples: Spans) -> Array:
    """Mean absolute difference of neighbouring samples that are both valid; NaN where there are none."""
    both = valid[1:] & valid[:-1]
    steps = np.where(both, np.abs(np.diff(np.where(valid, signal, 0.0))), 0.0)
    pairs = Spans(samples.start, samples.stop - 1)
    total, number = pairs.sums(steps), pairs.sums(both.astype(np.float64))
    return np.asarray(np.divide(total, number, out=np.full(total.shape, np.nan), where=number > 0.5))


def _oscillations(
    result: IntervalParts, valid: NDArray[np.bool_], samples: Spans, start: Array, end: Array
) -> dict[str, Array]:
    """Compute what is of the signal's frequencies; stretches that are not valid are bridged by straight lines."""
    at = np.arange(result.signal.size)
    nothing = np.full(start.size, np.nan)
    names = ("EDA_Sympathetic", "EDA_SympatheticN", "EDA_TVSymp", "EDA_Autocorrelation")
    if not valid.any():
        return dict.fromkeys(names, nothing)
    whole = np.interp(at, at[valid], result.signal[valid])
    slow, rate = down(whole, result.sampling_rate)
    if slow.size < 2:
        return dict.fromkeys(names, nothing)
    slowly = Spans(_sample(start, rate, slow.size), _sample(end, rate, slow.size))
    least = {feature.name: feature.least_seconds for feature in FEATURES}
    power, share = sympathetic(slow, rate, slowly, end - start >= least["EDA_Sympathetic"] - 1e-9)
    index = varying(slow, rate)
    some = slowly.count > 0
    tvsymp = nothing.copy()
    tvsymp[some] = Spans(slowly.start[some], slowly.stop[some]).sums(index) / slowly.count[some]
    related = autocorrelation(np.where(valid, result.signal, 0.0), valid, result.sampling_rate, samples)
    return dict(zip(names, (power, share, tvsymp, related), strict=True))


def _reasons(length: Array, damaged: NDArray[np.bool_], share: Array, min_valid: float) -> list[str]:
    lacking = {
        seconds: [feature.name for feature in FEATURES if seconds < feature.least_seconds - 1e-9]
        for seconds in np.unique(length).tolist()
    }
    return [
        f"{valid:.0%} valid, {min_valid:.0%} needed"
        if broken
        else (f"{seconds:g} s are too short for {', '.join(lacking[seconds])}" if lacking[seconds] else "")
        for seconds, broken, valid in zip(length.tolist(), damaged.tolist(), share.tolist(), strict=True)
    ]

"""A row of measures for each trial: event-related skin conductance responses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ressin._spans import Spans
from ressin._units import is_number
from ressin.bateman import area
from ressin.decomposition.scrs import find_scrs
from ressin.errors import InvalidInputError
from ressin.events.assignment import assign_responses
from ressin.events.events import EventSource, read_events
from ressin.events.wander import wander_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ressin.decomposition.result import Decomposition

Array = NDArray[np.float64]
Choice = Literal["first", "largest"]
Overlap = Literal["assign", "each"]

_DISTANCES = (0.3, 1.0)  # s
_ASSIGNED_DISTANCES = (0.2, 1.0)  # s: where responses are assigned, a burst may hold several, and finer ones are wanted
_ABOVE = 3.5  # deviations of the level's own changes that a response exceeds, as `find_scrs` asks of the noise
_LIKELY = 0.5  # probability from which on an event counts as answered


def _window(begin: Array, end: Array, n: int, rate: float) -> tuple[Spans, NDArray[np.bool_]]:
    """Return the samples at or after `begin` and before `end` (seconds), cut to the recording, and which were cut."""
    first, last = np.ceil(begin * rate - 1e-9), np.ceil(end * rate - 1e-9)
    spans = Spans(np.clip(first, 0, n).astype(np.int64), np.clip(last, 0, n).astype(np.int64))
    return spans, np.asarray((first < 0) | (last > n))


def event_related(
    result: Decomposition,
    events: EventSource,
    *,
    latency: tuple[float, float] = (1.0, 4.0),
    baseline: float = 1.0,
    min_amplitude: float = 0.01,
    min_distance: float | None = None,
    choose: Choice = "first",
    overlap: Overlap = "assign",
    unit: Literal["seconds", "samples"] = "seconds",
    start_time: float | None = None,
    conditions: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Measure the skin conductance response to each event.

    Parameters
    ----------
    result
        The recording, decomposed.
    events, unit, start_time, conditions
        As for `ressin.events.events.read_events`.
    latency
        Earliest and latest time from an event to the onset of its response, seconds, 0 <= earliest < latest (1 to 4:
        Boucsein et al. 2012).
    baseline
        Seconds before an event to which the tonic part's change is taken, > 0.
    min_amplitude
        Least amplitude of a response, in the unit of the signal, > 0; see `find_scrs`. A response that counts for an
        event is also larger than 3.5 deviations of what the level does by itself in the time of a rise
        (`ressin.events.wander.wander_of`).
    min_distance
        Two impulses closer than this many seconds are one response, >= 0. None takes the 1 s of `find_scrs`, and where
        events follow each other faster than every 2 s half of the median time between them, at least 0.3 s.
    choose
        Which response is the event's where several begin in the window: ``"first"`` or ``"largest"``.
    overlap
        What is done where latency windows overlap. ``"assign"``: a response belongs to one event; which, is drawn from
        how plausible its latency and size are for each (`ressin.events.assignment.assign_responses`), and an event
        counts as answered where that is more likely than not; `choose` has no part in it. ``"each"``: every window is
        looked at by itself, so that a response may count for several events, as with NeuroKit2. A window that overlaps
        no other is treated alike by both.

    Returns
    -------
    DataFrame
        One row a trial in order of time. Where NeuroKit2 has the measure, the column has its name.

        - ``Trial`` (str), and the same as ``Label``, as NeuroKit2 has it; ``Condition`` (str); ``Event_Onset`` (int64):
          sample next to the event, may lie outside;
          ``Event_Time``, ``Event_Duration`` (s);
        - ``EDA_SCR`` (int64): 1 where a response begins in the window, else 0; ``SCR_Count``: how many do; where
          responses are assigned, 1 for the event's own;
        - ``SCR_Probability`` (0 to 1): that the event was answered, where responses are assigned; else ``EDA_SCR``;
        - ``SCR_Peak_Amplitude``: of its own response, NaN where there is none; ``SCR_Magnitude``: likewise, 0 where
          there is none (Boucsein 2012: amplitude leaves non-responses out, magnitude counts them as zero);
          ``SCR_LogAmplitude``, ``SCR_LogMagnitude``: log(1 + ...) of them (Venables and Christie 1980);
        - ``SCR_Latency``: event to onset; ``SCR_Peak_Amplitude_Time``: event to peak; ``SCR_RiseTime``: onset to
          peak; ``SCR_RecoveryTime``: peak to half of the amplitude; all in seconds; NaN for a response that
          cannot be told apart from one that began outside of the window;
        - ``EDA_ISCR``: area of the driver over the window, in the signal's unit times seconds: the integral of the
          phasic part that begins in the window (Ledalab's ISCR is the area of a driver that is scaled to a response of
          area one: the same, Benedek and Kaernbach 2010);
        - ``EDA_Phasic_Mean`` and ``EDA_Peak_Amplitude`` (NeuroKit2's name; PsPM and Ledalab know it as the phasic
          maximum): mean and maximum of the phasic part over the window, overlapping responses included;
        - ``EDA_Tonic_Mean``: over the window; ``EDA_Tonic_Change``: to the mean over the baseline;
        - ``Missing`` (0 to 1): share of the window, from the event to its end, that is not valid (`result.validity`);
          ``Artefact`` (bool): any of it is not; ``Overlap`` (bool): the window begins before the one before has
          ended; ``Edge`` (bool): the window or the baseline leaves the recording. Measures of a trial whose window is
          wholly outside or missing are NaN, ``EDA_SCR`` is missing.

    Raises
    ------
    InvalidInputError
        Wrong events or settings; no event inside of the recording.

    References
    ----------
    Boucsein et al., "Publication recommendations for electrodermal measurements", Psychophysiology 2012,
    doi:10.1111/j.1469-8986.2012.01384.x. Benedek and Kaernbach, "A continuous measure of phasic electrodermal
    activity", J. Neurosci. Methods 2010, doi:10.1016/j.jneumeth.2010.04.028.

    Examples
    --------
    >>> import numpy as np
    >>> import ressin
    >>> recording = ressin.simulate_eda(60, 50, onsets=[12, 32], amplitudes=[0.5, 0.2], rng=np.random.default_rng(0))
    >>> result = ressin.decompose(recording.signal, 50)
    >>> trials = ressin.event_related(result, {"onset": [10, 20, 30], "condition": ["a", "b", "a"]})
    >>> trials[["Condition", "EDA_SCR", "SCR_Magnitude"]].round(1)
      Condition  EDA_SCR  SCR_Magnitude
    0         a        1            0.5
    1         b        0            0.0
    2         a        1            0.2
    """
    earliest, latest = _check(latency, baseline, choose, overlap)
    rate, n = result.sampling_rate, result.signal.size
    read = read_events(events, sampling_rate=rate, start_time=start_time, unit=unit, conditions=conditions)
    at = read.onsets
    if not ((at + latest > 0) & (at < n / rate)).any():
        raise InvalidInputError(
            f"no event lies in the recording of {n / rate:g} s: they are from {at[0]:g} to {at[-1]:g} s after its start"
        )
    window, window_cut = _window(at + earliest, at + latest, n, rate)
    whole, _ = _window(at, at + latest, n, rate)
    before, before_cut = _window(at - baseline, at, n, rate)
    missing = 1.0 - whole.mean(result.validity.valid.astype(np.float64))
    unseen = result.validity.reasons.get("missing", False)
    lost = np.isnan(window.mean(np.where(unseen, np.nan, result.phasic)))  # nothing of the window was observed
    scrs = find_scrs(
        result, min_amplitude=min_amplitude, min_distance=_distance(at) if min_distance is None else min_distance
    )
    scrs = scrs[scrs["SCR_Amplitude"] > _ABOVE * wander_of(result)]
    responses = _responses(scrs, at, (earliest, latest), choose)
    shared = _overlaps(at, earliest, latest)
    if overlap == "assign":
        _assign(responses, result, at, (earliest, latest), shared, ~lost, min_amplitude, min_distance)
    tonic = window.mean(result.tonic)
    table: dict[str, Any] = {
        "Trial": list(read.trials),
        "Label": list(read.trials),
        "Condition": list(read.conditions),
        "Event_Onset": np.round(at * rate).astype(np.int64),
        "Event_Time": at,
        "Event_Duration": read.durations,
        **responses,
        "EDA_ISCR": window.mean(result.driver) * window.count / rate * area(result.settings.tau0, result.settings.tau1),
        "EDA_Phasic_Mean": window.mean(result.phasic),
        "EDA_Peak_Amplitude": window.largest(result.phasic),
        "EDA_Tonic_Mean": tonic,
        "EDA_Tonic_Change": tonic - before.mean(result.tonic),
    }
    frame = _without(pd.DataFrame(table), lost)
    frame["Missing"] = np.where(lost, 1.0, missing)
    frame["Artefact"] = frame["Missing"] > 0
    frame["Overlap"] = shared
    frame["Edge"] = window_cut | before_cut
    return frame


def _check(latency: tuple[float, float], baseline: float, choose: str, overlap: str) -> tuple[float, float]:
    try:
        earliest, latest = latency
    except (TypeError, ValueError):
        earliest = latest = np.nan
    if not (is_number(earliest) and is_number(latest)) or not 0.0 <= earliest < latest < np.inf:
        raise InvalidInputError(f"latency is {latency!r}; two seconds, 0 <= earliest < latest, are needed")
    if not is_number(baseline) or not 0.0 < baseline < np.inf:
        raise InvalidInputError(f"baseline is {baseline!r}; it must be seconds > 0")
    for name, value, known in (("choose", choose, get_args(Choice)), ("overlap", overlap, get_args(Overlap))):
        if value not in known:
            raise InvalidInputError(f"{name} is {value!r}; it must be one of {', '.join(map(repr, known))}")
    return earliest, latest


def _distance(at: Array) -> float:
    """Return how finely responses are told apart: as finely as the events are, within limits."""
    return float(np.clip(0.5 * np.median(np.diff(at)), *_DISTANCES)) if at.size > 1 else _DISTANCES[1]


def _responses(scrs: pd.DataFrame, at: Array, latency: tuple[float, float], choose: Choice) -> dict[str, Any]:
    """Return the measures of each event's response."""
    onset = scrs["SCR_OnsetTime"].to_numpy()
    first = np.searchsorted(onset, at + latency[0], side="left")
    stop = np.searchsorted(onset, at + latency[1], side="right")
    count = stop - first
    amplitude = scrs["SCR_Amplitude"].to_numpy()
    chosen = first.copy()
    if choose == "largest":
        for i in np.flatnonzero(count > 1):
            chosen[i] = first[i] + int(np.argmax(amplitude[first[i] : stop[i]]))

    def of(values: Array) -> Array:
        found = np.full(at.size, np.nan)
        found[count > 0] = values[chosen[count > 0]]
        return found

    height = of(amplitude)
    return {
        "EDA_SCR": (count > 0).astype(np.int64),
        "SCR_Count": count.astype(np.int64),
        "SCR_Probability": (count > 0).astype(np.float64),
        "SCR_Peak_Amplitude": height,
        "SCR_Magnitude": np.nan_to_num(height),
        "SCR_LogAmplitude": np.log1p(height),
        "SCR_LogMagnitude": np.log1p(np.nan_to_num(height)),
        "SCR_Latency": of(onset) - at,
        "SCR_Peak_Amplitude_Time": of(scrs["SCR_PeakTime"].to_numpy()) - at,
        "SCR_RiseTime": of(scrs["SCR_RiseTime"].to_numpy()),
        "SCR_RecoveryTime": of(scrs["SCR_RecoveryTime"].to_numpy()),
    }


def _assign(
    responses: dict[str, Any],
    result: Decomposition,
    at: Array,
    latency: tuple[float, float],
    shared: NDArray[np.bool_],
    observed: NDArray[np.bool_],
    min_amplitude: float,
    min_distance: float | None,
) -> None:
    """Replace the responses of events whose windows overlap by those that are assigned to them."""
    own = np.flatnonzero(shared & observed)
    if not own.size:
        return
    if min_distance is None:
        min_distance = float(np.clip(0.5 * np.median(np.diff(at)) - 0.2, *_ASSIGNED_DISTANCES))
    every = np.flatnonzero(observed)  # those apart help to tell how large and how frequent responses are
    found = assign_responses(result, at[every], latency, min_amplitude=min_amplitude, min_distance=min_distance)
    place = np.searchsorted(every, own)
    probability, burst = found.probability[place], found.burst[place]
    answered = probability >= _LIKELY
    height = np.where(answered, found.amplitude[place], np.nan)

    def of(name: str) -> Array:
        values = np.full(own.size, np.nan)
        values[answered] = found.bursts[name].to_numpy(dtype=np.float64)[burst[answered]]
        return values

    after = of("SCR_OnsetTime") - at[own]
    inside = (after >= latency[0]) & (after <= latency[1])
    columns = {
        "EDA_SCR": answered.astype(np.int64),
        "SCR_Count": answered.astype(np.int64),
        "SCR_Probability": probability,
        "SCR_Peak_Amplitude": height,
        "SCR_Magnitude": np.nan_to_num(height),
        "SCR_LogAmplitude": np.log1p(height),
        "SCR_LogMagnitude": np.log1p(np.nan_to_num(height)),
        "SCR_Latency": np.where(inside, after, np.nan),
        "SCR_Peak_Amplitude_Time": np.where(inside, of("SCR_PeakTime") - at[own], np.nan),
        "SCR_RiseTime": np.where(inside, of("SCR_RiseTime"), np.nan),
        "SCR_RecoveryTime": np.where(inside, of("SCR_RecoveryTime"), np.nan),
    }
    for name, values in columns.items():
        responses[name][own] = values


def _without(frame: pd.DataFrame, lost: NDArray[np.bool_]) -> pd.DataFrame:
    """Blank the measures of the trials of which nothing was observed: no response there is not the same as none."""
    if lost.any():
        frame["EDA_SCR"] = frame["EDA_SCR"].astype("Int64")
        frame["SCR_Count"] = frame["SCR_Count"].astype("Int64")
        frame.loc[lost, ["EDA_SCR", "SCR_Count"]] = pd.NA
        measures = [name for name in frame.columns[6:] if name not in ("EDA_SCR", "SCR_Count")]
        frame.loc[lost, measures] = np.nan
    return frame


def _overlaps(at: Array, earliest: float, latest: float) -> NDArray[np.bool_]:
    """Return whether each window shares time with that of the event before or after."""
    close = np.diff(at) < latest - earliest
    return np.asarray(np.concatenate([[False], close]) | np.concatenate([close, [False]]))

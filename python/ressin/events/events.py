"""Events of an experiment: when, for how long, under which condition."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ressin._files.tables import read_table
from ressin.errors import InvalidInputError
from ressin.recording import Recording

if TYPE_CHECKING:
    from typing import Literal

    import pandas as pd

    Unit = Literal["seconds", "samples"]

Array = NDArray[np.float64]

_UNITS = ("seconds", "samples")
# What tables call it; the first is ours and that of BIDS. Compared without case and without a unit in brackets.
_ONSETS = ("onset", "onsets", "time", "timestamp", "start", "event_onset", "latency")
_DURATIONS = ("duration", "durations")
_CONDITIONS = (
    "condition", "conditions", "trial_type", "event", "label", "marker", "name", "description", "stimulus", "value",
)  # fmt: skip
_TRIALS = ("trial", "trial_number")


@dataclass(frozen=True, eq=False)
class Events:
    """Events in order of time. Its arrays are read-only.

    Attributes
    ----------
    onsets
        (n_events,) seconds after the recording's first sample; may lie outside of the recording.
    durations
        (n_events,) seconds, >= 0; NaN where they are not known.
    conditions
        n_events names; ``""`` where there is none.
    trials
        n_events names of the trials; their numbers from 1 where the source has none.
    """

    onsets: Array
    durations: Array
    conditions: tuple[str, ...]
    trials: tuple[str, ...]

    def __len__(self) -> int:
        return self.onsets.size

    def __post_init__(self) -> None:
        for values in (self.onsets, self.durations):
            values.setflags(write=False)

    def to_frame(self) -> pd.DataFrame:
        """Return a table with the columns onset, duration, condition and trial, one row an event."""
        import pandas as pd

        return pd.DataFrame(
            {"onset": self.onsets, "duration": self.durations, "condition": self.conditions, "trial": self.trials}
        )


EventSource: TypeAlias = "Events | Recording | pd.DataFrame | Mapping[str, Any] | ArrayLike | str | os.PathLike[str]"


def read_events(
    source: EventSource,
    *,
    sampling_rate: float | None = None,
    start_time: float | None = None,
    unit: Unit = "seconds",
    conditions: Sequence[str] | None = None,
) -> Events:
    """Read the events of an experiment.

    Parameters
    ----------
    source
        A recording, whose markers are taken; a table (DataFrame, mapping of columns, or the path of a CSV, TSV or
        Parquet file) with a column ``onset`` and, if it likes, ``duration``, ``condition`` (BIDS: ``trial_type``) and
        ``trial``; or an array of onsets. NeuroKit's dictionaries of events are mappings in samples.
    sampling_rate
        Samples per second (Hz) of the recording; needed where `unit` is ``"samples"``.
    start_time
        Time of the recording's first sample, seconds since 1970-01-01 UTC: needed where onsets are clock times, which
        are told by their type (datetime64), by their form (``2024-05-01 12:00:03.5``) or by being seconds since 1970.
        A clock time without a zone is taken as UTC.
    unit
        Of numbers: ``"seconds"`` after the recording's first sample, or ``"samples"``, counted from 0.
    conditions
        One name an event, instead of the source's; not for a recording.

    Returns
    -------
    Events
        In order of time.

    Raises
    ------
    InvalidInputError
        No events, no column of onsets, an onset that is no time, a negative duration, clock times without
        `start_time`; the message names row and value.
    """
    if unit not in _UNITS:
        raise InvalidInputError(f"unit is {unit!r}; events are in 'seconds' or 'samples'")
    if unit == "samples" and not (sampling_rate and sampling_rate > 0):
        raise InvalidInputError("events in samples need sampling_rate, Hz > 0")
    if isinstance(source, Events):
        return source
    if isinstance(source, Recording):
        return _of_markers(source)
    table = _as_table(source)
    onsets = _onsets(table["onset"], start_time, sampling_rate if unit == "samples" else None)
    durations = _durations(table.get("duration"), onsets.size, sampling_rate if unit == "samples" else None)
    if conditions is not None and len(conditions) != onsets.size:
        raise InvalidInputError(f"{len(conditions)} conditions for {onsets.size} events: one name each is needed")
    names = _names(table.get("condition") if conditions is None else conditions, onsets.size)
    trials = table.get("trial")
    labels = tuple(str(i + 1) for i in range(onsets.size)) if trials is None else _names(trials, onsets.size)
    return _ordered(onsets, durations, names, labels)


def _of_markers(recording: Recording) -> Events:
    if not recording.markers:
        raise InvalidInputError(
            f"{recording.name or 'the recording'} has no markers; give the events as a table with a column 'onset'"
        )
    onsets = np.array([marker.time for marker in recording.markers], dtype=np.float64)
    names = tuple(marker.label for marker in recording.markers)
    return _ordered(onsets, np.full(onsets.size, np.nan), names, tuple(str(i + 1) for i in range(onsets.size)))


def _ordered(onsets: Array, durations: Array, conditions: Sequence[str], trials: Sequence[str]) -> Events:
    if onsets.size == 0:
        raise InvalidInputError("there are no events: at least one onset is needed")
    order = np.argsort(onsets, kind="stable")
    return Events(onsets[order], durations[order], tuple(conditions[i] for i in order), tuple(trials[i] for i in order))


def _as_table(source: Any) -> dict[str, Any]:
    """Return the columns onset, duration, condition, trial as far as there are."""
    import pandas as pd

    if isinstance(source, (str, os.PathLike)):
        source = read_table(source, "events")
    if isinstance(source, Mapping):
        source = pd.DataFrame({str(key): value for key, value in source.items() if value is not None})
    if isinstance(source, pd.DataFrame):
        return _columns(source)
    return {"onset": source}


def _columns(frame: pd.DataFrame) -> dict[str, Any]:
    plain = {re.sub(r"\s*[\[(].*[\])]\s*$", "", str(name)).strip().lower(): name for name in frame.columns}
    found: dict[str, Any] = {}
    for ours, theirs in (("onset", _ONSETS), ("duration", _DURATIONS), ("condition", _CONDITIONS), ("trial", _TRIALS)):
        for name in theirs:
            if name in plain:
                found[ours] = frame[plain[name]]
                break
    if "onset" not in found:
        raise InvalidInputError(
            f"the table of events has the columns {', '.join(map(repr, frame.columns))}; one named 'onset' is needed"
        )
    return found


def _onsets(values: Any, start_time: float | None, sampling_rate: float | None) -> Array:
    """Return onsets in seconds after the first sample."""
    import pandas as pd

    column = pd.Series(np.asarray(values) if not isinstance(values, pd.Series) else values).reset_index(drop=True)
    if column.ndim != 1:
        raise InvalidInputError(f"onsets have {column.ndim} dimensions; one is needed")
    if pd.api.types.is_datetime64_any_dtype(column):
        return _from_clock(pd.to_datetime(column, utc=True), start_time)
    numbers = pd.to_numeric(column, errors="coerce")
    if numbers.notna().all() or pd.api.types.is_numeric_dtype(column):
        seconds = numbers.to_numpy(np.float64)
        if not np.isfinite(seconds).all():
            i = int(np.flatnonzero(~np.isfinite(seconds))[0])
            raise InvalidInputError(f"onset {i + 1} is {seconds[i]}; a time is needed")
        if sampling_rate is not None:
            return seconds / sampling_rate
        return _after_start(seconds, start_time) if seconds.size and seconds.min() > 1e8 else seconds
    clock = pd.to_datetime(column.astype("string"), errors="coerce", utc=True, format="mixed")
    if clock.isna().any():
        i = int(np.flatnonzero(clock.isna())[0])
        raise InvalidInputError(f"onset {i + 1} is {_shown(column.iloc[i])}; a number or a clock time is needed")
    return _from_clock(clock, start_time)


def _from_clock(clock: pd.Series, start_time: float | None) -> Array:
    import pandas as pd

    if clock.isna().any():
        raise InvalidInputError(f"onset {int(np.flatnonzero(clock.isna())[0]) + 1} is missing; a time is needed")
    seconds = ((clock - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(seconds=1)).to_numpy(np.float64)
    return _after_start(np.asarray(seconds, dtype=np.float64), start_time)


def _after_start(seconds: Array, start_time: float | None) -> Array:
    if start_time is None:
        raise InvalidInputError(
            "the onsets are clock times; start_time, the time of the recording's first sample, is needed to match them"
        )
    return seconds - start_time


def _durations(values: Any, n: int, sampling_rate: float | None) -> Array:
    if values is None:
        return np.full(n, np.nan)
    import pandas as pd

    raw = pd.Series(np.broadcast_to(np.asarray(values), (n,)) if np.ndim(values) == 0 else np.asarray(values))
    seconds = pd.to_numeric(raw.replace({"n/a": np.nan}), errors="coerce").to_numpy(np.float64)
    wrong = (seconds < 0) | (np.isnan(seconds) & raw.replace({"n/a": np.nan}).notna().to_numpy())
    if wrong.any():
        i = int(np.flatnonzero(wrong)[0])
        raise InvalidInputError(f"duration {i + 1} is {_shown(raw.iloc[i])}; seconds >= 0 are needed, or nothing")
    return seconds / sampling_rate if sampling_rate is not None else seconds


def _names(values: Any, n: int) -> tuple[str, ...]:
    if values is None:
        return ("",) * n
    names = tuple("" if value is None or value != value else _plain(value) for value in values)
    if len(names) != n:
        raise InvalidInputError(f"{len(names)} names for {n} events: one each is needed")
    return names


def _plain(value: Any) -> str:
    """Return a name; codes that a table with a gap has made floats are whole numbers again."""
    return str(int(value)) if isinstance(value, (float, np.floating)) and float(value).is_integer() else str(value)


def _shown(value: Any) -> str:
    return repr(value) if isinstance(value, str) else str(value)

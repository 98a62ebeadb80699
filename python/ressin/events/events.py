"""Events of an experiment: when, for how long, under which condition."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ressin._files.tables import read_table
from ressin._units import Unit, factor_of, plain_name
from ressin.errors import InvalidInputError, shown
from ressin.events.times import durations_of, onsets_of
from ressin.recording import Recording

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]

_UNITS = ("seconds", "samples")
# What tables call it; the first is ours and that of BIDS. Compared as `plain_name` has them.
_ONSETS = ("onset", "onsets", "time", "timestamp", "start", "event_onset", "latency")
_DURATIONS = ("duration", "durations")
_CONDITIONS = (
    "condition", "conditions", "trial_type", "event", "label", "marker", "name", "description", "stimulus", "value",
    "type", "event_type", "stim_type", "code", "trigger",
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
        ``trial``; or an array of onsets. NeuroKit's dictionaries of events are mappings in samples. A column whose name
        gives a unit is in that: ``onset (ms)``, ``duration_samples``.
    sampling_rate
        Samples per second (Hz) of the recording; needed where `unit` is ``"samples"``.
    start_time
        Time of the recording's first sample, seconds since 1970-01-01 UTC: needed where onsets are clock times, which
        are told by their type (datetime64), by their form (``2024-05-01 12:00:03.5``, or a time of the recording's day,
        ``12:00:03``) or by being seconds (or ms, us, ns) since 1970. A clock time without a zone is taken as UTC.
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
    _check_numbers(sampling_rate, start_time)
    if unit == "samples" and sampling_rate is None:
        raise InvalidInputError("events in samples need sampling_rate, Hz > 0")
    if isinstance(conditions, str):
        raise InvalidInputError(f"conditions is {conditions!r}; a list with one name an event is needed")
    if isinstance(source, Events):
        return source
    if isinstance(source, Recording):
        return _of_markers(source)
    table, units = _as_table(source)
    onset_factor, duration_factor = (
        factor_of(units.get(name), unit, sampling_rate, f"the column of {name}s") for name in ("onset", "duration")
    )
    onsets = onsets_of(table["onset"], start_time, onset_factor)
    durations = durations_of(table.get("duration"), onsets.size, duration_factor)
    if conditions is not None and len(conditions) != onsets.size:
        raise InvalidInputError(f"{len(conditions)} conditions for {onsets.size} events: one name each is needed")
    names = _names(table.get("condition") if conditions is None else conditions, onsets.size)
    trials = table.get("trial")
    labels = tuple(str(i + 1) for i in range(onsets.size)) if trials is None else _names(trials, onsets.size)
    return _ordered(onsets, durations, names, labels)


def _check_numbers(sampling_rate: object, start_time: object) -> None:
    for name, value, least, wanted in (
        ("sampling_rate", sampling_rate, 0.0, "Hz > 0"),
        ("start_time", start_time, -np.inf, "seconds since 1970-01-01 UTC"),
    ):
        if value is None:
            continue
        if not isinstance(value, (int, float, np.number)) or not least < float(value) < np.inf:
            raise InvalidInputError(f"{name} is {shown(value)}; it must be {wanted}")


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


def _as_table(source: Any) -> tuple[dict[str, Any], dict[str, str | None]]:
    """Return the columns onset, duration, condition, trial as far as there are, and their units."""
    import pandas as pd

    if isinstance(source, (str, os.PathLike)):
        source = read_table(source, "events")
    if isinstance(source, Mapping):
        columns = {str(key): value for key, value in source.items() if value is not None}
        try:
            source = pd.DataFrame(columns)
        except ValueError as error:
            sizes = ", ".join(f"{key} {np.size(value)}" for key, value in columns.items())
            raise InvalidInputError(f"the columns of events differ in length: {sizes}") from error
    if isinstance(source, pd.DataFrame):
        return _columns(source)
    return {"onset": source}, {}


def _columns(frame: pd.DataFrame) -> tuple[dict[str, Any], dict[str, str | None]]:
    plain: dict[str, tuple[Any, str | None]] = {}
    for name in frame.columns:
        what, unit = plain_name(name)
        plain.setdefault(what, (name, unit))
    found: dict[str, Any] = {}
    units: dict[str, str | None] = {}
    for ours, theirs in (("onset", _ONSETS), ("duration", _DURATIONS), ("condition", _CONDITIONS), ("trial", _TRIALS)):
        for name in theirs:
            if name in plain:
                found[ours], units[ours] = frame[plain[name][0]], plain[name][1]
                break
    if "onset" not in found:
        raise InvalidInputError(
            f"the table of events has the columns {', '.join(map(repr, frame.columns))}; one named 'onset' is needed"
        )
    return found, units


def _names(values: Any, n: int) -> tuple[str, ...]:
    if values is None:
        return ("",) * n
    import pandas as pd

    names = tuple("" if pd.isna(value) else _plain(value) for value in values)
    if len(names) != n:
        raise InvalidInputError(f"{len(names)} names for {n} events: one each is needed")
    return names


def _plain(value: Any) -> str:
    """Return a name; codes that a table with a gap has made floats are whole numbers again, BIDS' n/a is none."""
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    text = str(value).strip()
    return "" if text == "n/a" else text

"""Which column of a table holds the skin conductance, and which the time."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable

import numpy as np

from ressin.errors import NotEdaError, RecordingError
from ressin.io.clock_parts import find_parts
from ressin.io.dialect import bare_name
from ressin.io.table import Table
from ressin.io.units import parse_unit
from ressin.io.words import OTHER_SIGNALS as FOREIGN_SIGNALS
from ressin.io.words import SKIN_CONDUCTANCE, TIMES

# Names that mean skin conductance on their own, without case, blanks and underscores.
_EDA_NAMES = SKIN_CONDUCTANCE | {
    "eda", "edaraw", "raweda", "gsr", "gsrraw", "rawgsr", "sc", "gsc", "electrodermalactivity", "skinconductance",
    "galvanicskinresponse", "conductance", "skinconductancelevel", "hautleitwert", "hautleitfaehigkeit",
}  # fmt: skip
EDA_WORDS = {
    "eda", "gsr", "gsc", "skinconductance", "conductance", "electrodermal", "skincond", "galvanic", "sc", "scl",
    "hautleitwert", "usiemens", "microsiemens",
}  # fmt: skip
_SECOND_HAND = {  # what stands beside the signal under its name
    "range", "quality", "resistance", "reliability", "valid", "validity", "tonic", "phasic", "scr", "scrs", "clean",
    "filtered", "peaks", "onsets", "smna", "raw", "gsrv", "residual", "driver", "status", "index", "smoothed",
}  # fmt: skip
OTHER_SIGNALS = {
    **FOREIGN_SIGNALS,
    "temp": "temperature", "temperature": "temperature", "skt": "temperature", "therm": "temperature",
    "hr": "heart rate", "heartrate": "heart rate", "bpm": "heart rate", "pulse": "pulse", "pr": "pulse rate",
    "bvp": "blood volume pulse", "ppg": "photoplethysmogram", "pleth": "photoplethysmogram", "ibi": "beat intervals",
    "rr": "beat intervals", "hrv": "heart rate variability", "acc": "acceleration", "accel": "acceleration",
    "accelerometer": "acceleration", "acceleration": "acceleration", "gyro": "rotation", "gyroscope": "rotation",
    "mag": "magnetic field", "magnetometer": "magnetic field", "ecg": "electrocardiogram", "ekg": "electrocardiogram",
    "emg": "electromyogram", "eeg": "electroencephalogram", "eog": "electro-oculogram", "resp": "respiration",
    "rsp": "respiration", "respiration": "respiration", "breathing": "respiration", "spo": "oxygen saturation",
    "battery": "battery", "pupil": "pupil size", "humidity": "humidity", "steps": "steps", "met": "metabolic rate",
    "lux": "light", "light": "light", "pressure": "pressure", "altitude": "altitude", "latitude": "a place",
    "longitude": "a place", "speed": "speed", "glucose": "glucose", "oxygen": "oxygen saturation",
}  # fmt: skip
_TIME_NAMES = TIMES | {
    "t", "ts", "s", "sec", "secs", "second", "seconds", "ms", "msec", "millis", "milliseconds", "us", "micros", "min",
    "mins", "minutes", "h", "hours", "day",
    "days", "epoch", "unix", "date", "datetime", "datum", "zeit", "uhrzeit", "temps", "tiempo",
    "tempo", "fecha", "hora", "heure", "datenum", "elapsed", "tijd", "tid", "clock",
}  # fmt: skip
_TIME_WORDS = {
    "time", "timestamp", "timestamps", "datetime", "unixtime", "systemtime", "localtime", "zeitstempel", "horodatage",
    "datenum", "millis",
}  # fmt: skip
_NO_CLOCK = {  # with "time" in their name: what was timed, not when the sample was taken
    "reaction", "response", "rise", "recovery", "onset", "peak", "half", "latency", "duration", "decay", "inter",
    "trial", "fixation", "dwell", "scr", "rt", "movement", "decision", "reading", "remaining", "zone", "constant",
}  # fmt: skip


def find_signal(table: Table, column: str | None) -> tuple[int, str]:
    """Find the column of samples.

    Parameters
    ----------
    table
        The columns of the file.
    column
        The name of the column, or its number from 1, as the caller gave it; None to find it by its unit and name.

    Returns
    -------
    index : int
        Index of the column.
    note : str
        How it was found, empty where there was no choice.

    Raises
    ------
    RecordingError
        If the column that was asked for does not exist, or more than one or none could hold the signal; the message
        lists the columns.
    """
    if column is not None:
        return _given(table, column), ""
    if table.signal is not None:
        return table.signal, f"signal from {table.label(table.signal)}" if len(table.names) > 1 else ""
    others = _others(table)
    found = _by_name_or_unit(table, others)
    if found is not None:
        return found, f"signal from {table.label(found)}" if len(table.names) > 1 else ""
    return _only_one(table, others)


def is_named(table: Table) -> bool:
    """Whether a column says by its name or unit that it is skin conductance; more than one may."""
    try:
        return table.signal is not None or _by_name_or_unit(table, _others(table)) is not None
    except RecordingError:
        return True


def _others(table: Table) -> list[int]:
    """Return the columns that hold neither times nor events."""
    aside = {*time_columns(table), *table.marker_columns}
    return [i for i in range(len(table.names)) if i not in aside]


def _by_name_or_unit(table: Table, others: list[int]) -> int | None:
    """Return the column whose name and unit, or else unit, or else name says skin conductance."""
    exact = [i for i in others if _squeezed(table.names[i]) in _EDA_NAMES]
    partly = [i for i in others if EDA_WORDS & set(_words(table.names[i]))]
    siemens = [i for i in others if _in_siemens(table, i) and not other_signal(table, i)]
    sensible = [i for i in others if parse_unit(table.units[i]).kind not in ("counts", "voltage")]
    groups = (_both(exact, siemens), _both(partly, siemens), siemens, _both(exact, sensible), _both(partly, sensible),
              exact, partly)  # fmt: skip
    for group in groups:
        if len(group) > 1:
            group = [i for i in group if not _SECOND_HAND & set(_words(table.names[i]))] or group
        if len(group) == 1:
            return group[0]
        if group:
            raise _ambiguous(table, group)
    return None


def _both(one: list[int], other: list[int]) -> list[int]:
    return [i for i in one if i in other]


def _in_siemens(table: Table, index: int) -> bool:
    unit = table.units[index]
    return parse_unit(unit).kind == "conductance" and (
        "S" in unit or "siemens" in unit.lower() or "mho" in unit.lower()
    )


def _only_one(table: Table, others: list[int]) -> tuple[int, str]:
    """Return the only column of numbers, if its name is not that of another signal."""
    numeric = [i for i in others if table.is_numeric(i)]
    if len(numeric) == 1:
        what = other_signal(table, numeric[0])
        if what:
            raise NotEdaError(
                f"{table.path}: {table.label(numeric[0])} is {what}, not skin conductance, and nothing else is in the "
                f"file; give the file with EDA, or --column {table.names[numeric[0]]!r} to take it all the same"
            )
        return numeric[0], f"signal from {table.label(numeric[0])}, the only one of numbers" if len(
            table.names
        ) > 1 else ""
    if not numeric and len(others) == 1:
        table.numbers(others[0])  # refuses its first cell that is text, by name
        return others[0], ""
    if not numeric:
        raise NotEdaError(f"{table.path}: no column of numbers besides the time; the columns are {table.listing()}")
    raise _ambiguous(table, numeric, NotEdaError)


def other_signal(table: Table, index: int) -> str:
    """Say which other signal a column is by its name or unit, "" where it may be skin conductance."""
    if not table.named and not table.units[index]:
        return ""
    words = _words(table.names[index])
    if EDA_WORDS & set(words):
        return ""
    words = [*[one + other for one, other in itertools.pairwise(words)], *words]  # heart_rate
    named = next((OTHER_SIGNALS[word] for word in words if word in OTHER_SIGNALS), "")
    kind = parse_unit(table.units[index]).kind
    return named or (kind if kind not in ("", "conductance", "resistance", "counts", "voltage", "z-scores") else "")


def time_columns(table: Table) -> list[int]:
    """Return the columns that may hold the time, the likeliest first; without names the first of several that rises."""
    if table.clock is not None:
        return list(table.clock)
    n = len(table.names)
    if not table.named:
        return [0] if n > 1 and _rises(table, 0) else []
    allowed = [i for i in range(n) if i not in table.marker_columns and not _NO_CLOCK & set(_words(table.names[i]))]
    typed = [i for i in allowed if table.cells_are_time(i)]
    plain = [i for i in allowed if _squeezed(table.names[i]) in _TIME_NAMES | _TIME_WORDS]
    wordy = [i for i in allowed if _TIME_WORDS & set(_words(table.names[i]))]
    shown = [i for i in allowed if not table.cells_are_time(i) and table.holds_clock(i) and not table.is_numeric(i)]
    timed = [i for i in allowed if parse_unit(table.units[i]).kind == "time" and not _is_other(table.names[i])]
    stated = [i for i in timed if i not in plain and table.is_numeric(i) and _rises(table, i)]
    found = list(dict.fromkeys(typed + plain + wordy + shown + stated + find_parts(table)))
    if found:
        return found
    epochs = [i for i in allowed if table.is_numeric(i) and _is_epoch(table, i)]
    is_index = 0 in allowed and table.names[0] == "1" and n > 1 and _is_index_of_times(table)
    return epochs or ([0] if is_index else [])


def _is_epoch(table: Table, index: int) -> bool:
    """Whether a column counts from 1970 in seconds, milliseconds, microseconds or nanoseconds, as no signal does."""
    head = table.head_numbers(index)
    since = 3.2e8 < head[0] / 10.0 ** (3 * ((len(f"{abs(head[0]):.0f}") - 10) // 3)) < 7.3e9 if head[0] > 1e9 else False
    return bool(since) and head.size >= 3 and bool((np.diff(head) >= 0).all() and head[-1] > head[0])


def _is_index_of_times(table: Table) -> bool:
    """Whether a first column without a name, as pandas writes an index, rises otherwise than by numbering the rows."""
    return table.is_numeric(0) and _rises(table, 0) and bool((np.diff(table.head_numbers(0)) != 1).any())


def _is_other(name: str) -> bool:
    return not OTHER_SIGNALS.keys().isdisjoint(_words(name))


def _given(table: Table, column: str) -> int:
    if table.part and column.startswith(f"{table.part}/"):
        column = column[len(table.part) + 1 :]
    names = [i for i, name in enumerate(table.names) if name == column] if table.named else []
    names = names or [i for i, name in enumerate(table.names) if table.named and bare_name(name) == bare_name(column)]
    if len(names) == 1:
        return names[0]
    if len(names) > 1:
        numbers = " and ".join(str(i + 1) for i in names)
        raise RecordingError(
            f"{table.path}: columns {numbers} are all named {column!r}; give the number of one instead"
        )
    if column.isdecimal() and 1 <= int(column) <= len(table.names):
        return int(column) - 1
    raise RecordingError(f"{table.path}: there is no column {column!r}; the columns are {table.listing()}")


def _ambiguous(table: Table, candidates: list[int], kind: type[RecordingError] = RecordingError) -> RecordingError:
    return kind(
        f"{table.path}: {len(candidates)} columns could be the signal: {table.listing(candidates)}; "
        f"name one with column= or --column{table.ambiguity_hint}"
    )


def _rises(table: Table, index: int) -> bool:
    """Whether a column without a name looks like time: rising from cell to cell over its first thousand cells."""
    if table.cells_are_time(index):
        return True
    if not table.is_numeric(index):
        return table.holds_clock(index)
    head = table.head_numbers(index)
    return head.size >= 3 and bool((head[1:] > head[:-1]).all())


def _squeezed(name: str) -> str:
    return re.sub(r"[\s_.\-]+", "", bare_name(name)).lower()


def _words(name: str) -> list[str]:
    """Split a name at everything but letters and between ``aB``: ``Shimmer_GSR_CAL`` and ``frameTime``."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return [word.lower() for word in re.findall(r"[^\W\d_]+", spaced)]


def words_of(names: Iterable[str]) -> set[str]:
    """All the words in some names, in lower case."""
    return {word for name in names for word in _words(name)}

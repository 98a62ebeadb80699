"""The signals of the files of a task, read file by file, each with the recordings that are parts of it."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

import numpy as np

from ressin._files.limits import (
    MAX_RECORDING_BYTES,
    MAX_TABLE_BYTES,
    check_unfolded,
    digest_bytes,
    digest_file,
    inside,
    read_limited,
)
from ressin.data.preparation.cut import refused
from ressin.data.preparation.task import Task
from ressin.data.preparation.traces import Trace, trace_of
from ressin.data.sources.catalog import Entry, Reject
from ressin.data.sources.manifest import signal_of
from ressin.data.sources.tables import NumberTable, read_many, read_numbers
from ressin.errors import RecordingError, describe
from ressin.recording import Recording

MAX_WINDOWS = 1_000_000  # of one row
TOGETHER = 32  # files parsed in one go


@dataclass(frozen=True)
class Signal:
    """One signal of a file, and the recordings that are parts of it.

    Attributes
    ----------
    file
        Its name: the path, and ``#column`` where the recordings name one.
    entries
        The recordings.
    values
        The whole signal, float64, NaN where missing.
    sampling_rate
        Hz.
    """

    file: str
    entries: tuple[Entry, ...]
    values: np.ndarray
    sampling_rate: float


def read_files(task: Task) -> Iterator[tuple[list[Signal], list[Reject]]]:
    """Read the files of a task, a few at a time; what cannot be used is listed, each by name."""
    files = [(path, list(group)) for path, group in groupby(task.entries, key=lambda entry: entry.path)]
    if task.kind == "manifest":
        for path, entries in files:
            yield _read_file(task, path, entries, b"", None)
        return
    for start in range(0, len(files), TOGETHER):
        batch = files[start : start + TOGETHER]
        contents = [_content(task, path) for path, _ in batch]
        parsed = _parse([content if isinstance(content, bytes) else b"" for content in contents])
        signals: list[Signal] = []
        rejects: list[Reject] = []
        for (path, entries), content, table in zip(batch, contents, parsed, strict=True):
            found, listed = _read_file(task, path, entries, content, table)
            signals += found
            rejects += listed
        yield signals, rejects


def _parse(contents: list[bytes]) -> list[NumberTable | None]:
    """Parse files together; where that raises, leave each to be read alone, so that one cannot take the others."""
    try:
        return read_many(contents)
    except Exception:  # noqa: BLE001  # it is raised again for the file that is to blame
        return [None] * len(contents)


def _content(task: Task, path: str) -> bytes | Exception:
    """Read a file whole and compare its digest with the inventory; an error is returned, to be listed by name."""
    try:
        data = read_limited(inside(Path(task.root), path), MAX_TABLE_BYTES)
        _unchanged(task, path, digest_bytes(data))
    except Exception as error:  # noqa: BLE001  # whatever one file does, the others are prepared
        return error
    return data


def _read_file(
    task: Task,
    path: str,
    entries: list[Entry],
    content: bytes | Exception,
    table: NumberTable | None,
) -> tuple[list[Signal], list[Reject]]:
    """Read the signals of one file, or list its recordings with the reason."""
    try:
        if isinstance(content, Exception):
            raise content
        if task.kind == "manifest":
            return _read_own(inside(Path(task.root), path), entries, task)
        return _read_pmemo(table or read_numbers(content, path), entries, task)
    except Exception as error:  # noqa: BLE001  # whatever one file does, the others are prepared
        reason = describe(error)
        kind = "truncated" if "cut off" in reason or "cut short" in reason else "malformed"
        return [], [Reject(path, kind, reason, "rejected", entry.recording_id) for entry in entries]


def _unchanged(task: Task, path: str, digest: str) -> None:
    if digest != task.digests[path]:
        raise RecordingError(f"{path}: changed while it was being prepared; run again")


def _read_pmemo(table: NumberTable, entries: list[Entry], task: Task) -> tuple[list[Signal], list[Reject]]:
    path = entries[0].path
    trace = trace_of(table, path)
    if task.kind == "pmemo-2018" and len(trace.names) != 1:
        raise RecordingError(f"{path}: {len(trace.names) + 1} columns, needs 2: time(s), EDA(microsiemens)")
    rejects = [Reject(path, kind, text, "kept", entries[0].recording_id) for kind, text in trace.notes]
    signals = []
    for entry in entries:
        values = _column(trace, entry)
        if isinstance(values, Reject):
            rejects.append(values)
            continue
        refusal = _compare_lengths(entry, len(values) / trace.sampling_rate, task)
        if refusal is not None:
            rejects.append(refusal)
            if refusal.action == "rejected":
                continue
        signals.append(Signal(_name(entry), (entry,), values, trace.sampling_rate))
    return signals, rejects


def _name(entry: Entry) -> str:
    """Name a signal: its file, and what of the file it is."""
    return "#".join(filter(None, (entry.path, entry.column, entry.where)))


def _column(trace: Trace, entry: Entry) -> np.ndarray | Reject:
    """Take a recording's samples, without the empty cells after a shorter column's end."""
    place = 0 if entry.column is None else trace.names.index(entry.column)
    signal = trace.values[:, place]
    present = np.flatnonzero(~np.isnan(signal))
    if len(present) == 0:
        return Reject(entry.path, "gaps", "no sample is present", "rejected", entry.recording_id)
    return signal[: present[-1] + 1]


def _compare_lengths(entry: Entry, seconds: float, task: Task) -> Reject | None:
    """Compare a recording with its clip: too short is refused, other disagreement is listed."""
    clip = task.durations.get(entry.stimulus)
    if clip is None or abs(seconds - clip) <= task.settings.length_tolerance:
        return None
    text = f"the recording covers {seconds:.2f} s, the clip lasts {clip:.2f} s"
    if seconds < task.settings.min_cover * clip:
        reason = f"{text}: less than {task.settings.min_cover:.0%} of it"
        return Reject(entry.path, "truncated", reason, "rejected", entry.recording_id)
    return Reject(entry.path, "disagreement", text, "kept", entry.recording_id)


def _read_own(file: Path, entries: list[Entry], task: Task) -> tuple[list[Signal], list[Reject]]:
    """Read a recording of a manifest with every format that `ressin.io` knows; each signal of a file once."""
    from ressin.io.read import read_recording

    path = entries[0].path
    check_unfolded(file, MAX_RECORDING_BYTES)
    _unchanged(task, path, digest_file(file))
    signals, rejects = [], []
    for _, group in groupby(entries, key=signal_of):
        rows = list(group)
        one = rows[0]
        try:
            recording = read_recording(
                file, sampling_rate=one.sampling_rate, column=one.column, where=one.where, unit=one.unit
            )
        except Exception as error:  # noqa: BLE001
            reason = describe(error).replace(str(file), path)
            rejects += [Reject(path, "malformed", reason, "rejected", entry.recording_id) for entry in rows]
            continue
        found: list[Entry] = []
        for entry in rows:
            windows = windows_of(entry, recording)
            rejects += [windows] if isinstance(windows, Reject) else []
            found += [] if isinstance(windows, Reject) else windows
        named = recording.channels[0].name if one.column and recording.channels else one.column
        name = _name(replace(one, column=named))  # a column by its number is the column by its name
        signals.append(Signal(name, tuple(found), recording.signal, recording.sampling_rate))
    return signals, rejects


def windows_of(entry: Entry, recording: Recording) -> list[Entry] | Reject:
    """Place an entry on the clock of its file, in seconds from its first sample, and divide it into its windows."""
    placed = _placed(entry, recording)
    if isinstance(placed, Reject) or placed.window is None:
        return placed if isinstance(placed, Reject) else [placed]
    end = recording.duration if placed.end is None else placed.end
    step, half = placed.step or placed.window, 0.5 / recording.sampling_rate
    number = math.floor((end - placed.start - placed.window + half) / step) + 1
    if number < 1:
        reason = f"{max(0.0, end - placed.start):.2f} s long: no window of {placed.window:g} s fits"
        return refused(entry, "short", reason)
    if number > MAX_WINDOWS:
        return refused(entry, "size", f"{number:,} windows, at most {MAX_WINDOWS:,} are cut from a recording")
    starts = [placed.start + place * step for place in range(number)]
    return [
        replace(
            placed, recording_id=f"{entry.recording_id}@{start:.10g}", start=start, end=start + placed.window,
            window=None, step=None,
        )
        for start in starts
    ]  # fmt: skip


def _placed(entry: Entry, recording: Recording) -> Entry | Reject:
    """Turn times of day into seconds from the first sample."""
    if not entry.absolute:
        return entry
    began = recording.start_time
    if began is None or not recording.clock.origin.startswith("1970-01-01"):
        reason = "start and end are times of day, and the file does not say when it began: give seconds of the file"
        return refused(entry, "clock", reason)
    start = 0.0 if entry.start == 0.0 else entry.start - began
    end = None if entry.end is None else entry.end - began
    if start < -0.5 / recording.sampling_rate or (end is not None and end <= 0.0):
        whole = f"{began:.3f} to {began + recording.duration:.3f}"
        return refused(entry, "clock", f"the window begins {-start:.2f} s before the file ({whole} s after 1970)")
    return replace(entry, start=max(0.0, start), end=end, absolute=False)

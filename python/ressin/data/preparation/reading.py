"""The recordings of one file, read, cut to their windows and checked."""

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
from ressin.data.preparation.cut import Cut, cut
from ressin.data.preparation.task import Task
from ressin.data.preparation.traces import Trace, trace_of
from ressin.data.sources.catalog import Entry, Reject
from ressin.data.sources.tables import NumberTable, read_many, read_numbers
from ressin.errors import RecordingError, describe

TOGETHER = 32  # files parsed in one go


def read_files(task: Task) -> tuple[list[Cut], list[Reject]]:
    """Read the files of a task and cut the windows of its recordings; what cannot be used is listed, each by name."""
    files = [(path, list(group)) for path, group in groupby(task.entries, key=lambda entry: entry.path)]
    windows: list[Cut] = []
    rejects: list[Reject] = []
    for start in range(0, len(files), TOGETHER):
        batch = files[start : start + TOGETHER]
        contents = [_content(task, path) for path, _ in batch] if task.kind != "manifest" else [b""] * len(batch)
        parsed = _parse([content if isinstance(content, bytes) else b"" for content in contents])
        for (path, entries), content, table in zip(batch, contents, parsed, strict=True):
            found, listed = _read_file(task, path, entries, content, table)
            windows += found
            rejects += listed
    return windows, rejects


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
) -> tuple[list[Cut], list[Reject]]:
    """Cut the windows of one file, or list its recordings with the reason."""
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


def _read_pmemo(table: NumberTable, entries: list[Entry], task: Task) -> tuple[list[Cut], list[Reject]]:
    path = entries[0].path
    trace = trace_of(table, path)
    if task.kind == "pmemo-2018" and len(trace.names) != 1:
        raise RecordingError(f"{path}: {len(trace.names) + 1} columns, needs 2: time(s), EDA(microsiemens)")
    rejects = [Reject(path, kind, text, "kept", entries[0].recording_id) for kind, text in trace.notes]
    windows = []
    for entry in entries:
        signal = _column(trace, entry)
        if isinstance(signal, Reject):
            rejects.append(signal)
            continue
        refusal = _compare_lengths(entry, len(signal) / trace.sampling_rate, task)
        if refusal is not None:
            rejects.append(refusal)
            if refusal.action == "rejected":
                continue
        window, notes = cut(entry, signal, trace.sampling_rate, task.settings.window)
        rejects += notes
        windows += [window] if window is not None else []
    return windows, rejects


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


def _read_own(file: Path, entries: list[Entry], task: Task) -> tuple[list[Cut], list[Reject]]:
    """Read a recording of a manifest with every format that `ressin.io` knows; each signal of a file once."""
    from ressin.io.read import read_recording

    path = entries[0].path
    check_unfolded(file, MAX_RECORDING_BYTES)
    _unchanged(task, path, digest_file(file))
    windows, rejects = [], []
    for (column, rate), group in groupby(entries, key=lambda entry: (entry.column, entry.sampling_rate)):
        rows = list(group)
        try:
            recording = read_recording(file, sampling_rate=rate, column=column)
        except Exception as error:  # noqa: BLE001
            reason = describe(error).replace(str(file), path)
            rejects += [Reject(path, "malformed", reason, "rejected", entry.recording_id) for entry in rows]
            continue
        for entry in rows:
            window, notes = cut(entry, recording.signal, recording.sampling_rate, task.settings.window)
            rejects += notes
            windows += [window] if window is not None else []
    return windows, rejects

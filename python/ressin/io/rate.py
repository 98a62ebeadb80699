"""The rate of a recording: the file's own, or the one that was given where the file has none or it is forced."""

from __future__ import annotations

from dataclasses import replace

from ressin.errors import RecordingError
from ressin.io.clock import FileClock, read_clock
from ressin.io.columns import time_columns
from ressin.io.table import Table
from ressin.reading import Reading


def take_clock(table: Table, signal: int, wanted: Reading) -> FileClock:
    """Take the file's rate, or the one that was given where the file has none or it is forced."""
    times = [index for index in time_columns(table) if index != signal]
    given = wanted.sampling_rate
    own = _own_clock(table, times, given)
    if given is None:
        if isinstance(own, RecordingError):
            raise own
        if own is None:
            raise RecordingError(
                f"{table.path}: the rate is not in the file (no column of times among {table.listing()}); "
                "give it in Hz with sampling_rate= or --rate"
            )
        return own
    if own is None:
        return FileClock(given, None, "", "given")
    if isinstance(own, RecordingError):
        return FileClock(
            given, None, f"the rate of {given:g} Hz was given, and the times in the file were not used ({own})", "given"
        )
    if abs(own.sampling_rate - given) <= 0.01 * given:
        return replace(own, sampling_rate=given, source="given", note="" if own.is_plain else own.note)
    if not wanted.force_rate:
        raise RecordingError(
            f"{table.path}: the rate of {given:g} Hz was given, but the file says {own.sampling_rate:.6g} Hz "
            f"({own.source}); leave the rate out, or force it with force_rate=True or --force-rate"
        )
    note = f"the rate of {given:g} Hz was given, but the file says {own.sampling_rate:.6g} Hz"
    return replace(own, sampling_rate=given, source="given", note=note)


def _own_clock(table: Table, times: list[int], given: float | None) -> FileClock | RecordingError | None:
    """Return the file's clock, why its times are none, or None where it has neither rate nor times."""
    stated = table.sampling_rate
    if not times:
        return (
            None if stated is None else FileClock(stated, table.start_time, f"{stated:g} Hz from the file", "the file")
        )
    try:
        found = read_clock(table, times, given if stated is None else stated)
    except RecordingError as error:
        if stated is None:
            return error
        note = f"{stated:g} Hz from the file; its times were not used ({error})"
        return FileClock(stated, table.start_time, note, "the file")
    if stated is None:
        return found
    if abs(found.sampling_rate - stated) > 0.01 * stated:
        return RecordingError(
            f"{table.path}: the file states {stated:g} Hz, but its times say {found.sampling_rate:.6g} Hz "
            f"({found.source}); say which is right with --rate"
        )
    start = table.start_time if table.start_time is not None else found.start_time
    return replace(
        found, sampling_rate=stated, start_time=start, note=f"{stated:g} Hz from the file", source="the file"
    )

"""A recording with long gaps, as pieces that are decomposed each for itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ressin.cli.decompose.outputs import Target
from ressin.io.gaps import LONG_GAP, stretches
from ressin.io.source import content_stem
from ressin.recording import Clock, Recording


def pieces(target: Target, recording: Recording) -> list[tuple[Target, Recording]]:
    """Split a recording where samples are missing for longer than `LONG_GAP`.

    Parameters
    ----------
    target
        Where the results go; those of piece k go to names that end with ``_part<k>``.
    recording
        What was read.

    Returns
    -------
    list of (Target, Recording)
        One pair where no gap is long; else one for each piece of at least `MIN_SAMPLES` samples, with its own start.
    """
    runs = stretches(recording.signal, recording.sampling_rate)
    if len(runs) == 1:
        return [(target, recording)]
    return [
        (_numbered(target, k), _piece(recording, first, end, k, len(runs))) for k, (first, end) in enumerate(runs, 1)
    ]


def _piece(recording: Recording, first: int, end: int, k: int, n: int) -> Recording:
    after = first / recording.sampling_rate
    clock = recording.clock
    start, begins = (None if t is None else t + after for t in (recording.start_time, clock.begins))
    gaps = tuple(replace(gap, first=gap.first - first) for gap in clock.gaps if first <= gap.first < end)
    note = f"part {k} of {n} between gaps of more than {LONG_GAP:g} s, {after:.6g} s after the first sample"
    inside = [m for m in recording.markers if 0 <= m.time - after < (end - first) / recording.sampling_rate]
    return replace(
        recording,
        signal=recording.signal[first:end],
        temperature=None if recording.temperature is None else recording.temperature[first:end],
        start_time=start,
        clock=Clock(clock.source, start, clock.origin, gaps, clock.jitter, begins),
        markers=tuple(replace(marker, time=marker.time - after) for marker in inside),
        notes=(*recording.notes, note),
    )


def _numbered(target: Target, k: int) -> Target:
    def with_part(path: Path) -> Path:
        stem = content_stem(path)
        for ending in ("_decomposed", "_evidence", "_scrs", "_desc-ressin_physio"):
            if stem.endswith(ending):
                return path.with_name(f"{stem.removesuffix(ending)}_part{k}{ending}{path.name[len(stem) :]}")
        return path.with_name(f"{stem}_part{k}{path.name[len(stem) :]}")

    return replace(
        target, name=f"{target.name}_part{k}", table=with_part(target.table), evidence=with_part(target.evidence),
        picture=with_part(target.picture), scrs=with_part(target.scrs),
    )  # fmt: skip

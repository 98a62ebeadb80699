"""The part of a recording that is decomposed: its window, the dropped beginning, and the reasons to refuse it."""

import math
from dataclasses import dataclass

import numpy as np

from ressin.data.sources.catalog import Entry, Reject
from ressin.errors import InvalidInputError


@dataclass(frozen=True)
class Cut:
    """One recording ready for decomposition: float64 samples, NaN where missing, and its rate in Hz."""

    entry: Entry
    signal: np.ndarray
    sampling_rate: float
    lead: int  # samples at the beginning that are dropped after the decomposition; 0 when they were dropped before


@dataclass(frozen=True)
class WindowRule:
    """What of a recording is used.

    Attributes
    ----------
    drop_seconds
        Seconds dropped at the beginning of each window, >= 0 (the paper: 15).
    drop
        ``"before"``: dropped before the decomposition (the paper's order); ``"after"``: decomposed whole first.
    min_duration
        Shortest window in seconds, before dropping (PMEmo's labels begin at 15.5 s).
    min_seconds_left
        Shortest remainder after dropping; the image needs two rows of one second.
    max_missing
        Largest share of missing samples, 0..1, in what is left; they are solved through.
    """

    drop_seconds: float = 15.0
    drop: str = "before"
    min_duration: float = 15.5
    min_seconds_left: float = 2.0
    max_missing: float = 0.2

    def __post_init__(self) -> None:
        if self.drop not in ("before", "after"):
            raise InvalidInputError(f"drop={self.drop!r} is not known: 'before' or 'after' the decomposition")
        for name in ("drop_seconds", "min_duration", "min_seconds_left"):
            if not (math.isfinite(getattr(self, name)) and getattr(self, name) >= 0.0):
                raise InvalidInputError(f"{name}={getattr(self, name):g}: a number of seconds >= 0 is needed")
        if not 0.0 <= self.max_missing < 1.0:
            raise InvalidInputError(f"max_missing={self.max_missing:g} is outside 0..1 (1 excluded)")


def cut(entry: Entry, signal: np.ndarray, rate: float, rule: WindowRule) -> tuple[Cut | None, list[Reject]]:
    """Cut one recording's window out of its file's signal and check it.

    Parameters
    ----------
    entry
        The recording.
    signal
        The whole signal of the file, float64, NaN where missing.
    rate
        Hz.
    rule
        What is used and what is refused.

    Returns
    -------
    window, rejects
        `window` is None when the recording is refused; then the last reject says why.
    """

    def refuse(kind: str, reason: str) -> tuple[None, list[Reject]]:
        return None, [Reject(entry.path, kind, reason, "rejected", entry.recording_id)]

    first = round(entry.start * rate)
    last = len(signal) if entry.end is None else round(entry.end * rate)
    if last > len(signal) + rate / 2:
        return refuse("short", f"the window ends at {entry.end:g} s, the file at {len(signal) / rate:.2f} s")
    part = signal[first : min(last, len(signal))]
    seconds = len(part) / rate
    if seconds < rule.min_duration - 0.5 / rate:
        return refuse("short", f"{seconds:.2f} s long, at least {rule.min_duration:g} s are needed")
    lead = round(rule.drop_seconds * rate)
    left = part[lead:]
    if len(left) / rate < rule.min_seconds_left - 0.5 / rate:
        return refuse(
            "short",
            f"{seconds:.2f} s long: {len(left) / rate:.2f} s are left after the first {rule.drop_seconds:g} s, "
            f"at least {rule.min_seconds_left:g} s are needed",
        )
    return _judge_samples(Cut(entry, left, rate, 0) if rule.drop == "before" else Cut(entry, part, rate, lead), rule)


def _judge_samples(window: Cut, rule: WindowRule) -> tuple[Cut | None, list[Reject]]:
    """Refuse what is mostly missing; list gaps and constant signals, which are kept."""
    entry = window.entry
    missing = np.isnan(window.signal)
    share = float(missing.mean())
    if share > rule.max_missing:
        reason = f"{share:.1%} of the samples are missing, at most {rule.max_missing:.1%} may be"
        return None, [Reject(entry.path, "gaps", reason, "rejected", entry.recording_id)]
    notes = []
    if share > 0:
        reason = f"{int(missing.sum())} missing sample(s) ({share:.1%}) were solved through"
        notes.append(Reject(entry.path, "gaps", reason, "kept", entry.recording_id))
    present = window.signal[~missing]
    if present.min() == present.max():
        reason = f"the signal is constant ({present[0]:g}): no response can be seen in it"
        notes.append(Reject(entry.path, "constant", reason, "kept", entry.recording_id))
    return window, notes

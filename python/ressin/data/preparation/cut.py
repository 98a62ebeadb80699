"""What of a file is used: the window of a sample, the dropped beginning, and the reasons to refuse either."""

import math
from dataclasses import dataclass

import numpy as np

from ressin.data.sources.catalog import Entry, Reject
from ressin.errors import InvalidInputError


@dataclass(frozen=True)
class Cut:
    """One window ready for decomposition.

    Attributes
    ----------
    entry
        The recording that it is.
    signal
        Its samples, float64, NaN where missing.
    sampling_rate
        Hz.
    lead
        Samples at the beginning that are dropped after the decomposition; 0 when they were dropped before.
    first
        Place of ``signal[0]`` among the samples of the file.
    file
        The signal that it is cut from: the path, and ``#column`` where the entry names one.
    """

    entry: Entry
    signal: np.ndarray
    sampling_rate: float
    lead: int = 0
    first: int = 0
    file: str = ""

    @property
    def start(self) -> float:
        """Time of its first sample that is kept, in seconds from the first sample of the file."""
        return (self.first + self.lead) / self.sampling_rate

    @property
    def end(self) -> float:
        """Time of its end, one interval after its last sample, in seconds from the first sample of the file."""
        return (self.first + len(self.signal)) / self.sampling_rate


@dataclass(frozen=True)
class WindowRule:
    """What of a recording is used.

    Attributes
    ----------
    drop_seconds
        Seconds dropped at the beginning of each file, >= 0 (the paper: 15). A window that `Entry.start` and `Entry.end`
        cut from a file is never shortened: one that begins within these seconds is refused.
    drop
        ``"before"``: dropped before the decomposition (the paper's order); ``"after"``: decomposed whole first.
    min_duration
        Shortest window in seconds, before dropping (PMEmo's labels begin at 15.5 s).
    min_seconds_left
        Shortest remainder after dropping; the image needs two rows of one second.
    max_missing
        Largest share of missing samples, 0..1, in the window; they are solved through.
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


def refused(entry: Entry, kind: str, reason: str) -> Reject:
    """Say that a recording is not in the result, and why."""
    return Reject(entry.path, kind, reason, "rejected", entry.recording_id)


def place_of(entry: Entry, n_samples: int, rate: float, rule: WindowRule) -> tuple[int, int] | Reject:
    """Find the samples of a file that a recording consists of, with the beginning that is dropped from a whole file.

    Parameters
    ----------
    entry
        The recording.
    n_samples, rate
        Samples of the file, and Hz.
    rule
        What is used and what is refused.

    Returns
    -------
    (int, int) or Reject
        First sample and end; or the reason to refuse the recording.
    """
    first = round(entry.start * rate)
    last = n_samples if entry.end is None else round(entry.end * rate)
    if last > n_samples + rate / 2:
        return refused(entry, "short", f"the window ends at {entry.end:g} s, the file at {n_samples / rate:.2f} s")
    last = min(last, n_samples)
    if entry.is_window and first < round(rule.drop_seconds * rate):
        return refused(
            entry, "dropped",
            f"the window begins at {entry.start:g} s, within the first {rule.drop_seconds:g} s of the file, which are "
            "dropped: let it begin later, or drop less",
        )  # fmt: skip
    seconds = (last - first) / rate
    if seconds < rule.min_duration - 0.5 / rate:
        return refused(entry, "short", f"{max(seconds, 0.0):.2f} s long, at least {rule.min_duration:g} s are needed")
    left = (last - max(first, round(rule.drop_seconds * rate))) / rate
    if left < rule.min_seconds_left - 0.5 / rate:
        after = "" if entry.is_window else f": {max(left, 0.0):.2f} s are left after the first {rule.drop_seconds:g} s"
        return refused(entry, "short", f"{seconds:.2f} s long{after}, at least {rule.min_seconds_left:g} s are needed")
    return first, last


def cut(
    entry: Entry, signal: np.ndarray, rate: float, rule: WindowRule, file: str = ""
) -> tuple[Cut | None, list[Reject]]:
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
    file
        See `Cut`.

    Returns
    -------
    window, rejects
        `window` is None when the recording is refused; then the last reject says why.
    """
    place = place_of(entry, len(signal), rate, rule)
    if isinstance(place, Reject):
        return None, [place]
    first, last = place
    lead = 0 if entry.is_window else max(0, round(rule.drop_seconds * rate) - first)
    before = lead if rule.drop == "before" else 0
    window = Cut(entry, signal[first + before : last], rate, lead - before, first + before, file)
    problem, notes = judge_samples(entry, window.signal[window.lead :], rule)
    return (window if problem is None else None), [*notes, *([problem] if problem else [])]


def judge_samples(entry: Entry, samples: np.ndarray, rule: WindowRule) -> tuple[Reject | None, list[Reject]]:
    """Refuse what is mostly missing; list gaps and constant signals, which are kept."""
    missing = np.isnan(samples)
    share = float(missing.mean())
    if share > rule.max_missing:
        reason = f"{share:.1%} of the samples are missing, at most {rule.max_missing:.1%} may be"
        return refused(entry, "gaps", reason), []
    notes = []
    if share > 0:
        reason = f"{int(missing.sum())} missing sample(s) ({share:.1%}) were solved through"
        notes.append(Reject(entry.path, "gaps", reason, "kept", entry.recording_id))
    present = samples[~missing]
    if present.min() == present.max():
        reason = f"the signal is constant ({present[0]:g}): no response can be seen in it"
        notes.append(Reject(entry.path, "constant", reason, "kept", entry.recording_id))
    return None, notes

"""One recording prepared as those of a prepared folder were, for a model that was trained on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ressin.data.preparation.cut import WindowRule
from ressin.data.preparation.people import shares
from ressin.data.preparation.reading import Signal
from ressin.data.preparation.settings import Preparation, PrepareSettings
from ressin.data.preparation.solving import Solved, solve
from ressin.data.sources.catalog import Entry
from ressin.errors import ConvergenceError, InvalidInputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ressin.recording import Recording


@dataclass(frozen=True)
class Single:
    """A recording that is ready for a model.

    Attributes
    ----------
    channels
        (3, n) float32: origin, phasic and tonic part, scaled as the training samples were.
    sampling_rate
        Hz.
    notes
        Remarks on missing samples and on the quality of the decomposition.
    """

    channels: NDArray[np.float32]
    sampling_rate: float
    notes: tuple[str, ...]


def prepare_recording(
    recording: Recording, known: Preparation, rule: WindowRule, *, start: float = 0.0, end: float | None = None
) -> Single:
    """Cut, decompose and scale one recording.

    Parameters
    ----------
    recording
        From `ressin.io.read_recording`.
    known
        How the training samples were prepared. Where they were whole files, the window from `start` to `end` is taken
        for one; where they were windows of files, it is cut from the recording as they were from theirs.
    rule
        What is dropped and what is refused.
    start, end
        Window in seconds; None goes to the end of the recording.

    Raises
    ------
    InvalidInputError
        If the recording is too short or has too many gaps.
    ConvergenceError
        If the decomposition fails.
    """
    name, values = recording.name or "the recording", np.asarray(recording.signal, np.float64)
    if not known.windows:
        rate = recording.sampling_rate
        last = len(values) if end is None else round(end * rate)
        if last > len(values) + rate / 2:
            raise InvalidInputError(f"{name}: the window ends at {end:g} s, the file at {len(values) / rate:.2f} s")
        values, start, end = values[round(start * rate) : last], 0.0, None
    entry = Entry(name, name, name, name, "", name, start=start, end=end)
    settings = PrepareSettings(
        window=rule, decomposition=known.decomposition, decompose=known.decompose, scale=known.scale
    )
    solved = solve([Signal(name, (entry,), values, recording.sampling_rate)], settings)[0]
    if not solved.samples:
        last_reject = solved.rejects[-1]
        kind = ConvergenceError if last_reject.kind == "solver" else InvalidInputError
        raise kind(f"{name}: {last_reject.reason}")
    sample = solved.samples[0]
    notes = tuple(reject.reason for reject in solved.rejects) + sample.decomposed.messages
    if known.decompose == "window" and known.windows and known.scale != "window":
        notes += ("scaled by this window alone; the training samples were scaled by all windows of their files",)
    return Single(scaled(sample.channels, solved, known.scale), recording.sampling_rate, notes)


def scaled(channels: NDArray[np.float32], solved: Solved, scale: str) -> NDArray[np.float32]:
    """Scale channels of a signal by what is known of that signal; for ``"person"`` it is all that is known of one."""
    if scale == "recording":
        return solved.levels.scores(channels)
    if scale == "person":
        return np.stack([shares(np.sort(whole), part) for whole, part in zip(solved.whole, channels, strict=True)])
    return channels

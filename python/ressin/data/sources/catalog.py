"""What was found in a folder or a manifest, before anything is decomposed."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

DIMENSIONS = ("arousal", "valence")


@dataclass(frozen=True)
class Entry:
    """One recording to be prepared: its file and its identity.

    Attributes
    ----------
    recording_id
        Unique in its catalog, such as ``"12_100081_A"``.
    pair
        One listening occasion of one person; the two recordings of a PMEmo-2018 pair share it.
    subject, stimulus
        Identity, carried with every sample to the end.
    dimension
        ``"arousal"`` or ``"valence"`` when the recording was made while that was being rated, else ``""``.
    path
        File, relative to the catalog's root, with forward slashes.
    column
        Column of the signal; None when the file's layout says it.
    sampling_rate
        Hz; None when the file says it.
    where, unit
        As of `ressin.io.read_recording`: ``"column=value"``, the rows of a table that holds several recordings, and the
        unit of the samples where the file does not state it; None where nothing was given.
    start, end
        Window in seconds from the beginning of the file, or, where it is `absolute`, from 1970-01-01 UTC; `end` None
        means to the file's end, an absolute `start` of 0 from its beginning.
    absolute
        See `start`; the file has to say when it began.
    window, step
        Where given, the recording is divided: windows of so many seconds, each `step` seconds after the one before,
        as many as there are between `start` and `end`.
    """

    recording_id: str
    pair: str
    subject: str
    stimulus: str
    dimension: str
    path: str
    column: str | None = None
    sampling_rate: float | None = None
    start: float = 0.0
    end: float | None = None
    absolute: bool = False
    window: float | None = None
    step: float | None = None
    where: str | None = None
    unit: str | None = None

    @property
    def is_window(self) -> bool:
        """Whether it is a part of its file that was asked for, not the file as a whole."""
        return self.start > 0.0 or self.end is not None or self.window is not None


@dataclass(frozen=True)
class Reject:
    """A file (or a part of one) that is missing, unusable or unusual, by name, with the reason.

    Attributes
    ----------
    file
        Relative to the root of the data.
    kind
        One word for counting: missing, malformed, truncated, short, dropped, clock, disagreement, encoding, rate,
        gaps, constant, duplicate, range, labels, music, solver, size.
    reason
        In plain words, with the numbers.
    action
        ``"rejected"``: not in the result. ``"kept"``: in the result, with this remark.
    recording_id
        The recording that it concerns, else ``""``.
    """

    file: str
    kind: str
    reason: str
    action: str = "rejected"
    recording_id: str = ""


@dataclass(frozen=True)
class Catalog:
    """All that a preparation reads, in a fixed order.

    Attributes
    ----------
    kind
        ``"pmemo-2018"``, ``"pmemo-2019"`` or ``"manifest"``.
    root
        The folder that every path is relative to and has to stay in.
    entries
        The recordings.
    ratings
        One row per pair: pair, subject, stimulus, arousal, valence (numbers or missing), and one column
        ``<name>_label`` (0, 1, ... or missing) for every label that the data bring ready-made.
    stimuli
        One row per stimulus: stimulus, title, artist, duration (seconds or missing), audio (path or ""),
        feature_row (its key in `features` or "").
    features
        Path of a table of music features, relative to the root, or None.
    rejects
        What was listed so far.
    label_names
        Names that come with ready-made labels.
    classes
        Names of the classes of each ready-made label, in the order of their numbers 0, 1, ...; a label that is not
        listed is 0 or 1.
    rating_names
        Names of the ratings beside arousal and valence; their columns in `ratings` are ``<name>_rating``.
    rating_source
        ``"subject"``: each subject rated; ``"song mean"``: only the mean over subjects is known.
    counts
        How many songs, labelled songs, subjects and pairs were found.
    simulation
        For simulated data the simulator's report, with seed, settings and ceiling; None for real data.
    """

    kind: str
    root: Path
    entries: tuple[Entry, ...]
    ratings: "pd.DataFrame"
    stimuli: "pd.DataFrame"
    features: str | None = None
    rejects: tuple[Reject, ...] = ()
    label_names: tuple[str, ...] = ()
    classes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    rating_names: tuple[str, ...] = ()
    rating_source: str = "subject"
    counts: dict[str, int] = field(default_factory=dict)
    simulation: dict[str, Any] | None = None

    @property
    def has_windows(self) -> bool:
        """Whether some of its recordings are windows of their files (only a manifest has them)."""
        return any(entry.is_window for entry in self.entries)


def natural(key: str) -> tuple[int, int, str]:
    """Sort identifiers: numbers by value, then words by letter."""
    return (0, int(key), key) if key.isdecimal() and key.isascii() else (1, 0, key)

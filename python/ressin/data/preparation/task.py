"""One piece of work, as it is sent to the workers of a cluster."""

from dataclasses import dataclass
from pathlib import PurePath

from ressin.data.preparation.settings import PrepareSettings
from ressin.data.sources.catalog import Entry


@dataclass(frozen=True)
class Task:
    """One partition.

    Attributes
    ----------
    key
        Digest of content, settings and version; the part's name.
    kind, root
        Of the catalog.
    entries
        The recordings, in order; those of one file are neighbours.
    digests
        Digest of every file's content when stock was taken.
    durations
        Seconds of each stimulus' clip where known.
    settings
        See `PrepareSettings`.
    part
        Where the result goes.
    n_threads
        Threads of the decomposition; 0 takes every core.
    """

    key: str
    kind: str
    root: str
    entries: tuple[Entry, ...]
    digests: dict[str, str]
    durations: dict[str, float]
    settings: PrepareSettings
    part: str
    n_threads: int = 0

    @property
    def rejects(self) -> str:
        """Where the rejects of the part go."""
        return str(PurePath(self.part).with_suffix(".json"))

    @property
    def people(self) -> str:
        """Where all samples of its signals go, by person."""
        return str(PurePath(self.part).with_suffix(".people"))

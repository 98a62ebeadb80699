"""All settings of a preparation."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from ressin._files.rebuild import rebuild
from ressin.data.preparation.cut import WindowRule
from ressin.data.preparation.labels import LabelRule
from ressin.errors import InvalidInputError
from ressin.settings import Settings

MUSIC_CHOICES = ("auto", "extract", "read", "none")


@dataclass(frozen=True)
class DecompositionChoice:
    """The arguments of `ressin.decompose_batch`, with its defaults; times in seconds.

    ``programme="cvxeda"`` is what the paper used on PMEmo. ``"robust"`` finds its settings in each recording: of the
    others it takes tau0, tau1, delta_knot, tol and max_iterations.

    Raises
    ------
    InvalidInputError
        A setting that is out of range, or that the programme does not have.
    """

    programme: str = "cvxeda"
    tau0: float = 2.0
    tau1: float = 0.7
    delta_knot: float = 10.0
    alpha: float = 8e-4
    gamma: float = 1e-2
    revision: str = "2025"
    baseline: str = "linear"
    standardize: bool = True
    solver: str = "auto"
    tol: float = 1e-8
    max_iterations: int = 200

    def __post_init__(self) -> None:
        Settings(**dataclasses.asdict(self))


@dataclass(frozen=True)
class Preparation:
    """What was done to a recording before a model saw it, so that another one can be prepared in the same way.

    Attributes
    ----------
    window
        What part of it was used.
    decomposition
        How it was decomposed.
    """

    window: WindowRule = field(default_factory=WindowRule)
    decomposition: DecompositionChoice = field(default_factory=DecompositionChoice)

    def as_dict(self) -> dict[str, Any]:
        """Return nested dictionaries of plain values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: Any) -> "Preparation":
        """Rebuild what `as_dict` gave, checking every name and type.

        Raises
        ------
        InvalidInputError
            For an unknown or missing name, a value of another type, or one that is refused.
        """
        if not isinstance(values, dict) or set(values) != {"window", "decomposition"}:
            raise InvalidInputError("a preparation must hold the parts window and decomposition")
        decomposition = values["decomposition"]
        if isinstance(decomposition, dict):  # until the robust programme came, there was no choice
            decomposition = {"programme": "cvxeda", **decomposition}
        return cls(
            window=rebuild(WindowRule, values["window"], "window"),
            decomposition=rebuild(DecompositionChoice, decomposition, "decomposition"),
        )


@dataclass(frozen=True)
class PrepareSettings:
    """How a catalog becomes a prepared folder.

    Attributes
    ----------
    window
        What part of a recording is used.
    decomposition
        How it is decomposed.
    labels
        How ratings become labels.
    music
        ``"auto"``: the table of features that came with the data where there is one, else the clips are heard by
        openSMILE. ``"extract"``: always openSMILE. ``"read"``: always the table. ``"none"``: no music.
    min_cover
        A recording that covers less than this share of its clip counts as cut off and is refused; 0 keeps all.
    length_tolerance
        Seconds by which a recording and its clip may differ without being listed.
    partition
        Most recordings in one piece of work, and in one row group of ``recordings.parquet``.
    """

    window: WindowRule = field(default_factory=WindowRule)
    decomposition: DecompositionChoice = field(default_factory=DecompositionChoice)
    labels: LabelRule = field(default_factory=LabelRule)
    music: str = "auto"
    min_cover: float = 0.9
    length_tolerance: float = 2.0
    partition: int = 512

    def __post_init__(self) -> None:
        if self.music not in MUSIC_CHOICES:
            raise InvalidInputError(f"music={self.music!r} is not known: one of {', '.join(MUSIC_CHOICES)}")
        if not 0.0 <= self.min_cover <= 1.0:
            raise InvalidInputError(f"min_cover={self.min_cover:g} is outside 0..1")
        if not self.length_tolerance >= 0.0:
            raise InvalidInputError(f"length_tolerance={self.length_tolerance:g} s is negative")
        if self.partition < 1:
            raise InvalidInputError(f"partition={self.partition}: at least one recording is needed in a piece of work")

    @property
    def programme(self) -> str:
        """By which programme the recordings are decomposed: "cvxeda", the paper's, or "robust"."""
        return self.decomposition.programme

    def as_dict(self) -> dict[str, Any]:
        """Return the settings as nested dictionaries of plain values, for ``meta.json`` and for keys."""
        return dataclasses.asdict(self)

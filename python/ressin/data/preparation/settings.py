"""All settings of a preparation."""

import dataclasses
import math
from dataclasses import dataclass, field
from typing import Any

from ressin._files.rebuild import rebuild
from ressin.data.preparation.cut import WindowRule
from ressin.data.preparation.labels import LabelRule
from ressin.errors import InvalidInputError
from ressin.settings import Settings

MUSIC_CHOICES = ("auto", "extract", "read", "none")
DECOMPOSE_CHOICES = ("auto", "recording", "window")
SCALE_CHOICES = ("auto", "recording", "person", "window")
SCALED = {
    "recording": "by mean and deviation of the recording",
    "person": "by the person's empirical distribution function",
    "window": "by minimum and maximum of each picture",
}
# What is drawn as 0 and 1: shares as they are, three deviations about the mean, or each picture's own range.
SPANS = {"recording": (-3.0, 3.0), "person": (0.0, 1.0), "window": None}
OF_WINDOWS = WindowRule(drop_seconds=0.0, min_duration=2.0)  # windows were chosen on purpose: only what cannot be drawn


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
    decompose
        ``"recording"``: the file as a whole, and windows cut from its parts. ``"window"``: each window by itself.
    scale
        By what the channels that a model sees were scaled; see `PrepareSettings`.
    windows
        Whether recordings were windows of files, not whole files.
    row_seconds
        Seconds in a row of a picture.
    """

    window: WindowRule = field(default_factory=WindowRule)
    decomposition: DecompositionChoice = field(default_factory=DecompositionChoice)
    decompose: str = "window"
    scale: str = "window"
    windows: bool = False
    row_seconds: float = 1.0

    def __post_init__(self) -> None:
        _check_choice("decompose", self.decompose, DECOMPOSE_CHOICES[1:])
        _check_choice("scale", self.scale, SCALE_CHOICES[1:])
        if type(self.windows) is not bool:
            raise InvalidInputError(f"windows={self.windows!r}: true or false is needed")
        if type(self.row_seconds) not in (float, int) or not 0.0 < self.row_seconds < math.inf:
            raise InvalidInputError(f"row_seconds={self.row_seconds!r}: a number of seconds > 0 is needed")

    @property
    def span(self) -> tuple[float, float] | None:
        """What a picture draws as 0 and 1, in every channel; None: each picture's own minimum and maximum."""
        return SPANS[self.scale]

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
        parts = {"window", "decomposition"}  # the others came later
        choices = {"decompose": "window", "scale": "window", "windows": False, "row_seconds": 1.0}
        if not isinstance(values, dict) or not parts <= set(values) <= parts | set(choices):
            raise InvalidInputError("a preparation must hold the parts window and decomposition")
        decomposition = values["decomposition"]
        if isinstance(decomposition, dict):  # until the robust programme came, there was no choice
            decomposition = {"programme": "cvxeda", **decomposition}
        return cls(
            window=rebuild(WindowRule, values["window"], "window"),
            decomposition=rebuild(DecompositionChoice, decomposition, "decomposition"),
            **{name: values.get(name, before) for name, before in choices.items()},
        )


def _check_choice(name: str, value: Any, known: tuple[str, ...]) -> None:
    if value not in known:
        raise InvalidInputError(f"{name}={value!r} is not known: one of {', '.join(known)}")


@dataclass(frozen=True)
class PrepareSettings:
    """How a catalog becomes a prepared folder.

    Attributes
    ----------
    window
        What part of a recording is used. None: `WindowRule()`, the paper's, where each recording is a file; where some
        are windows of a file (a manifest with start and end), nothing is dropped, and 2 s are enough.
    decomposition
        How it is decomposed.
    decompose
        ``"recording"``: each file is decomposed once, as a whole, piece by piece where samples are missing for more
        than 60 s, and the windows are cut from the result. ``"window"``: each window is decomposed by itself, which is
        the paper's way on PMEmo, where a file is a window. ``"auto"``: recording where the catalog has windows of
        files, else window.
    scale
        What the channels that a model sees are scaled by. ``"window"``: a picture by its own minimum and maximum, the
        paper's way. ``"recording"``: by mean and deviation over the file. ``"person"``: each channel's value becomes
        the share of the person's samples, over all of their files, that are not above it (the empirical distribution
        function). Neither uses a label, a rating, or another person. ``"auto"``: recording where the recordings are
        decomposed as a whole, else window. The prepared folder keeps the channels in the unit of the input. A picture
        shows shares as they are, and three deviations below and above the mean as 0 and 1.
    row_seconds
        Seconds in a row of a picture, > 0; 0 chooses: the paper's 1 where each recording is a file; where some are
        windows of a file, the whole number that makes as many rows as columns of the median window.
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

    window: WindowRule | None = None
    decomposition: DecompositionChoice = field(default_factory=DecompositionChoice)
    decompose: str = "auto"
    scale: str = "auto"
    row_seconds: float = 0.0
    labels: LabelRule = field(default_factory=LabelRule)
    music: str = "auto"
    min_cover: float = 0.9
    length_tolerance: float = 2.0
    partition: int = 512

    def __post_init__(self) -> None:
        _check_choice("decompose", self.decompose, DECOMPOSE_CHOICES)
        _check_choice("scale", self.scale, SCALE_CHOICES)
        _check_choice("music", self.music, MUSIC_CHOICES)
        if not 0.0 <= self.row_seconds < math.inf:
            raise InvalidInputError(
                f"row_seconds={self.row_seconds:g}: a number of seconds > 0 is needed, or 0 to choose"
            )
        if not 0.0 <= self.min_cover <= 1.0:
            raise InvalidInputError(f"min_cover={self.min_cover:g} is outside 0..1")
        if not self.length_tolerance >= 0.0:
            raise InvalidInputError(f"length_tolerance={self.length_tolerance:g} s is negative")
        if self.partition < 1:
            raise InvalidInputError(f"partition={self.partition}: at least one recording is needed in a piece of work")

    @property
    def rule(self) -> WindowRule:
        """What part of a recording is used, where that is decided: `window`, or the paper's rule."""
        return self.window or WindowRule()

    def decided(self, *, has_windows: bool) -> "PrepareSettings":
        """Choose what was left open, for a catalog with or without windows of files."""
        decompose = self.decompose if self.decompose != "auto" else "recording" if has_windows else "window"
        return dataclasses.replace(
            self,
            window=self.window or (OF_WINDOWS if has_windows else WindowRule()),
            decompose=decompose,
            scale=self.scale if self.scale != "auto" else decompose,
            row_seconds=self.row_seconds or (0.0 if has_windows else 1.0),  # of windows: when their rates are known
        )

    def in_words(self, *, has_windows: bool) -> str:
        """Say in one line what is decomposed, dropped and scaled."""
        now = self.decided(has_windows=has_windows)
        rule = now.rule
        windows = "each window" if has_windows else "each file"
        if now.decompose == "recording":
            what = "each file decomposed once, as a whole" + (", windows cut from the result" if has_windows else "")
        else:
            what = f"{windows} decomposed by itself"
        dropped = f"the first {rule.drop_seconds:g} s of each file dropped {rule.drop} it"
        dropped = dropped if rule.drop_seconds else "nothing dropped"
        return f"{what}; {dropped}; scaled {SCALED[now.scale]}"

    @property
    def programme(self) -> str:
        """By which programme the recordings are decomposed: "cvxeda", the paper's, or "robust"."""
        return self.decomposition.programme

    def as_dict(self) -> dict[str, Any]:
        """Return the settings as nested dictionaries of plain values, for ``meta.json`` and for keys."""
        return dataclasses.asdict(self)

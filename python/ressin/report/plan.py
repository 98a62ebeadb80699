"""What a report computes: the models, the splits, and the sizes of the plans."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ressin.errors import InvalidInputError
from ressin.image import ImageSettings
from ressin.learn.model.recipes import changed, recipe
from ressin.learn.model.settings import LearnSettings, ModelSettings, TrainSettings

PLANS = ("quick", "standard", "default", "full")
SPLITS = ("random", "subject", "song")
ALL_SPLITS = (*SPLITS, "one-subject")
SELECTIONS = ("origin", "tonic", "phasic", "mix")
BASELINES = ("music-svm", "eda-classical", "eda-cnn")
CONFOUNDS = ("time", "person", "within")  # what a model must beat besides the majority
NAMES = {
    **{f"fusion-{name}": f"fusion, {name}" for name in SELECTIONS},
    **{f"eda-{name}": f"subnet + EDA, {name}" for name in SELECTIONS},
    "music-network": "network + music",
    "music-svm": "SVM + music",
    "eda-classical": "classical EDA features, boosting",
    "eda-cnn": "1-D CNN + EDA",
    "time": "time only",
    "person": "person only",
    "within": "within-person level",
    "regression": "regression of the ratings",
}


@dataclass(frozen=True)
class Cell:
    """One number of the report, or one row: a model on a label under a split.

    Attributes
    ----------
    label
        Such as ``"arousal"``.
    split
        One of `SPLITS`.
    model
        One of `NAMES`.
    programme
        "" for the folder that the report is about, else the programme of the other one, as "robust".
    """

    label: str
    split: str
    model: str
    programme: str = ""

    @property
    def name(self) -> str:
        """Description: ``"arousal, random split: fusion, mix"``."""
        on = f", {self.programme} programme" if self.programme else ""
        return f"{self.label}, {self.split} split: {NAMES[self.model]}{on}"


@dataclass(frozen=True)
class Plan:
    """How much is computed, and how.

    Attributes
    ----------
    name
        One of `PLANS`.
    learn
        Pictures and training of the network; its model part is set cell by cell.
    series
        Training of the 1-D CNN.
    n_folds
        Of the cross-validation; fewer where there are fewer subjects or songs.
    n_resamples
        Of the bootstrap behind the intervals.
    seed
        Of folds and bootstrap; that of the training is in `learn`.
    device
        See `ressin.learn.trained.train.train`.
    """

    name: str = "default"
    learn: LearnSettings = field(default_factory=LearnSettings)
    series: TrainSettings = field(
        default_factory=lambda: TrainSettings(
            iterations=600, optimizer="adamw", weight_decay=1e-2, decay_every=200, precision="fp32", crop_padding=0
        )
    )
    n_folds: int = 10
    n_resamples: int = 2000
    seed: int = 0
    device: str = "auto"

    def __post_init__(self) -> None:
        if self.name not in PLANS:
            raise InvalidInputError(f"plan {self.name!r} is not known: one of {', '.join(PLANS)}")
        if self.n_folds < 2:
            raise InvalidInputError(f"n_folds={self.n_folds}: at least 2 are needed")
        if self.n_resamples < 100:
            raise InvalidInputError(f"n_resamples={self.n_resamples}: at least 100 are needed for an interval of 95 %")

    def as_dict(self) -> dict[str, Any]:
        """Return nested dictionaries of plain values."""
        return dataclasses.asdict(self)

    def settings_of(self, model: str) -> LearnSettings:
        """Give the settings of a network of the grid."""
        kind, _, channels = model.partition("-")
        base = self.learn.model
        if kind == "music":
            chosen = dataclasses.replace(base, use_eda=False, use_music=True, within_person=False, pretrained="")
        else:
            chosen = dataclasses.replace(base, channels=channels, use_eda=True, use_music=kind == "fusion")
        return dataclasses.replace(self.learn, model=chosen)


def _shortened(size: int, iterations: int, batch_size: int) -> LearnSettings:
    """Give the paper's network on smaller pictures, trained by fewer steps, each of which does more."""
    training = TrainSettings(
        iterations=iterations,
        batch_size=batch_size,
        learning_rate=1e-2,
        momentum=0.9,
        weight_decay=3e-2,
        decay_every=3 * iterations // 4,
        crop_padding=size // 16,
    )
    return LearnSettings(ModelSettings(), training, ImageSettings(size))


def _sized(name: str) -> Plan:
    """Give the plan of a name."""
    plan = Plan(name=name)
    if name == "quick":
        series = dataclasses.replace(plan.series, iterations=200, batch_size=32, learning_rate=3e-3, decay_every=150)
        learn = _shortened(32, iterations=120, batch_size=32)
        return dataclasses.replace(plan, learn=learn, series=series, n_folds=3, n_resamples=500)
    if name == "standard":
        return dataclasses.replace(plan, learn=_shortened(64, iterations=240, batch_size=64), n_folds=5)
    return plan


def make_plan(
    name: str = "default",
    *,
    n_folds: int | None = None,
    n_resamples: int | None = None,
    seed: int = 0,
    device: str = "auto",
    size: int | None = None,
    model: dict[str, Any] | None = None,
    training: dict[str, Any] | None = None,
    series: dict[str, Any] | None = None,
) -> Plan:
    """Take a plan and change what is given.

    Parameters
    ----------
    name
        ``"quick"`` (pictures of 32 pixels, 120 iterations of 32 samples with momentum, 3 folds: minutes on a laptop;
        chosen on a simulated set of another seed than the reported one), ``"standard"`` (64 pixels, 240 iterations of
        64, 5 folds: for a night), ``"default"`` (the paper's settings and
        tables, and the fusion model on all splits) or ``"full"`` (every model on every split).
    n_folds, n_resamples, seed, device
        See `Plan`; the seed is also that of the training.
    size
        Pixels of a picture's side.
    model, training, series
        Fields of `ModelSettings`, and of `TrainSettings` for the network and for the 1-D CNN. Another network than
        ``"resnet18"`` brings its own training, `ressin.learn.model.recipes.recipe`, in every plan. With other
        ``iterations`` the decay of the learning rate is scaled.

    Raises
    ------
    InvalidInputError
        If a setting is refused.
    """
    plan = _sized(name)
    network = (model or {}).get("network", "resnet18")
    base = plan.learn if network == "resnet18" else recipe(network)  # small enough for every plan
    learn = changed(base, model or {}, {**(training or {}), "seed": seed}, size=size)
    one_d = changed(LearnSettings(training=plan.series), {}, {**(series or {}), "seed": seed}).training
    return dataclasses.replace(
        plan,
        learn=learn,
        series=one_d,
        n_folds=plan.n_folds if n_folds is None else n_folds,
        n_resamples=plan.n_resamples if n_resamples is None else n_resamples,
        seed=seed,
        device=device,
    )


def cells_of(
    plan: Plan,
    labels: Sequence[str],
    *,
    music: bool,
    rated: Sequence[str],
    timed: Sequence[str] = (),
    splits: Sequence[str] = SPLITS,
) -> list[Cell]:
    """List the cells of a plan, the quick ones of each split first.

    Parameters
    ----------
    plan
        Its name decides.
    labels
        What is predicted.
    music
        Whether there are music features. Without them the paper's Table 2 (1) is made of the subnet alone.
    rated
        The labels that have ratings behind them, for Table 1.
    timed
        The labels whose samples begin at different times of their files, for what time alone tells.
    splits
        Of `ALL_SPLITS`.
    """
    main = "fusion" if music else "eda"
    baselines = [name for name in BASELINES if music or name != "music-svm"]
    cells = []
    for label in labels:
        for split in dict.fromkeys(("random", *splits)):
            models = ["regression"] if label in rated and (split == "random" or plan.name == "full") else []
            if split not in splits:
                cells += [Cell(label, split, model) for model in models]
                continue
            apart = split in ("subject", "one-subject")  # of a person not seen before, the person alone tells nothing
            models += [
                name for name in CONFOUNDS if (label in timed or name != "time") and not (name == "person" and apart)
            ]
            models += baselines
            if plan.name == "full":
                models += ["music-network"] if music else []
                models += [f"{kind}-{name}" for kind in dict.fromkeys(("eda", main)) for name in SELECTIONS]
            elif split == "random":
                models += ["eda-mix", *(f"{main}-{name}" for name in SELECTIONS)]
            else:
                models += (["eda-mix"] if apart else []) + [f"{main}-mix"]
            cells += [Cell(label, split, model) for model in dict.fromkeys(models)]
    return cells


def also_of(cells: Sequence[Cell], programme: str) -> list[Cell]:
    """List the cells of the network on all channels again, on recordings decomposed by another programme."""
    networks = ("eda-mix", "fusion-mix")
    return [replace(cell, programme=programme) for cell in cells if cell.model in networks]

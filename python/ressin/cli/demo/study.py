"""The second half of the demo: a small simulated study, from files on disk to ``report.html``."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from ressin.errors import MissingExtraError

if TYPE_CHECKING:
    from ressin.cli.terminal import Demo
    from ressin.report.plan import Plan

SIZES = {"n_subjects": 24, "n_songs": 20, "n_pairs": 480}
FOLDS, ITERATIONS = 2, 60
LABELS = ("arousal",)  # one is enough to see it work, and takes half the time of two
SPLITS = ("subject", "song")  # new people and new songs; the paper's random split is the longest
MODULES = {  # what each extra must bring
    "data": ("pyarrow", "pandera", "sklearn", "tqdm"),
    "music": ("opensmile", "soundfile"),
    "plot": ("matplotlib",),
    "train": ("torch", "torchvision", "safetensors"),
}


def missing_module(extra: str) -> str | None:
    """Name the first module of an extra that is not installed; None where all are there."""
    return next((name for name in MODULES[extra] if importlib.util.find_spec(name) is None), None)


def study_step(demo: Demo) -> bool:
    """Simulate listeners and songs, prepare them, train, evaluate, report: as far as the installed extras reach.

    Returns
    -------
    bool
        Whether everything that could be run was computed. A step whose extra is missing is printed, with the way
        to install it, and is no failure.
    """
    if _lacks(demo, "data", "the study of listeners and songs"):
        return True
    music = not _lacks(demo, "music", "hearing the songs: without it the study goes on without music, which")
    folder = demo.folder / f"study-{demo.seed}{'' if music else '-without-music'}"
    _simulate(demo, folder / "pmemo", music)
    _prepare(demo, folder / "pmemo", folder / "prepared")
    if _lacks(demo, "plot", "the report") or _lacks(demo, "train", "training and evaluating the network"):
        return True
    return _report(demo, folder / "prepared", folder / "report")


def plan_of(demo: Demo) -> Plan:
    """Give the plan of the demo: the quick one, made shorter."""
    from ressin.report.plan import make_plan

    return make_plan("quick", n_folds=FOLDS, training={"iterations": ITERATIONS}, seed=demo.seed)


def _lacks(demo: Demo, extra: str, purpose: str) -> bool:
    """Tell whether an extra is missing, and say so."""
    module = missing_module(extra)
    if module is not None:
        demo.say("not run", str(MissingExtraError(module, extra, purpose)))
    return module is not None


def _simulate(demo: Demo, folder: Path, music: bool) -> None:
    from ressin.simulation.pmemo import simulate_pmemo
    from ressin.simulation.population import CLEAR, SimulationSettings

    made = simulate_pmemo(
        folder,
        seed=demo.seed,
        settings=SimulationSettings(**{**CLEAR, **SIZES}),
        audio="mp3" if music else "none",
        progress=True,
    )
    counts = made.report["counts"]
    known = "was there already" if made.up_to_date else "simulated"
    what = f"{counts['subjects']} listeners, {counts['songs']} songs, {counts['EDA files']} recordings"
    demo.say("study", f"{what}, {known}: {folder}")


def _prepare(demo: Demo, source: Path, folder: Path) -> None:
    from ressin.data.preparation.prepare import prepare
    from ressin.data.sources.pmemo import read_pmemo

    report = prepare(read_pmemo(source), folder, progress=True)
    counts = f"{report.meta['counts']['prepared']} recordings decomposed and labelled"
    when = "there already" if report.up_to_date else f"in {report.seconds:.1f} s"
    demo.say("prepared", f"{counts}, {when}: {folder}")


def _report(demo: Demo, data: Path, folder: Path) -> bool:
    from ressin.cli.terminal import TrainingBar
    from ressin.report.reproduce import reproduce

    with TrainingBar() as bar:
        progress = bar if bar.shown else False
        result = reproduce(data, folder, plan_of(demo), labels=LABELS, splits=SPLITS, say=bar.say, progress=progress)
    for claim in result.claims:
        demo.say("holds" if claim.holds else "not held", f"{claim.label}: {claim.text} ({claim.numbers})")
    for name, reason in result.missing:
        demo.say("failed", f"{name}: {reason}")
    demo.say("report", f"open {folder / 'report.html'} in a browser")
    return not result.missing

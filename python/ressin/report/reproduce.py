"""`reproduce`: every table and figure of the paper from a prepared folder, into a folder from which it goes on."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ressin._atomic import replacing
from ressin.data.files import locked, sweep
from ressin.data.store import Prepared, load
from ressin.errors import InvalidInputError
from ressin.learn.checkpoint import versions
from ressin.learn.progress import Progress
from ressin.learn.training import MODEL, train
from ressin.report import paper
from ressin.report.claims import Claim, make_claims
from ressin.report.estimate import TimeLeft, estimate_seconds
from ressin.report.figures import write_figures
from ressin.report.grid import Bench, compute, file_name, kept, make_bench, make_folder
from ressin.report.pages import Report, html, markdown
from ressin.report.plan import Cell, Plan, cells_of
from ressin.report.tables import Ceiling, Results, make_tables

Say = Callable[[str], None]


@dataclass(frozen=True)
class Reproduction:
    """What a run gave.

    Attributes
    ----------
    folder
        With ``report.html``, ``report.md``, ``results.json``, ``figures/``, ``cells/``, ``predictions/``, ``folds/``
        and ``models/``.
    computed, read
        How many cells were computed now, and how many were there already.
    missing
        Cells that could not be computed, and why.
    claims
        What the numbers say.
    """

    folder: Path
    computed: int
    read: int
    missing: tuple[tuple[str, str], ...]
    claims: tuple[Claim, ...]


def reproduce(
    data: str | Path,
    folder: str | Path,
    plan: Plan,
    *,
    labels: tuple[str, ...] = (),
    say: Say | None = None,
    progress: Progress = False,
    models: bool = True,
) -> Reproduction:
    """Compute a plan on a prepared folder and write the report.

    Parameters
    ----------
    data
        What ``ressin prepare`` wrote.
    folder
        For the results. Cells that are there with the same data and settings are read, a cell or training that was
        interrupted goes on where it was.
    plan
        From `ressin.report.plan.make_plan`.
    labels
        Which to predict; default all of the folder.
    say
        Given lines for people: the estimate of the time, and each cell as it is done.
    progress
        Of each training.
    models
        Train the fusion model (the subnet where there is no music) on all samples of each label in the end, for
        ``ressin predict``.

    Raises
    ------
    RecordingError
        If the folder is no prepared one.
    InvalidInputError
        If there is nothing to learn, or a result that is there is damaged.
    OutputError
        If something cannot be written, or another process is at it.
    """
    tell = say or (lambda text: None)
    target = Path(folder)
    prepared = load(data)
    make_folder(target)
    with locked(target):
        for place in (target, *(path for path in target.rglob("*") if path.is_dir())):
            sweep(place)
        return _reproduce(prepared, target, plan, labels, tell, progress, models)


def _reproduce(
    prepared: Prepared, target: Path, plan: Plan, labels: tuple[str, ...], tell: Say, progress: Progress, models: bool
) -> Reproduction:
    bench = make_bench(prepared, plan, target, labels=labels, progress=progress)
    cells = cells_of(plan, tuple(bench.data), music=bench.has_music, rated=bench.rated)
    found = {cell: kept(bench, cell) for cell in cells}
    waiting = [cell for cell in cells if found[cell] is None]
    counts = ", ".join(f"{len(samples):,} samples of {name}" for name, samples in bench.data.items())
    tell(f"{counts}; {len(cells)} cells of the grid, {len(cells) - len(waiting)} of them are there already")
    missing: list[tuple[str, str]] = []
    if waiting:
        left = TimeLeft(estimate_seconds(bench, waiting))
        tell(f"estimated time on this machine: {in_words(sum(left.expected.values()))}")
    for number, cell in enumerate(waiting, start=1):
        began = time.perf_counter()
        try:
            found[cell] = compute(bench, cell)
        except InvalidInputError as error:
            missing.append((cell.name, str(error)))
        seconds = left.finish(cell, time.perf_counter() - began)
        more = f"; {in_words(seconds)} left" if number < len(waiting) else ""
        tell(f"[{number}/{len(waiting)}] {cell.name}: {_outcome(found[cell], missing)}{more}")
    trained = _final_models(bench, tell) if models else {}
    results: Results = {cell: result for cell, result in found.items() if result is not None}
    claims = _write(prepared, bench, results, tuple(missing), trained)
    n_read = len(cells) - len(waiting)
    return Reproduction(target, len(waiting) - len(missing), n_read, tuple(missing), claims)


def in_words(seconds: float) -> str:
    """Write a duration with one unit that suits it."""
    if seconds < 90:
        return f"about {max(seconds, 1):.0f} s"
    return f"about {seconds / 60:.0f} min" if seconds < 5400 else f"about {seconds / 3600:.1f} h"


def _outcome(result: dict[str, Any] | None, missing: list[tuple[str, str]]) -> str:
    if result is None:
        return f"not computed: {missing[-1][1]}"
    if "rows" in result:
        return "done"
    return f"accuracy {result['metrics']['accuracy'][0]:.1%}, majority {result['majority']['accuracy'][0]:.1%}"


def _final_models(bench: Bench, tell: Say) -> dict[str, str]:
    """Train on all samples of each label, for use on other recordings; gives the files by label."""
    model = "fusion-mix" if bench.has_music else "eda-mix"
    settings = bench.plan.settings_of(model)
    files = {}
    for label, data in bench.data.items():
        about = json.dumps([label, data.fingerprint, settings.as_dict(), versions()], sort_keys=True)
        key = hashlib.blake2b(about.encode(), digest_size=6).hexdigest()
        place = bench.folder / "models" / f"{file_name(label)}_{key}"
        make_folder(place)
        name = f"{label}, all samples: {model}"
        index = np.arange(len(data))
        train(
            data,
            index,
            settings,
            folder=place,
            device=bench.plan.device,
            logs=("csv",),
            progress=bench.progress,
            name=name,
        )
        files[label] = f"models/{place.name}/{MODEL}"
        tell(f"model for ressin predict: {bench.folder / files[label]}")
    return files


def _write(
    prepared: Prepared,
    bench: Bench,
    results: Results,
    missing: tuple[tuple[str, str], ...],
    models: dict[str, str],
) -> tuple[Claim, ...]:
    """Write figures, results and both pages; returns what the numbers say."""
    simulation = prepared.meta.get("simulation")
    ceiling: Ceiling = {
        (row["dimension"], row["split"]): float(row["accuracy"]) for row in (simulation or {}).get("ceiling", [])
    }
    folder = bench.folder
    make_folder(folder / "figures")
    pictures = write_figures(prepared, results, ceiling, folder / "figures")
    claims = make_claims(results, ceiling)
    facts = _facts(prepared, bench, models)
    if simulation is not None:
        remark = "The data are simulated: the paper's figures beside ours are for orientation only."
    else:
        remark = "The paper's figures stand beside ours; they are comparable only where the data are PMEmo's."
    if bench.plan.name == "quick":
        remark += " This is the quick plan: small pictures and a short training, for a laptop; not the paper's size."
    title = f"Res-SIN on {prepared.folder.resolve().name}: {bench.plan.name} plan"
    report = Report(title, remark, facts, claims, make_tables(results, ceiling), pictures, missing)
    about = {
        "format": 1,
        "plan": bench.plan.as_dict(),
        "data": {"counts": prepared.meta.get("counts"), "label_names": list(bench.data), "simulated": bool(simulation)},
        "versions": versions(),
        "paper": paper.CITATION,
        "cells": [{**result, "name": cell.name, **_printed(cell)} for cell, result in results.items()],
        "ceiling": [{"label": a, "split": b, "accuracy": value} for (a, b), value in ceiling.items()],
        "claims": [vars(claim) for claim in claims],
        "not_computed": [{"cell": name, "reason": reason} for name, reason in missing],
        "models": models,
    }
    texts = {"results.json": json.dumps(about, allow_nan=False, indent=1), "report.md": markdown(report)}
    for name, text in {**texts, "report.html": html(report)}.items():
        with replacing(folder / name) as temporary:
            temporary.write_text(text, encoding="utf-8", newline="\n")
    return tuple(claims)


def _printed(cell: Cell) -> dict[str, Any]:
    """Give what the paper prints for a cell, to stand beside it."""
    if cell.model != "regression":
        return {"paper": paper.classification(cell.label, cell.split, cell.model)}
    rows = [
        {"method": m, "channel": c, "rmse": v[0], "correlation": v[1]}
        for (n, m, c), v in paper.TABLE_1.items()
        if n == cell.label
    ]
    return {"paper": rows if cell.split == "random" else []}


def _facts(prepared: Prepared, bench: Bench, models: dict[str, str]) -> tuple[tuple[str, str], ...]:
    """Say what was computed on what."""
    learn, plan = bench.plan.learn, bench.plan
    training = learn.training
    momentum = f", momentum {training.momentum:g}" if training.optimizer == "sgd" else ""
    rows = [("data", f"{prepared.folder.resolve().name}, prepared with ressin {prepared.meta['ressin_version']}")]
    for name, data in bench.data.items():
        people, songs = len(np.unique(data.subject)), len(np.unique(data.stimulus))
        share = f"{data.label.mean():.1%} high, {len(data.left_out)} left out"
        rows.append((name, f"{len(data):,} samples, {people} subjects, {songs} songs; {share}"))
    rows += [
        ("folds", ", ".join(f"{kind} {folds.n_folds}" for kind, folds in bench.folds.items()) + f"; seed {plan.seed}"),
        ("picture", f"{learn.image.size} x {learn.image.size}, random crops within {training.crop_padding} pixels"),
        ("network", f"{learn.model.norm} normalisation in the subnet, {learn.model.hidden} hidden units"),
        (
            "training",
            f"{training.iterations} iterations of {training.batch_size}, {training.optimizer} at "
            f"{training.learning_rate:g}{momentum}, times {training.decay_factor:g} every {training.decay_every}",
        ),
        ("intervals", f"95 %, {plan.n_resamples} bootstrap resamples of subjects"),
        ("versions", ", ".join(f"{name} {version}" for name, version in versions().items())),
    ]
    rows += [(f"model, {label}", file) for label, file in models.items()]
    return tuple(rows)

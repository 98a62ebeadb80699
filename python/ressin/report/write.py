"""The written report: figures, ``results.json``, ``report.md`` and ``report.html`` from the cells."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ressin.learn.model.settings import DEFAULT, LearnSettings
from ressin.learn.trained.checkpoint import versions
from ressin.pages.render import write_page
from ressin.report import paper
from ressin.report.claims import Claim, make_claims
from ressin.report.data_facts import data_facts
from ressin.report.figures import write_figures
from ressin.report.grid import Bench, make_folder
from ressin.report.pages import Report, html, markdown
from ressin.report.paired import compare_cells
from ressin.report.plan import Cell, Plan
from ressin.report.tables import Ceiling, Results, compare_programmes, make_tables

if TYPE_CHECKING:
    from ressin.data.store.store import Prepared


def write_report(
    prepared: Prepared,
    bench: Bench,
    results: Results,
    missing: tuple[tuple[str, str], ...],
    models: dict[str, str],
) -> tuple[Claim, ...]:
    """Write figures, results and both pages; returns the claims."""
    simulation = prepared.meta.get("simulation")
    ceiling: Ceiling = {
        (row["dimension"], row["split"]): float(row["accuracy"]) for row in (simulation or {}).get("ceiling", [])
    }
    folder = bench.folder
    make_folder(folder / "figures")
    main = {cell: result for cell, result in results.items() if not cell.programme}
    pictures = write_figures(prepared, bench, main, ceiling, folder / "figures", models)
    claims = make_claims(results, ceiling, partial(compare_cells, bench))
    facts = _facts(prepared, bench, models)
    papers = is_papers(prepared.meta, bench.plan)
    title = f"Res-SIN on {prepared.folder.resolve().name}: {bench.plan.name} plan"
    report = Report(
        title,
        remark_of(prepared.meta, bench.plan.name),
        facts,
        claims,
        [*make_tables(main, ceiling, papers=papers), *compare_programmes(results, bench.programme)],
        pictures,
        missing,
    )
    about = {
        "format": 1,
        "plan": bench.plan.as_dict(),
        "data": {"counts": prepared.meta.get("counts"), "label_names": list(bench.data), "simulated": bool(simulation)},
        "versions": versions(),
        "paper": paper.CITATION,
        "cells": [
            {**result, "name": cell.name, "programme": cell.programme or bench.programme, **_printed(cell, papers)}
            for cell, result in results.items()
        ],
        "ceiling": [{"label": a, "split": b, "accuracy": value} for (a, b), value in ceiling.items()],
        "claims": [vars(claim) for claim in claims],
        "not_computed": [{"cell": name, "reason": reason} for name, reason in missing],
        "models": models,
    }
    texts = {"results.json": json.dumps(about, allow_nan=False, indent=1), "report.md": markdown(report)}
    for name, text in {**texts, "report.html": html(report)}.items():
        write_page(text, folder / name)
    return tuple(claims)


def remark_of(meta: dict[str, Any], plan: str) -> str:
    """Return the remark at the top of the report.

    Parameters
    ----------
    meta
        ``meta.json`` of the prepared folder.
    plan
        Name of the plan.
    """
    if meta.get("simulation") is not None:
        remark = "The data are simulated."
    elif meta["source"].get("kind") == "pmemo-2018" and plan != "quick":
        remark = "The paper's figures stand beside ours where the settings are the paper's, too."
    else:
        remark = "The paper's figures are not shown: data or size are not the paper's."
    if meta["source"]["rating_source"] == "song mean":
        remark += " The ratings are means over the listeners of a song: a label is the song's, not the person's."
    if plan == "quick":
        remark += " This is the quick plan: small pictures and a short training, for a laptop; not the paper's size."
    return remark


def is_papers(meta: dict[str, Any], plan: Plan) -> bool:
    """Whether data and size are the paper's, so that its figures may stand beside ours.

    Parameters
    ----------
    meta
        ``meta.json`` of the prepared folder.
    plan
        With the settings of pictures and training.
    """
    real = meta.get("simulation") is None and meta["source"].get("kind") == "pmemo-2018"
    learn = plan.learn.as_dict()
    for seeded in (learn, default := DEFAULT.as_dict()):
        seeded["training"].pop("seed")
    return bool(real and plan.n_folds == 10 and learn == default)


def _printed(cell: Cell, papers: bool) -> dict[str, Any]:
    """Give what the paper prints for a cell; nothing where data or size are not the paper's."""
    if cell.programme or not papers:
        return {"paper": {}}
    if cell.model != "regression":
        return {"paper": paper.classification(cell.label, cell.split, cell.model)}
    rows = [
        {"method": m, "channel": c, "rmse": v[0], "correlation": v[1]}
        for (n, m, c), v in paper.TABLE_1.items()
        if n == cell.label
    ]
    return {"paper": rows if cell.split == "random" else []}


def _facts(prepared: Prepared, bench: Bench, models: dict[str, str]) -> tuple[tuple[str, str], ...]:
    """Return data, settings and machine, row by row."""
    learn, plan = bench.plan.learn, bench.plan
    rows = [("data", f"{prepared.folder.resolve().name}, prepared with ressin {prepared.meta['ressin_version']}")]
    rows.append(("decomposed by", bench.programme + (", the paper's" if bench.programme == "cvxeda" else "")))
    if bench.also_programme:
        rows.append(("also decomposed by", f"{bench.also_programme}: the same samples in the same folds"))
    for name, data in bench.data.items():
        people, songs = len(np.unique(data.subject)), len(np.unique(data.stimulus))
        share = f"{data.label.mean():.1%} {class_told(prepared, name)}, {len(data.left_out)} left out"
        rows.append((name, f"{len(data):,} samples, {people} subjects, {songs} songs; {share}"))
    rows += data_facts(prepared)
    rows += [
        ("folds", ", ".join(f"{kind} {folds.n_folds}" for kind, folds in bench.folds.items()) + f"; seed {plan.seed}"),
        *network_facts(learn),
        ("intervals", f"95 %, {plan.n_resamples} bootstrap resamples of subjects"),
        ("versions", ", ".join(f"{name} {version}" for name, version in versions().items())),
    ]
    rows += [(f"model, {label}", file) for label, file in models.items()]
    return tuple(rows)


def class_told(prepared: Prepared, label: str) -> str:
    """Name the class that the models give the probability of: the data's word for it, where they have one."""
    name, _, chosen = label.partition("=")
    positive = chosen or prepared.classes[name][1]
    return "high" if positive == "1" else positive


def network_facts(learn: LearnSettings) -> list[tuple[str, str]]:
    """Say what the network is, what it sees and how it is trained, row by row."""
    model, training = learn.model, learn.training
    crops = f"random crops within {training.crop_padding}"
    if model.on_features:
        seen = ("features", "of intervals, each as z-score and as rank within the person")
    elif model.on_signals:
        seen = ("signals", f"{model.length} means of equal stretches of each channel, {crops} of them")
    else:
        seen = ("picture", f"{learn.image.size} x {learn.image.size}, {crops} pixels")
    whose = "the paper's subnet" if model.network == "resnet18" else "called subnet in the tables"
    norm = f", {model.norm} normalisation" if model.network == "resnet18" else ""
    members = f", {model.members} members averaged" if model.members > 1 else ""
    within = ", its features scaled within the person" if model.within_person else ""
    momentum = f", momentum {training.momentum:g}" if training.optimizer == "sgd" else ""
    epochs = f", at most {training.most_epochs} epochs" if training.most_epochs else ""
    balanced = ", both classes alike in the loss" if training.class_weights == "balanced" else ""
    return [
        seen,
        ("network", f"{model.network}, {whose}{norm}, {model.hidden} hidden units{members}{within}"),
        (
            "training",
            f"{training.iterations} iterations of {training.batch_size}, {training.optimizer} at "
            f"{training.learning_rate:g}{momentum}, times {training.decay_factor:g} every {training.decay_every}"
            f"{epochs}{balanced}",
        ),
        ("chosen", _chosen(learn)),
    ]


def _chosen(learn: LearnSettings) -> str:
    """Say what each training chooses by its own samples, and by which of them."""
    training = learn.training
    if not training.validation_share:
        return "nothing: iterations and threshold are settings, the same for every fold"
    group = {"none": "files", "subject": "people", "song": "songs"}[training.validation_group]
    tuned = " and the threshold" if training.threshold == "tuned" else ""
    held = f"{training.validation_share:.0%} of each fold's training part, whole {group}"
    return f"the iteration to stop at{tuned}: by {held}"

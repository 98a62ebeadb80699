"""``ressin evaluate``: a trained model on another prepared folder."""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ressin.learn.evaluation.metrics import Estimate
    from ressin.learn.evaluation.transfer import Transfer

HEADS = {
    "balanced_accuracy": "balanced acc.",
    "roc_auc": "ROC-AUC",
    "accuracy": "accuracy",
    "f1": "F1",
    "precision": "precision",
    "recall": "recall",
}


def add_parser(subparsers: Any) -> None:
    """Add the command's parser."""
    parser = subparsers.add_parser(
        "evaluate",
        help="a trained model on another prepared folder: metrics with intervals, and what it must beat",
        description="Score all samples of a prepared folder by a model that was trained on another one, and print its "
        "metrics with 95 % intervals over people beside the majority, the time in the session alone, and the level "
        "within the person alone, with the difference to each.",
    )
    parser.add_argument("model", type=Path, metavar="MODEL", help="model.safetensors of a training")
    parser.add_argument("data", type=Path, metavar="PREPARED", help="folder that ressin prepare wrote")
    parser.add_argument("--label", metavar="NAME", help="what to judge by (default: what the model was trained on)")
    parser.add_argument("--resamples", type=int, default=2000, metavar="N", help="of the bootstrap (default 2000)")
    parser.add_argument("--seed", type=int, default=0, help="of bootstrap and baselines (default 0)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--predictions", type=Path, metavar="FILE", help="write each sample's score as CSV")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda ... (default auto)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Carry out ``ressin evaluate``."""
    from ressin._extras import require

    require("torch", "train", "evaluating a model")
    from ressin._files.atomic import replacing
    from ressin.data.samples.labelled import labelled_data
    from ressin.data.store import store
    from ressin.errors import InvalidInputError
    from ressin.learn.evaluation.transfer import evaluate_trained
    from ressin.learn.trained.checkpoint import load

    if arguments.resamples < 100:
        raise InvalidInputError(f"--resamples {arguments.resamples}: at least 100 are needed for an interval of 95 %")
    trained = load(arguments.model)
    data = labelled_data(store.load(arguments.data), arguments.label or trained.label_name)
    found = evaluate_trained(
        trained,
        data.with_music() if trained.settings.model.use_music else data,
        device=arguments.device,
        n_resamples=arguments.resamples,
        seed=arguments.seed,
    )
    if arguments.predictions is not None:
        with replacing(arguments.predictions) as temporary:
            found.table.to_csv(temporary, index=False)
    print(json.dumps(_plain(found)) if arguments.json else _text(found))
    return 0


def _text(found: Transfer) -> str:
    lines = [
        f"{found.label_name}: {found.n_samples:,} samples of {found.n_subjects} people; 95 % intervals over people"
    ]
    table = [
        ["", *HEADS.values()],
        *([row.name, *(_percent(row.metrics[name]) for name in HEADS)] for row in found.rows),
    ]
    table += [["model less", *HEADS.values()]]
    table += [[row.name, *(_percent(row.less[name], "+") for name in HEADS)] for row in found.rows[1:]]
    widths = [max(len(line[column]) for line in table) for column in range(len(table[0]))]
    lines += ["  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in table]
    return "\n".join([*lines, *(f"note: {note}" for note in found.notes)])


def _percent(value: Estimate, sign: str = "") -> str:
    if not math.isfinite(value.value):
        return "not defined"
    low, high = (format(100.0 * end, f"{sign}.1f") for end in (value.low, value.high))
    return f"{format(100.0 * value.value, f'{sign}.1f')} [{low}, {high}]"


def _plain(found: Transfer) -> dict[str, Any]:
    def plain(values: dict[str, Estimate]) -> dict[str, list[float | None]]:
        return {
            name: [part if math.isfinite(part) else None for part in dataclasses.astuple(value)]
            for name, value in values.items()
        }

    rows = [{"name": row.name, "metrics": plain(row.metrics), "model_less": plain(row.less)} for row in found.rows]
    about = {"label": found.label_name, "samples": found.n_samples, "subjects": found.n_subjects}
    return {**about, "rows": rows, "notes": list(found.notes)}

"""`ressin train`: one network on one label of a prepared folder."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ressin.cli.terminal import TrainingBar
from ressin.cli.training_options import add_run_options, add_training_options, model_options, training_options
from ressin.errors import InvalidInputError

if TYPE_CHECKING:
    from ressin.data.samples.labelled import LabelledData
    from ressin.data.store.store import Prepared
    from ressin.learn.model.settings import LearnSettings
    from ressin.learn.trained.checkpoint import TrainedModel


def add_parser(subparsers: Any) -> None:
    """Add the command's parser."""
    parser = subparsers.add_parser(
        "train",
        help="train one network on a prepared folder",
        description="Train a network on all samples of one label in a folder that ressin prepare wrote. Interrupted, "
        "it goes on where it stopped. What it reaches on new people is told by ressin reproduce, not by this. Several "
        "processes share the work: torchrun --nproc_per_node N -m ressin train ...",
    )
    parser.add_argument("data", type=Path, metavar="DATA", help="folder that ressin prepare wrote")
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="DIR", help="folder for model.safetensors and log.csv"
    )
    parser.add_argument("--label", metavar="NAME", help="what to predict; needed where the folder has several")
    parser.add_argument(
        "--channels", choices=["mix", "origin", "phasic", "tonic"], help="what it sees (default mix: all three)"
    )
    parser.add_argument(
        "--branches", choices=["both", "eda", "music"],
        help="EDA and music, or one alone (default: both where the folder has music, else eda)",
    )  # fmt: skip
    add_training_options(parser, "the network and its training (default: its own settings, the paper's for resnet18)")
    add_run_options(parser, seed_of="of weights, order and who is held back")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Train, and say where the model is."""
    from ressin._extras import require

    require("torch", "train", "training the network")
    from ressin.data.store.store import load
    from ressin.learn.trained.train import train
    from ressin.learn.training.machine import joined_processes

    prepared = load(arguments.data)
    data = _samples(prepared, arguments)
    settings = _settings(arguments, music=bool(data.music.shape[1]))
    with joined_processes() as me, TrainingBar(arguments.quiet or not me.first) as bar:
        shared = f" in {me.world} processes" if me.world > 1 else ""
        people = f"{len(data):,} samples of {data.label_name} of {len(set(data.subject))} people"
        iterations = settings.training.limited(len(data)).iterations
        bar.say(f"{people}; {settings.model.network}, {iterations} iterations{shared}")
        trained = train(
            data,
            range(len(data)),
            settings,
            folder=arguments.output,
            device=arguments.device,
            logs=("csv",),
            progress=bar if bar.shown else False,
            name=f"{data.label_name}: {settings.model.network}",
        )
        if me.first:
            print(f"{_outcome(trained)}: {arguments.output / 'model.safetensors'}")
    return 0


def _samples(prepared: Prepared, arguments: argparse.Namespace) -> LabelledData:
    """Collect the samples of the label, with music where there is any and it is heard."""
    from ressin.data.samples.labelled import labelled_data

    known = prepared.recordings
    names = [name for name in prepared.label_names if known[f"{name}_label"].notna().any()]
    if arguments.label is None and len(names) != 1:
        raise InvalidInputError(f"{prepared.folder} has {len(names)} labels ({', '.join(names)}): choose one, --label")
    data = labelled_data(prepared, arguments.label or names[0])
    return data.with_music() if arguments.branches != "eda" and (data.music_row >= 0).any() else data


def _settings(arguments: argparse.Namespace, *, music: bool) -> LearnSettings:
    """Give the network's own settings, changed by the options."""
    from ressin.learn.model.recipes import changed, recipe

    branches = arguments.branches or ("both" if music else "eda")
    model = {**model_options(arguments), "use_eda": branches != "music", "use_music": branches != "eda"}
    if arguments.channels is not None:
        model["channels"] = arguments.channels
    training = {**training_options(arguments), "seed": arguments.seed}
    return changed(recipe(model.get("network", "resnet18")), model, training, size=arguments.size)


def _outcome(trained: TrainedModel) -> str:
    loss, accuracy = trained.history.smoothed()
    said = f"training loss {loss:.4f}, accuracy {accuracy:.1%} over the last iterations"
    best = [row for row in trained.history.rows if row.step == trained.best_step]
    if best and best[0].validation_loss == best[0].validation_loss:
        scores = f"loss {best[0].validation_loss:.4f}, accuracy {best[0].validation_accuracy:.1%}"
        said += f"; held back: {scores} after iteration {trained.best_step + 1}, whose weights are kept"
    return said if trained.threshold == 0.5 else f"{said}; high above {trained.threshold:.3f}"

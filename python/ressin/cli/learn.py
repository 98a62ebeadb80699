"""The commands that learn: ``ressin reproduce``, ``ressin predict``, ``ressin export``.

`add_parsers` is called by `ressin.cli`; each command takes its parsed arguments and returns the exit status.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ressin.cli.terminal import TrainingBar
from ressin.cli.training_options import add_training_options, model_options, training_options

if TYPE_CHECKING:
    from ressin.data.preparation.cut import WindowRule
    from ressin.learn.trained.checkpoint import TrainedModel

Subparsers = Any  # argparse's own type for it is private


def add_parsers(subparsers: Subparsers) -> None:
    """Add the sub-commands ``reproduce``, ``predict`` and ``export`` to a parser."""
    _add_reproduce(subparsers)
    _add_predict(subparsers)
    _add_export(subparsers)


def _add_reproduce(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "reproduce",
        help="compute the paper's tables and figures on prepared data, and write a report",
        description="Cross-validate the network, its parts and its rivals on a prepared folder and write report.html, "
        "report.md, results.json and the figures, the paper's own numbers beside ours. Interrupted, it goes on where "
        "it stopped; with nothing new to do, it only writes the report again. Several processes share every training: "
        "torchrun --nproc_per_node N -m ressin reproduce ...",
    )
    parser.add_argument("data", type=Path, metavar="DATA", help="folder that ressin prepare wrote")
    parser.add_argument(
        "-o", "--output", type=Path, metavar="DIR", help="folder for the results (default DATA with -report behind)"
    )
    parser.add_argument(
        "--also", type=Path, metavar="DATA2",
        help="a folder prepared from the same source with the other programme: the network on each, side by side",
    )  # fmt: skip
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="small pictures, short training, 3 folds: for a laptop")
    size.add_argument(
        "--standard", action="store_true", help="pictures of 64 pixels, 5 folds: for a night; the estimate is printed"
    )
    size.add_argument("--full", action="store_true", help="every model on every split")
    parser.add_argument("--label", action="append", default=[], help="what to predict; repeatable (default: all)")
    parser.add_argument(
        "--split", action="append", choices=["random", "subject", "song", "one-subject"],
        help="repeatable (default: the first three); one-subject leaves one person out at a time",
    )  # fmt: skip
    parser.add_argument("--no-models", action="store_true", help="train no final model for ressin predict")
    parser.add_argument("--quiet", action="store_true", help="only the last line")
    changed = add_training_options(parser, "instead of the plan's own")
    changed.add_argument("--folds", type=int, metavar="N")
    changed.add_argument("--resamples", type=int, metavar="N", help="of the bootstrap")
    changed.add_argument("--series-iterations", type=int, metavar="N", help="of the 1-D baseline's training")
    parser.add_argument("--seed", type=int, default=0, help="of folds, training and bootstrap (default 0)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda ... (default auto)")
    parser.set_defaults(run=run_reproduce)


def run_reproduce(arguments: argparse.Namespace) -> int:
    """Carry out ``ressin reproduce``."""
    from ressin._extras import require

    require("matplotlib", "plot", "a report")
    require("torch", "train", "training the network")
    from ressin.learn.training.machine import joined_processes
    from ressin.report.plan import SPLITS, make_plan
    from ressin.report.reproduce import reproduce

    plan = make_plan(
        next((name for name in ("quick", "standard", "full") if getattr(arguments, name)), "default"),
        n_folds=arguments.folds,
        n_resamples=arguments.resamples,
        seed=arguments.seed,
        device=arguments.device,
        size=arguments.size,
        model=model_options(arguments),
        training=training_options(arguments),
        series={} if arguments.series_iterations is None else {"iterations": arguments.series_iterations},
    )
    data = arguments.data
    output = arguments.output or data.with_name(f"{data.resolve().name}-report")
    with joined_processes() as me, TrainingBar(arguments.quiet or not me.first) as bar:
        result = reproduce(
            data,
            output,
            plan,
            labels=tuple(arguments.label),
            splits=tuple(arguments.split or SPLITS),
            say=bar.say,
            progress=bar if bar.shown else False,
            models=not arguments.no_models,
            also=arguments.also,
        )
    if me.first:
        for name, reason in result.missing:
            print(f"not computed: {name}: {reason}", file=sys.stderr)
        print(f"{result.computed} cells computed, {result.read} read: {output / 'report.html'}")
    return 1 if result.missing else 0


def _add_predict(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "predict",
        help="probability of high for one recording, by a trained model",
        description="Read a recording, drop its beginning and decompose it as the training data were, and print the "
        "probability of high, with a note on everything in which it is unlike the training data.",
    )
    parser.add_argument("checkpoint", type=Path, metavar="CHECKPOINT", help="model.safetensors of a training")
    parser.add_argument("recording", type=Path, metavar="RECORDING", help="any file that ressin decompose reads")
    parser.add_argument("--music", type=Path, metavar="CLIP", help="the clip that was heard (mp3, wav, flac)")
    parser.add_argument("--rate", type=float, metavar="HZ", help="sampling rate, where the file does not tell it")
    parser.add_argument("--column", metavar="NAME", help="column of the signal: its name, or its number from 1")
    parser.add_argument("--start", type=float, default=0.0, metavar="S", help="beginning of the window (default 0)")
    parser.add_argument("--end", type=float, metavar="S", help="end of the window (default: that of the recording)")
    parser.add_argument(
        "--drop", type=float, metavar="S", help="seconds dropped at the beginning (default: as in training)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda ... (default auto)")
    parser.set_defaults(run=run_predict)


def run_predict(arguments: argparse.Namespace) -> int:
    """Carry out ``ressin predict``."""
    from ressin._extras import require

    require("torch", "train", "predicting")
    from ressin.io.read import read_recording
    from ressin.learn.trained.checkpoint import load
    from ressin.learn.trained.predict import predict_file

    trained = load(arguments.checkpoint)
    recording = read_recording(arguments.recording, sampling_rate=arguments.rate, column=arguments.column)
    window = None if arguments.drop is None else _window(trained, arguments.drop)
    found = predict_file(
        trained,
        recording,
        music=arguments.music,
        window=window,
        start=arguments.start,
        end=arguments.end,
        device=arguments.device,
    )
    if arguments.json:
        about = {
            "label": found.label_name,
            "probability": found.probability,
            "threshold": found.threshold,
            "notes": list(found.notes),
        }
        print(json.dumps({"recording": str(arguments.recording), **about}))
        return 0
    level = "high" if found.probability > found.threshold else "low"
    above = "" if found.threshold == 0.5 else f" (high above {found.threshold:.3f}, tuned in training)"
    print(f"{arguments.recording}: {found.label_name} is {level}: probability of high {found.probability:.3f}{above}")
    domain = trained.domain
    people = f"{domain.n_samples:,} samples of {domain.n_subjects} people and {domain.n_songs} songs"
    if not found.notes:
        print(f"nothing in it is unlike the training data ({people})")
    for note in found.notes:
        print(f"unlike the training data, or doubtful: {note}")
    return 0


def _window(trained: TrainedModel, drop: float) -> WindowRule:
    """Give the model's own window with another beginning."""
    from ressin.data.preparation.settings import Preparation

    known = trained.preparation or Preparation()
    return dataclasses.replace(known.window, drop_seconds=drop, min_duration=0.0)


def _add_export(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "export",
        help="write a trained model as ONNX, checked against torch",
        description="Write a trained model with its normalisation as one ONNX file. onnxruntime must give the same "
        "probabilities as torch on random inputs; otherwise nothing is written.",
    )
    parser.add_argument("checkpoint", type=Path, metavar="CHECKPOINT", help="model.safetensors of a training")
    parser.add_argument("output", type=Path, metavar="FILE", help="file to write (.onnx)")
    parser.set_defaults(run=run_export)


def run_export(arguments: argparse.Namespace) -> int:
    """Carry out ``ressin export``."""
    from ressin._extras import require

    require("torch", "train", "exporting a model")
    from ressin.learn.trained.checkpoint import load
    from ressin.learn.trained.export import export_onnx

    found = export_onnx(load(arguments.checkpoint), arguments.output)
    for name, shape in found.inputs:
        print(f"input {name}: batch x {' x '.join(map(str, shape))}")
    print("output probability: batch x 2, of low and high")
    print(f"{found.path}: onnxruntime and torch differ by at most {found.difference:.1e}")
    return 0

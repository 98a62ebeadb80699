"""The commands that learn: ``ressin reproduce``, ``ressin predict``, ``ressin export``.

`add_parsers` is called by `ressin.cli`; each command takes its parsed arguments and returns the exit status.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

Subparsers = Any  # argparse's own type for it is private


def add_parsers(subparsers: Subparsers) -> None:
    """Add the sub-commands to a parser."""
    _add_reproduce(subparsers)


def _add_reproduce(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "reproduce",
        help="compute the paper's tables and figures on prepared data, and write a report",
        description="Cross-validate the network, its parts and its rivals on a prepared folder and write report.html, "
        "report.md, results.json and the figures, the paper's own numbers beside ours. Interrupted, it goes on where "
        "it stopped; with nothing new to do, it only writes the report again.",
    )
    parser.add_argument("data", type=Path, metavar="DATA", help="folder that ressin prepare wrote")
    parser.add_argument(
        "-o", "--output", type=Path, metavar="DIR", help="folder for the results (default DATA with -report behind)"
    )
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="small pictures, short training, 3 folds: for a laptop")
    size.add_argument("--full", action="store_true", help="every model on every split")
    parser.add_argument("--label", action="append", default=[], help="what to predict; repeatable (default: all)")
    parser.add_argument("--no-models", action="store_true", help="train no final model for ressin predict")
    parser.add_argument("--quiet", action="store_true", help="only the last line")
    changed = parser.add_argument_group("instead of the plan's own")
    changed.add_argument("--folds", type=int, metavar="N")
    changed.add_argument("--resamples", type=int, metavar="N", help="of the bootstrap")
    changed.add_argument("--size", type=int, metavar="PIXELS", help="side of a picture")
    changed.add_argument("--iterations", type=int, metavar="N", help="of the network's training")
    changed.add_argument("--series-iterations", type=int, metavar="N", help="of the 1-D network's training")
    changed.add_argument("--batch", type=int, metavar="N", help="samples an iteration")
    changed.add_argument("--optimizer", choices=["sgd", "adamw"])
    changed.add_argument("--learning-rate", type=float, metavar="RATE")
    changed.add_argument("--momentum", type=float, metavar="M")
    changed.add_argument("--norm", choices=["batch", "none"], help="normalisation inside the subnet")
    changed.add_argument("--imagenet", metavar="FILE", help="weights of torchvision's resnet18 to start from")
    changed.add_argument("--precision", choices=["auto", "fp32", "bf16"])
    parser.add_argument("--seed", type=int, default=0, help="of folds, training and bootstrap (default 0)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda ... (default auto)")
    parser.set_defaults(run=run_reproduce)


def run_reproduce(arguments: argparse.Namespace) -> int:
    """Carry out ``ressin reproduce``."""
    from ressin.data.extras import require

    require("matplotlib", "plot", "a report")
    require("torch", "train", "training the network")
    from ressin.report.plan import make_plan
    from ressin.report.reproduce import reproduce

    training = {
        "iterations": arguments.iterations,
        "batch_size": arguments.batch,
        "optimizer": arguments.optimizer,
        "learning_rate": arguments.learning_rate,
        "momentum": arguments.momentum,
        "precision": arguments.precision,
    }
    plan = make_plan(
        "quick" if arguments.quick else "full" if arguments.full else "default",
        n_folds=arguments.folds,
        n_resamples=arguments.resamples,
        seed=arguments.seed,
        device=arguments.device,
        size=arguments.size,
        model=_given({"norm": arguments.norm, "imagenet": arguments.imagenet}),
        training=_given(training),
        series=_given({"iterations": arguments.series_iterations}),
    )
    data = arguments.data
    output = arguments.output or data.with_name(f"{data.resolve().name}-report")
    result = reproduce(
        data,
        output,
        plan,
        labels=tuple(arguments.label),
        say=None if arguments.quiet else lambda text: print(text, flush=True),
        progress=not arguments.quiet and sys.stderr.isatty(),
        models=not arguments.no_models,
    )
    for name, reason in result.missing:
        print(f"not computed: {name}: {reason}", file=sys.stderr)
    print(f"{result.computed} cells computed, {result.read} read: {output / 'report.html'}")
    return 1 if result.missing else 0


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}

"""`ressin pretrain`: a network on simulated recordings, for `ressin train --pretrained`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ressin.cli.terminal import TrainingBar
from ressin.cli.training_options import add_run_options, add_training_options, model_options, training_options


def add_parser(subparsers: Any) -> None:
    """Add the command's parser."""
    parser = subparsers.add_parser(
        "pretrain",
        help="train a network on simulated recordings first",
        description="Simulate people, decompose their recordings, and train a network to tell the windows with more "
        "responses than the recording's median from the others. ressin train --pretrained starts from its EDA branch.",
    )
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="FILE", help="file of the weights (.safetensors)"
    )
    parser.add_argument("--recordings", type=int, default=200, metavar="N", help="people simulated (default 200)")
    parser.add_argument("--kind", default="wristband", help="see ressin.simulate_recording (default wristband)")
    parser.add_argument("--seconds", type=float, default=60.0, metavar="S", help="of a window (default 60)")
    parser.add_argument("--channels", choices=["mix", "origin", "phasic", "tonic"], default="mix")
    add_training_options(parser, "the network and its training (default: its own settings)")
    add_run_options(parser, seed_of="of simulation and training")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Simulate, train, write."""
    from ressin._extras import require

    require("torch", "train", "training the network")
    from ressin.learn.model.recipes import changed, recipe
    from ressin.learn.trained.pretrain import simulated_windows
    from ressin.learn.trained.train import train

    model = {"network": "cnn1d", **model_options(arguments), "use_music": False, "channels": arguments.channels}
    training = {**training_options(arguments), "seed": arguments.seed}
    settings = changed(recipe(model["network"]), model, training, size=arguments.size)
    data = simulated_windows(arguments.recordings, kind=arguments.kind, seconds=arguments.seconds, seed=arguments.seed)
    with TrainingBar(arguments.quiet) as bar:
        bar.say(f"{len(data):,} windows of {arguments.recordings} simulated people; {settings.model.network}")
        shown = bar if bar.shown else False
        trained = train(data, range(len(data)), settings, device=arguments.device, progress=shown, name="activity")
    trained.save(arguments.output)
    loss, accuracy = trained.history.smoothed()
    print(f"training loss {loss:.4f}, accuracy {accuracy:.1%} over the last iterations: {arguments.output}")
    return 0

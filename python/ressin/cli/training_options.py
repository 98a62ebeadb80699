"""Options of the network and its training, which several commands share; None where one is not given."""

from __future__ import annotations

import argparse
from typing import Any

MODEL = ("network", "length", "members", "within_person", "hidden", "norm", "imagenet", "pretrained")
TRAINING = (
    "iterations", "most_epochs", "batch_size", "optimizer", "learning_rate", "momentum", "weight_decay", "decay_every",
    "decay_factor", "crop_padding", "class_weights", "validation_share", "validation_group", "validate_every",
    "patience", "threshold", "precision",
)  # fmt: skip


def add_run_options(parser: argparse.ArgumentParser, *, seed_of: str) -> None:
    """Add ``--seed``, whose help says what it is of, ``--device`` and ``--quiet``."""
    parser.add_argument("--seed", type=int, default=0, help=f"{seed_of} (default 0)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda ... (default auto)")
    parser.add_argument("--quiet", action="store_true", help="only the last line")


def add_training_options(parser: argparse.ArgumentParser, title: str) -> argparse._ArgumentGroup:
    """Add the options that `MODEL` and `TRAINING` name, and ``--size``, in a group of this title."""
    group = parser.add_argument_group(title)
    group.add_argument(
        "--network", choices=["resnet18", "cnn1d", "rtcan1d", "mlp"],
        help="resnet18: the paper's, on pictures; cnn1d, rtcan1d: small ones, on the signals; mlp: on the features of "
        "intervals, relative to the person (default: resnet18)",
    )  # fmt: skip
    group.add_argument("--size", type=int, metavar="PIXELS", help="side of a picture (resnet18)")
    group.add_argument("--length", type=int, metavar="N", help="samples of a signal (cnn1d, rtcan1d; default 64)")
    group.add_argument("--members", type=int, metavar="N", help="networks whose probabilities are averaged")
    group.add_argument(
        "--within-person", action="store_const", const=True,
        help="z-score what the network finds over the samples of each person: for many samples of each",
    )  # fmt: skip
    group.add_argument("--hidden", type=int, metavar="N", help="width of the fusion layer; 0 for none")
    group.add_argument("--norm", choices=["batch", "none"], help="normalisation inside resnet18")
    group.add_argument("--imagenet", metavar="FILE", help="weights of torchvision's resnet18 to start from")
    group.add_argument("--pretrained", metavar="FILE", help="model to start from, as ressin pretrain writes it")
    group.add_argument(
        "--iterations", type=int, metavar="N", help="of the training; the decay of the learning rate scales with them"
    )
    group.add_argument(
        "--most-epochs", type=int, metavar="N",
        help="no more passes over the samples than that; 0 for no limit (mlp: 10 unless --iterations is given)",
    )  # fmt: skip
    group.add_argument("--batch", dest="batch_size", type=int, metavar="N", help="samples an iteration")
    group.add_argument("--optimizer", choices=["sgd", "adamw"])
    group.add_argument("--learning-rate", type=float, metavar="RATE")
    group.add_argument("--momentum", type=float, metavar="M")
    group.add_argument("--weight-decay", type=float, metavar="W")
    group.add_argument("--decay-every", type=int, metavar="N", help="iterations until the learning rate decays")
    group.add_argument("--decay-factor", type=float, metavar="F", help="by which it is multiplied then")
    group.add_argument("--crop-padding", type=int, metavar="N", help="pixels or samples that training inputs move by")
    group.add_argument(
        "--class-weights", choices=["none", "balanced"], help="balanced: both classes count alike in the loss"
    )
    group.add_argument(
        "--validation-share", type=float, metavar="S",
        help="share of the training samples held back for early stopping; 0, the default, does without",
    )  # fmt: skip
    group.add_argument(
        "--validation-group", choices=["none", "subject", "song"],
        help="what must not be divided between them (default: subject where a share is given)",
    )  # fmt: skip
    group.add_argument("--validate-every", type=int, metavar="N", help="iterations between looks at what is held back")
    group.add_argument("--patience", type=int, metavar="N", help="looks without a lower loss that end the training")
    group.add_argument(
        "--threshold", choices=["half", "tuned"],
        help="tuned: where the balanced accuracy on what is held back is highest; test people have no part in it",
    )  # fmt: skip
    group.add_argument("--precision", choices=["auto", "fp32", "bf16"])
    return group


def model_options(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the fields of `ModelSettings` that were given."""
    return _given(arguments, MODEL)


def training_options(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the fields of `TrainSettings` that were given; by default whole people are held back."""
    found = _given(arguments, TRAINING)
    if found.get("validation_share"):
        found.setdefault("validation_group", "subject")
    return found


def _given(arguments: argparse.Namespace, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name in names if (value := getattr(arguments, name)) is not None}

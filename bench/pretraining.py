"""Whether a network that has seen simulated recordings first is better for it: pairs of trainings, for docs/res_sin.md.

    python -m bench.pretraining --scale person --folds 5       the small network on Stress-Predict, three seeds

For each seed the network is trained from random weights, and from those that ``ressin pretrain`` makes with the same
seed; folds, batches and settings are the same in both. The difference is taken on the same resamples of people; the
last row is of the mean probability over the seeds. The options are those of bench.stress_predict.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.stress_predict import add_data_options, network, percent, samples
from ressin.learn.evaluation.evaluate import CrossValidation, cross_validate
from ressin.learn.evaluation.network import NetworkClassifier
from ressin.learn.model.settings import LearnSettings
from ressin.learn.trained.pretrain import simulated_windows
from ressin.learn.trained.train import train


def pretrained(settings: LearnSettings, n_recordings: int, seed: int, path: Path) -> Path:
    """Write the weights of a network trained on simulated recordings, unless they are there."""
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        data = simulated_windows(n_recordings, seed=seed)
        train(data, range(len(data)), settings, device="cpu", name="activity").save(path)
    return path


def averaged(found: Sequence[CrossValidation]) -> CrossValidation:
    """Give the mean probability over the seeds as one model."""
    score = np.mean([one.table["score"] for one in found], axis=0)
    return dataclasses.replace(found[0], table=found[0].table.assign(score=score))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_data_options(parser)
    parser.add_argument("--network", default="cnn1d", help="(cnn1d)")
    parser.add_argument("--seeds", type=int, default=3, help="how many (3)")
    parser.add_argument("--recordings", type=int, default=100, help="people simulated for the pretraining (100)")
    arguments = parser.parse_args()
    data, folds = samples(arguments)
    pairs: list[tuple[CrossValidation, CrossValidation]] = []
    print("| seed | ROC-AUC from random weights | pretrained | difference |\n| --- | ---: | ---: | ---: |")
    for seed in range(arguments.seeds):
        plain = network(arguments.network, seed)
        assert isinstance(plain, NetworkClassifier)
        name = f"pretrained-{arguments.network}-{arguments.recordings}-{seed}.safetensors"
        weights = pretrained(plain.settings, arguments.recordings, seed, arguments.work / name)
        model = dataclasses.replace(plain.settings.model, pretrained=str(weights))
        started = dataclasses.replace(plain, settings=dataclasses.replace(plain.settings, model=model))
        folder = arguments.work / "folds"
        pairs.append((cross_validate(data, folds, plain, folder=folder),
                      cross_validate(data, folds, started, folder=folder)))  # fmt: skip
        print(row(str(seed), *pairs[-1], arguments.resamples), flush=True)
    both = (averaged([pair[k] for pair in pairs]) for k in (0, 1))
    print(row("all, averaged", *both, arguments.resamples))


def row(name: str, plain: CrossValidation, started: CrossValidation, n_resamples: int) -> str:
    areas = (percent(one.metrics(n_resamples=n_resamples)["roc_auc"]) for one in (plain, started))
    less = started.less(plain, n_resamples=n_resamples)["roc_auc"]
    return f"| {name} | {' | '.join(areas)} | {percent(less, '+')} |"


if __name__ == "__main__":
    main()

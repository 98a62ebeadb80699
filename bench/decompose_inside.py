"""Res-SIN with the decomposition inside against the fixed one: ``python -m bench.decompose_inside``.

A simulated PMEmo of small size; the EDA branch alone, small pictures, the same folds, seeds and settings for both.
Prints accuracy and ROC-AUC with intervals by subject, the majority baseline, and what alpha and the time constants
became.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ressin.data.preparation.prepare import prepare
from ressin.data.samples.labelled import labelled_data
from ressin.data.samples.splits import make_splits
from ressin.data.sources.pmemo import read_pmemo
from ressin.data.store.store import load
from ressin.image import ImageSettings
from ressin.learn.evaluation.evaluate import CrossValidation, cross_validate
from ressin.learn.evaluation.network import NetworkClassifier
from ressin.learn.model.decomposing import DecomposingResSIN
from ressin.learn.model.settings import LearnSettings, ModelSettings, TrainSettings
from ressin.learn.trained.checkpoint import load as load_model
from ressin.simulation.pmemo import simulate_pmemo
from ressin.simulation.population import SimulationSettings

TRAINING = TrainSettings(
    iterations=150, batch_size=32, learning_rate=1e-2, momentum=0.9, weight_decay=3e-2, decay_every=110, crop_padding=2,
    precision="fp32",
)  # fmt: skip


def row(name: str, found: CrossValidation, metrics: dict[str, Any]) -> str:
    cells = [f"{100 * metrics[k].value:.1f} % ({100 * metrics[k].low:.1f} to {100 * metrics[k].high:.1f})"
             for k in ("accuracy", "roc_auc")]  # fmt: skip
    return f"| {name} | {' | '.join(cells)} | {sum(found.seconds):.0f} s |"


def learned(folder: Path) -> str:
    """Describe alpha, tau0 and tau1 at the end of each fold."""
    texts = []
    for path in sorted(folder.rglob("model.safetensors")):
        model = load_model(path).model
        assert isinstance(model, DecomposingResSIN)
        values = {k: float(torch.as_tensor(v).detach()) for k, v in model.decomposition.program().items()}
        texts.append(f"alpha {values['alpha']:.2e}, tau0 {values['tau0']:.2f} s, tau1 {values['tau1']:.2f} s")
    return "; ".join(texts)


def compare(folder: Path, pairs: int, label: str, n_folds: int, seed: int) -> None:
    settings = SimulationSettings(n_subjects=30, n_songs=40, n_pairs=pairs)
    simulate_pmemo(folder / "sim", seed=seed, settings=settings, audio="none")
    prepare(read_pmemo(folder / "sim"), folder / "prepared")
    prepared = load(folder / "prepared")
    data = labelled_data(prepared, label)
    splits = make_splits(prepared.recordings, "subject", n_folds=n_folds, seed=seed).take(data.recording_id)
    print(f"{len(data)} recordings of {len(np.unique(data.subject))} listeners, {label}, {n_folds} folds by listener")
    print("| decomposition | accuracy | ROC-AUC | training |\n| --- | ---: | ---: | ---: |")
    for kind in ("fixed", "layer"):
        model = ModelSettings(use_music=False, decompose=kind)
        classifier = NetworkClassifier(
            LearnSettings(model, TRAINING, ImageSettings(32)), device="cpu", keep_models=kind == "layer"
        )
        found = cross_validate(data, splits, classifier, folder=folder / kind)
        print(row(kind, found, found.metrics(n_resamples=500)), flush=True)
    print(row("always the majority", found, found.majority_metrics(n_resamples=500)))
    print(f"learned: {learned(folder / 'layer')}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=300)
    parser.add_argument("--label", default="arousal")
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        compare(Path(folder), chosen.pairs, chosen.label, chosen.folds, chosen.seed)


if __name__ == "__main__":
    main()

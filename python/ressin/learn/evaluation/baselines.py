"""The network's rivals: the majority, an SVM on music, classical features with boosting, a 1-D network."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ressin.data.samples.features import CLASSICAL, personal_features, standardised
from ressin.data.samples.labelled import LabelledData
from ressin.errors import InvalidInputError
from ressin.learn.evaluation.evaluate import Fold
from ressin.learn.model.settings import TrainSettings
from ressin.learn.model.shared_norm import SharedNorm1d
from ressin.learn.training.dataset import Inputs
from ressin.learn.training.inference import probabilities
from ressin.learn.training.inputs import fit_music_scale, scaled_music
from ressin.learn.training.machine import choose_device, choose_series_precision
from ressin.learn.training.trainer import Trainer

Index = NDArray[np.int64]


@dataclass(frozen=True)
class Majority:
    """Always the label that was more frequent in training."""

    name: str = "majority"
    threshold: float = 0.5

    def key(self) -> dict[str, Any]:
        """There are no settings."""
        return {}

    def scores(self, data: LabelledData, train: Index, test: Index, fold: Fold) -> NDArray[np.float64]:
        """1 everywhere, or 0 everywhere."""
        return np.full(len(test), float(2 * data.label[train].sum() >= len(train)))


@dataclass(frozen=True)
class MusicSVM:
    """A support vector machine (RBF kernel) on the z-scored music features.

    Attributes
    ----------
    cost
        scikit-learn's C. The kernel's width is its ``gamma="scale"``.

    Notes
    -----
    All listeners of a song share its features. So each song enters at most twice, once per label, weighted by how often
    it occurs: the same optimum as with every sample by itself, in a fraction of the time.
    """

    cost: float = 1.0
    name: str = "music, SVM"
    threshold: float = 0.0

    def key(self) -> dict[str, Any]:
        """Return the settings."""
        return {"cost": self.cost}

    def scores(self, data: LabelledData, train: Index, test: Index, fold: Fold) -> NDArray[np.float64]:
        """Signed distances from the decision boundary."""
        from sklearn.svm import SVC

        mean, deviation = fit_music_scale(data, train)
        pairs = np.stack([data.music_row[train], data.label[train]], axis=1)
        songs, counts = np.unique(pairs, axis=0, return_counts=True)
        known = scaled_music(data.music[songs[:, 0]], mean, deviation).astype(np.float64)
        spread = np.average(
            (known - np.average(known, axis=0, weights=counts).mean()) ** 2, axis=0, weights=counts
        ).mean()
        machine = SVC(C=self.cost, kernel="rbf", gamma=1.0 / (known.shape[1] * max(float(spread), 1e-12)))
        machine.fit(known, songs[:, 1], sample_weight=counts.astype(np.float64))
        rows, place = np.unique(data.music_row[test], return_inverse=True)
        asked = scaled_music(data.music[rows], mean, deviation).astype(np.float64)
        distances: NDArray[np.float64] = machine.decision_function(asked)[place]
        return distances


@dataclass(frozen=True)
class BoostedFeatures:
    """Regularised boosted trees and extremely randomised trees, averaged, on classical features (scikit-learn's).

    Each feature enters three times: in its unit, as z-score within the person, and as rank within the person. Classes
    are weighted to count alike.

    Attributes
    ----------
    iterations, learning_rate, max_leaves, min_leaf, l2
        Of the boosting.
    feature_share
        Share of the features that are tried at each split, in both.
    n_trees, tree_leaf
        Of the randomised trees: how many, and the least samples in a leaf.
    seed
        Of both.
    n_threads
        Threads of both.

    Notes
    -----
    The settings of both stood before any test part was looked at; to give the features raw as well as scaled, for
    people with few samples, was decided with figures on Stress-Predict in view. Scaling within the person uses all
    samples of a person who is tested, never a label: it is for recordings that are there as a whole, not for the first
    minute of a new person.
    """

    iterations: int = 120
    learning_rate: float = 0.04
    max_leaves: int = 6
    min_leaf: int = 30
    l2: float = 1.0
    feature_share: float = 0.3
    n_trees: int = 300
    tree_leaf: int = 8
    seed: int = 0
    n_threads: int = 1
    name: str = "EDA, classical features"
    threshold: float = 0.5

    def key(self) -> dict[str, Any]:
        """Return the settings that decide the scores, with the names of the features."""
        settings = dataclasses.asdict(self)
        del settings["n_threads"]
        return {**settings, "features": CLASSICAL}

    def scores(self, data: LabelledData, train: Index, test: Index, fold: Fold) -> NDArray[np.float64]:
        """Probabilities of high."""
        from threadpoolctl import threadpool_limits

        features = personal_features(data)
        features = features[:, np.isfinite(features[train]).any(axis=0)]
        if not features.shape[1]:
            raise InvalidInputError("no classical feature can be computed: the recordings are too short, or constant")
        with threadpool_limits(self.n_threads):
            return 0.5 * (
                self._boosted(features[train], data.label[train], features[test])
                + self._randomised(features[train], data.label[train], features[test])
            )

    def _boosted(self, known: NDArray[np.float64], label: Index, asked: NDArray[np.float64]) -> NDArray[np.float64]:
        from sklearn.ensemble import HistGradientBoostingClassifier

        trees = HistGradientBoostingClassifier(
            max_iter=self.iterations,
            learning_rate=self.learning_rate,
            max_leaf_nodes=self.max_leaves,
            min_samples_leaf=self.min_leaf,
            l2_regularization=self.l2,
            max_features=self.feature_share,
            early_stopping=False,
            class_weight="balanced",
            random_state=self.seed,
        )
        chances: NDArray[np.float64] = trees.fit(known, label).predict_proba(asked)[:, 1]
        return chances

    def _randomised(self, known: NDArray[np.float64], label: Index, asked: NDArray[np.float64]) -> NDArray[np.float64]:
        """Like `_boosted`; a feature that is missing takes the median of the training part."""
        from sklearn.ensemble import ExtraTreesClassifier

        middle = np.nanmedian(known, axis=0)
        trees = ExtraTreesClassifier(
            self.n_trees,
            min_samples_leaf=self.tree_leaf,
            max_features=self.feature_share,
            class_weight="balanced",
            random_state=self.seed,
            n_jobs=self.n_threads,
        )
        trees.fit(np.where(np.isnan(known), middle, known), label)
        chances: NDArray[np.float64] = trees.predict_proba(np.where(np.isnan(asked), middle, asked))[:, 1]
        return chances


class SeriesNetwork(nn.Module):
    """Four strided 1-D convolutions, each with batch normalisation and ReLU, averaged over time; two logits.

    Shapes: (B, 3, length) -> (B, 128, length / 16) -> (B, 2). 101,986 parameters.
    """

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for n_in, n_out, width in ((3, 32, 7), (32, 64, 5), (64, 128, 5), (128, 128, 3)):
            convolution = nn.Conv1d(n_in, n_out, width, stride=2, padding=width // 2, bias=False)
            layers += [convolution, SharedNorm1d(n_out), nn.ReLU()]
        self.convolutions = nn.Sequential(*layers)
        self.out = nn.Linear(128, 2)

    def forward(self, series: Tensor) -> Tensor:
        """Logits (B, 2) of low and high."""
        logits: Tensor = self.out(self.convolutions(series).mean(dim=2))  # (B, 128)
        return logits


class SeriesInputs:
    """An `InputSource`: each recording z-scored and stretched to one length, (B, 3, length)."""

    def __init__(self, data: LabelledData, length: int) -> None:
        self.series = torch.empty(len(data), 3, length)
        for i in range(len(data)):
            channels = standardised(data.signal(i))
            at = np.linspace(0.0, channels.shape[1] - 1.0, length)
            known = np.arange(channels.shape[1])
            self.series[i] = torch.from_numpy(np.stack([np.interp(at, known, channel) for channel in channels]))

    def inputs(self, index: Index, shifts: NDArray[np.int64] | None) -> Inputs:
        """Series of these samples; there is nothing to crop."""
        return (self.series[torch.from_numpy(index)],)


@dataclass(frozen=True)
class SeriesClassifier:
    """A 1-D convolutional network on the same three channels, without pictures.

    Attributes
    ----------
    training
        See `TrainSettings`; the defaults suit this small network.
    length
        Samples per recording after stretching.
    device
        Where to train.
    """

    training: TrainSettings = field(
        default_factory=lambda: TrainSettings(
            iterations=600, optimizer="adamw", weight_decay=1e-2, decay_every=200, precision="fp32", crop_padding=0
        )
    )
    length: int = 512
    device: str = "auto"
    name: str = "EDA, 1-D CNN"
    threshold: float = 0.5

    def key(self) -> dict[str, Any]:
        """Return the settings."""
        return {"training": dataclasses.asdict(self.training), "length": self.length}

    def scores(self, data: LabelledData, train: Index, test: Index, fold: Fold) -> NDArray[np.float64]:
        """Train on `train` and give the probabilities of high for `test`.

        Raises
        ------
        InvalidInputError
            Where bf16 is asked for on a CPU.
        """
        device = choose_device(self.device)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.training.seed)
            model = SeriesNetwork()
        source = SeriesInputs(data, self.length)
        trainer = Trainer(
            model,
            source,
            data.label,
            train,
            train[:0],
            self.training,
            device=device,
            precision=choose_series_precision(self.training.precision, device, self.name),
            run=self.key(),
            progress=fold.progress,
            name=fold.name,
        )
        trainer.fit()
        return probabilities(model, source, test, batch_size=256, device=device)

"""The network's rivals: the majority, an SVM on music, classical features with boosting, a 1-D network."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ressin.data.samples.labelled import LabelledData
from ressin.learn.evaluation.evaluate import Fold
from ressin.learn.evaluation.features import classical_features, standardised
from ressin.learn.model.settings import TrainSettings
from ressin.learn.training.dataset import Inputs
from ressin.learn.training.inference import probabilities
from ressin.learn.training.inputs import fit_music_scale, scaled_music
from ressin.learn.training.machine import choose_device, fastest_precision
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
    """Gradient boosting (scikit-learn's histogram trees) on 21 classical features.

    Attributes
    ----------
    iterations, learning_rate, min_leaf
        Of the boosting.
    seed
        Of its subsampling.
    """

    iterations: int = 200
    learning_rate: float = 0.05
    min_leaf: int = 20
    seed: int = 0
    name: str = "EDA, classical features"
    threshold: float = 0.5

    def key(self) -> dict[str, Any]:
        """Return the settings."""
        return dataclasses.asdict(self)

    def scores(self, data: LabelledData, train: Index, test: Index, fold: Fold) -> NDArray[np.float64]:
        """Probabilities of high."""
        from sklearn.ensemble import HistGradientBoostingClassifier

        features = classical_features(data)
        trees = HistGradientBoostingClassifier(
            max_iter=self.iterations,
            learning_rate=self.learning_rate,
            min_samples_leaf=self.min_leaf,
            random_state=self.seed,
        )
        trees.fit(features[train], data.label[train])
        chances: NDArray[np.float64] = trees.predict_proba(features[test])[:, 1]
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
            layers += [convolution, nn.BatchNorm1d(n_out), nn.ReLU()]
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
        """Train on `train` and give the probabilities of high for `test`."""
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
            precision=fastest_precision(self.training.precision, device),
            run=self.key(),
            progress=fold.progress,
            name=fold.name,
        )
        trainer.fit()
        return probabilities(model, source, test, batch_size=256, device=device)

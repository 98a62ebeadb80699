"""The network as one classifier among others, for cross-validation."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ressin._files.atomic import replacing
from ressin.data.samples.labelled import LabelledData
from ressin.learn.evaluation.evaluate import Fold
from ressin.learn.model.settings import LearnSettings
from ressin.learn.trained.pretrain import digest_of
from ressin.learn.trained.train import train as train_model
from ressin.learn.training.machine import choose_device, choose_precision, processes, wait_for_all


@dataclass(frozen=True)
class NetworkClassifier:
    """`ResSIN` in cross-validation.

    Attributes
    ----------
    settings
        Model, training, pictures.
    device
        See `ressin.learn.trained.train.train`.
    keep_models
        Keep the checkpoint of every fold (about 60 MB each). Training curves are kept in any case.
    save_every
        Iterations between states, where the folds have a folder.
    logs
        See `ressin.learn.trained.train.train`; they go with the folder of a fold unless its model is kept.
    """

    settings: LearnSettings = field(default_factory=LearnSettings)
    device: str = "auto"
    keep_models: bool = False
    save_every: int = 50
    logs: tuple[str, ...] = ("csv",)
    threshold: float = 0.5

    @property
    def name(self) -> str:
        """What it sees, such as ``"fusion, mix"``, ``"EDA, phasic"`` or ``"music, network"``."""
        model = self.settings.model
        if not model.use_eda:
            return "music, network"
        inside = ", decomposed inside" if model.decompose == "layer" else ""
        kind = f", {model.network}" if model.network != "resnet18" else ""
        return f"{'fusion' if model.use_music else 'EDA'}, {model.channels}{kind}{inside}"

    def key(self) -> dict[str, Any]:
        """All settings, and the precision that they come to here."""
        precision = choose_precision(self.settings, choose_device(self.device))
        return {**self.settings.as_dict(), "precision": precision, "weights": digest_of(self.settings.model.pretrained)}

    def scores(
        self, data: LabelledData, train: NDArray[np.int64], test: NDArray[np.int64], fold: Fold
    ) -> NDArray[np.float64]:
        """Train on `train` and give the probabilities of high for `test`.

        Where the threshold is tuned, each fold has its own, found on samples of its training part alone; the log-odds
        of its probabilities are moved so that it lies at 0.5 in every fold.
        """
        folder = None if fold.folder is None else fold.folder / "training"
        trained = train_model(
            data,
            train,
            self.settings,
            folder=folder,
            device=self.device,
            save_every=self.save_every,
            logs=self.logs,
            progress=fold.progress,
            name=fold.name,
        )
        found = _centred(trained.predict(data, test, device=self.device), trained.threshold)
        wait_for_all()  # before the folder goes that another process may still read
        if folder is not None and fold.folder is not None and processes().first:
            with replacing(fold.folder / "training.csv") as temporary:
                trained.history.to_frame().to_csv(temporary, index=False)
            if not self.keep_models:
                shutil.rmtree(folder)
        return found


def _centred(probability: NDArray[np.float64], threshold: float) -> NDArray[np.float64]:
    """Move log-odds so that a threshold, in (0, 1), lies at 0.5."""
    if threshold == 0.5:
        return probability
    odds, against = probability * (1.0 - threshold), (1.0 - probability) * threshold
    return odds / (odds + against)

"""A trained model with all that is needed to use it again: settings, normalisation, label rule, history, versions."""

from __future__ import annotations

import dataclasses
import importlib.metadata as metadata
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ressin import _core
from ressin.data.preparation.settings import Preparation
from ressin.data.samples.labelled import LabelledData
from ressin.errors import InvalidInputError
from ressin.learn.model.decomposing import DecomposingResSIN, build_networks
from ressin.learn.model.fusion import N_CLASSES, Ensemble, ResSIN, n_eda_features
from ressin.learn.model.settings import LearnSettings, ModelSettings
from ressin.learn.training.history import History
from ressin.learn.training.inference import probabilities
from ressin.learn.training.inputs import Normalisation, make_inputs, one_rate
from ressin.learn.training.machine import choose_device
from ressin.learn.training.tensors import check_finite, check_weights, part, read_tensors, write_tensors

FORMAT = 4


@dataclass(frozen=True)
class Domain:
    """The range of the training samples; a recording outside it is unlike all of them.

    Attributes
    ----------
    sampling_rate
        Lowest and highest, Hz.
    seconds
        Shortest and longest recording.
    n_samples, n_subjects, n_songs
        Size of the training part.
    """

    sampling_rate: tuple[float, float]
    seconds: tuple[float, float]
    n_samples: int
    n_subjects: int
    n_songs: int

    @classmethod
    def of(cls, data: LabelledData, index: NDArray[np.int64]) -> Domain:
        """Describe some samples."""
        rates, seconds = data.sampling_rates()[index], data.seconds()[index]
        return cls(
            sampling_rate=(float(rates.min()), float(rates.max())),
            seconds=(float(seconds.min()), float(seconds.max())),
            n_samples=len(index),
            n_subjects=len(np.unique(data.subject[index])),
            n_songs=len(np.unique(data.stimulus[index])),
        )

    def unlike(self, sampling_rate: float, seconds: float) -> tuple[str, ...]:
        """Say in words how a recording differs from the training samples; empty where it does not."""
        found = []
        low, high = self.sampling_rate
        if not low * 0.99 <= sampling_rate <= high * 1.01:
            found.append(f"sampled at {sampling_rate:g} Hz; trained on {_span(low, high)} Hz")
        low, high = self.seconds
        if not low - 0.5 <= seconds <= high + 0.5:
            found.append(f"{seconds:.1f} s long after the start was dropped; trained on {_span(low, high)} s")
        return tuple(found)


def _span(low: float, high: float) -> str:
    return f"{low:.4g}" if low == high else f"{low:.4g} to {high:.4g}"


@dataclass(frozen=True, eq=False)
class TrainedModel:
    """A model and how it was trained.

    Attributes
    ----------
    model
        In evaluation mode, on the CPU or where it was trained.
    settings
        Settings of the model and its training.
    normalisation
        Fitted on its training part.
    label_name
        What it predicts, such as ``"arousal"``; output 1 is high.
    label_rule
        How ratings became labels, as the prepared folder says; empty where labels were given.
    preparation
        How its recordings were cut and decomposed; None where the data did not say.
    domain
        The range of the training samples.
    history
        One row per iteration.
    versions
        Of ressin, torch and torchvision at training time.
    best_step
        Iteration whose weights these are.
    run
        What identified the training: settings, data, versions.
    threshold
        Probabilities above it are called high: 0.5, or what was tuned on the part held back.
    """

    model: ResSIN | Ensemble
    settings: LearnSettings
    normalisation: Normalisation
    label_name: str
    domain: Domain
    history: History
    best_step: int
    label_rule: dict[str, Any] = field(default_factory=dict)
    preparation: Preparation | None = None
    versions: dict[str, str] = field(default_factory=dict)
    run: dict[str, Any] = field(default_factory=dict)
    threshold: float = 0.5

    def predict(
        self,
        data: LabelledData,
        index: NDArray[np.int64] | None = None,
        *,
        batch_size: int = 100,
        device: str = "auto",
        n_threads: int = 0,
    ) -> NDArray[np.float64]:
        """Probability of high for samples, (n,), in single precision arithmetic.

        Parameters
        ----------
        data
            Signals and, where the model hears music, features with the columns it was trained on.
        index
            Samples; default all.
        batch_size
            Samples at a time.
        device
            ``"auto"``, ``"cpu"``, ``"cuda"`` ...
        n_threads
            Threads of the image kernel; 0 takes every core.

        Raises
        ------
        InvalidInputError
            If the music features are not as many as in training, or missing.
        """
        wanted = np.arange(len(data)) if index is None else index
        n_music = self.normalisation.music_mean.size
        if self.settings.model.use_music and data.music.shape[1] != n_music:
            raise InvalidInputError(f"{data.music.shape[1]} music features; the model was trained on {n_music}")
        if isinstance(self.model, DecomposingResSIN):
            rate, trained = one_rate(data, wanted), self.model.decomposition.sampling_rate
            if rate != trained:
                raise InvalidInputError(f"recordings of {rate:g} Hz; the model decomposes those of {trained:g} Hz")
        source = make_inputs(data, self.settings, self.normalisation, n_threads)
        return probabilities(self.model, source, wanted, batch_size=batch_size, device=choose_device(device))

    def save(self, path: str | Path) -> None:
        """Write one ``.safetensors`` file.

        Raises
        ------
        InvalidInputError
            If a weight or a statistic is not finite.
        OutputError
            If it cannot be written.
        """
        tensors = {f"model.{name}": value for name, value in self.model.state_dict().items()}
        check_finite(tensors, "the trained model")  # the deviation of a feature without information is infinite
        for item in dataclasses.fields(Normalisation):
            tensors[f"normalisation.{item.name}"] = torch.from_numpy(getattr(self.normalisation, item.name))
        about = {
            "format": FORMAT,
            "settings": self.settings.as_dict(),
            "label_name": self.label_name,
            "label_rule": self.label_rule,
            "preparation": None if self.preparation is None else self.preparation.as_dict(),
            "domain": dataclasses.asdict(self.domain),
            "history": self.history.as_lists(),
            "versions": self.versions,
            "best_step": self.best_step,
            "run": self.run,
            "threshold": self.threshold,
        }
        write_tensors(Path(path), tensors, about)


def load(path: str | Path) -> TrainedModel:
    """Read a checkpoint. Nothing in it is executed, and no other file is opened.

    Raises
    ------
    InvalidInputError
        If the file is missing, too large, damaged, of another version, or its parts do not fit together.
    """
    tensors, about = read_tensors(Path(path))
    if about.get("format") != FORMAT:
        raise InvalidInputError(
            f"{path} is a checkpoint of format {about.get('format')!r}; this version reads {FORMAT}"
        )
    try:
        return _rebuild(tensors, about)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RuntimeError) as error:
        if isinstance(error, InvalidInputError):
            raise InvalidInputError(f"{path}: {error}") from error
        raise InvalidInputError(f"{path}: its parts do not fit together: {error}") from error


def _rebuild(tensors: dict[str, torch.Tensor], about: dict[str, Any]) -> TrainedModel:
    settings = LearnSettings.from_dict(about["settings"])
    weights, arrays = part(tensors, "model"), part(tensors, "normalisation")
    normalisation = Normalisation(**{name: value.numpy() for name, value in arrays.items()})
    n_music = normalisation.music_mean.size
    _check_sizes(settings.model, weights, n_music)
    if settings.model.use_eda and not settings.model.on_features:
        name = "series_mean" if settings.model.on_signals else "image_mean"
        if (shape := getattr(normalisation, name).shape) != (settings.model.n_planes,):
            raise InvalidInputError(f"{name} has shape {shape}; needed is one per plane")
    normalisation.check()
    threshold = float(about["threshold"])
    if not 0.0 < threshold < 1.0:
        raise InvalidInputError(f"threshold={threshold:g} is outside (0, 1)")
    # The weights are all here: the file that a training may have started from is not looked for.
    plain = dataclasses.replace(settings.model, imagenet="")
    rate = _pair(about["domain"]["sampling_rate"])[0]
    model = build_networks(plain, n_music, seed=0, sampling_rate=rate, image=settings.image)
    check_weights(weights, model.state_dict())
    model.load_state_dict(weights)
    if settings.training.channels_last:  # as in training: rounding depends on the layout
        model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    model.eval()
    domain, preparation = about["domain"], about["preparation"]
    return TrainedModel(
        model=model,
        settings=settings,
        normalisation=normalisation,
        label_name=str(about["label_name"]),
        domain=Domain(
            sampling_rate=_pair(domain["sampling_rate"]),
            seconds=_pair(domain["seconds"]),
            n_samples=int(domain["n_samples"]),
            n_subjects=int(domain["n_subjects"]),
            n_songs=int(domain["n_songs"]),
        ),
        history=History.from_lists(about["history"]),
        best_step=int(about["best_step"]),
        label_rule=dict(about["label_rule"]),
        preparation=None if preparation is None else Preparation.from_dict(preparation),
        versions={str(name): str(value) for name, value in about["versions"].items()},
        run=dict(about["run"]),
        threshold=threshold,
    )


def _check_sizes(settings: ModelSettings, weights: dict[str, torch.Tensor], n_music: int) -> None:
    """Check before the model is built that the weights are of its size: untrusted settings could ask for any.

    Raises
    ------
    InvalidInputError
        If the classifier, or the number of networks, is not what the settings say.
    """
    first = "members.0." if settings.members > 1 else ""
    classifier = tuple(weights[f"{first}classifier.{'hidden' if settings.hidden else 'out'}.weight"].shape)
    if classifier != (settings.hidden or N_CLASSES, n_music * settings.use_music + n_eda_features(settings)):
        raise InvalidInputError(
            f"the fusion layer is {classifier}, which the settings and {n_music} music features contradict"
        )
    if settings.members > 1 and f"members.{settings.members - 1}.classifier.out.weight" not in weights:
        raise InvalidInputError(f"there are weights of less than members={settings.members} networks")


def _pair(values: Any) -> tuple[float, float]:
    low, high = values
    return float(low), float(high)


def versions() -> dict[str, str]:
    """Versions that a result depends on."""
    others = {name: metadata.version(name) for name in ("torch", "torchvision", "numpy")}
    return {"ressin": _core.__version__, **others}

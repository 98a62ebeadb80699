"""A trained model as ONNX, with its normalisation inside, checked against torch before the file is written."""

from __future__ import annotations

import contextlib
import io
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ressin._extras import require
from ressin._files.atomic import replacing
from ressin.errors import ConvergenceError, InvalidInputError
from ressin.learn.trained.checkpoint import TrainedModel

TOLERANCE = 1e-4  # largest difference of a probability; single precision in another order of summation
CHECKED = (1, 3)  # sizes of the batches that are compared


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes
    ----------
    path
        The ONNX file.
    inputs
        Name and shape of each input; the batch is free.
    difference
        Largest difference of a probability between onnxruntime and torch, on random inputs.
    """

    path: Path
    inputs: tuple[tuple[str, tuple[int, ...]], ...]
    difference: float


class Deployed(nn.Module):
    """A model with its normalisation: pictures in [0, 1] and music features as they are extracted -> probabilities.

    Shapes: image (B, n_planes, size, size), or signals (B, n_planes, length) in the unit of the recordings, and music
    (B, n_music), of which a model without that branch has none -> (B, 2), the probabilities of low and high.
    """

    def __init__(self, trained: TrainedModel) -> None:
        super().__init__()
        settings = trained.settings.model
        self.model, self.use_eda, self.use_music = trained.model, settings.use_eda, settings.use_music
        known = trained.normalisation
        if settings.on_signals:
            self.mean = torch.from_numpy(known.series_mean)[:, None]
            self.factor = torch.from_numpy(1.0 / known.series_deviation)[:, None]
        else:
            self.mean = torch.from_numpy(known.image_mean)[:, None, None]
            self.factor = torch.ones_like(self.mean)
        self.music_mean = torch.from_numpy(trained.normalisation.music_mean)
        self.music_factor = torch.from_numpy(1.0 / trained.normalisation.music_deviation)

    def forward(self, *inputs: Tensor) -> Tensor:
        """Probabilities of low and high."""
        image = (inputs[0] - self.mean) * self.factor if self.use_eda else None
        music = None
        if self.use_music:
            music = (inputs[-1] - self.music_mean) * self.music_factor
            music = torch.where(torch.isfinite(music), music, torch.zeros_like(music))
        return torch.softmax(self.model(image, music), dim=1)


def export_onnx(trained: TrainedModel, path: str | Path) -> Exported:
    """Write a model as ONNX, if onnxruntime gives the same probabilities as torch.

    Parameters
    ----------
    trained
        From `ressin.learn.trained.checkpoint.load`.
    path
        Where to; replaced once the new file is whole and checked.

    Returns
    -------
    Exported
        Inputs are ``image``, (batch, n_planes, size, size) in [0, 1] as `ressin.image.to_images` draws it (the planes
        that the model sees), or ``series``, (batch, n_planes, length) in the unit of the recordings, as
        `ressin.learn.training.resampled.stretched` gives it, and ``music``, (batch, n_music), the features as
        extracted, NaN where one is missing; the output ``probability``, (batch, 2), is that of low and high.

    Raises
    ------
    InvalidInputError
        If the model was trained with ``decompose="layer"`` ``within_person`` or ``network="mlp"``.
    ConvergenceError
        If a probability differs by more than 1e-4; then nothing is written.
    MissingExtraError
        If onnx, onnxscript or onnxruntime is not installed.
    OutputError
        If the file cannot be written.
    """
    if trained.settings.model.decompose == "layer":
        raise InvalidInputError("the model decomposes recordings itself, which ONNX has no operator for")
    if trained.settings.model.compares_samples:
        raise InvalidInputError("the model compares the samples of a person; ONNX is given one after the other")
    for name in ("onnx", "onnxscript", "onnxruntime"):
        require(name, "export", "writing ONNX")
    model = Deployed(trained).cpu().eval()
    examples = _examples(trained, 2)
    names = [name for name, _ in _inputs(trained)]
    batch = torch.export.Dim("batch", min=1)
    with replacing(path) as temporary:
        # The exporter reports its own progress and deprecations; the result is checked below.
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            torch.onnx.export(
                model,
                tuple(torch.from_numpy(example) for example in examples),
                str(temporary),
                input_names=names,
                output_names=["probability"],
                dynamic_shapes=(tuple({0: batch} for _ in examples),),
                external_data=False,
                dynamo=True,
            )
        difference = max(_difference(model, trained, temporary, size) for size in CHECKED)
        if not difference <= TOLERANCE:
            raise ConvergenceError(
                f"onnxruntime and torch differ by {difference:.1e} in a probability; at most {TOLERANCE:.0e} may be"
            )
    return Exported(Path(path), _inputs(trained), difference)


def _inputs(trained: TrainedModel) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Name and shape, without the batch, of each input."""
    settings, size = trained.settings, trained.settings.image.size
    found: list[tuple[str, tuple[int, ...]]] = []
    if settings.model.use_eda:
        planes, length = settings.model.n_planes, settings.model.length
        found.append(("series", (planes, length)) if settings.model.on_signals else ("image", (planes, size, size)))
    if settings.model.use_music:
        found.append(("music", (trained.normalisation.music_mean.size,)))
    return tuple(found)


def _examples(trained: TrainedModel, n: int) -> list[NDArray[np.float32]]:
    """Make random inputs: pictures in [0, 1], music around its mean, one feature missing."""
    rng = np.random.default_rng(n)
    made = []
    for name, shape in _inputs(trained):
        values = rng.random((n, *shape), dtype=np.float32)
        if name == "music":
            scale = trained.normalisation.music_deviation
            spread = np.where(np.isfinite(scale), scale, np.float32(1.0))
            values = trained.normalisation.music_mean + spread * (4.0 * values - 2.0)
            values[0, 0] = np.nan
        made.append(values.astype(np.float32))
    return made


def _difference(model: Deployed, trained: TrainedModel, path: Path, n: int) -> float:
    """Largest difference of a probability between onnxruntime and torch, for a batch of n."""
    runtime = require("onnxruntime", "export", "checking ONNX")
    examples = _examples(trained, n)
    session = runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [name for name, _ in _inputs(trained)]
    (theirs,) = session.run(["probability"], dict(zip(names, examples, strict=True)))
    with torch.no_grad():
        ours = model(*(torch.from_numpy(example) for example in examples)).numpy()
    return float(np.abs(np.asarray(theirs) - ours).max())

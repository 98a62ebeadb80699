"""What the network looks at: how much the answer depends on each pixel of the pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ressin.plots.backend import import_matplotlib  # noqa: F401  # with its folder it has imported matplotlib

# isort: split
import matplotlib as mpl
import numpy as np
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ressin._files.atomic import replacing
from ressin.image import CHANNELS
from ressin.learn.trained.checkpoint import TrainedModel, load
from ressin.learn.training.inputs import FusionInputs, make_inputs
from ressin.plots.style import STYLE

if TYPE_CHECKING:
    from ressin.data.samples.labelled import LabelledData

SAMPLES = 128  # over which the map is averaged
KEPT = "attention.npy"  # beside the model


def attention(trained: TrainedModel, data: LabelledData, *, n_samples: int = SAMPLES) -> NDArray[np.float64] | None:
    """Average, over samples, how much the log odds of high change with each pixel.

    Parameters
    ----------
    trained
        The network.
    data
        What it is shown; samples are taken evenly from it.
    n_samples
        At most so many.

    Returns
    -------
    ndarray or None
        (n_planes, size, size), the mean size of the gradient, with sum 1 (zeros where the answer depends on no pixel);
        None for a network that is not shown pictures.

    References
    ----------
    Simonyan, Vedaldi, Zisserman, "Deep inside convolutional networks: visualising image classification models and
    saliency maps", ICLR workshop 2014, arXiv:1312.6034.
    """
    source = make_inputs(data, trained.settings, trained.normalisation)
    if not isinstance(source, FusionInputs) or source.images is None:
        return None
    chosen = np.unique(np.linspace(0, len(data) - 1, min(n_samples, len(data))).astype(np.int64))
    model = trained.model.cpu().eval()
    found = np.zeros(1)
    for index in np.array_split(chosen, -(-chosen.size // 32)):
        image, music = source.inputs(index, None)
        assert image is not None, "there are pictures"
        pixels = image.clone().requires_grad_(True)
        answer = model(pixels, music)
        (gradient,) = torch.autograd.grad((answer[:, 1] - answer[:, 0]).sum(), pixels)
        found = found + gradient.abs().double().sum(dim=0).numpy()
    return found / found.sum() if found.sum() > 0 else found


def kept_attention(folder: Path, file: str, data: LabelledData) -> tuple[NDArray[np.float64] | None, TrainedModel]:
    """Read the map that lies beside a trained model, or make it and keep it there.

    Parameters
    ----------
    folder
        Of the report.
    file
        The model, from there.
    data
        What it is shown.
    """
    trained = load(folder / file)
    path = (folder / file).with_name(KEPT)
    if path.is_file():
        return np.load(path, allow_pickle=False), trained
    found = attention(trained, data)
    if found is not None:
        with replacing(path) as temporary, temporary.open("wb") as opened:
            np.save(opened, found)
    return found, trained


def plot_attention(maps: dict[str, tuple[NDArray[np.float64], tuple[int, ...]]]) -> Figure:
    """Draw the maps, a row per label and a panel per plane of the picture, with each plane's share.

    Parameters
    ----------
    maps
        For each label the map, (n_planes, size, size), and which of origin, phasic and tonic its planes are.
    """
    across = max(len(planes) for _, planes in maps.values())
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(2.3 * across + 0.6, 2.5 * len(maps)), layout="constrained")
        axes = figure.subplots(len(maps), across, squeeze=False)
        for row, (label, (found, planes)) in zip(axes, maps.items(), strict=True):
            top = float(found.max()) or 1.0
            for axis in row[len(planes) :]:
                axis.set_axis_off()
            for axis, plane, name in zip(row, found, planes, strict=False):
                axis.imshow(plane, cmap="magma", vmin=0.0, vmax=top, interpolation="nearest")
                axis.set(xticks=[], yticks=[], title=f"{CHANNELS[name]}: {float(plane.sum()):.0%}")
            row[0].set_ylabel(f"{label}\ntime, downwards")
        for axis in axes[-1]:
            axis.set_xlabel("within a second")
    return figure

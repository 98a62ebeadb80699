"""Res-SIN with the decomposition inside: from the recording to two logits, all of it differentiable."""

from __future__ import annotations

import torch
from torch import Tensor

from ressin.errors import InvalidInputError
from ressin.image import ImageSettings
from ressin.learn.model.fusion import Ensemble, ResSIN
from ressin.learn.model.settings import ModelSettings
from ressin.nn.layer import CvxEDA
from ressin.nn.pictures import draw

LEARNED = ("alpha", "tau0", "tau1")
BETWEEN_MEMBERS = 1_000_003  # between the seeds of an ensemble's members, far from those that people count up


class DecomposingResSIN(ResSIN):
    """`ResSIN` that sees recordings instead of pictures, and learns alpha, tau0 and tau1 of their decomposition.

    Shapes: signal (B, n) with lengths (B,), shifts (B, 2), the planes' mean (n_planes,), and z-scored music
    (B, n_music) -> logits (B, 2). Three parameters more than `ResSIN`.

    Parameters
    ----------
    settings, n_music
        See `ResSIN`.
    sampling_rate
        Hz, of all recordings.
    image
        The pictures that are drawn.
    """

    def __init__(self, settings: ModelSettings, n_music: int, sampling_rate: float, image: ImageSettings) -> None:
        super().__init__(settings, n_music)
        self.decomposition = CvxEDA(sampling_rate, learn=LEARNED)
        self.image, self.planes = image, settings.channel_index

    def forward(  # type: ignore[override]  # a signal and how to draw it, in the place of the picture
        self, signal: Tensor, lengths: Tensor, shifts: Tensor, mean: Tensor, music: Tensor | None
    ) -> Tensor:
        """Logits (B, 2) of low and high."""
        mask = torch.arange(signal.shape[1], device=signal.device) < lengths[:, None]  # (B, n)
        parts = self.decomposition(signal, mask)
        channels = (signal, parts.phasic, parts.tonic)
        planes = torch.stack([channels[k] for k in self.planes], dim=1)  # (B, n_planes, n)
        image = draw(
            planes, self.decomposition.sampling_rate, lengths=lengths, settings=self.image, mean=mean, shifts=shifts
        )
        return super().forward(image, music)


def build_networks(
    settings: ModelSettings, n_music: int, seed: int, *, sampling_rate: float = 0.0, image: ImageSettings | None = None
) -> ResSIN | Ensemble:
    """Make a model of as many members as the settings say; parameters as of `build_model`."""
    seeds = [seed + k * BETWEEN_MEMBERS for k in range(settings.members)]
    made = [build_model(settings, n_music, one, sampling_rate=sampling_rate, image=image) for one in seeds]
    return Ensemble(made) if len(made) > 1 else made[0]


def build_model(
    settings: ModelSettings, n_music: int, seed: int, *, sampling_rate: float = 0.0, image: ImageSettings | None = None
) -> ResSIN:
    """Make a single network whose initial weights depend on the seed alone; the global random state is left as it was.

    Parameters
    ----------
    settings, n_music
        See `ResSIN`.
    seed
        Of the initial weights.
    sampling_rate, image
        Hz of the recordings and how they are drawn, where the model decomposes them itself.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if settings.decompose == "fixed":
            return ResSIN(settings, n_music)
        if image is None:
            raise InvalidInputError("decompose='layer' needs the sampling rate and the pictures of its recordings")
        return DecomposingResSIN(settings, n_music, sampling_rate, image)

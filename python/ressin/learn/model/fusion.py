"""EDA and music together: features side by side, two linear layers, two logits."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ressin.errors import InvalidInputError
from ressin.learn.model.settings import ModelSettings
from ressin.learn.model.subnet import N_FEATURES, ResidualSubnet, load_imagenet

N_CLASSES = 2


class FusionClassifier(nn.Module):
    """Two logits (low, high) from features: linear to `hidden`, ReLU, linear to 2.

    Shapes: (B, n_features) -> (B, 2). With 512 EDA and 6373 music features (6885) and 512 hidden units it has
    3,526,658 parameters: 6885 x 512 + 512 + 512 x 2 + 2.
    """

    def __init__(self, n_features: int, hidden: int = 512) -> None:
        super().__init__()
        self.hidden = nn.Linear(n_features, hidden)
        self.out = nn.Linear(hidden, N_CLASSES)

    def forward(self, features: Tensor) -> Tensor:
        """Logits; their softmax is the probability of low and high."""
        logits: Tensor = self.out(torch.relu(self.hidden(features)))
        return logits


class ResSIN(nn.Module):
    """The residual signal-image network: subnet on the picture, music features beside it, fusion.

    Shapes: image (B, n_planes, size, size) and z-scored music (B, n_music) -> logits (B, 2). With a branch switched off
    its argument is None.

    | branches | parameters (3 planes, no batch norm, 6373 music features) |
    |---|---|
    | EDA and music | 14,698,370 |
    | EDA alone | 11,435,394 |
    | music alone | 3,264,514 |

    Parameters
    ----------
    settings
        See `ModelSettings`.
    n_music
        Music features per song; ignored where ``settings.use_music`` is off.

    Raises
    ------
    InvalidInputError
        If music is used and there is none, or the ImageNet weights do not fit.
    """

    def __init__(self, settings: ModelSettings, n_music: int) -> None:
        super().__init__()
        if settings.use_music and n_music < 1:
            raise InvalidInputError(
                "use_music is on, and the data have no music features: switch it off or prepare them"
            )
        self.subnet = ResidualSubnet(settings.n_planes, settings.norm) if settings.use_eda else None
        self.n_music = n_music if settings.use_music else 0
        n_eda = N_FEATURES if settings.use_eda else 0
        scaled = settings.use_eda and settings.scaling == "running"
        self.scale = nn.BatchNorm1d(N_FEATURES, affine=False) if scaled else nn.Identity()
        self.classifier = FusionClassifier(n_eda + self.n_music, settings.hidden)
        if settings.imagenet and self.subnet is not None:
            load_imagenet(self.subnet, settings.imagenet)

    def forward(self, image: Tensor | None, music: Tensor | None) -> Tensor:
        """Logits (B, 2) of low and high."""
        parts = []
        if self.subnet is not None:
            if image is None:
                raise InvalidInputError("the model has an EDA branch, and no image was given")
            parts.append(self.scale(self.subnet(image)))  # (B, 512)
        if self.n_music:
            if music is None:
                raise InvalidInputError("the model has a music branch, and no music features were given")
            parts.append(music)  # (B, n_music)
        logits: Tensor = self.classifier(torch.cat(parts, dim=1))  # (B, n_eda + n_music) -> (B, 2)
        return logits


def count_parameters(model: nn.Module) -> int:
    """Count trainable numbers."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)

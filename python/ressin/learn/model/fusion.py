"""EDA and music together: features side by side, linear layers, two logits; and several such networks as one."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ressin.errors import InvalidInputError
from ressin.learn.model.perceptron import Perceptron
from ressin.learn.model.series import RTCAN, SeriesNetwork
from ressin.learn.model.settings import SELECTIONS, ModelSettings
from ressin.learn.model.shared_norm import SharedNorm1d
from ressin.learn.model.subnet import ResidualSubnet, load_imagenet

N_CLASSES = 2
LEAST_VARIANCE = 1e-3  # of a feature within a person, below which it is not blown up


class FusionClassifier(nn.Module):
    """Two logits (low, high) from features: linear to `hidden`, ReLU, linear to 2; with no hidden units linear to 2.

    Shapes: (B, n_features) -> (B, 2). With 512 EDA and 6373 music features (6885) and 512 hidden units it has
    3,526,658 parameters: 6885 x 512 + 512 + 512 x 2 + 2.
    """

    def __init__(self, n_features: int, hidden: int = 512) -> None:
        super().__init__()
        self.hidden = nn.Linear(n_features, hidden) if hidden else None
        self.out = nn.Linear(hidden or n_features, N_CLASSES)

    def forward(self, features: Tensor) -> Tensor:
        """Logits; their softmax is the probability of low and high."""
        inner = features if self.hidden is None else torch.relu(self.hidden(features))
        logits: Tensor = self.out(inner)
        return logits


def eda_branch(settings: ModelSettings) -> ResidualSubnet | SeriesNetwork | RTCAN | Perceptron:
    """Make the EDA branch that the settings name; its ``n_features`` says how many features it gives."""
    if settings.network == "cnn1d":
        return SeriesNetwork(settings.n_planes)
    if settings.network == "rtcan1d":
        return RTCAN(settings.n_planes)
    if settings.network == "mlp":
        return Perceptron(SELECTIONS[settings.channels])
    return ResidualSubnet(settings.n_planes, settings.norm)


def n_eda_features(settings: ModelSettings) -> int:
    """Count the features of the EDA branch, without making it; 0 where it is switched off."""
    counts = {
        "resnet18": ResidualSubnet.n_features,
        "cnn1d": SeriesNetwork.n_features,
        "rtcan1d": RTCAN.n_features,
        "mlp": Perceptron.n_features,
    }
    return counts[settings.network] if settings.use_eda else 0


def within_groups(features: Tensor, group: Tensor) -> Tensor:
    """Z-score features, (B, n), over the samples of each group, int64 (B,); a group of one sample becomes zeros."""
    _, place = torch.unique(group, return_inverse=True)
    member = nn.functional.one_hot(place).to(features.dtype)  # (B, n_groups)
    count = member.sum(dim=0)[:, None]
    centred = features - (member.T @ features / count)[place]
    variance = member.T @ centred.square() / count
    return centred * torch.rsqrt(variance + LEAST_VARIANCE)[place]


class ResSIN(nn.Module):
    """The residual signal-image network: subnet on the picture, music features beside it, fusion.

    Shapes: image (B, n_planes, size, size) and z-scored music (B, n_music) -> logits (B, 2). With a branch switched off
    its argument is None. A network on signals (``settings.on_signals``) takes (B, n_planes, length) in the place of the
    image, one on features (B, n).

    | branches | parameters (resnet18 of 3 planes, no batch norm, 6373 music features) |
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
        self.subnet = eda_branch(settings) if settings.use_eda else None
        self.n_music = n_music if settings.use_music else 0
        n_eda = n_eda_features(settings)
        scaled = settings.use_eda and settings.scaling == "running"
        self.scale = SharedNorm1d(n_eda, affine=False) if scaled else nn.Identity()
        self.within_person = settings.within_person
        self.classifier = FusionClassifier(n_eda + self.n_music, settings.hidden)
        if settings.imagenet and isinstance(self.subnet, ResidualSubnet):
            load_imagenet(self.subnet, settings.imagenet)

    def forward(self, image: Tensor | None, music: Tensor | None, person: Tensor | None = None) -> Tensor:
        """Logits (B, 2) of low and high; `person`, int64 (B,), says whose each sample is, where that matters."""
        parts = []
        if self.subnet is not None:
            if image is None:
                raise InvalidInputError("the model has an EDA branch, and no image was given")
            features = self.scale(self.subnet(image))  # (B, n_eda)
            if self.within_person:
                if person is None:
                    raise InvalidInputError("the model compares a person's samples, and it was not said whose they are")
                features = within_groups(features, person)
            parts.append(features)
        if self.n_music:
            if music is None:
                raise InvalidInputError("the model has a music branch, and no music features were given")
            parts.append(music)  # (B, n_music)
        logits: Tensor = self.classifier(torch.cat(parts, dim=1))  # (B, n_eda + n_music) -> (B, 2)
        return logits


class Ensemble(nn.Module):
    """Networks of one kind, whose probabilities are averaged.

    Shapes: the arguments of `ResSIN` -> in training the logits of each, (B, n_members, 2), so that each learns by
    itself; in evaluation mode (B, 2), whose softmax is the mean of the members' probabilities.

    Parameters
    ----------
    members
        At least one; they differ in their initial weights.
    """

    def __init__(self, members: list[ResSIN]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    def forward(self, image: Tensor | None, music: Tensor | None, person: Tensor | None = None) -> Tensor:
        """Logits of low and high, (B, n_members, 2) in training, else (B, 2)."""
        logits = torch.stack([member(image, music, person) for member in self.members], dim=1)
        if self.training:
            return logits
        return torch.log_softmax(logits, dim=2).logsumexp(dim=1) - math.log(len(self.members))


def count_parameters(model: nn.Module) -> int:
    """Count trainable numbers."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)

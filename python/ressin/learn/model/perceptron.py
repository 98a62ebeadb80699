"""A network on the features of intervals, scaled within the person."""

from __future__ import annotations

from torch import Tensor, nn

from ressin.data.samples.features import CLASSICAL, channel_of
from ressin.learn.model.shared_norm import SharedNorm1d

WIDTH = 64
FORMS = 2  # of each feature: its z-score and its rank within the person


def columns_of(planes: tuple[str, ...]) -> tuple[int, ...]:
    """Positions in `CLASSICAL` of the features of some of origin, phasic and tonic."""
    return tuple(k for k, name in enumerate(CLASSICAL) if channel_of(name) in planes)


class Perceptron(nn.Module):
    """One hidden layer, with batch normalisation and ReLU.

    Shapes: (B, 2 n) -> (B, 64): of each feature its z-score and its rank within the person. With all 29 features 3,904
    parameters.

    Parameters
    ----------
    planes
        Of which channels it is given the features: ``"origin"``, ``"phasic"``, ``"tonic"``.
    """

    n_features = WIDTH

    def __init__(self, planes: tuple[str, ...]) -> None:
        super().__init__()
        n_inputs = FORMS * len(columns_of(planes))
        self.layers = nn.Sequential(nn.Linear(n_inputs, WIDTH), SharedNorm1d(WIDTH), nn.ReLU())

    def forward(self, features: Tensor) -> Tensor:
        """(B, 2 n) -> (B, 64)."""
        found: Tensor = self.layers(features)
        return found

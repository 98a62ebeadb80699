"""Networks on the signals themselves: a small 1-D CNN, and RTCAN-1D."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ressin.learn.model.shared_norm import SharedNorm1d

WIDTHS = ((16, 7), (32, 5), (32, 5))  # channels and kernel of each convolution of `SeriesNetwork`
RTCAN_WIDTH = 64
RTCAN_STAGES = 4


def _convolution(n_in: int, n_out: int, kernel: int, stride: int) -> list[nn.Module]:
    return [
        nn.Conv1d(n_in, n_out, kernel, stride=stride, padding=kernel // 2, bias=False),
        SharedNorm1d(n_out),
    ]


class SeriesNetwork(nn.Module):
    """Strided 1-D convolutions, each with batch normalisation and ReLU, averaged over time.

    Shapes: (B, n_planes, length) -> (B, 32, length / 8) -> (B, 32). With three planes 8,176 parameters.

    Parameters
    ----------
    n_planes
        Input planes.
    """

    n_features = WIDTHS[-1][0]

    def __init__(self, n_planes: int = 3) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        n_in = n_planes
        for n_out, kernel in WIDTHS:
            layers += [*_convolution(n_in, n_out, kernel, 2), nn.ReLU()]
            n_in = n_out
        self.n_planes = n_planes
        self.convolutions = nn.Sequential(*layers)

    def forward(self, series: Tensor) -> Tensor:
        """Features of signals: (B, n_planes, length) -> (B, 32)."""
        features: Tensor = self.convolutions(series).mean(dim=2)
        return features


class TemporalAttention(nn.Module):
    """Every time looks at all others: x + up(softmax(q k) v), (B, C, T) -> (B, C, T).

    The non-local block of Wang et al., "Non-local neural networks", CVPR 2018, in its embedded-Gaussian form, with half
    as many channels inside. What comes back starts at zero, so that the block is the identity at first.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        inner = channels // 2
        self.query = nn.Conv1d(channels, inner, 1)
        self.key = nn.Conv1d(channels, inner, 1)
        self.value = nn.Conv1d(channels, inner, 1)
        self.back = nn.Sequential(nn.Conv1d(inner, channels, 1), SharedNorm1d(channels))
        nn.init.zeros_(self.back[1].weight)  # type: ignore[arg-type]  # a parameter, for torch's stubs a module too

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T) -> (B, C, T)."""
        weights = torch.softmax(self.query(x).transpose(1, 2) @ self.key(x), dim=2)  # (B, T, T)
        seen = self.value(x) @ weights.transpose(1, 2)  # (B, inner, T)
        out: Tensor = x + self.back(seen)
        return out


class ChannelAttention(nn.Module):
    """A weight in (0, 1) for each channel from the means of all over time: squeeze and excitation, Hu et al. 2018."""

    def __init__(self, channels: int, reduction: int = 16) -> None:
        super().__init__()
        self.weights = nn.Sequential(
            nn.Conv1d(channels, channels // reduction, 1), nn.ReLU(), nn.Conv1d(channels // reduction, channels, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T) -> (B, C, T)."""
        weights: Tensor = self.weights(x.mean(dim=2, keepdim=True))
        return x * torch.sigmoid(weights)


class _AttentionBlock(nn.Module):
    """One residual step: channel attention, a convolution, and the shortcut of what the attention gave."""

    def __init__(self, channels: int, stride: int) -> None:
        super().__init__()
        self.attention = ChannelAttention(channels)
        self.convolution = nn.Sequential(*_convolution(channels, channels, 3, stride), nn.ReLU())
        self.shortcut = nn.Sequential(*_convolution(channels, channels, 1, stride)) if stride > 1 else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T) -> (B, C, T / stride)."""
        seen = self.attention(x)
        return torch.relu(self.convolution(seen) + self.shortcut(seen))


class RTCAN(nn.Module):
    """RTCAN-1D's EDA branch: a residual 1-D network with temporal and channel attention, to 64 features.

    Shapes: (B, n_planes, length) -> (B, 64, length / 2) after the first convolution and both attentions, then four
    stages of two residual blocks, each stage half as long -> (B, 64) by the mean over time. With three planes 131,396
    parameters.

    Parameters
    ----------
    n_planes
        Input planes.

    Notes
    -----
    After Yin, Sun, Yu, Li, Zhang, "A Multimodal Framework for Large-Scale Emotion Recognition by Fusing Music and
    Electrodermal Activity Signals", ACM TOMM 2022 (arXiv:2008.09743). From the paper and what its authors published
    with it: cvxEDA's parts as channels of a 1-D network, a shallow convolution (7 wide, 64 channels, stride 2),
    temporal attention by a non-local block of 32 channels, channel attention after it and in every residual block, four
    stages of two blocks of one 3 wide convolution each with 64 channels and stride 2, fusion with 6,373 openSMILE
    features by linear layers.
    Our reading: the softmax form of the non-local block and its zero start; the reduction of the channel attention by
    16; the shortcut from the attended input; the mean over whatever time is left in place of a fixed pooling (the
    paper's recordings had one length); one fusion layer, `FusionClassifier`, as for the other networks.
    """

    n_features = RTCAN_WIDTH

    def __init__(self, n_planes: int = 3) -> None:
        super().__init__()
        self.n_planes = n_planes
        self.shallow = nn.Sequential(*_convolution(n_planes, RTCAN_WIDTH, 7, 2))
        self.temporal, self.channel = TemporalAttention(RTCAN_WIDTH), ChannelAttention(RTCAN_WIDTH)
        steps = [_AttentionBlock(RTCAN_WIDTH, stride) for _ in range(RTCAN_STAGES) for stride in (2, 1)]
        self.stages = nn.Sequential(*steps)

    def forward(self, series: Tensor) -> Tensor:
        """Features of signals: (B, n_planes, length) -> (B, 64)."""
        x = self.channel(self.temporal(self.shallow(series)))
        features: Tensor = self.stages(x).mean(dim=2)
        return features

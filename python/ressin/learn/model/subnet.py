"""The residual subnet: ResNet-18 without its last layer, from a picture to 512 features."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from ressin.errors import InvalidInputError
from ressin.learn.model.shared_norm import SharedNorm2d
from ressin.learn.model.vision import import_torchvision

if TYPE_CHECKING:
    from torchvision.models.resnet import ResNet

N_FEATURES = 512
MAX_WEIGHT_BYTES = 512 * 1024 * 1024


class ResidualSubnet(nn.Module):
    """ResNet-18's convolutions and residual blocks (torchvision's), averaged over the picture.

    Shapes: (B, n_planes, size, size) -> (B, 512). In between, at size 224: 64 planes of 112, after pooling four stages
    of two blocks each with 64, 128, 256, 512 planes of 56, 28, 14, 7.

    | n_planes | norm | parameters |
    |---|---|---|
    | 3 | batch | 11,176,512 |
    | 3 | none | 11,171,712 |
    | 1 | batch | 11,170,240 |
    | 1 | none | 11,165,440 |

    Parameters
    ----------
    n_planes
        Input planes: 1 for a single channel, 3 for the mix.
    norm
        ``"batch"`` or ``"none"``. Without normalisation the convolutions have biases, and the last one of every block
        starts at zero: every block is the identity at first (its shortcut, where the shape changes), and the scale of
        the features does not grow with depth.

    Notes
    -----
    He et al., "Deep residual learning for image recognition", CVPR 2016; zero start: Zhang et al., "Fixup
    initialization", ICLR 2019.
    """

    n_features = N_FEATURES

    def __init__(self, n_planes: int = 3, norm: str = "none") -> None:
        super().__init__()
        import_torchvision()
        from torchvision.models.resnet import BasicBlock, ResNet

        net = ResNet(BasicBlock, [2, 2, 2, 2], norm_layer=SharedNorm2d if norm == "batch" else nn.Identity)
        net.fc = nn.Identity()
        if n_planes != 3:
            net.conv1 = nn.Conv2d(n_planes, 64, kernel_size=7, stride=2, padding=3, bias=False)
            nn.init.kaiming_normal_(net.conv1.weight, mode="fan_out", nonlinearity="relu")
        if norm == "none":
            for part in net.modules():
                if isinstance(part, BasicBlock):
                    nn.init.zeros_(part.conv2.weight)
                if isinstance(part, nn.Conv2d):
                    part.bias = nn.Parameter(torch.zeros(part.out_channels))
        self.n_planes = n_planes
        self.net: ResNet = net

    def forward(self, image: Tensor) -> Tensor:
        """Features of pictures: (B, n_planes, size, size) -> (B, 512)."""
        features: Tensor = self.net(image)
        return features


def load_imagenet(subnet: ResidualSubnet, path: str | Path) -> None:
    """Start from weights of torchvision's ``resnet18``.

    The last layer (``fc``) is left out; for a single plane the first convolution is summed over its three colours.

    Parameters
    ----------
    subnet
        With batch normalisation.
    path
        A ``.safetensors`` or ``.pth`` file with the names of torchvision's state dict. Reading it executes no code.

    Raises
    ------
    InvalidInputError
        If the file is missing, too large, unreadable, or its names or shapes are not those of ``resnet18``.
    """
    state = {name: value for name, value in _read_weights(Path(path)).items() if not name.startswith("fc.")}
    if "conv1.weight" in state and subnet.n_planes == 1:
        state["conv1.weight"] = state["conv1.weight"].sum(dim=1, keepdim=True)
    try:
        subnet.net.load_state_dict(state)
    except RuntimeError as error:
        raise InvalidInputError(f"{path} does not hold the weights of torchvision's resnet18: {error}") from error


def _read_weights(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        raise InvalidInputError(f"imagenet={str(path)!r}: there is no such file")
    if path.stat().st_size > MAX_WEIGHT_BYTES:
        raise InvalidInputError(f"{path} has {path.stat().st_size:,} bytes; a resnet18 has about 47,000,000")
    import pickle

    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:  # its own text advises to load the file unsafely
        raise InvalidInputError(
            f"{path} is not a file of weights alone: a file that holds anything else is not loaded, lest it runs"
        ) from error
    except (SafetensorError, RuntimeError, EOFError, ValueError) as error:
        raise InvalidInputError(f"{path} is not a file of weights: {error}") from error
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise InvalidInputError(f"{path} holds a {type(state).__name__}; a state dict of tensors is needed")
    return state

"""The decomposition inside a network: cvxEDA and the pictures as torch layers with exact gradients; extra `train`."""

from ressin.errors import MissingExtraError

try:
    import torch as _torch  # noqa: F401  # before the modules below, which need it
except ModuleNotFoundError as error:
    if error.name != "torch":
        raise
    raise MissingExtraError("torch", "train", "ressin.nn") from error

from ressin.nn.layer import CvxEDA, Parts, cvxeda
from ressin.nn.pictures import draw
from ressin.nn.robust import RobustParts

__all__ = ["CvxEDA", "Parts", "RobustParts", "cvxeda", "draw"]

"""The decomposition inside a network: cvxEDA and the pictures as torch layers with exact gradients; extra `train`."""

from ressin.nn.layer import CvxEDA, Parts, cvxeda
from ressin.nn.pictures import draw

__all__ = ["CvxEDA", "Parts", "cvxeda", "draw"]

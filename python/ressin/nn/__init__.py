"""The decomposition inside a network: cvxEDA as a torch layer with exact gradients. Needs the extra `train`."""

from ressin.nn.layer import CvxEDA, Parts, cvxeda

__all__ = ["CvxEDA", "Parts", "cvxeda"]

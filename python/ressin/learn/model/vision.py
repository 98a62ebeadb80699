"""torchvision, also where its compiled operators do not fit the installed torch.

A torchvision built for CUDA next to a CPU-only torch stops on import: ``operator torchvision::nms does not exist``. The
models and transforms need none of those operators, so after exactly that failure the two schemas that torchvision looks
for are declared and the import is repeated. The compiled operators still raise a clear error when they are called.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from types import ModuleType

from ressin.errors import MissingExtraError

SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_declared: list[object] = []  # torch drops a library's schemas together with the object


def import_torchvision() -> ModuleType:
    """Import torchvision.

    Raises
    ------
    MissingExtraError
        If torch or torchvision is not installed.
    RuntimeError
        If torchvision fails to import for another reason than the missing operators; unchanged.
    """
    for package in ("torch", "torchvision"):
        if importlib.util.find_spec(package) is None:
            raise MissingExtraError(package, "train", "the signal-image network")
    try:
        return importlib.import_module("torchvision")
    except RuntimeError as error:
        if "operator torchvision::nms does not exist" not in str(error):
            raise
    _forget_torchvision()
    _declare_schemas()
    return importlib.import_module("torchvision")


def _forget_torchvision() -> None:
    """Remove the half-imported modules, so that the next import starts afresh."""
    for name in [name for name in sys.modules if name == "torchvision" or name.startswith("torchvision.")]:
        del sys.modules[name]


def _declare_schemas() -> None:
    import torch

    library = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]
    for schema in SCHEMAS:
        library.define(schema)  # type: ignore[no-untyped-call]
    _declared.append(library)

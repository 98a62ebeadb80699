"""Tests that need an extra are skipped, visibly, where it is not installed."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from pathlib import Path

import pytest

DATA = {"pyarrow": "data", "pandera": "data", "sklearn": "data"}  # what must be there, and the extra that brings it
REPORT = {"jinja2": "report", "bokeh": "report", "matplotlib": "report"}
TRAIN = {"torch": "train", "torchvision": "train", "safetensors": "train", **DATA}


class SkippedModule(pytest.Module):
    """A file of tests that is reported as skipped without being imported."""

    reason = ""

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        pytest.skip(self.reason, allow_module_level=True)


def skipped_without(needs: dict[str, str], path: Path, parent: pytest.Collector) -> pytest.Module | None:
    """Return what stands for a file of tests where something that it needs is missing; None where nothing is."""
    for name, extra in needs.items():
        if importlib.util.find_spec(name) is None:
            module: SkippedModule = SkippedModule.from_parent(parent, path=path)
            module.reason = f"{name} is not installed: these tests need the extra {extra!r}"
            return module
    return None

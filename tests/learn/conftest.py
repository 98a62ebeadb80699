from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ressin.data.samples.labelled import LabelledData

EXTRAS = {"torch": "train", "torchvision": "train", "safetensors": "train", "sklearn": "train", "pyarrow": "data"}
PYTHONPATH = os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])


def _missing() -> str:
    found = (name for name in EXTRAS if importlib.util.find_spec(name) is None)
    return next((f"{name} is not installed: these tests need the extra {EXTRAS[name]!r}" for name in found), "")


class SkippedModule(pytest.Module):
    """A file of tests that is reported as skipped without being imported."""

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        pytest.skip(_missing(), allow_module_level=True)


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    return SkippedModule.from_parent(parent, path=module_path) if _missing() else None


@pytest.fixture(scope="session")
def data() -> LabelledData:
    """Ninety recordings of 15 people and 10 songs; activity follows the label, music follows the song."""
    from tests.learn.samples import made_up

    return made_up()


@pytest.fixture(autouse=True)
def global_random_state_is_left_alone() -> Iterator[None]:
    """Nothing in ressin may seed or draw from torch's global generator."""
    import torch

    before = torch.get_rng_state()
    yield
    assert torch.equal(before, torch.get_rng_state())

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.extras import TRAIN, skipped_without

if TYPE_CHECKING:
    from ressin.data.samples.labelled import LabelledData

PYTHONPATH = os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    return skipped_without(TRAIN, module_path, parent)


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

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from pathlib import Path

import pytest


class SkippedModule(pytest.Module):
    """A file of tests that is reported as skipped without being imported."""

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        pytest.skip("torch is not installed: these tests need the extra 'train'", allow_module_level=True)


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    return None if importlib.util.find_spec("torch") else SkippedModule.from_parent(parent, path=module_path)

from __future__ import annotations

from pathlib import Path

import pytest

from tests.extras import skipped_without


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    return skipped_without({"torch": "train"}, module_path, parent)

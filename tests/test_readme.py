"""The README's Python runs and prints what it says."""

import doctest
import importlib
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"


def test_the_readme_prints_what_it_says() -> None:
    result = doctest.testfile(str(README), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert result.attempted >= 8
    assert result.failed == 0


@pytest.mark.parametrize(
    "module",
    [
        "compat",
        "decomposition.bands",
        "decomposition.decompose",
        "decomposition.qp",
        "decomposition.sweep",
        "decomposition.windows",
        "estimator",
        "simulation.eda",
    ],
)
def test_the_examples_in_docstrings_print_what_they_say(module: str) -> None:
    if module == "estimator":
        pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    result = doctest.testmod(importlib.import_module(f"ressin.{module}"), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert result.attempted >= 3
    assert result.failed == 0

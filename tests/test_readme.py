"""The README's Python runs and prints what it says."""

import doctest
from pathlib import Path

import ressin.cvxeda

README = Path(__file__).parents[1] / "README.md"


def test_the_readme_prints_what_it_says() -> None:
    result = doctest.testfile(str(README), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert result.attempted >= 8
    assert result.failed == 0


def test_the_example_in_the_docstring_prints_what_it_says() -> None:
    result = doctest.testmod(ressin.cvxeda)
    assert result.attempted >= 4
    assert result.failed == 0

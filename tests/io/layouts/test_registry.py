"""The registry is the documentation's table, and every layout stays one short file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ressin.io.layouts import registry
from ressin.io.layouts.registry import LAYOUTS, documentation_table

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "python" / "ressin" / "io" / "layouts"


def test_the_documentation_has_the_table_of_the_registry() -> None:
    assert documentation_table() in (ROOT / "docs" / "files.md").read_text(encoding="utf-8")


def test_names_are_different_and_every_module_is_registered() -> None:
    names = [layout.name for layout in LAYOUTS]
    assert len(set(names)) == len(names)
    modules = {path.stem for path in FOLDER.glob("*.py")} - {"__init__", "registry"}
    assert modules == {layout.sniff.__module__.rpartition(".")[2] for layout in LAYOUTS}
    assert registry.__doc__


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_a_layout_is_a_file_of_at_most_150_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 150


def test_libraries_are_those_of_an_extra() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for layout in LAYOUTS:
        named = re.fullmatch(r"([\w-]+)(?: \(extra (\w+)\))?", layout.library)
        if named and named.group(2):
            extra = re.search(rf"(?ms)^{named.group(2)} = \[.*?^\]", project)
            assert extra is not None
            assert f'"{named.group(1)}' in extra.group(0)

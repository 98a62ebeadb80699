"""The README and the pages under docs/: their Python prints what they say, and what they link to and name exists."""

import doctest
import importlib
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.pages import LINKED, PAGES, README, ROOT, anchors, blocks, links, name_of

REPORT = ROOT / "docs" / "report.md"  # what `ressin reproduce` wrote: its pictures are checked, its words are not ours


@pytest.mark.parametrize("page", [page for page in PAGES if ">>>" in page.read_text(encoding="utf-8")], ids=name_of)
def test_a_page_prints_what_it_says(page: Path) -> None:
    if ">>> import torch" in page.read_text(encoding="utf-8"):
        pytest.importorskip("torch", reason="torch is not installed")
    result = doctest.testfile(str(page), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert result.attempted >= 3
    assert result.failed == 0


def test_every_python_block_is_run() -> None:
    sessions = [page for page in PAGES for block in blocks(page, "python") if block.startswith(">>> ")]
    programs = [page for page in PAGES for block in blocks(page, "python") if not block.startswith(">>> ")]
    assert len(sessions) >= 12
    assert [name_of(page) for page in programs] == ["docs/res_sin.md"]  # run by tests/report/test_readme.py


def test_no_block_is_in_another_language() -> None:
    for page in PAGES:
        fences = re.findall(r"^```(\S*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert set(fences) <= {"python", "sh", ""}, name_of(page)
        assert fences[::2].count("") == 0, f"{name_of(page)}: a block without a language"


@pytest.mark.parametrize("page", LINKED, ids=name_of)
def test_links_and_pictures_exist(page: Path) -> None:
    for link in links(page):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, heading = link.partition("#")
        target = page.parent / path if path else page
        assert target.is_file(), f"{name_of(page)} links to {link}, and there is no such file"
        assert not heading or heading in anchors(target), f"{name_of(page)} links to {link}: no such heading"


def linked_from(page: Path) -> set[Path]:
    """Local files that a page links to."""
    local = (link.partition("#")[0] for link in links(page) if not re.match(r"[a-z]+:", link))
    return {(page.parent / path).resolve() for path in local if path}


def test_every_page_and_picture_is_linked() -> None:
    linked = {target for page in PAGES for target in linked_from(page)}
    for file in (ROOT / "docs").rglob("*.*"):
        assert file.resolve() in linked, f"no page shows or links to {name_of(file)}"


def test_the_index_lists_every_page() -> None:
    index = ROOT / "docs" / "index.md"
    assert index in linked_from(README)
    assert linked_from(index) >= {README, *PAGES[1:]} - {index}


def named_files(page: Path) -> Iterator[str]:
    """Files of the repository that a page's commands and words name."""
    text = page.read_text(encoding="utf-8")
    for module in re.findall(r"python -m ((?:bench|tests)\.\w+)", text):
        path = module.replace(".", "/")
        yield f"{path}/__main__.py" if (ROOT / path).is_dir() else f"{path}.py"
    yield from re.findall(r"(?<![\w/.])(?:bench|tests|cpp|python|\.ci)/[\w/.]*\w", text)


@pytest.mark.parametrize("page", [page for page in LINKED if page != REPORT], ids=name_of)
def test_named_files_exist(page: Path) -> None:
    for name in named_files(page):
        assert (ROOT / name).exists(), f"{name_of(page)} names {name}, and there is no such file"


@pytest.mark.parametrize("page", LINKED, ids=name_of)
def test_the_rows_of_a_table_have_its_columns(page: Path) -> None:
    lines = page.read_text(encoding="utf-8").splitlines()
    for above, line in pairwise(lines):
        if above.startswith("|") and line.startswith("|"):
            assert cells(above) == cells(line), f"{name_of(page)}: {line}"


def cells(row: str) -> int:
    """Number of cells in a row of a table."""
    return len(re.findall(r"(?<!\\)\|", re.sub(r"`[^`]*`", "", row)))


def test_the_readme_is_a_front_door() -> None:
    text = README.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 180
    assert len(re.findall(r"^[^#\n]*pip install .*\[test\].*pytest", text, re.MULTILINE)) == 1  # .ci/run runs this line


@pytest.mark.parametrize(
    "module",
    [
        "compat",
        "decomposition.bands",
        "decomposition.decompose",
        "decomposition.qp",
        "decomposition.sweep",
        "decomposition.decompose_windows",
        "estimator",
        "events.trials",
        "intervals.features",
        "simulation.eda",
    ],
)
def test_the_examples_in_docstrings_print_what_they_say(module: str) -> None:
    if module == "estimator":
        pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    result = doctest.testmod(importlib.import_module(f"ressin.{module}"), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert result.attempted >= 3
    assert result.failed == 0

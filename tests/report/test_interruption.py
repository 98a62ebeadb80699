"""A report that is killed, or runs out of disk space: the next run finishes it with the same result."""

import json
import resource
import shutil
import signal
from pathlib import Path

import pytest

from ressin.errors import OutputError
from tests.data.folders import kill_when
from tests.learn.conftest import PYTHONPATH
from tests.report.brief import PAGES, run

pytestmark = pytest.mark.slow

SCRIPT = "import sys; from tests.report.brief import run; run(*sys.argv[1:])"
LOST = (*PAGES, "figures", "cells/*_subject_fusion*", "models/*")


@pytest.fixture(scope="module")
def whole(prepared_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report that was not interrupted; tests must not change it."""
    folder = tmp_path_factory.mktemp("report") / "whole"
    run(prepared_folder, folder)
    return folder


@pytest.fixture
def unfinished(whole: Path, tmp_path: Path) -> Path:
    """The same before its last cell, its model and its pages were computed."""
    folder = tmp_path / "report"
    shutil.copytree(whole, folder)
    for pattern in LOST:
        for path in folder.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    return folder


def assert_finishes_alike(prepared: Path, folder: Path, whole: Path) -> None:
    assert run(prepared, folder) == {name: (whole / name).read_bytes() for name in PAGES}
    assert list((folder / "work").iterdir()) == []
    assert not list(folder.rglob(".*.part.*"))


def test_kill_at_many_moments_then_the_same_result(
    prepared_folder: Path, whole: Path, unfinished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the first training of a cell, between two folds, in the last model, and while the pages are written."""
    monkeypatch.setenv("PYTHONPATH", PYTHONPATH)
    folder = unfinished
    moments = [
        lambda: bool(list(folder.glob("work/*/fold_00_*/training"))),
        lambda: bool(list(folder.glob("work/*/fold_00_*/scores.json"))),
        lambda: bool(list(folder.glob("models/*/log.csv"))),
        lambda: bool(list(folder.glob("figures/*.svg"))),
    ]
    killed = 0
    for moment in moments:
        killed += kill_when(["-c", SCRIPT, str(prepared_folder), str(folder)], moment) == -signal.SIGKILL
        for path in folder.glob("cells/*.json"):
            json.loads(path.read_text(encoding="utf-8"))  # complete, or absent
    assert killed >= 3  # with a late kill the process may have finished
    assert_finishes_alike(prepared_folder, folder, whole)


@pytest.mark.parametrize("room", [1_000, 2_000_000], ids=["tables", "checkpoints"])
def test_a_full_disk_is_a_clear_error_and_the_next_run_finishes(
    prepared_folder: Path, whole: Path, unfinished: Path, room: int
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        with pytest.raises(OutputError, match="cannot write"):
            run(prepared_folder, unfinished)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    assert not (unfinished / "results.json").exists()
    assert_finishes_alike(prepared_folder, unfinished, whole)

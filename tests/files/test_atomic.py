"""A file is written completely or not at all."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ressin._files.atomic import remove_leftovers_of, replacing, temporary_name
from ressin.errors import OutputError


def test_the_file_appears_when_the_block_ends(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    with replacing(target) as temporary:
        assert temporary.parent == tmp_path
        assert temporary.suffix == ".csv"
        temporary.write_text("new")
        assert not target.exists()
    assert target.read_text() == "new"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("failure", [ValueError("no"), KeyboardInterrupt()])
def test_a_failing_block_leaves_the_old_file_and_nothing_else(tmp_path: Path, failure: BaseException) -> None:
    target = tmp_path / "out.csv"
    target.write_text("old")

    def write_half() -> None:
        with replacing(target) as temporary:
            temporary.write_text("half")
            raise failure

    with pytest.raises(type(failure)):
        write_half()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_an_error_of_the_system_while_writing_names_the_file(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"

    def fill_the_disk() -> None:
        with replacing(target):
            raise OSError(28, "No space left on device")

    with pytest.raises(OutputError, match=r"cannot write .*out\.csv: No space left on device"):
        fill_the_disk()


def test_an_error_that_is_ours_already_is_not_wrapped_again(tmp_path: Path) -> None:
    def fail() -> None:
        with replacing(tmp_path / "out.csv"):
            raise OutputError("cannot write it")

    with pytest.raises(OutputError, match=r"^cannot write it$"):
        fail()


def _write(path: Path) -> None:
    with replacing(path) as temporary:
        temporary.write_text("x")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"the folder .*nowhere does not exist"):
        _write(tmp_path / "nowhere" / "out.csv")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="it is a folder; give the name of a file in it"):
        _write(tmp_path)


def test_a_path_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match=r"the folder .*file does not exist"):
        _write(tmp_path / "file" / "out.csv")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(OutputError, match="not a regular file"):
        _write(pipe)
    assert pipe.is_fifo()


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    target = tmp_path / "folder" / "real.csv"
    target.write_text("old")
    link = tmp_path / "link.csv"
    link.symlink_to(target)
    _write(link)
    assert link.is_symlink()
    assert target.read_text() == "x"


def test_a_folder_without_permission_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # root, who often runs the tests, may write everywhere
    with pytest.raises(OutputError, match="no permission to write in the folder"):
        _write(tmp_path / "out.csv")
    assert list(tmp_path.iterdir()) == []


def test_leftovers_of_dead_processes_go_and_nothing_else(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", "pass"])
    dead.wait()
    mine, long = tmp_path / "mine.csv", tmp_path / ("l" * 250 + ".csv")
    of_dead = [temporary_name(path.name).replace(f".{os.getpid()}.", f".{dead.pid}.") for path in (mine, long)]
    kept = [f".{os.getpid()}.part.mine.csv", f".{dead.pid}.part.other.csv", f".x{dead.pid}.part.mine.csv", "mine.csv"]
    for name in (*of_dead, *kept):
        (tmp_path / name).write_text("half")
    assert remove_leftovers_of([mine, long, tmp_path / "nowhere" / "x.csv"]) == 2
    assert {path.name for path in tmp_path.iterdir()} == set(kept)


def test_the_next_process_that_writes_a_file_removes_what_a_killed_one_left_of_it(tmp_path: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    dead = int(ended.stdout)
    long = "x" * 250
    left = [tmp_path / f".{dead}.part.{name}" for name in ("a.csv", "b.csv")]
    others = [tmp_path / name for name in (f".{dead}.part.c.csv", ".part.a.csv", f".{os.getpid()}.part.z.csv", "a.csv")]
    for path in (*left, *others):
        path.write_text("half")
    for name in ("a.csv", "b.csv", long):
        with replacing(tmp_path / name) as temporary:
            temporary.write_text("whole")
    assert not any(path.exists() for path in left)
    assert all(path.exists() for path in others)
    assert (tmp_path / "a.csv").read_text() == "whole"

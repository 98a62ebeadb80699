"""Ctrl-C that something else has caught ends a command all the same, before it writes anything more."""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from ressin._files.atomic import replacing
from ressin._files.interrupted import check_interrupted, remembering_interrupts
from ressin.cli import main as command

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX are used")


def press_and_catch() -> None:
    """Stand for an extension module that is interrupted while it is imported, and clears the exception."""
    with suppress(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_no_file_is_begun_after_ctrl_c(tmp_path: Path) -> None:
    with remembering_interrupts():
        with replacing(tmp_path / "before") as temporary:
            temporary.write_text("whole")
            press_and_catch()
        with pytest.raises(KeyboardInterrupt), replacing(tmp_path / "after") as temporary:
            temporary.write_text("never")
    assert [path.name for path in tmp_path.iterdir()] == ["before"]
    check_interrupted()  # the next command begins anew
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_command_ends_with_130(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def work(_: argparse.Namespace) -> int:
        press_and_catch()
        with replacing(tmp_path / "out") as temporary:
            temporary.write_text("never")
        return 0

    parser = argparse.ArgumentParser()
    parser.set_defaults(run=work)
    monkeypatch.setattr(sys.modules["ressin.cli.main"], "make_parser", lambda: parser)
    assert command([]) == 130
    assert "stopped" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_handler_of_the_process_and_other_threads_are_left_alone() -> None:
    def handler(number: int, frame: object) -> None:
        raise AssertionError

    before = signal.signal(signal.SIGINT, handler)
    try:
        with remembering_interrupts():
            assert signal.getsignal(signal.SIGINT) is handler
    finally:
        signal.signal(signal.SIGINT, before)
    seen: list[object] = []

    def elsewhere() -> None:
        with remembering_interrupts():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert seen == [before]


@pytest.mark.parametrize("place", ["import", "within exec of a text"])
def test_ctrl_c_while_the_command_is_imported_is_said_in_one_line(tmp_path: Path, place: str) -> None:
    press = "import signal; signal.raise_signal(signal.SIGINT)"
    importing = {"import": press, "within exec of a text": f"exec({press!r})"}[place]
    script = f"""
import sys
class Interrupted:
    def find_spec(self, name, path=None, target=None):
        if name == "ressin.cli.main":
            {importing}
sys.meta_path.insert(0, Interrupted())
import ressin.__main__
sys.exit(ressin.__main__.main())
"""
    (tmp_path / "interrupted.py").write_text(script)
    line = [sys.executable, "-m", "interrupted"]
    done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=120, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (130, "\nressin: stopped\n")

"""One bad file, a terminal that cannot show a letter, a notebook's environment: none of them ends a batch."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import tokenize
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ressin.cli import main
from ressin.cli.decompose import work as decompose_work
from ressin.cli.decompose.outputs import Target
from ressin.reading import Reading
from tests.cli.test_decompose import write_empatica

# Whatever a library may raise: none of these is ressin's own.
FOREIGN = (
    TypeError("no implementation"),
    KeyError("dur"),
    tokenize.TokenError("EOF in multi-line statement", (2, 0)),
    OverflowError("cannot convert 400 digits"),
    UnicodeEncodeError("utf-8", "\udce9", 0, 1, "surrogates not allowed"),
    RecursionError("maximum recursion depth exceeded"),
    ZeroDivisionError("float division by zero"),
    MemoryError(),
    OSError(28, "No space left on device"),
    pickle.UnpicklingError("invalid load key"),
    AssertionError(),
)
STAGES = {
    "reading": "ressin.io.read.read_recording",
    "decomposing": "ressin.decomposition.decompose_batch.decompose_batch",
    "writing": "ressin.io.write.write_decomposition",
    "drawing": "ressin.plots.decomposition.plot_decomposition",
}
ENDED = "the process that worked on it was ended from outside"


def outputs(folder: Path) -> set[str]:
    return {path.name.removesuffix("_decomposed.csv") for path in folder.glob("*_decomposed.csv")}


def bad_at(stage: str, error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the work on whatever is named bad raise at a stage; a batch that holds it raises as a whole."""
    module, _, name = STAGES[stage].rpartition(".")
    original = getattr(sys.modules.get(module) or __import__(module, fromlist=[name]), name)

    def work(*arguments: Any, **keywords: Any) -> Any:
        if any("bad" in str(part) for part in (*arguments[:2], *keywords.values())):
            raise error
        return original(*arguments, **keywords)

    monkeypatch.setattr(STAGES[stage], work)


@pytest.mark.parametrize(
    ("stage", "error"),
    [*(("reading", error) for error in FOREIGN), *((stage, error) for stage in STAGES for error in FOREIGN[:2])],
    ids=lambda part: part if isinstance(part, str) else type(part).__name__,
)
def test_whatever_one_file_raises_the_others_are_finished_and_it_is_listed(
    stage: str, error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = ["--plot"] if stage == "drawing" else []
    if picture:
        pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    files = [str(write_empatica(tmp_path / f"{name}.csv", seed, 20)) for seed, name in enumerate(("a", "bad", "c"))]
    bad_at(stage, error, monkeypatch)
    assert main(["decompose", *files, "-o", str(tmp_path / "out"), *picture]) == 1
    assert {"a", "c"} <= outputs(tmp_path / "out")
    printed = capsys.readouterr()
    assert printed.err.startswith("1 of 3 files failed:\n")
    assert files[1] in printed.err
    if not isinstance(error, MemoryError):
        assert type(error).__name__ in printed.err
    assert f"{files[0]}: " in printed.out


@pytest.mark.parametrize("error", FOREIGN[:3], ids=lambda error: type(error).__name__)
def test_windows_of_one_file_neither(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [str(write_empatica(tmp_path / f"{name}.csv", seed, 20)) for seed, name in enumerate(("a", "bad", "c"))]
    bad_at("reading", error, monkeypatch)
    arguments = ["windows", *files, "--window", "10", "--step", "10", "-o", str(tmp_path / "out")]
    assert main(arguments) == 1
    assert len(list((tmp_path / "out").glob("*_windows.csv"))) == 2
    assert "1 of 3 files failed:" in capsys.readouterr().err


def _die_at_bad(target: Target, options: decompose_work.Options) -> decompose_work.Outcome:
    if "bad" in target.name:
        os._exit(9)
    return decompose_work.Outcome(target, said=target.name)


def test_a_process_that_dies_takes_one_file_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x"
    names = ("a", "bad", "c", "bad2", "e")
    targets = [Target(tmp_path / name, name, path, path, path, path) for name in names]
    monkeypatch.setattr(decompose_work, "_work_on_one", _die_at_bad)
    options = decompose_work.Options({"n_threads": 2}, Reading(), False, False, 0.01, 0, 0)
    outcomes = list(decompose_work.work_apart(targets, options, 2))
    assert [outcome.target.name for outcome in outcomes] == list(names)
    assert [outcome.said for outcome in outcomes] == ["a", "", "c", "", "e"]
    assert all(outcome.reason.startswith(ENDED) for outcome in outcomes if not outcome.said)


def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    command = [sys.executable, "-m", "ressin", *map(str, arguments)]
    surroundings = {**os.environ, **environment}
    return subprocess.run(
        command, capture_output=True, check=False, timeout=120, env=surroundings, text=True, errors="backslashreplace"
    )


@pytest.mark.parametrize("encoding", ["ascii", "cp932:strict", "utf-8:strict"])
def test_no_letter_stops_standard_output(encoding: str, tmp_path: Path) -> None:
    column = "EDA \u0394\u03ba \u00b5S \U0001f600"
    for name in ("caf\u00e9", "b"):
        rows = "".join(f"{1 + k % 7},{2}\n" for k in range(60))
        (tmp_path / f"{name}.csv").write_text(f"{column},zweite\n{rows}", encoding="utf-8")
    if sys.platform == "linux":
        (tmp_path / os.fsdecode(b"no\xffletters.csv")).write_bytes((tmp_path / "b.csv").read_bytes())
    files = sorted(tmp_path.glob("*.csv"))
    done = run(
        *("decompose", *files, "-o", tmp_path / "out", "--rate", 4, "--column", column),
        PYTHONIOENCODING=encoding, PYTHONUTF8="1" if encoding.startswith("utf-8") else "0",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len(outputs(tmp_path / "out")) == len(files)
    for path in (tmp_path / "out").glob("*_evidence.json"):
        assert json.loads(path.read_text("utf-8"))["recording"]["file"] in map(str, files)


def test_a_name_without_letters_and_with_dollars_is_drawn_as_it_is(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    names = [r"$\frac$.csv", *([os.fsdecode(b"no\xffletters.csv")] if sys.platform == "linux" else [])]
    files = [write_empatica(tmp_path / name, 0, 20) for name in names]
    for kind in ("svg", "html"):
        assert main(["decompose", *map(str, files), "-o", str(tmp_path / kind), "--plot-format", kind, "-q"]) == 0
        assert len(list((tmp_path / kind).glob(f"*.{kind}"))) == len(files)
    assert r"$\frac$" in next((tmp_path / "svg").glob("*frac*.svg")).read_text("utf-8")


@pytest.mark.parametrize("backend", ["module://matplotlib_inline.backend_inline", "no"])
def test_pictures_do_not_depend_on_the_backend_of_the_caller(backend: str, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    path = write_empatica(tmp_path / "EDA.csv", 0, 20)
    assert main(["decompose", str(path), "-o", str(tmp_path / "here"), "--plot-format", "svg", "-q"]) == 0
    done = run("decompose", path, "-o", tmp_path / "there", "--plot-format", "svg", "-q", MPLBACKEND=backend)
    assert (done.returncode, done.stderr) == (0, "")
    pictures = [(tmp_path / name / "EDA_decomposed.svg").read_bytes() for name in ("here", "there")]
    assert pictures[0] == pictures[1]


def test_a_backend_that_matplotlib_knows_is_still_the_callers() -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    script = "import ressin.plots, matplotlib; print(matplotlib.get_backend())"
    surroundings = {**os.environ, "MPLBACKEND": "svg"}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=surroundings)
    assert done.stdout.strip().lower() == "svg"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full to write to")
@pytest.mark.parametrize("where", ["> /dev/full", "| head -c 1"])
def test_standard_output_that_takes_no_more_does_not_end_the_batch(where: str, tmp_path: Path) -> None:
    rows = "".join(f"{1 + k % 7}\n" for k in range(20))
    names = [f"{'long' * 40}{k}" for k in range(40)]  # more said than a stream's buffer or a pipe holds back
    for name in names:
        (tmp_path / f"{name}.csv").write_text(f"EDA\n{rows}")
    command = f"{sys.executable} -m ressin decompose {tmp_path}/*.csv --rate 4 -o {tmp_path}/out"
    done = subprocess.run(
        ["bash", "-c", f"{command} {where}; exit ${{PIPESTATUS[0]}}"], capture_output=True, text=True, check=False,
        timeout=120,
    )  # fmt: skip
    assert done.returncode == 1
    assert outputs(tmp_path / "out") == set(names)
    expected = "ressin: cannot write standard output: No space left on device\n" if "full" in where else ""
    assert done.stderr == expected


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full to write to")
@pytest.mark.parametrize("where", ["> /dev/full", "| head -c 1"])
@pytest.mark.parametrize("arguments", ["--help", "decompose --help", "--version", "decompose"])
def test_help_that_nobody_reads_ends_without_a_trace(arguments: str, where: str) -> None:
    command = f"{sys.executable} -m ressin {arguments} {where}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, timeout=60)
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


def write_manifest(folder: Path) -> Path:
    rows = ["recording,subject,stimulus"]
    for seed, name in enumerate(("a", "bad", "c")):
        write_empatica(folder / f"{name}.csv", seed, 40)
        rows.append(f"{name}.csv,s,{name}")
    (folder / "list.csv").write_text("\n".join(rows) + "\n")
    return folder / "list.csv"


@pytest.mark.parametrize("error", FOREIGN[:2], ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("stage", ["reading", "decomposing", "sample"])
def test_prepare_lists_what_cannot_be_used_and_prepares_the_rest(
    stage: str, error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("pandera", reason="needs the extra 'data'")
    from ressin.data.preparation.sample import Sample
    from ressin.data.store.store import load

    source = write_manifest(tmp_path)
    if stage == "reading":
        bad_at("reading", error, monkeypatch)
    elif stage == "decomposing":
        from ressin.decomposition import decompose_batch

        original = decompose_batch.decompose_batch
        unlucky = np.loadtxt(tmp_path / "bad.csv")[2 + 60]

        def batch(signals: list[Any], *arguments: Any, **keywords: Any) -> Any:
            if any(signal[0] == unlucky for signal in signals):
                raise error
            return original(signals, *arguments, **keywords)

        monkeypatch.setattr("ressin.decomposition.decompose_batch.decompose_batch", batch)
    else:
        make = Sample.of.__func__  # type: ignore[attr-defined]

        def of(cls: type[Sample], window: Any, result: Any, after: int = 0) -> Sample:
            if window.entry.stimulus == "bad":
                raise error
            return make(cls, window, result, after)  # type: ignore[no-any-return]

        monkeypatch.setattr(Sample, "of", classmethod(of))
    assert main(["prepare", str(source), str(tmp_path / "out"), "--quiet"]) == 1
    printed = capsys.readouterr()
    assert "rejected, " in printed.out
    assert "bad.csv" in printed.out
    assert "2 recordings prepared" in printed.out
    assert load(tmp_path / "out").recordings["stimulus"].tolist() == ["a", "c"]
    assert main(["prepare", str(source), str(tmp_path / "out"), "--quiet"]) == 1
    assert "is up to date" in capsys.readouterr().out


def test_what_a_killed_run_left_is_removed_by_the_next(tmp_path: Path) -> None:
    path = write_empatica(tmp_path / "EDA.csv", 0, 20)
    dead = subprocess.Popen([sys.executable, "-c", "pass"])
    dead.wait()
    commands: dict[str, list[object]] = {
        "decomposed": ["decompose", path],
        "windows": ["windows", path, "--window", 10, "--step", 10],
    }
    for name, command in commands.items():
        folder = tmp_path / name
        folder.mkdir()
        (folder / f".{dead.pid}.part.EDA_{name}.csv").write_text("half")
        (folder / f".{dead.pid}.part.mine.csv").write_text("another's")
        assert main([*map(str, command), "-o", str(folder), "-q"]) == 0
        assert [item.name for item in folder.glob(".*")] == [f".{dead.pid}.part.mine.csv"]

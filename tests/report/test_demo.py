"""`ressin demo` to its end, small: a study from files to a report, and what it says where an extra is missing."""

import re
import sys
from pathlib import Path

import pytest

from ressin.cli import main
from ressin.cli.demo import study as demo_study
from ressin.cli.demo.real_recording import RECORDING
from ressin.cli.demo.study import study_step
from ressin.cli.terminal import Demo
from ressin.io import read_recording
from ressin.report import reproduce as report_module
from tests.report.brief import brief_plan, few_cells

pytestmark = pytest.mark.slow


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A study of six listeners and songs, and a plan of a few cells and two iterations."""
    sizes = {"n_subjects": 6, "n_songs": 6, "n_pairs": 30, "min_seconds": 18.0, "max_seconds": 22.0}
    monkeypatch.setattr(demo_study, "SIZES", sizes)
    monkeypatch.setattr(demo_study, "plan_of", lambda demo: brief_plan(demo.seed))
    monkeypatch.setattr(report_module, "cells_of", few_cells)


def test_from_nothing_to_a_report_and_a_second_run_has_nothing_to_do(
    small: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("opensmile", reason="hearing the songs needs the extra 'music'")
    pytest.importorskip("soundfile", reason="hearing the songs needs the extra 'music'")
    assert main(["demo", "-o", str(tmp_path), "--seed", "3"]) == 0
    first = capsys.readouterr().out
    assert "6 listeners, 6 songs, 60 recordings, simulated: " in first
    assert "60 recordings decomposed and labelled, in " in first
    assert "estimated time on this machine: about " in first
    assert "fusion beats SVM + music on new people" in first
    report = tmp_path / "study-3" / "report" / "report.html"
    assert f"open {report} in a browser" in first
    assert "fusion, mix" in report.read_text(encoding="utf-8")
    assert len(list((tmp_path / "study-3" / "report" / "models").glob("*/model.safetensors"))) == 1
    before = report.read_bytes()
    assert main(["demo", "-o", str(tmp_path), "--seed", "3"]) == 0
    second = capsys.readouterr().out
    assert "6 listeners, 6 songs, 60 recordings, was there already: " in second
    assert "60 recordings decomposed and labelled, there already: " in second
    assert re.search(r"(\d+) cells of the grid, \1 of them are there already", second)
    assert "estimated time" not in second
    assert report.read_bytes() == before


@pytest.mark.parametrize(("module", "extra"), [("pyarrow", "data"), ("matplotlib", "plot"), ("torch", "train")])
def test_what_an_extra_is_missing_for_is_said_and_the_rest_is_run(
    small: None,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    module: str,
    extra: str,
) -> None:
    for name in (module, "opensmile"):
        monkeypatch.setitem(sys.modules, name, None)
    assert study_step(Demo(tmp_path, 1, "cvxeda"))
    out = capsys.readouterr().out
    assert f"needs {module}: install it with  pip install 'ressin[{extra}]'" in out
    if extra == "data":
        assert list(tmp_path.iterdir()) == []
        return
    assert "goes on without music, which needs opensmile: install it with  pip install 'ressin[music]'" in out
    assert (tmp_path / "study-1-without-music" / "prepared" / "meta.json").is_file()
    assert not (tmp_path / "study-1-without-music" / "report").exists()


def test_the_short_one_stops_after_the_recording(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--short", "-o", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert out.count("optimality recomputed from the data holds") == 2
    assert "300 s of person S05 of Stress-Predict (Iqbal et al. 2022, MIT licence)" in out
    assert {"demo.csv", "real.csv", "real.png"} <= {path.name for path in tmp_path.iterdir()}
    assert not list(tmp_path.glob("study*"))


def test_the_real_recording_comes_with_its_licence_and_is_a_wristbands_file() -> None:
    recording = read_recording(RECORDING)
    assert (recording.sampling_rate, recording.signal.size, recording.unit) == (4.0, 1200, "uS")
    assert "MIT License" in RECORDING.with_name("LICENSE").read_text()
    assert "Stress-Predict" in RECORDING.with_name("SOURCE.md").read_text()
    assert sum(path.stat().st_size for path in RECORDING.parent.iterdir()) < 20_000

"""`ressin windows` as a person runs it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ressin
from tests.cli.test_decompose import CVXEDA, run, write_empatica


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    return write_empatica(tmp_path / "in" / "EDA.csv")


def test_a_recording_gives_its_average_and_the_evidence_of_every_window(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert run("windows", recording, "--window", 20, "--step", 5, "--alpha", 1e-3, "-o", out, *CVXEDA) == 0
    assert sorted(path.name for path in out.iterdir()) == ["EDA_windows.csv", "EDA_windows_evidence.csv"]
    expected = ressin.decompose_windows(np.loadtxt(recording)[2:], 4, 20, 5, alpha=1e-3)
    table = pd.read_csv(out / "EDA_windows.csv")
    average = expected.average()
    assert list(table)[:3] == ["Time (s)", "EDA_Raw (uS)", "EDA_Tonic (uS)"]
    for name in ("EDA_Tonic", "EDA_Phasic", "EDA_Phasic_SD", "EDA_Tonic_SD"):
        np.testing.assert_allclose(table[f"{name} (uS)"], average[name], rtol=1e-8, atol=1e-9)
    np.testing.assert_array_equal(table["n_windows"], average["n_windows"])
    evidence = pd.read_csv(out / "EDA_windows_evidence.csv", index_col="window")
    assert evidence["start (s)"].tolist() == [0, 5, 10, 15, 20, 25, 30, 35, 40]
    assert (evidence["status"] == "optimal").all()
    np.testing.assert_allclose(evidence["objective"], expected.objective)
    printed = capsys.readouterr()
    assert "9 windows of 20 s every 5 s" in printed.out
    assert printed.err == ""


def test_the_robust_programme_is_the_default_and_its_findings_are_written(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert run("windows", recording, "--window", 20, "--step", 10, "-o", out) == 0
    assert capsys.readouterr().out.startswith("programme robust: outliers and shifts")
    expected = ressin.decompose_windows(np.loadtxt(recording)[2:], 4, 20, 10, programme="robust")
    table, average = pd.read_csv(out / "EDA_windows.csv"), expected.average()
    for name in ("EDA_Tonic", "EDA_Phasic", "EDA_Outliers", "EDA_Shifts"):
        np.testing.assert_allclose(table[f"{name} (uS)"], average[name], rtol=1e-8, atol=1e-9)
    evidence = pd.read_csv(out / "EDA_windows_evidence.csv")
    np.testing.assert_allclose(evidence["smallest_response (uS)"], expected.smallest_response)
    np.testing.assert_allclose(evidence["noise (uS)"], expected.noise)
    assert run("windows", recording, "--window", 20, "--step", 10, "-o", out, "--gamma", 0.1) == 2
    assert "--gamma belongs to cvxEDA" in capsys.readouterr().err


def test_the_picture(recording: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    assert run("windows", recording, "--window", 20, "--step", 20, "--plot", "-q", "-o", tmp_path / "out") == 0
    assert (tmp_path / "out" / "EDA_windows.png").read_bytes().startswith(b"\x89PNG")


def test_empty_windows_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    signal = ressin.simulate_eda(60, 4, n_scr=4, rng=np.random.default_rng(0)).signal
    signal[80:160] = np.nan
    pd.DataFrame({"eda": signal}).to_csv(tmp_path / "gap.csv", index=False)
    arguments = ("windows", tmp_path / "gap.csv", "--rate", 4, "--window", 10, "--step", 10, "-o", tmp_path / "out")
    assert run(*arguments) == 1
    assert "NaN at 80 of 240 samples" in capsys.readouterr().err
    assert run(*arguments, "--missing", "solve") == 0
    assert "4 windows; 2 empty" in capsys.readouterr().out
    assert pd.read_csv(tmp_path / "out" / "gap_windows.csv")["EDA_Tonic"].isna().sum() == 80


def test_windows_that_are_not_solved_fail_the_file_and_are_in_the_evidence(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert run("windows", recording, "--window", 20, "--step", 20, "--max-iterations", 2, "-o", out) == 1
    assert "3 of 3 windows were not solved" in " ".join(capsys.readouterr().err.split())
    assert (pd.read_csv(out / "EDA_windows_evidence.csv")["status"] == "max_iterations").all()


def test_a_window_that_cannot_be_is_refused(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("windows", recording, "--window", 90, "--step", 1, "-o", tmp_path / "out") == 1
    assert "longer than the recording of 240 samples" in " ".join(capsys.readouterr().err.split())
    assert run("windows", recording, "--window", 20, "--step", 1, "--tau0", -1, "-o", tmp_path / "out") == 2
    assert "tau0 is -1" in capsys.readouterr().err


def test_an_input_is_never_overwritten_and_a_table_is_no_folder(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = recording.with_name("EDA_windows.csv")
    other.write_bytes(recording.read_bytes())
    assert run("windows", recording, other, "--window", 20, "--step", 5, "-o", recording.parent) == 2
    assert "would overwrite the input" in capsys.readouterr().err
    assert other.read_bytes() == recording.read_bytes()
    assert run("windows", recording, "--window", 20, "--step", 5, "-o", recording.with_name("mine.csv")) == 2
    assert "names a table; windows are written to a folder" in capsys.readouterr().err
